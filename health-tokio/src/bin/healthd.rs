//! `healthd`: the registry of targets as a program. Everything is in
//! [`health_tokio::healthd`].

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::SUCCESS
}
