//! The flags that describe a check: what is sent, what is expected of the answer, how often.
//!
//! A flag is a key of a target in a file. What it may be is read where the file is read, so that both say the
//! same of a mistake.

use clap::builder::ArgAction;
use clap::error::Error;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use serde_json::{Map, Value};

/// What a flag is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
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
enum Form {
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

struct Flag {
    flag: &'static str,
    /// In the table of a target; behind `warn.` in that table.
    key: &'static str,
    about: About,
    form: Form,
    value: &'static str,
    help: &'static str,
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

const FLAGS: &[Flag] = &{
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

/// What was given of the flags about one check.
#[derive(Debug)]
pub(crate) struct Expect(Given);

/// What was given of all flags, which describe a target.
#[derive(Debug)]
pub(crate) struct TargetFlags(Given);

/// By their places in [`FLAGS`].
#[derive(Debug)]
struct Given(Vec<(usize, Vec<String>)>);

impl Expect {
    /// Whether any was given that is about a request and its answer, or about a connection.
    pub(crate) fn is_any_of_network(&self) -> bool {
        let given = self.0.0.iter();
        let mut given = given.map(|(at, _)| FLAGS[*at].about);
        given.any(|it| it != About::Exec)
    }

    pub(crate) fn is_any(&self) -> bool {
        !self.0.0.is_empty()
    }

    /// Puts them into the table of a target.
    ///
    /// # Errors
    ///
    /// One that is not of its form; a line for people.
    pub(crate) fn insert(&self, table: &mut Map<String, Value>) -> Result<(), String> {
        self.0.insert(table)
    }
}

impl TargetFlags {
    /// As [`Expect::insert`].
    pub(crate) fn insert(&self, table: &mut Map<String, Value>) -> Result<(), String> {
        self.0.insert(table)
    }
}

impl Given {
    fn of(matches: &ArgMatches, is_wanted: impl Fn(About) -> bool) -> Self {
        let flags = FLAGS.iter().enumerate();
        let flags = flags.filter(|(_, it)| is_wanted(it.about));
        let given = flags.filter_map(|(at, it)| {
            let values = matches.get_many::<String>(it.flag)?;
            Some((at, values.cloned().collect()))
        });
        Self(given.collect())
    }

    fn insert(&self, table: &mut Map<String, Value>) -> Result<(), String> {
        for (at, values) in &self.0 {
            let it = &FLAGS[*at];
            let value = value(it, values).map_err(|allowed| format!("--{}: {allowed}", it.flag))?;
            match it.key.strip_prefix("warn.") {
                None => drop(table.insert(it.key.to_owned(), value)),
                Some(key) => {
                    let warn = table.entry("warn").or_insert_with(|| Map::new().into());
                    if let Value::Object(warn) = warn {
                        warn.insert(key.to_owned(), value);
                    }
                }
            }
        }
        Ok(())
    }
}

/// What is allowed, if the values are not of the flag's form. They are not quoted: they may be secrets.
fn value(flag: &Flag, values: &[String]) -> Result<Value, &'static str> {
    let last = || values.last().map(String::as_str).unwrap_or_default();
    let pairs = |typed: bool| {
        let pairs = values.iter().map(|text| {
            let (name, value) = text.split_once('=').ok_or("allowed is NAME=VALUE")?;
            let json = serde_json::from_str(value).ok().filter(|_| typed);
            Ok((name.to_owned(), json.unwrap_or_else(|| value.into())))
        });
        Ok(Value::Object(pairs.collect::<Result<_, &str>>()?))
    };
    match flag.form {
        Form::Text => Ok(last().into()),
        Form::Number => Ok(serde_json::from_str::<Value>(last())
            .ok()
            .filter(Value::is_number)
            .unwrap_or_else(|| last().into())),
        Form::Bool => match last() {
            "true" => Ok(true.into()),
            "false" => Ok(false.into()),
            _ => Err("allowed is true or false"),
        },
        Form::Words => Ok(last().split_whitespace().collect()),
        Form::Texts => Ok(values.iter().map(String::as_str).collect()),
        Form::Pairs => pairs(false),
        Form::Typed => pairs(true),
        Form::Headers => values
            .iter()
            .map(|text| {
                let (name, value) = text.split_once(':').ok_or("allowed is 'NAME: VALUE'")?;
                Ok(serde_json::json!({ "name": name, "value": value.trim() }))
            })
            .collect(),
        Form::Expected => {
            let fields = values.iter().map(|text| match text.split_once(':') {
                Some((name, value)) => (name.to_owned(), value.trim().into()),
                None => (text.clone(), Value::Bool(true)),
            });
            Ok(Value::Object(fields.collect()))
        }
    }
}

fn augment(command: Command, is_wanted: impl Fn(About) -> bool) -> Command {
    let wanted = FLAGS.iter().filter(|it| is_wanted(it.about));
    wanted.fold(command, |command, it| {
        let arg = Arg::new(it.flag).long(it.flag).help(it.help);
        let arg = arg.value_name(it.value).allow_hyphen_values(true);
        let is_repeatable = !matches!(
            it.form,
            Form::Text | Form::Number | Form::Bool | Form::Words
        );
        command.arg(match is_repeatable {
            true => arg.action(ArgAction::Append),
            false => arg,
        })
    })
}

const fn is_of_check(about: About) -> bool {
    !matches!(about, About::Target)
}

impl FromArgMatches for Expect {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(Self(Given::of(matches, is_of_check)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Expect {
    fn augment_args(command: Command) -> Command {
        augment(command, is_of_check)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for TargetFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(Self(Given::of(matches, |_| true)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for TargetFlags {
    fn augment_args(command: Command) -> Command {
        augment(command, |_| true)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
