//! The arguments of `list`.

use clap::{Args, ValueEnum};

use super::ShowArgs;

#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) show: ShowArgs,
    /// Only what has this status [repeatable, or with commas between]
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    pub(crate) status: Vec<Status>,
    /// Only what is in this group
    #[arg(long, value_name = "NAME")]
    pub(crate) group: Option<String>,
    /// What is printed; json is the same as --json
    #[arg(
        long,
        short,
        value_name = "FORM",
        default_value = "table",
        hide_default_value = true
    )]
    pub(crate) output: Form,
    /// Print it every two seconds until it is interrupted; on a terminal, in place of the one before
    #[arg(long, short)]
    pub(crate) watch: bool,
}

/// What is printed of each target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// The most important columns, as wide as the terminal [default]
    Table,
    /// All columns, uncut
    Wide,
    /// Everything
    Json,
    /// Names, one a line
    Name,
}

/// The status of a target, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Status {
    Deregistered,
    AnswersAgain,
    Unhealthy,
    Unknown,
    Starting,
    Paused,
    Healthy,
}

impl Status {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Deregistered => "deregistered",
            Self::AnswersAgain => "answers-again",
            Self::Unhealthy => "unhealthy",
            Self::Unknown => "unknown",
            Self::Starting => "starting",
            Self::Paused => "paused",
            Self::Healthy => "healthy",
        }
    }
}

impl ListArgs {
    pub(crate) fn is_json(&self) -> bool {
        self.show.json || self.output == Form::Json
    }

    /// Whether a target or a replica of this status and group is asked for.
    pub(crate) fn wants(&self, status: &str, group: &str) -> bool {
        let is_wanted =
            self.status.is_empty() || self.status.iter().any(|it| it.as_str() == status);
        is_wanted && self.group.as_deref().is_none_or(|it| it == group)
    }
}
