//! What the monitor knows of a target and does not keep: how the last attempt went, phase by phase.

use health_core::monitor::CheckView;
use serde_json::{Map, Value, json};

use super::Daemon;
use crate::control::Reply;
use crate::text::millis;

impl Daemon {
    /// By the names of its checks.
    pub(super) fn now(&self, name: &str) -> Reply {
        let Some(target) = self.monitor.target(name) else {
            return Reply::Refused(format!("{name}: no such target"));
        };
        let checks = target.checks.iter();
        let checks = checks.map(|it| (it.name.as_str().to_owned(), last_attempt(it)));
        Reply::Status(json!({ "checks": checks.collect::<Map<_, _>>() }))
    }
}

fn last_attempt(check: &CheckView) -> Value {
    let Some(last) = &check.last_report else {
        return Value::Null;
    };
    let phases = last.timings.iter();
    let phases = phases.map(|(phase, took)| json!({ "phase": phase, "ms": millis(took) }));
    json!({
        "took_ms": millis(last.took),
        "address": last.address.map(|it| it.to_string()),
        // In their order, which an object would not keep.
        "phases": phases.collect::<Vec<_>>(),
        "output": last.output.as_ref().map(ToString::to_string),
    })
}
