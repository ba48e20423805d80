//! Every flag that describes a group: its name, its form, the name of its value, its help.

/// How the value of a flag is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    /// A number; anything else is refused where it is read.
    Number,
    /// There or not.
    Switch,
    /// Repeatable.
    List,
}

pub(super) const FLAGS: &[(&str, Form, &str, &str)] = &[
    (
        "name",
        Form::Text,
        "NAME",
        "The group; its replicas are NAME-0, NAME-1, … [default: the program's file name]",
    ),
    (
        "replicas",
        Form::Number,
        "N",
        "How many processes run the command, 1 to 1000 [default: 1]",
    ),
    (
        "port",
        Form::Number,
        "BASE",
        "The port of the first replica, for {port} and $PORT",
    ),
    (
        "port-step",
        Form::Number,
        "N",
        "From the port of a replica to that of the next [default: 1]",
    ),
    (
        "restart-command",
        Form::Text,
        "CMD",
        "In place of a program: the command line that restarts what somebody else runs, as `docker restart web`",
    ),
    (
        "restart",
        Form::Text,
        "POLICY",
        "After which ends a replica is restarted: always, on-failure, never [default: always]",
    ),
    (
        "success-exit",
        Form::Text,
        "CODES",
        "Exit codes that mean success, such as 0,143 [default: 0]",
    ),
    (
        "fatal-exit",
        Form::Text,
        "CODES",
        "Exit codes after which a replica is given up",
    ),
    (
        "backoff",
        Form::Text,
        "TIME",
        "What the second restart in a row waits; the first waits for nothing [default: 10s]",
    ),
    (
        "backoff-max",
        Form::Text,
        "TIME",
        "The longest that a restart waits; each waits twice as long as the one before [default: 300s]",
    ),
    (
        "backoff-reset",
        Form::Text,
        "TIME",
        "After so long of running well, the next restart is the first in a row [default: 600s]",
    ),
    (
        "backoff-jitter",
        Form::Number,
        "PERCENT",
        "The most that is added to a wait, 0 to 50 [default: 0]",
    ),
    (
        "max-restarts",
        Form::Number,
        "N",
        "Restarts in a row after which a replica is given up [default: no limit]",
    ),
    (
        "restart-budget",
        Form::Text,
        "N/TIME",
        "Restarts of all replicas within a time after which the group is given up [default: no limit]",
    ),
    (
        "max-unavailable",
        Form::Number,
        "N|P%",
        "How many replicas may be down at once for restarts by checks and by request [default: 20%, at least 1]",
    ),
    (
        "min-ready",
        Form::Number,
        "N",
        "How many replicas have to be ready for the group to be ready [default: 1]",
    ),
    (
        "no-canary",
        Form::Switch,
        "",
        "Restart as many at once even while more than half of the replicas fail",
    ),
    (
        "min-uptime",
        Form::Text,
        "TIME",
        "How long a process has to run before it counts as up [default: 1s]",
    ),
    (
        "settle",
        Form::Text,
        "TIME",
        "How long a restarted replica has to be ready before the next is restarted [default: 10s]",
    ),
    (
        "ready-timeout",
        Form::Text,
        "TIME",
        "How long the next one waits for a restarted replica that is not ready [default: 300s]",
    ),
    (
        "stop-signal",
        Form::Text,
        "NAME",
        "The signal that ends a replica [default: TERM]",
    ),
    (
        "stop-grace",
        Form::Text,
        "TIME",
        "From that signal to KILL [default: 10s]",
    ),
    (
        "failure-grace",
        Form::Text,
        "TIME",
        "The same for a replica that has failed its checks [default: --stop-grace]",
    ),
    (
        "drain-delay",
        Form::Text,
        "TIME",
        "From the end of readiness to the stop signal [default: 0]",
    ),
    (
        "restart-timeout",
        Form::Text,
        "TIME",
        "How long --restart-command may take [default: 60s]",
    ),
    (
        "health-http",
        Form::Text,
        "WHERE",
        "Check by a request: path=/,port=80[,scheme=https] in any order, or /path:port",
    ),
    ("health-tcp", Form::Text, "PORT", "Check by a connection"),
    (
        "health-cmd",
        Form::Text,
        "CMD",
        "Check by a command line, or a JSON array of a program and its arguments",
    ),
    (
        "health-host",
        Form::Text,
        "HOST",
        "Where replicas are checked [default: 127.0.0.1]",
    ),
    (
        "health-header",
        Form::List,
        "NAME: VALUE",
        "A field of the request [repeatable]",
    ),
    (
        "health-status",
        Form::Text,
        "CODES",
        "Accepted status, 200, or 200,204,300-399 [default: 200-399]",
    ),
    (
        "health-interval",
        Form::Text,
        "TIME",
        "From one check to the next [default: 30s]",
    ),
    (
        "health-timeout",
        Form::Text,
        "TIME",
        "How long one check may take [default: 10s]",
    ),
    (
        "health-retries",
        Form::Number,
        "N",
        "Failures in a row after which a replica is restarted [default: 3]",
    ),
    (
        "health-start-period",
        Form::Text,
        "TIME",
        "How long failures do not count after the start [default: 0]",
    ),
    (
        "health-start-interval",
        Form::Text,
        "TIME",
        "From one check to the next meanwhile [default: 5s]",
    ),
    (
        "health-initial-delay",
        Form::Text,
        "TIME",
        "From the start to the first check [default: --min-uptime]",
    ),
    (
        "startup",
        Form::Text,
        "SPEC",
        "A check that has to succeed before the others begin: path=/,port=80 or tcp=PORT or cmd=REST, with interval, timeout, retries, start_period, delay",
    ),
    (
        "liveness",
        Form::Text,
        "SPEC",
        "A check whose failure restarts a replica and does not count for ready",
    ),
    (
        "readiness",
        Form::Text,
        "SPEC",
        "A check that only decides whether a replica is ready; also success=N",
    ),
    (
        "prefix",
        Form::Text,
        "WHEN",
        "Whether lines of replicas begin with `NAME-INDEX | `: auto (if there is more than one), always, never [default: auto]",
    ),
    (
        "log-rate",
        Form::Text,
        "LINES/TIME",
        "The most output of a replica; 0 for no limit [default: 10000/30s]",
    ),
];
