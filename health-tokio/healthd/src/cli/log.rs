//! The arguments about the log.

use clap::{Args, ValueEnum};

#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct LogArgs {
    /// Least severe log lines shown: error, warn, info, debug
    #[arg(
        long = "log",
        env = "HEALTHD_LOG",
        value_name = "LEVEL",
        default_value = "info"
    )]
    pub(crate) level: Level,
    /// text: time, level, message and key=value pairs; json: an object a line
    #[arg(
        long = "log-format",
        env = "HEALTHD_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub(crate) format: LogFormat,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Level {
    Error,
    Warn,
    Info,
    Debug,
}

/// What a line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}
