//! The keys of actions and of windows.

use super::Kind::{Either, Flag, List, Map, Table, Text, Time, Words};
use super::{Kind, Section, key};

const NOTICES: &[&str] = &[
    "unhealthy",
    "recovered",
    "deregistered",
    "answers_again",
    "flapping",
    "mass_failure",
    "restarted",
    "given_up",
];
const SECRET: Kind = Either(&[Text, Table("secret")]);
const TEXTS: Kind = Either(&[Text, List(&Text)]);

pub(super) const SECTIONS: &[Section] = &[
    Section {
        name: "action",
        title: "`[[action]]`",
        text: "It has one of `command`, which gets the notice as a line of JSON on its standard input, `webhook`, \
               `slack`, `teams`, `discord`, `ntfy`, `pagerduty`, `alertmanager`, `mail`.",
        keys: &[
            key(&["name"], Text, "made of its settings", "\"pager\"", "What it is called in the registry: under the same name it goes on with what it has not taken yet."),
            key(&["on"], List(&Words(NOTICES)), "all", "[\"unhealthy\", \"recovered\"]", "The notices that it is for."),
            key(&["severity"], Words(&["critical", "warning"]), "both", "\"critical\"", "In place of `on`: `critical` is unhealthy, deregistered, mass failure, given up, and the recovery; `warning` the others."),
            key(&["groups"], List(&Text), "all", "[\"shop\"]", "The groups whose targets it is about."),
            key(&["gather"], Time, "1s for command and webhook; else the interval, at most 60s", "\"30s\"", "Changes within this time come in one notice."),
            key(&["delay"], Time, "0", "\"2m\"", "A target is named only if it is still so after that time."),
            key(&["repeat"], Time, "never; of an Alertmanager 1m", "\"4h\"", "After so long without a notice, what is still down is named again."),
            key(&["recovery"], Flag, "true", "false", "Whether it is told of the end of what it was told of."),
            key(&["text"], Text, "a line for each target", "\"{{ summary }}\"", "A Jinja template for what a message says behind its title.")
                .beside("slack = \"http://127.0.0.1:8080/hook\""),
            key(&["command"], List(&Text), "", "[\"notify\", \"ops\"]", "A program and its arguments.").beside(""),
            key(&["webhook"], Either(&[SECRET, Table("webhook")]), "", "\"http://127.0.0.1:8080/hook\"", "A URL; its path and query are shown nowhere.").beside(""),
            key(&["slack"], SECRET, "", "\"http://127.0.0.1:8080/hook\"", "The address of an incoming webhook of Slack, or of what takes the same.").beside(""),
            key(&["teams"], SECRET, "", "\"http://127.0.0.1:8080/hook\"", "The address of a workflow of Microsoft Teams.").beside(""),
            key(&["discord"], SECRET, "", "\"http://127.0.0.1:8080/hook\"", "The address of a webhook of Discord.").beside(""),
            key(&["ntfy"], Either(&[SECRET, Table("ntfy")]), "", "\"http://127.0.0.1:8080/ops\"", "The address of a topic of ntfy.").beside(""),
            key(&["pagerduty"], Either(&[SECRET, Table("pagerduty")]), "", "\"0123456789abcdef\"", "The integration key of a service of PagerDuty (Events API v2).").beside(""),
            key(&["alertmanager"], Either(&[SECRET, Table("alertmanager")]), "", "\"http://127.0.0.1:9093\"", "The address of an Alertmanager (API v2).").beside(""),
            key(&["mail"], Table("mail"), "", "{ to = \"ops@example.com\", from = \"healthd@example.com\", server = \"127.0.0.1\" }", "A message by SMTP.").beside(""),
            key(&["timeout"], Time, "10s", "\"5s\"", "How long one delivery may take."),
            key(&["give_up_after"], Time, "that of the file", "\"10m\"", "How long a notice is tried that it does not take."),
        ],
        includes: &[],
        context: "[[action]]\n@",
        needs: "command = [\"true\"]",
    },
    Section {
        name: "webhook",
        title: "`webhook`",
        text: "",
        keys: &[
            key(&["url"], SECRET, "needed", "\"http://127.0.0.1:8080/hook\"", "Where it is sent."),
            key(&["method"], Words(&["POST", "PUT", "PATCH", "GET", "DELETE"]), "POST", "\"PUT\"", "The method."),
            key(&["headers"], Map(Some("secret")), "{}", "{ X-Token = { env = \"PATH\" } }", "Fields of the request."),
            key(&["body"], Text, "the notice as JSON", "\"{\\\"text\\\": {{ summary|tojson }}}\"", "A Jinja template over the notice."),
        ],
        includes: &[],
        context: "[[action]]\n[action.webhook]\n@",
        needs: "url = \"http://127.0.0.1:8080/hook\"",
    },
    Section {
        name: "ntfy",
        title: "`ntfy`",
        text: "",
        keys: &[
            key(&["url"], SECRET, "needed", "\"http://127.0.0.1:8080/ops\"", "The address of the topic."),
            key(&["token"], SECRET, "", "{ env = \"PATH\" }", "An access token."),
        ],
        includes: &[],
        context: "[[action]]\n[action.ntfy]\n@",
        needs: "url = \"http://127.0.0.1:8080/ops\"",
    },
    Section {
        name: "pagerduty",
        title: "`pagerduty`",
        text: "",
        keys: &[
            key(&["key"], SECRET, "needed", "{ env = \"PATH\" }", "The integration key of the service."),
            key(&["url"], SECRET, "that of PagerDuty", "\"http://127.0.0.1:8080/v2/enqueue\"", "Where events are sent."),
        ],
        includes: &[],
        context: "[[action]]\n[action.pagerduty]\n@",
        needs: "key = \"0123456789abcdef\"",
    },
    Section {
        name: "alertmanager",
        title: "`alertmanager`",
        text: "",
        keys: &[
            key(&["url"], SECRET, "needed", "\"http://127.0.0.1:9093\"", "Its address."),
            key(&["headers"], Map(Some("secret")), "{}", "{ X-Scope = \"ops\" }", "Fields of the request."),
            key(&["labels"], Map(None), "{}", "{ team = \"ops\" }", "Labels that each alert gets besides."),
        ],
        includes: &[],
        context: "[[action]]\n[action.alertmanager]\n@",
        needs: "url = \"http://127.0.0.1:9093\"",
    },
    Section {
        name: "mail",
        title: "`mail`",
        text: "",
        keys: &[
            key(&["to"], TEXTS, "needed", "[\"Ops <ops@example.com>\"]", "To whom."),
            key(&["from"], Text, "needed", "\"healthd@example.com\"", "From whom."),
            key(&["server"], Text, "needed", "\"mail.example.com:587\"", "The SMTP server, with its port or that of the encryption: 587, 465, 25."),
            key(&["encryption"], Words(&["starttls", "tls", "none"]), "starttls", "\"tls\"", "How the connection is protected."),
            key(&["user"], SECRET, "", "\"healthd\"", "Who logs in.").beside("to = \"ops@example.com\"\nfrom = \"healthd@example.com\"\nserver = \"127.0.0.1\"\npassword = { env = \"PATH\" }"),
            key(&["password"], SECRET, "", "{ env = \"PATH\" }", "With which password.").beside("to = \"ops@example.com\"\nfrom = \"healthd@example.com\"\nserver = \"127.0.0.1\"\nuser = \"healthd\""),
        ],
        includes: &[],
        context: "[[action]]\n[action.mail]\n@",
        needs: "to = \"ops@example.com\"\nfrom = \"healthd@example.com\"\nserver = \"127.0.0.1\"",
    },
    Section {
        name: "window",
        title: "`[[window]]`",
        text: "While it is open, its targets are silenced: checked and judged, but no notices, and no part of their \
               uptime.",
        keys: &[
            key(&["name"], Text, "needed", "\"backup\"", "What it is called.").beside("cron = \"30 2 * * *\"\nfor = \"1h\""),
            key(&["cron"], Text, "needed", "\"30 2 * * SUN\"", "When it begins.").beside("name = \"backup\"\nfor = \"1h\""),
            key(&["for"], Time, "needed", "\"2h\"", "How long it is open, as time passes, also when the clocks are changed.").beside("name = \"backup\"\ncron = \"30 2 * * *\""),
            key(&["zone"], Text, "UTC", "\"Europe/Berlin\"", "The time zone of the cron line, by its IANA name."),
            key(&["targets"], List(&Text), "all", "[\"db-1\"]", "The targets."),
            key(&["groups"], List(&Text), "all", "[\"shop\"]", "The groups."),
            key(&["why"], Text, "", "\"backup of all databases\"", "The reason that is shown."),
        ],
        includes: &[],
        context: "[[window]]\n@",
        needs: "name = \"backup\"\ncron = \"30 2 * * *\"\nfor = \"1h\"",
    },
    Section {
        name: "addresses",
        title: "`addresses`",
        text: "Blocks as `10.0.0.0/8`, or `link-local`, `metadata`, `private`, `this-host`. What is allowed is \
               allowed alone; what is denied is denied all the same. It changes with the next start.",
        keys: &[
            key(&["allow"], List(&Text), "everything", "[\"10.0.0.0/8\"]", "What may be connected to."),
            key(&["deny"], List(&Text), "[\"metadata\"], without `allow`", "[\"link-local\"]", "What may not."),
        ],
        includes: &[],
        context: "[addresses]\n@",
        needs: "",
    },
];
