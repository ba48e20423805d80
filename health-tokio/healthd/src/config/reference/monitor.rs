//! The file of `healthd monitor`, besides checks.

use super::Kind::{Either, Flag, Integer, List, Number, Table, Text, Time};
use super::{Key, Section, key};

/// What the files of both programs have.
pub(super) const ENDPOINT: &[Key] = &[
    key(
        &["listen"],
        Text,
        "127.0.0.1:9103; of `run` 127.0.0.1:9104",
        "\"127.0.0.1:9200\"",
        "Where it answers for its own health and for what it watches; port 0 takes one that is free.",
    ),
    key(
        &["token"],
        Text,
        "",
        "\"s3cr3t\"",
        "Details are shown only to clients that send this bearer token.",
    ),
    key(
        &["allow_hosts"],
        List(&Text),
        "[]",
        "[\"prober.example.com\"]",
        "Other names of this machine, by which clients on it are shown details without a token.",
    ),
];

/// Actions of both programs.
pub(super) const ACTIONS: &[Key] = &[
    key(
        &["action", "actions"],
        List(&Table("action")),
        "[]",
        "[{ command = [\"notify\"] }]",
        "Who is told what has happened.",
    ),
    key(
        &["give_up_after"],
        Time,
        "1h",
        "\"2h\"",
        "How long a notice is tried that an action does not take.",
    ),
];

