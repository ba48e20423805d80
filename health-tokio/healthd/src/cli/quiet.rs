//! The flags of what is asked of targets that there are: pause, silence, check now, reactivate.

use std::time::Duration;

use clap::Args;

use super::ShowArgs;
use crate::quiet::length;

/// To whom.
#[derive(Args, Debug)]
#[group(multiple = false)]
pub(crate) struct OfArgs {
    /// The target
    pub(crate) name: Option<String>,
    /// The targets of this group
    #[arg(long, value_name = "NAME")]
    pub(crate) group: Option<String>,
    /// All targets
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ActArgs {
    #[command(flatten)]
    pub(crate) of: OfArgs,
    #[command(flatten)]
    pub(crate) show: ShowArgs,
}

#[derive(Args, Debug)]
pub(crate) struct PauseArgs {
    #[command(flatten)]
    pub(crate) of: OfArgs,
    /// What for; it is shown and logged, with your name
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) why: String,
    #[command(flatten)]
    pub(crate) show: ShowArgs,
}

#[derive(Args, Debug)]
pub(crate) struct SilenceArgs {
    #[command(flatten)]
    pub(crate) of: OfArgs,
    /// How long, as 2h or 3d
    #[arg(long = "for", value_name = "TIME", value_parser = length, required_unless_present = "list")]
    pub(crate) length: Option<Duration>,
    /// What for; it is shown and logged, with your name
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) why: String,
    /// Show what is paused and silenced, and the windows of maintenance
    #[arg(long, conflicts_with_all = ["name", "group", "all", "length"])]
    pub(crate) list: bool,
    #[command(flatten)]
    pub(crate) show: ShowArgs,
}
