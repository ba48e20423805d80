//! The file of `healthd run`. What its flags say of a key is not said again.

use super::Kind::{Either, Flag, Integer, List, Number, Table, Text, Time, Words};
use super::{Key, Kind, Section, key};

const GRACE: &str = "[[run]]\ncommand = [\"./app\"]";
const RATE: Kind = Either(&[Text, Table("budget")]);
const CODES: Kind = Either(&[Text, Integer(0, 255), List(&Integer(0, 255))]);
const HTTP: &str = "command = [\"./app\"]\nhealth_http = \"/health:8000\"";

/// A key that is a flag, too, whose help is its text.
const fn flag(names: &'static [&'static str], kind: Kind, example: &'static str) -> Key {
    key(names, kind, "", example, "")
}

pub(super) const SECTIONS: &[Section] = &[
    Section {
        name: "run_file",
        title: "The file of `healthd run`",
        text: "",
        keys: &[
            key(
                &["run"],
                List(&Table("run")),
                "needed",
                "[{ command = [\"./app\"] }]",
                "The groups, in the order of their start; the last one is stopped first.",
            )
            .beside(""),
            key(
                &["grace"],
                Time,
                "",
                "\"90s\"",
                "How long whoever stops healthd waits; a configuration that needs longer is refused.",
            ),
            key(
                &["run_dir"],
                Text,
                "see README",
                "\"/run/healthd\"",
                "Where the sockets of groups are, relative to the directory of this file.",
            ),
        ],
        includes: &["endpoint", "actions"],
        context: "@",
        needs: GRACE,
    },
    Section {
        name: "run",
        title: "`[[run]]`",
        text: "A group: one command in a number of replicas. Each key but `command`, `check`, `canary` and \
               `backoff_factor` is a flag of `healthd run`, too, with `-` in place of `_`.",
        keys: &[
            key(
                &["command"],
                List(&Text),
                "",
                "[\"./app\", \"--port\", \"{port}\"]",
                "A program and its arguments; `{port}`, `{index}` and `{name}` differ from replica to replica.",
            )
            .beside("port = 8000"),
            flag(&["restart_command"], Text, "\"docker restart web\"")
                .beside("name = \"web\"\nhealth_tcp = 80"),
            flag(&["name"], Text, "\"web\""),
            flag(&["replicas"], Integer(1, 1_000), "3"),
            flag(&["port"], Integer(1, 65_535), "8000"),
            flag(&["port_step"], Integer(0, 65_535), "10").beside("command = [\"./app\"]\nport = 8000"),
            flag(&["restart"], Words(&["always", "on-failure", "never"]), "\"on-failure\""),
            flag(&["success_exit", "success_exits"], CODES, "\"0,143\""),
            flag(&["fatal_exit", "fatal_exits"], CODES, "[78]"),
            flag(&["backoff"], Time, "\"1s\""),
            flag(&["backoff_max"], Time, "\"1m\""),
            key(&["backoff_factor"], Number, "2", "1.5", "How many times as long as the one before each wait is."),
            flag(&["backoff_reset"], Time, "\"5m\""),
            flag(&["backoff_jitter", "backoff_jitter_percent"], Integer(0, 50), "10"),
            flag(&["max_restarts"], Integer(0, 1_000_000), "5"),
            flag(&["restart_budget", "budget"], RATE, "\"5/10m\""),
            flag(&["max_unavailable"], Either(&[Integer(1, 1_000), Text]), "\"20%\""),
            flag(&["min_ready"], Integer(1, 1_000), "1"),
            key(
                &["canary"],
                Flag,
                "true",
                "false",
                "Restart one at a time while more than half of the replicas fail.",
            ),
            flag(&["no_canary"], Flag, "true"),
            flag(&["min_uptime"], Time, "\"2s\""),
            flag(&["settle"], Time, "\"5s\""),
            flag(&["ready_timeout"], Time, "\"2m\""),
            flag(&["stop_signal"], Text, "\"INT\""),
            flag(&["stop_grace"], Time, "\"20s\""),
            flag(&["failure_grace"], Time, "\"2s\""),
            flag(&["drain_delay"], Time, "\"5s\""),
            flag(&["restart_timeout"], Time, "\"30s\""),
            flag(&["health_http"], Text, "\"path=/health,port=8000\""),
            flag(&["health_tcp"], Either(&[Integer(1, 65_535), Text]), "6379"),
            flag(&["health_cmd"], Text, "\"redis-cli ping\""),
            flag(&["health_host"], Text, "\"10.0.0.7\"").beside(HTTP),
            flag(&["health_header"], List(&Text), "[\"X-Probe: 1\"]").beside(HTTP),
            flag(&["health_status"], Either(&[Integer(100, 599), Text]), "\"200\"").beside(HTTP),
            flag(&["health_interval"], Time, "\"5s\"").beside(HTTP),
            flag(&["health_timeout"], Time, "\"2s\"").beside(HTTP),
            flag(&["health_retries"], Integer(1, 1_000_000), "5").beside(HTTP),
            flag(&["health_start_period"], Time, "\"20s\"").beside(HTTP),
            flag(&["health_start_interval"], Time, "\"1s\"").beside(HTTP),
            flag(&["health_initial_delay"], Time, "\"3s\"").beside(HTTP),
            flag(&["startup"], Text, "\"tcp=8000,retries=30\""),
            flag(&["liveness"], Text, "\"path=/live,port=8000\""),
            flag(&["readiness"], Text, "\"path=/ready,port=8000,success=2\""),
            key(
                &["check", "checks"],
                List(&Table("check")),
                "[]",
                "[{ http = { path = \"/health\", port = 8000 }, interval = \"5s\" }]",
                "Checks as those of a target, without what is only for a list of targets.",
            ),
            flag(&["prefix"], Words(&["auto", "always", "never"]), "\"always\""),
            flag(&["log_rate"], Either(&[Text, Integer(0, 0)]), "\"1000/10s\""),
        ],
        includes: &[],
        context: "[[run]]\n@",
        needs: "command = [\"./app\"]",
    },
    Section {
        name: "budget",
        title: "`restart_budget` as a table",
        text: "",
        keys: &[
            key(&["restarts"], Integer(1, 1_000_000), "needed", "5", "So many restarts of all replicas")
                .beside("period = \"10m\""),
            key(&["period"], Time, "needed", "\"10m\"", "within this time.").beside("restarts = 5"),
        ],
        includes: &[],
        context: "[[run]]\ncommand = [\"./app\"]\n[run.restart_budget]\n@",
        needs: "",
    },
];
