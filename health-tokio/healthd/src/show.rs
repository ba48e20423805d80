//! The commands that show: `list`, `status`, `inspect` and `explain`.

mod list;
mod quiet;
mod status;
mod target;

use health_core::UnixTime;
use serde_json::Value;

use super::cli::ShowArgs;
use super::store::read::{Reader, TargetInfo};
use super::text::REACTIVATE;
use super::{CommandError, EXIT_FAILURE, text};

pub(super) use list::list;
pub(super) use status::status;
pub(super) use target::{changed, explain, inspect};

pub(super) fn failed(error: impl std::fmt::Display) -> CommandError {
    CommandError::new(EXIT_FAILURE, error)
}

fn open(args: &ShowArgs) -> Result<Reader, CommandError> {
    let db = args.registry.path();
    if !args.registry.is_alone() && !db.exists() {
        let db = db.display();
        let line = format!("no such group runs, and there is no registry {db}");
        return Err(CommandError::new(EXIT_FAILURE, line));
    }
    Reader::open(&db).map_err(failed)
}

fn healthy(target: &TargetInfo) -> String {
    let healthy = target.checks.iter().filter(|it| it.status == "healthy");
    format!("{}/{}", healthy.count(), target.checks.len())
}

/// The command that brings it back.
fn reactivate(target: &TargetInfo) -> String {
    format!("`{REACTIVATE} {}`", target.name)
}

/// A target for programs: what the registry has, and what follows from it.
fn document(target: &TargetInfo) -> Value {
    let mut value = serde_json::to_value(target).unwrap_or_default();
    value["status"] = target.status().into();
    if target.is_deregistered() {
        value["answers_since"] = target.answers_since().into();
        value["reactivate"] = format!("{REACTIVATE} {}", target.name).into();
    }
    value
}

pub(super) fn time(unix_millis: u64) -> String {
    let text = UnixTime::from_millis(unix_millis).rfc3339();
    String::from_utf8_lossy(&text).into_owned()
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(String::new, text::safe)
}
