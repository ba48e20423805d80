//! The keys of what is sent and expected, beside where it is.

use super::Kind::{Any, Either, Flag, Integer, List, Map, Table, Text, Time, Words};
use super::{Kind, Section, key};

const TEXTS: Kind = Either(&[Text, List(&Text)]);
const BYTES: Kind = Either(&[Text, Table("bytes")]);
const HTTP: &str = "[[target]]\nname = \"web-1\"\nurl = \"http://10.0.0.7/\"\n@";

pub(super) const SECTIONS: &[Section] = &[
    Section {
        name: "conditions",
        title: "What an answer has to be",
        text: "In a check, what makes it fail; in its table `warn`, what makes it degraded.",
        keys: &[
            key(
                &["json"],
                Flag,
                "true; in other grammars, and in `warn`, false",
                "false",
                "Whether the body has to be JSON.",
            ),
            key(
                &["contains"],
                TEXTS,
                "",
                "\"\\\"status\\\":\\\"ok\\\"\"",
                "What the body has to contain.",
            ),
            key(
                &["matches"],
                TEXTS,
                "",
                "\"version 2[.][0-9]+\"",
                "Regular expressions that the first 64 KiB of the body have to match.",
            ),
            key(
                &["json_at"],
                Any,
                "{}",
                "{ \"/status\" = \"ok\", \"/lag\" = 0 }",
                "What has to stand at a place of a JSON body, by a JSON pointer.",
            ),
            key(
                &["expect_headers"],
                Any,
                "{}",
                "{ X-Cache = \"HIT\", Date = true }",
                "Fields that the answer has to have; `true` for any value.",
            ),
            key(
                &["max_latency"],
                Time,
                "",
                "\"500ms\"",
                "How long a whole answer may take; less than the timeout.",
            ),
        ],
        includes: &[],
        context: HTTP,
        needs: "",
    },
    Section {
        name: "warn",
        title: "`warn`",
        text: "Without it the target is degraded, and healthy all the same.",
        keys: &[],
        includes: &["conditions"],
        context: "[[target]]\nname = \"web-1\"\nurl = \"http://10.0.0.7/\"\n[target.warn]\n@",
        needs: "",
    },
    Section {
        name: "request",
        title: "A request and its answer",
        text: "For `url`, `http` and `httpGet`.",
        keys: &[
            key(
                &["warn"],
                Table("warn"),
                "{}",
                "{ max_latency = \"200ms\" }",
                "Conditions without which the target is degraded.",
            ),
            key(&["body"], Text, "", "\"ping\"", "The body of the request.")
                .beside("method = \"POST\""),
            key(
                &["redirects"],
                Integer(0, 10),
                "0",
                "3",
                "How many redirects are followed: on the same host and port, or from HTTP to HTTPS.",
            ),
            key(
                &["ip_family"],
                Words(&["any", "ipv4", "ipv6"]),
                "any",
                "\"ipv4\"",
                "Which addresses of a name are tried; for `tcp`, too.",
            ),
        ],
        includes: &["conditions"],
        context: HTTP,
        needs: "",
    },
    Section {
        name: "stream",
        title: "Certificates, and what is said over TCP",
        text: "",
        keys: &[
            key(
                &["cert_warn"],
                Time,
                "21d",
                "\"30d\"",
                "With less left until the certificate expires the target is degraded; 0 for never.",
            )
            .beside("url = \"https://10.0.0.7/\""),
            key(
                &["cert_fail"],
                Time,
                "3d",
                "\"7d\"",
                "With less left until the certificate expires it fails; 0 for never.",
            )
            .beside("url = \"tls://10.0.0.7:5671\""),
            key(
                &["send"],
                BYTES,
                "",
                "\"PING\\r\\n\"",
                "What is sent over `tcp://` or `tls://`.",
            ),
            key(
                &["expect"],
                BYTES,
                "",
                "\"+PONG\"",
                "What has to come then: it, or a line of it, begins with this.",
            ),
            key(
                &["steps"],
                List(&Table("step")),
                "[]",
                "[{ expect = \"220\" }, { send = \"QUIT\\r\\n\" }]",
                "More than one of them, at most 32.",
            ),
        ],
        includes: &[],
        context: "[[target]]\nname = \"redis\"\n@",
        needs: "url = \"tcp://10.0.0.7:6379\"",
    },
    Section {
        name: "step",
        title: "A step",
        text: "",
        keys: &[
            key(&["send"], BYTES, "", "\"QUIT\\r\\n\"", "What is sent."),
            key(&["expect"], BYTES, "", "\"220\"", "What has to come."),
        ],
        includes: &[],
        context: "[[target]]\nname = \"mail\"\nurl = \"tcp://10.0.0.7:25\"\n[[target.steps]]\n@",
        needs: "",
    },
    Section {
        name: "bytes",
        title: "Bytes that are no text",
        text: "",
        keys: &[
            key(
                &["hex"],
                Text,
                "",
                "\"0d 0a\"",
                "As pairs of hexadecimal digits.",
            ),
            key(
                &["env"],
                Text,
                "",
                "\"PATH\"",
                "The variable of the environment that holds what is sent.",
            ),
        ],
        includes: &[],
        context: "[[target]]\nname = \"redis\"\nurl = \"tcp://10.0.0.7:6379\"\n[target.send]\n@",
        needs: "",
    },
    Section {
        name: "command",
        title: "How a command runs",
        text: "For `exec`.",
        keys: &[
            key(
                &["exit_codes"],
                Words(&["zero", "plugin"]),
                "zero",
                "\"plugin\"",
                "What exit codes mean; `plugin`: 1 is degraded.",
            ),
            key(
                &["exec_prefix"],
                List(&Text),
                "[]",
                "[\"docker\", \"exec\", \"web\"]",
                "What stands before the command.",
            ),
            key(
                &["exec_user"],
                Either(&[Text, Integer(0, 4_294_967_295)]),
                "that of healthd",
                "\"65534:65534\"",
                "As which user it runs: a name of /etc/passwd, a number, or UID:GID.",
            ),
            key(
                &["exec_dir"],
                Text,
                "/",
                "\"/srv/app\"",
                "Its working directory.",
            ),
            key(
                &["exec_env"],
                Map(None),
                "{}",
                "{ PGHOST = \"10.0.0.7\" }",
                "Variables that it gets besides.",
            ),
            key(
                &["exec_limits"],
                Table("exec_limits"),
                "{}",
                "{ cpu = \"2s\", memory = \"64M\" }",
                "What it may use.",
            ),
        ],
        includes: &[],
        context: "[[target]]\nname = \"db-1\"\n@",
        needs: "exec = [\"pg_isready\"]",
    },
    Section {
        name: "exec_limits",
        title: "`exec_limits`",
        text: "",
        keys: &[
            key(&["cpu"], Time, "none", "\"2s\"", "Computing time."),
            key(
                &["memory"],
                Either(&[Text, Integer(1, 1 << 50)]),
                "none",
                "\"64M\"",
                "Address space, in bytes or with K, M, G behind it.",
            ),
            key(
                &["processes"],
                Integer(1, 1 << 40),
                "none",
                "100",
                "Processes of its user.",
            ),
            key(&["files"], Integer(1, 1 << 40), "none", "64", "Open files."),
        ],
        includes: &[],
        context: "[[target]]\nname = \"db-1\"\nexec = [\"pg_isready\"]\n[target.exec_limits]\n@",
        needs: "",
    },
];
