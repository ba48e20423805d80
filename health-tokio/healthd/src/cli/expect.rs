//! The flags that describe a check: what is sent, what is expected of the answer, how often.
//!
//! A flag is a key of a target in a file. What it may be is read where the file is read, so that both say the
//! same of a mistake.

mod flags;

use clap::builder::ArgAction;
use clap::error::Error;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use serde_json::{Map, Value};

use flags::{About, FLAGS, Flag, Form};

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
