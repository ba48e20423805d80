//! `healthcheck TARGET`: one probe, exit code 0 (healthy), 1 (not) or 2 (usage).
//!
//! All of it is [`health_blocking::healthcheck`], where its options are described.

use std::process::ExitCode;

fn main() -> ExitCode {
    health_blocking::healthcheck::run(std::env::args_os().skip(1))
}
