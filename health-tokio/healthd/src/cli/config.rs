//! The command `healthd config`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{MonitorArgs, Registry};

#[derive(Args, Debug)]
pub(crate) struct ReloadArgs {
    #[command(flatten)]
    pub(crate) registry: Registry,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ImportArgs {
    /// The file, YAML or JSON
    pub(crate) file: PathBuf,
    /// Where containers are reached [default: the name of the pod]; for compose, the Docker daemon
    #[arg(long, value_name = "HOST")]
    pub(crate) host: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    pub(crate) command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Read a file of monitor or of run, and say the first mistake: exit code 0 right, 2 wrong
    Check {
        /// TOML, or by its name JSON (.json) or YAML (.yaml, .yml)
        file: PathBuf,
    },
    /// Print the settings of monitor that are in effect, with flags, environment and defaults, without
    /// secrets
    Show(Box<ConfigShowArgs>),
    /// Print the reference of all keys, as Markdown
    Reference,
    /// Print a JSON Schema, for editors
    Schema,
}

#[derive(Args, Debug)]
pub(crate) struct ConfigShowArgs {
    #[command(flatten)]
    pub(crate) monitor: MonitorArgs,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