pub(super) const SECTIONS: &[Section] = &[
    Section {
        name: "file",
        title: "The file of `healthd monitor`",
        text: "TOML, or by its name JSON (`.json`) or YAML (`.yaml`, `.yml`). Flags and `HEALTHD_*` win over it. \
               SIGHUP and `healthd reload` take over everything but `db` and `listen`. A time is a number of \
               seconds or a text with a unit: `90`, `\"1500ms\"`, `\"5m\"`.",
        keys: &[
            key(
                &["db", "database"],
                Text,
                "healthd.db in $STATE_DIRECTORY, else for root in /var/lib/healthd, else in \
                 $XDG_STATE_HOME/healthd, else in ~/.local/state/healthd",
                "\"healthd.db\"",
                "The registry, an SQLite file; relative to the directory of this file.",
            ),
            key(
                &["auto_deregister", "auto_deregister_after_failures"],
                Flag,
                "true",
                "false",
                "Whether an unhealthy target is taken off the list until it is reactivated.",
            ),
            key(
                &["json"],
                Flag,
                "true",
                "false",
                "Whether the answer to a `url` has to be JSON, if the check does not say.",
            ),
            key(
                &["results"],
                Integer(1, 1_000),
                "50",
                "100",
                "How many results of each check the registry keeps.",
            ),
            key(
                &["keep"],
                Time,
                "90d",
                "\"30d\"",
                "How long the registry keeps transitions; days are allowed.",
            ),
            key(
                &["max_in_flight", "max_concurrent"],
                Integer(1, 1_000_000),
                "by the limit of descriptors",
                "500",
                "The most checks at once.",
            ),
            key(
                &["mass_failure"],
                Either(&[Flag, Table("mass_failure")]),
                "true",
                "{ min_targets = 10 }",
                "While so many targets fail at once, nothing is done about single ones; `false` is never.",
            ),
            key(
                &["target", "targets", "servers"],
                List(&Table("target")),
                "[]",
                "[{ name = \"web-1\", url = \"http://10.0.0.7/\" }]",
                "What is watched.",
            ),
            key(
                &["window", "windows"],
                List(&Table("window")),
                "[]",
                "[{ name = \"backup\", cron = \"30 2 * * *\", for = \"1h\" }]",
                "When targets are silenced.",
            ),
            key(
                &["addresses"],
                Table("addresses"),
                "{ deny = [\"metadata\"] }",
                "{ deny = [\"metadata\", \"link-local\"] }",
                "Which addresses are connected to.",
            ),
            key(
                &["file_sd"],
                List(&Table("file_sd")),
                "[]",
                "[{ files = [\"targets/*.yml\"] }]",
                "Lists of addresses that other programs write, which are watched for changes.",
            ),
        ],
        includes: &["endpoint", "timing", "actions"],
        context: "@",
        needs: "",
    },
    Section {
        name: "endpoint",
        title: "The endpoint",
        text: "In the file of `monitor` and in that of `run`.",
        keys: ENDPOINT,
        includes: &[],
        context: "@",
        needs: "",
    },
    Section {
        name: "actions",
        title: "Actions of a file",
        text: "In the file of `monitor` and in that of `run`.",
        keys: ACTIONS,
        includes: &[],
        context: "@",
        needs: "",
    },
    Section {
        name: "mass_failure",
        title: "`mass_failure`",
        text: "",
        keys: &[
            key(
                &["min_targets"],
                Integer(1, 1_000_000),
                "5",
                "10",
                "Of fewer targets nothing is a mass failure.",
            ),
            key(
                &["failed_fraction"],
                Number,
                "0.5",
                "0.3",
                "The share of them that has to fail, 0 to 1.",
            ),
        ],
        includes: &[],
        context: "[mass_failure]\n@",
        needs: "",
    },
    Section {
        name: "file_sd",
        title: "`[[file_sd]]`",
        text: "Lists as Prometheus has them, JSON or YAML: `[{\"targets\": [\"host:port\"], \"labels\": {\"job\": \"web\"}}]`. \
               Each address is probed at `http://ADDRESS/health`; the labels `__scheme__` and `__metrics_path__` \
               change that for an entry, and `job` names the group. Labels are kept, but for those that begin \
               with `__`. A mistake in an entry leaves out that entry. A list that is absent is waited for; one \
               that cannot be read leaves its targets as they were.",
        keys: &[
            key(
                &["files"],
                List(&Text),
                "needed",
                "[\"targets/*.yml\"]",
                "The lists, relative to the directory of this file; the last part may have a `*`.",
            )
            .beside(""),
            key(
                &["scheme"],
                Text,
                "http",
                "\"https\"",
                "How addresses are probed.",
            ),
            key(
                &["path"],
                Text,
                "/health",
                "\"/healthz\"",
                "What is requested.",
            ),
            key(
                &["group"],
                Text,
                "targets",
                "\"web\"",
                "The group of targets whose labels do not name one.",
            ),
        ],
        includes: &[],
        context: "[[file_sd]]\n@",
        needs: "files = [\"none.json\"]",
    },
    Section {
        name: "target",
        title: "`[[target]]`",
        text: "Something that is watched by 1 to 16 checks. With one check, the keys of the check stand in the \
               target itself.",
        keys: &[
            key(
                &["name"],
                Text,
                "needed",
                "\"web-1\"",
                "1 to 64 characters of `A-Z a-z 0-9 _ . : -`.",
            )
            .beside("url = \"http://10.0.0.7/\""),
            key(
                &["group"],
                Text,
                "targets",
                "\"web\"",
                "The group that it is counted in, a component of its own.",
            ),
            key(
                &["host"],
                Text,
                "",
                "\"10.0.0.7\"",
                "The host of all checks that name only a port.",
            ),
            key(
                &["check", "checks", "health_checks"],
                List(&Table("check")),
                "",
                "[{ url = \"tcp://10.0.0.7:5432\" }]",
                "Several checks.",
            )
            .beside("name = \"db-1\""),
            key(
                &["startupProbe"],
                Table("check"),
                "",
                "{ tcpSocket = { port = 80, host = \"10.0.0.7\" }, failureThreshold = 30 }",
                "The other checks begin when it has succeeded.",
            )
            .beside("name = \"web-1\""),
            key(
                &["livenessProbe"],
                Table("check"),
                "",
                "{ httpGet = { port = 80, host = \"10.0.0.7\" } }",
                "Whether it lives.",
            )
            .beside("name = \"web-1\""),
            key(
                &["readinessProbe"],
                Table("check"),
                "",
                "{ httpGet = { port = 80, host = \"10.0.0.7\" } }",
                "Whether it may be sent work; no reason to take it off the list.",
            )
            .beside("name = \"web-1\""),
        ],
        includes: &["check"],
        context: "[[target]]\n@",
        needs: "name = \"web-1\"\nurl = \"http://10.0.0.7/\"",
    },
];
