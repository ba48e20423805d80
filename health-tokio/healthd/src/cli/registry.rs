//! Which registry a command is about, and who said so.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Once;

use clap::error::Error;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, value_parser};

use crate::config::{default_db, left_behind};

/// Its flag.
const DB: &str = "db";

#[derive(Debug)]
pub(crate) struct Registry {
    db: Option<PathBuf>,
    /// By the flag, and not by the environment.
    is_flag: bool,
}

impl Registry {
    /// The file, if one was given.
    pub(crate) fn stated(&self) -> Option<PathBuf> {
        self.db.clone()
    }

    /// Whether it alone was asked for. The environment says where the registry is, and not that nothing
    /// else is of interest: an image sets it once for all commands.
    pub(crate) const fn is_alone(&self) -> bool {
        self.is_flag
    }

    pub(crate) fn path(&self) -> PathBuf {
        static SAID: Once = Once::new();
        self.stated().unwrap_or_else(|| {
            let db = default_db();
            if let Some(line) = left_behind(&db) {
                SAID.call_once(|| drop(writeln!(io::stderr(), "healthd: {line}")));
            }
            db
        })
    }
}

impl FromArgMatches for Registry {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(Self {
            db: matches.get_one::<PathBuf>(DB).cloned(),
            is_flag: matches.value_source(DB) == Some(ValueSource::CommandLine),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Registry {
    fn augment_args(command: Command) -> Command {
        let db = Arg::new(DB).long(DB).env("HEALTHD_DB").value_name("FILE");
        let db = db.value_parser(value_parser!(PathBuf));
        command.arg(db.help("The registry, an SQLite file [default: healthd.db in $STATE_DIRECTORY, /var/lib/healthd or ~/.local/state/healthd]"))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
