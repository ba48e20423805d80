//! The tables within a check.

use super::Kind::{Either, Flag, List, Map, Table, Text};
use super::{Section, key};

pub(super) const SECTIONS: &[Section] = &[
    Section {
        name: "secret",
        title: "A value that stands elsewhere",
        text: "In place of a text, for values of headers.",
        keys: &[
            key(
                &["env"],
                Text,
                "",
                "\"PATH\"",
                "The variable of the environment that it is in.",
            )
            .beside(""),
            key(
                &["file"],
                Text,
                "",
                "\"/run/secrets/token\"",
                "The file that it is in, one line; a change counts at once.",
            )
            .beside(""),
        ],
        includes: &[],
        context: "[[target]]\nname = \"web-1\"\nurl = \"http://10.0.0.7/\"\n[target.headers.Authorization]\n@",
        needs: "",
    },
    Section {
        name: "header",
        title: "A field of a request, as in a pod's manifest",
        text: "",
        keys: &[
            key(&["name", "key"], Text, "needed", "\"X-Probe\"", "Its name.")
                .beside("value = \"1\""),
            key(
                &["value"],
                Either(&[Text, Table("secret")]),
                "needed",
                "\"1\"",
                "Its value; an empty one takes a default field away.",
            )
            .beside("name = \"X-Probe\""),
        ],
        includes: &[],
        context: "[[target]]\nname = \"web-1\"\nurl = \"http://10.0.0.7/\"\n[[target.headers]]\n@",
        needs: "",
    },
    Section {
        name: "tls",
        title: "`tls`",
        text: "How an `https` address is trusted.",
        keys: &[
            key(
                &["ca"],
                Text,
                "those of the system",
                "\"/etc/ssl/ca.pem\"",
                "The file of the authorities that are trusted.",
            ),
            key(
                &["server_name"],
                Text,
                "the host",
                "\"web.internal\"",
                "The name that the certificate has to have.",
            ),
            key(
                &["insecure"],
                Flag,
                "false",
                "true",
                "Trust any certificate.",
            ),
            key(
                &["cert"],
                Text,
                "",
                "\"/etc/ssl/client.pem\"",
                "The certificate that is shown to the server.",
            )
            .beside("key = \"/etc/ssl/client.key\""),
            key(&["key"], Text, "", "\"/etc/ssl/client.key\"", "Its key.")
                .beside("cert = \"/etc/ssl/client.pem\""),
        ],
        includes: &[],
        context: "[[target]]\nname = \"web-1\"\nurl = \"https://10.0.0.7/\"\n[target.tls]\n@",
        needs: "",
    },
    Section {
        name: "exec",
        title: "`exec`",
        text: "",
        keys: &[
            key(
                &["command"],
                List(&Text),
                "needed",
                "[\"pg_isready\", \"-q\"]",
                "A program and its arguments; no shell is involved.",
            )
            .beside(""),
            key(&["dir"], Text, "", "\"/srv/app\"", "Its working directory."),
            key(
                &["env"],
                Map(None),
                "{}",
                "{ PGHOST = \"10.0.0.7\" }",
                "Variables that it gets besides.",
            ),
        ],
        includes: &[],
        context: "[[target]]\nname = \"db-1\"\n[target.exec]\n@",
        needs: "command = [\"pg_isready\"]",
    },
];
