//! The arguments of `healthd update`.

use clap::Args;

use super::expect::TargetFlags;
use super::{ShowArgs, StreamArgs};

#[derive(Args, Debug)]
pub(crate) struct UpdateArgs {
    /// The target, which was added by healthd add
    pub(crate) name: String,
    /// Its new URL, or exec with a command [default: the one that it has]
    pub(crate) url: Option<String>,
    /// The command, for exec
    #[arg(last = true)]
    pub(crate) command: Vec<String>,
    /// A setting that is taken back to its default, by the name of its key in a file, as json_at [repeatable]
    #[arg(long, value_name = "KEY", value_delimiter = ',')]
    pub(crate) unset: Vec<String>,
    #[command(flatten)]
    pub(crate) flags: TargetFlags,
    #[command(flatten)]
    pub(crate) stream: StreamArgs,
    #[command(flatten)]
    pub(crate) show: ShowArgs,
}
