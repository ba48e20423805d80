//! The registry of targets as a program; all of it is [`health_tokio::healthd`].

use std::process::ExitCode;

fn main() -> ExitCode {
    health_tokio::healthd::run(std::env::args_os())
}
