//! The conformance table on the bare core: the whole way from bytes to bytes, in virtual time.

#[path = "conformance/mod.rs"]
mod conformance;

use std::process::ExitCode;

fn main() -> ExitCode {
    conformance::run(conformance::bare::Bare)
}
