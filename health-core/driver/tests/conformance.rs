//! The conformance table on the bare core.

use std::process::ExitCode;

fn main() -> ExitCode {
    health_driver::conformance::run_bare()
}
