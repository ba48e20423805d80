//! The registry of targets as a program; all of it is `health_tokio::healthd`.

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    health_tokio::healthd::run(std::env::args_os())
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!("healthd needs Unix signals and sockets");
    ExitCode::from(2)
}
