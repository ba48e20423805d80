//! `healthd action`: the actions of the configuration.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::config::Flags;

#[derive(Args, Debug)]
pub(crate) struct ActionArgs {
    #[command(subcommand)]
    pub(crate) command: ActionCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ActionCommand {
    /// Send a specimen of a notice, and say what the receiver answers: exit code 0 taken, 1 not
    Test(TestArgs),
}

#[derive(Args, Debug)]
pub(crate) struct TestArgs {
    /// Its name, or its kind if there is one of it: slack, mail; none: of each action
    pub(crate) name: Option<String>,
    /// The monitor's configuration, TOML or (.json) JSON
    #[arg(long, env = "HEALTHD_CONFIG", value_name = "FILE")]
    config: PathBuf,
}

impl TestArgs {
    /// As of a monitor with this configuration.
    pub(crate) fn flags(&self) -> Flags {
        Flags {
            config: Some(self.config.clone()),
            ..Flags::default()
        }
    }
}
