//! The flags of `healthd run`: those of the program, and those that describe its group.
//!
//! A flag of the group is a key of `[[run]]` in a file, with `-` in place of `_`. What it may be is read
//! where the file is read, so that both say the same of a mistake.

mod flags;

use std::path::PathBuf;

use clap::error::Error;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use serde_json::{Map, Value};

use super::DaemonArgs;
use crate::config::RunFlags;
use flags::{FLAGS, Form};

/// What stands below the flags.
pub(super) const AFTER_HELP: &str = "\
TIME is a number of seconds, or a number with ms, s, m or h behind it: 30, 250ms, 1.5h.

Exit codes: 0 stopped, or all ended with success; that of what was given up (128 + signal); 126, 127 the
program cannot be run, is not there; 2 wrong usage; 1 something could not be ended, or a group of this
name runs already; 128 + signal if a signal killed everything.";

#[derive(Args, Debug)]
pub(crate) struct RunArgs {
    /// The groups, TOML or by its name JSON or YAML, instead of the flags that describe one
    #[arg(long, env = "HEALTHD_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) daemon: DaemonArgs,
    /// Where the sockets are by which commands find a running group [default:
    /// $XDG_RUNTIME_DIR/healthd, /run/healthd, or healthd-UID in the temporary directory]
    #[arg(long, env = "HEALTHD_RUN_DIR", value_name = "DIR")]
    run_dir: Option<PathBuf>,
    /// How long whoever stops healthd waits before it is killed: 10s for docker, 30s for Kubernetes; a
    /// stop that may take longer is refused at the start
    #[arg(long, value_name = "TIME")]
    grace: Option<String>,
    #[command(flatten)]
    group: GroupArgs,
    /// The program and its arguments; {port}, {index} and {name} are replaced
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// What a flag that describes the group says of itself, by its key in a file.
pub(crate) fn help_of(key: &str) -> Option<&'static str> {
    let flag = key.replace('_', "-");
    let known = FLAGS.iter().find(|(name, ..)| *name == flag);
    known.map(|(.., help)| *help)
}

/// The flags that describe the group, under the keys of a file.
#[derive(Debug)]
struct GroupArgs(Map<String, Value>);

impl RunArgs {
    pub(crate) fn flags(&self) -> RunFlags {
        let mut group = self.group.0.clone();
        if !self.command.is_empty() {
            group.insert("command".to_owned(), self.command.clone().into());
        }
        RunFlags {
            config: self.config.clone(),
            listen: self.daemon.listen,
            token: self.daemon.token.clone(),
            run_dir: self.run_dir.clone(),
            grace: self.grace.clone(),
            group,
        }
    }
}

impl FromArgMatches for GroupArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut map = Map::new();
        for &(flag, form, ..) in FLAGS {
            let text = || matches.get_one::<String>(flag);
            let value = match form {
                Form::Text => text().map(|it| it.as_str().into()),
                Form::Number => text().map(|it| number(it)),
                Form::Switch => matches.get_flag(flag).then_some(Value::Bool(true)),
                Form::List => {
                    let texts = matches.get_many::<String>(flag);
                    texts.map(|it| it.map(String::as_str).collect())
                }
            };
            if let Some(value) = value {
                map.insert(flag.replace('-', "_"), value);
            }
        }
        Ok(Self(map))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for GroupArgs {
    fn augment_args(command: Command) -> Command {
        FLAGS
            .iter()
            .fold(command, |command, &(flag, form, name, help)| {
                let arg = Arg::new(flag).long(flag).help(help);
                command.arg(match form {
                    Form::Switch => arg.action(ArgAction::SetTrue),
                    Form::List => arg.value_name(name).action(ArgAction::Append),
                    // So that `--max-restarts -1` is told what is allowed.
                    Form::Text | Form::Number => arg.value_name(name).allow_hyphen_values(true),
                })
            })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// Only digits are a number: `+3` is not.
fn number(text: &str) -> Value {
    let is_number = text.bytes().all(|it| it.is_ascii_digit());
    let number = text.parse::<u64>().ok().filter(|_| is_number);
    number.map_or_else(|| text.into(), Value::from)
}
