//! The flags, each with its key in a file.

/// What a flag is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// A request and its answer.
    Http,
    /// A connection.
    Connection,
    /// A command.
    Exec,
    /// A target, and how often it is checked.
    Target,
}

/// How the value of a flag is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    /// A number, or a text that is refused where it is read.
    Number,
    Bool,
    /// Texts with blanks between them.
    Words,
    /// Repeatable.
    Texts,
    /// `NAME: VALUE`, repeatable: a list of headers to send.
    Headers,
    /// `NAME: VALUE`, or `NAME` for any value, repeatable.
    Expected,
    /// `NAME=VALUE`, repeatable; the value is a text.
    Pairs,
    /// The same, and the value is JSON, or a text if it is not.
    Typed,
}

pub(super) struct Flag {
    pub(super) flag: &'static str,
    /// In the table of a target; behind `warn.` in that table.
    pub(super) key: &'static str,
    pub(super) about: About,
    pub(super) form: Form,
    pub(super) value: &'static str,
    pub(super) help: &'static str,
}

const fn flag(
    flag: &'static str,
    key: &'static str,
    about: About,
    form: Form,
    value: &'static str,
    help: &'static str,
) -> Flag {
    Flag {
        flag,
        key,
        about,
        form,
        value,
        help,
    }
}

pub(super) const FLAGS: &[Flag] = &{
    use About::{Connection, Exec, Http, Target};
    use Form::{Bool, Expected, Headers, Number, Pairs, Text, Texts, Typed, Words};
    [
        flag(
            "group",
            "group",
            Target,
            Text,
            "NAME",
            "The group it is counted in",
        ),
        flag(
            "interval",
            "interval",
            Target,
            Text,
            "TIME",
            "From one check to the next",
        ),
        flag(
            "timeout",
            "timeout",
            Target,
            Text,
            "TIME",
            "How long one check may take",
        ),
        flag(
            "retries",
            "retries",
            Target,
            Number,
            "N",
            "Failures in a row that make it unhealthy",
        ),
        flag(
            "success-threshold",
            "success_threshold",
            Target,
            Number,
            "N",
            "Successes in a row that make it healthy again",
        ),
        flag(
            "edge-interval",
            "edge_interval",
            Target,
            Text,
            "TIME",
            "From one check to the next while a change is pending",
        ),
        flag(
            "down-interval",
            "down_interval",
            Target,
            Text,
            "TIME",
            "From one check to the next while it is unhealthy and on the list",
        ),
        flag(
            "down-backoff",
            "down_backoff",
            Target,
            Number,
            "FACTOR",
            "What that is multiplied by at each further failure, 1 to 100",
        ),
        flag(
            "down-interval-max",
            "down_interval_max",
            Target,
            Text,
            "TIME",
            "Where that growth ends [default: 1h]",
        ),
        flag(
            "jitter",
            "jitter",
            Target,
            Number,
            "PERCENT",
            "The most by which a check is late at random, of its interval, 0 to 50",
        ),
        flag(
            "on-unhealthy",
            "on_unhealthy",
            Target,
            Text,
            "WHAT",
            "What becomes of it when it is unhealthy: deregister, report",
        ),
        flag(
            "method",
            "method",
            Http,
            Text,
            "METHOD",
            "Of the request [default: GET]",
        ),
        flag("body", "body", Http, Text, "TEXT", "Of the request"),
        flag(
            "header",
            "headers",
            Http,
            Headers,
            "NAME: VALUE",
            "A field of the request [repeatable]",
        ),
        flag(
            "expect-status",
            "expect_status",
            Http,
            Text,
            "CODES",
            "Accepted statuses, as 200 or 200,204,300-399",
        ),
        flag(
            "expect-header",
            "expect_headers",
            Http,
            Expected,
            "NAME[: VALUE]",
            "A field that the answer has to have [repeatable]",
        ),
        flag(
            "json-body",
            "json",
            Http,
            Bool,
            "BOOL",
            "Whether the body has to be JSON",
        ),
        flag(
            "json-at",
            "json_at",
            Http,
            Typed,
            "/POINTER=VALUE",
            "What has to stand at a place of a JSON body, as /status=ok [repeatable]",
        ),
        flag(
            "contains",
            "contains",
            Http,
            Texts,
            "TEXT",
            "What the body has to contain [repeatable]",
        ),
        flag(
            "matches",
            "matches",
            Http,
            Texts,
            "REGEX",
            "What the first 64 KiB of the body have to match [repeatable]",
        ),
        flag(
            "max-body",
            "max_body",
            Http,
            Number,
            "BYTES",
            "How much of a body is read for that [default: 1048576]",
        ),
        flag(
            "max-latency",
            "max_latency",
            Http,
            Text,
            "TIME",
            "How long a whole answer may take, less than the timeout",
        ),
        flag(
            "redirects",
            "redirects",
            Http,
            Number,
            "N",
            "How many redirects on the same host are followed, 0 to 10 [default: 0]",
        ),
        flag(
            "warn-header",
            "warn.expect_headers",
            Http,
            Expected,
            "NAME[: VALUE]",
            "A field without which it is degraded [repeatable]",
        ),
        flag(
            "warn-json-at",
            "warn.json_at",
            Http,
            Typed,
            "/POINTER=VALUE",
            "What has to stand at a place of a JSON body, or else it is degraded [repeatable]",
        ),
        flag(
            "warn-contains",
            "warn.contains",
            Http,
            Texts,
            "TEXT",
            "What the body has to contain, or else it is degraded [repeatable]",
        ),
        flag(
            "warn-matches",
            "warn.matches",
            Http,
            Texts,
            "REGEX",
            "What the body has to match, or else it is degraded [repeatable]",
        ),
        flag(
            "warn-latency",
            "warn.max_latency",
            Http,
            Text,
            "TIME",
            "How long a whole answer may take before it is degraded",
        ),
        flag(
            "ip-family",
            "ip_family",
            Connection,
            Text,
            "FAMILY",
            "Which addresses of a name are tried: any, ipv4, ipv6 [default: any]",
        ),
        flag(
            "exit-codes",
            "exit_codes",
            Exec,
            Text,
            "MEANING",
            "What exit codes mean: zero, plugin (1 is degraded) [default: zero]",
        ),
        flag(
            "exec-prefix",
            "exec_prefix",
            Exec,
            Words,
            "WORDS",
            "What stands before the command, as 'docker exec web'",
        ),
        flag(
            "exec-user",
            "exec_user",
            Exec,
            Text,
            "USER",
            "As which user it runs: a name, a number, or UID:GID",
        ),
        flag(
            "exec-dir",
            "exec_dir",
            Exec,
            Text,
            "DIR",
            "Where it runs [default: /]",
        ),
        flag(
            "exec-env",
            "exec_env",
            Exec,
            Pairs,
            "NAME=VALUE",
            "A variable of its environment [repeatable]",
        ),
        flag(
            "exec-limit",
            "exec_limits",
            Exec,
            Typed,
            "WHAT=MOST",
            "What it may use: cpu=2s, memory=64M, processes=100, files=64 [repeatable]",
        ),
    ]
};
