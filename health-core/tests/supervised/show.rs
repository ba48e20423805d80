//! From what happened to the JSON of the expectations.

use health_core::Instant;
use health_core::check::Signal;
use health_core::supervise::{
    GivenUpReason, GroupCommand, GroupEvent, GroupSummary, InstanceId, ReplicaState, RestartCause,
};
use serde_json::{Value, json};

pub(crate) fn event(event: &GroupEvent) -> Value {
    let mut row = match *event {
        GroupEvent::Command { command, .. } => self::command(command),
        GroupEvent::State {
            replica, from, to, ..
        } => {
            json!({"event": "state", "replica": replica, "from": from.as_str(), "to": to.as_str()})
        }
        GroupEvent::Planned {
            replica,
            cause,
            streak,
            due,
            ..
        } => {
            let cause = match cause {
                RestartCause::Exit => "exit",
                RestartCause::Liveness => "liveness",
                RestartCause::Startup => "startup",
            };
            json!({"event": "planned", "replica": replica, "cause": cause, "streak": streak, "due": ms(due)})
        }
        GroupEvent::Dropped { replica, .. } => json!({"event": "dropped", "replica": replica}),
        GroupEvent::GivenUp {
            replica, reason, ..
        } => {
            let reason = match reason {
                GivenUpReason::Policy => "policy",
                GivenUpReason::FatalExit => "fatal_exit",
                GivenUpReason::MaxRestarts => "max_restarts",
                GivenUpReason::Budget => "budget",
            };
            match replica {
                Some(replica) => {
                    json!({"event": "given_up", "replica": replica, "reason": reason})
                }
                None => json!({"event": "given_up", "reason": reason}),
            }
        }
        GroupEvent::MassFailure { on, .. } => json!({"event": "mass_failure", "on": on}),
        GroupEvent::NotReady { replica, .. } => json!({"event": "not_ready", "replica": replica}),
        GroupEvent::SpawnTrouble { replica, .. } => {
            json!({"event": "spawn_trouble", "replica": replica})
        }
        GroupEvent::RestartFailed { replica, .. } => {
            json!({"event": "restart_failed", "replica": replica})
        }
        GroupEvent::Rolling { done, .. } => {
            json!({"event": "rolling", "result": if done { "done" } else { "aborted" }})
        }
        GroupEvent::Ended { code, left, .. } => {
            json!({"event": "ended", "code": code, "left": left})
        }
        _ => panic!("unknown {event:?}"),
    };
    row["at"] = ms(event.at()).into();
    row
}

fn command(command: GroupCommand) -> Value {
    let row = |event: &str, instance: InstanceId| json!({"event": event, "replica": instance.replica, "instance": instance.number});
    match command {
        GroupCommand::Start(instance) => row("start", instance),
        GroupCommand::Restart(instance) => row("restart", instance),
        GroupCommand::Signal { instance, signal } => {
            let mut row = row("signal", instance);
            row["signal"] = match signal {
                Signal::Terminate => "terminate".into(),
                Signal::Kill => "kill".into(),
            };
            row
        }
        _ => panic!("unknown {command:?}"),
    }
}

pub(crate) fn look(at: u64, summary: &GroupSummary) -> Value {
    json!({
        "at": at,
        "health": summary.to_string(),
        "status": summary.status.as_str(),
        "ready": summary.is_ready,
    })
}

pub(crate) fn replica(state: ReplicaState, instance: u64, restarts: u64, streak: u32) -> Value {
    json!({
        "state": state.as_str(),
        "instance": instance,
        "restarts": restarts,
        "streak": streak,
    })
}

/// `next`: when the group has something to do by itself.
pub(crate) fn final_state(replicas: Vec<Value>, next: Option<Instant>, is_ended: bool) -> Value {
    json!({
        "replicas": replicas,
        "next": next.map(ms),
        "ended": is_ended,
    })
}

fn ms(instant: Instant) -> u64 {
    instant.as_micros() / 1_000
}
