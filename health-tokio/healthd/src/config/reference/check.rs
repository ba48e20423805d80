//! The keys of a check.

use super::Kind::{Either, Flag, Integer, List, Map, Number, Table, Text, Time, Words};
use super::{Kind, Section, key};

const COUNT: Kind = Integer(1, 1_000_000);
const PORT: Kind = Integer(1, 65_535);
const HEADERS: Kind = Either(&[Map(Some("secret")), List(&Table("header"))]);

pub(super) const SECTIONS: &[Section] = &[
    Section {
        name: "timing",
        title: "When checks are made, and how many results count",
        text: "In a file they hold for all checks that do not say otherwise.",
        keys: &[
            key(
                &["interval", "interval_seconds", "periodSeconds"],
                Time,
                "60s; 30s in the grammars of Kubernetes and of the orchestrator",
                "\"30s\"",
                "From one check to the next; at least 100ms.",
            ),
            key(
                &["timeout", "timeout_seconds", "timeoutSeconds"],
                Time,
                "10s",
                "\"2s\"",
                "How long one check may take in all.",
            ),
            key(
                &["retries", "failureThreshold"],
                COUNT,
                "3",
                "5",
                "Failures in a row that make a target unhealthy.",
            ),
            key(
                &["success_threshold", "successThreshold"],
                COUNT,
                "1",
                "2",
                "Successes in a row that make it healthy again.",
            )
            .beside("kind = \"readiness\"\nname = \"web-1\"\nurl = \"http://10.0.0.7/\""),
            key(
                &["start_period", "start_period_seconds"],
                Time,
                "0",
                "\"20s\"",
                "How long failures do not count after the start.",
            ),
            key(
                &["start_interval"],
                Time,
                "5s, at most the interval",
                "\"1s\"",
                "From one check to the next in the start period, until one succeeds.",
            ),
            key(
                &["edge_interval"],
                Time,
                "the interval",
                "\"5s\"",
                "From one check to the next while a change is pending.",
            ),
            key(
                &["down_interval"],
                Time,
                "the interval",
                "\"2m\"",
                "From one check to the next while it is unhealthy and on the list.",
            ),
            key(
                &["down_backoff"],
                Number,
                "1",
                "2.0",
                "What that is multiplied by at each further failure, 1 to 100.",
            ),
            key(
                &["down_interval_max"],
                Time,
                "1h",
                "\"30m\"",
                "Where that growth ends.",
            ),
            key(
                &["jitter"],
                Integer(0, 50),
                "0",
                "10",
                "The most by which a check is late at random, in per cent of its interval.",
            ),
            key(
                &["initial_delay", "initialDelaySeconds"],
                Time,
                "0",
                "\"5s\"",
                "From the start to the first check.",
            ),
            key(
                &["lag_tolerance"],
                Time,
                "1s",
                "\"2s\"",
                "A failure that was found so much too late, because this program stood still, does not count.",
            ),
            key(
                &["recheck_interval"],
                Time,
                "ten intervals",
                "\"10m\"",
                "From one check of a deregistered target to the next; 0 is never.",
            ),
            key(
                &["auto_reactivate"],
                Flag,
                "false",
                "true",
                "Whether a deregistered target that answers again comes back by itself.",
            ),
            key(
                &["on_unhealthy"],
                Words(&["report", "deregister"]),
                "deregister; report for startup and readiness, and without auto_deregister",
                "\"report\"",
                "What is done about an unhealthy target. Of a whole file it is `auto_deregister`.",
            ),
        ],
        includes: &[],
        context: "[[target]]\n@",
        needs: "name = \"web-1\"\nurl = \"http://10.0.0.7/\"",
    },
    Section {
        name: "check",
        title: "A check: `[[target.check]]`",
        text: "It has one of `url`, `http`, `tcp`, `exec`. With `url`, healthy means status 200 and a body of \
               JSON; in the other grammars a status from 200 to 399.",
        keys: &[
            key(
                &["name"],
                Text,
                "`check_name`",
                "\"api\"",
                "Its name within the target, where it stands in a list of checks.",
            )
            .beside("url = \"http://10.0.0.7/\""),
            key(
                &["check_name"],
                Text,
                "http, tcp or exec",
                "\"api\"",
                "Its name within the target.",
            ),
            key(
                &["kind", "phase"],
                Words(&["health", "startup", "liveness", "readiness"]),
                "health",
                "\"readiness\"",
                "What it decides.",
            ),
            key(
                &["type"],
                Words(&["HTTP", "TCP", "EXEC"]),
                "by its form",
                "\"HTTP\"",
                "The orchestrator's word for its form, which has to agree with it.",
            ),
            key(
                &["url"],
                Text,
                "",
                "\"http://10.0.0.7:8080/health\"",
                "`http://…`, `https://…`, `tcp://host:port`, `tls://host:port` or `unix:/path.sock:/path`.",
            )
            .beside(""),
            key(
                &["http", "httpGet"],
                Table("http"),
                "",
                "{ host = \"10.0.0.7\", port = 8080, path = \"/health\" }",
                "A request, in parts.",
            )
            .beside(""),
            key(
                &["tcp", "tcpSocket"],
                Table("tcp"),
                "",
                "{ host = \"10.0.0.7\", port = 5432 }",
                "A connection, in parts.",
            )
            .beside(""),
            key(
                &["exec"],
                Either(&[List(&Text), Table("exec")]),
                "",
                "[\"pg_isready\", \"-q\"]",
                "A program and its arguments; healthy is exit code 0.",
            )
            .beside(""),
            key(
                &["expect_status"],
                Either(&[Integer(200, 599), Text, List(&Either(&[Integer(200, 599), Text]))]),
                "200; in other grammars 200-399",
                "\"200,204,300-399\"",
                "Accepted statuses.",
            ),
            key(
                &["max_body"],
                Integer(1, 1 << 30),
                "1048576",
                "65536",
                "How many bytes of a body are read for that.",
            ),
            key(
                &["method"],
                Text,
                "GET",
                "\"HEAD\"",
                "The method of the request.",
            )
            .beside("url = \"http://10.0.0.7/\"\njson = false"),
            key(
                &["headers"],
                HEADERS,
                "{}",
                "{ Authorization = { file = \"/run/secrets/token\" } }",
                "Fields of the request.",
            ),
            key(
                &["tls"],
                Table("tls"),
                "",
                "{ ca = \"/etc/ssl/ca.pem\" }",
                "How a server is trusted, over `https`, `tls://` and `tcp`.",
            )
            .beside("url = \"https://10.0.0.7/\""),
        ],
        includes: &["timing", "request", "stream", "command"],
        context: "[[target]]\nname = \"web-1\"\n[[target.check]]\n@",
        needs: "url = \"http://10.0.0.7/\"",
    },
    Section {
        name: "http",
        title: "`http`, `httpGet`",
        text: "",
        keys: &[
            key(
                &["host"],
                Text,
                "that of the target",
                "\"10.0.0.7\"",
                "Where it is sent to.",
            ),
            key(&["port"], PORT, "80; for https 443", "8080", "The port."),
            key(&["path"], Text, "/", "\"/health\"", "What is requested."),
            key(
                &["scheme"],
                Words(&["http", "https"]),
                "http",
                "\"https\"",
                "How it is sent.",
            ),
            key(
                &["headers", "httpHeaders"],
                HEADERS,
                "{}",
                "[{ name = \"X-Probe\", value = \"1\" }]",
                "Fields of the request.",
            ),
            key(
                &["status_code_min"],
                Integer(100, 599),
                "200",
                "200",
                "The first accepted status.",
            ),
            key(
                &["status_code_max"],
                Integer(100, 599),
                "399",
                "299",
                "The last accepted status.",
            ),
        ],
        includes: &[],
        context: "[[target]]\nname = \"web-1\"\nhost = \"10.0.0.7\"\n[target.http]\n@",
        needs: "",
    },
    Section {
        name: "tcp",
        title: "`tcp`, `tcpSocket`",
        text: "",
        keys: &[
            key(
                &["host"],
                Text,
                "that of the target",
                "\"10.0.0.7\"",
                "Where it connects to.",
            )
            .beside("port = 5432"),
            key(&["port"], PORT, "needed", "5432", "The port."),
        ],
        includes: &[],
        context: "[[target]]\nname = \"db-1\"\nhost = \"10.0.0.7\"\n[target.tcp]\n@",
        needs: "",
    },
];
