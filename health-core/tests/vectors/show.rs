//! From what happened to the JSON of the expectations.

use health_core::Class;
use health_core::Instant;
use health_core::Streak;
use health_core::check::{self, CancelReason, CheckStatus, Mode, Record};
use health_core::monitor::{CheckId, MonitorEvent};
use serde_json::{Map, Value, json};

/// What a vector expects to see of a check.
pub(crate) struct State {
    pub(crate) status: CheckStatus,
    pub(crate) mode: Mode,
    pub(crate) streak: Streak,
    pub(crate) is_degraded: bool,
    pub(crate) is_stale: bool,
    pub(crate) next_due: Option<Instant>,
    pub(crate) attempts: u64,
    pub(crate) skipped_slots: u64,
}

pub(crate) fn event<'a>(
    now: u64,
    event: &MonitorEvent,
    name: impl Fn(CheckId) -> Option<&'a str>,
) -> Option<Value> {
    let (check, mut row) = match event {
        MonitorEvent::Started {
            attempt, deadline, ..
        } => {
            let row =
                json!({"event": "start", "attempt": attempt.number(), "deadline": ms(*deadline)});
            (Some(attempt.check()), row)
        }
        MonitorEvent::Target { started, ready, .. } => (
            None,
            json!({"event": "target", "started": started, "ready": ready}),
        ),
        MonitorEvent::Stopped { .. } => return None,
        MonitorEvent::Check { check, event, .. } => (Some(*check), check_event(event)),
        _ => panic!("unknown {event:?}"),
    };
    let object = row.as_object_mut().expect("an object");
    object.insert("at".to_owned(), now.into());
    insert_name(object, check.and_then(name));
    Some(row)
}

pub(crate) fn attempt(name: Option<&str>, record: &Record, kind: &str, state: &State) -> Value {
    let outcome = match record.class() {
        Class::Success => "success",
        Class::Warning => "warning",
        Class::Failure => "failure",
        Class::Indeterminate => "indeterminate",
    };
    let mut row = json!({
        "attempt": record.attempt(),
        "begin": ms(record.begin()),
        "end": ms(record.end()),
        "outcome": outcome,
        "counted": record.is_counted(),
        "status": state.status.as_str(),
        "fail_streak": state.streak.failures(),
        "success_streak": state.streak.successes(),
        "next_due": state.next_due.map(ms),
    });
    let object = row.as_object_mut().expect("an object");
    if !kind.is_empty() {
        object.insert("kind".to_owned(), kind.into());
    }
    insert_flags(object, state);
    insert_name(object, name);
    row
}

pub(crate) fn final_state(name: Option<&str>, state: &State, until: Instant) -> Value {
    // What is due and did not begin is in the queue, and has no due time there.
    let next_due = state.next_due.filter(|due| *due > until);
    let mut row = json!({
        "status": state.status.as_str(),
        "fail_streak": state.streak.failures(),
        "success_streak": state.streak.successes(),
        "next_due": next_due.map(ms),
        "attempts": state.attempts,
        "skipped_slots": state.skipped_slots,
    });
    let object = row.as_object_mut().expect("an object");
    match state.mode {
        Mode::OnHold => object.insert("on_hold".to_owned(), true.into()),
        Mode::Inactive => object.insert("active".to_owned(), false.into()),
        _ => None,
    };
    insert_name(object, name);
    row
}

fn check_event(event: &check::Event) -> Value {
    match event {
        check::Event::Cancelled { attempt, reason } => {
            json!({"event": "cancel", "attempt": attempt, "reason": reason_word(*reason)})
        }
        check::Event::Status { from, to } => {
            json!({"event": "status", "from": from.as_str(), "to": to.as_str()})
        }
        check::Event::ActionSuppressed => {
            json!({"event": "action_suppressed", "reason": "mass_failure"})
        }
        check::Event::Reaped { .. } => json!({"event": "reaped"}),
        check::Event::RestartRequested => json!({"event": "restart_requested"}),
        check::Event::Deregistered => json!({"event": "deregister"}),
        check::Event::ProberImpaired => json!({"event": "prober_impaired"}),
        check::Event::Stopped => json!({"event": "stopped"}),
        check::Event::Recorded(_) => unreachable!("shown as an attempt"),
        other => panic!("no word for {other:?}"),
    }
}

fn reason_word(reason: CancelReason) -> &'static str {
    match reason {
        CancelReason::Timeout => "timeout",
        CancelReason::InstanceChanged => "instance_changed",
        CancelReason::Restart => "restart",
        CancelReason::Deregistered => "deregistered",
        CancelReason::Paused => "paused",
        CancelReason::Stopped => "stopped",
        CancelReason::Removed => "removed",
        other => panic!("no word for {other:?}"),
    }
}

fn insert_flags(object: &mut Map<String, Value>, state: &State) {
    let flags = [("degraded", state.is_degraded), ("stale", state.is_stale)];
    let flags: Vec<_> = flags
        .iter()
        .filter(|(_, set)| *set)
        .map(|(name, _)| *name)
        .collect();
    if !flags.is_empty() {
        object.insert("flags".to_owned(), flags.into());
    }
}

fn insert_name(object: &mut Map<String, Value>, name: Option<&str>) {
    if let Some(name) = name {
        object.insert("check".to_owned(), name.into());
    }
}

fn ms(instant: Instant) -> u64 {
    instant.as_micros() / 1_000
}
