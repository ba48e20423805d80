//! The lines of the log about a group.

use health_core::supervise::{GivenUpReason, GroupEvent, ReplicaState, RestartCause};
use tracing::{debug, error, info, warn};

use super::group::RunningGroup;

pub(super) fn log(group: &RunningGroup, event: &GroupEvent) {
    let name = &group.settings.name;
    let named = |replica: u16| format!("{name}-{replica}");
    match *event {
        GroupEvent::Command { command, .. } => debug!(group = %name, ?command, "command"),
        GroupEvent::State {
            replica, from, to, ..
        } => {
            let (replica, was, to_word) = (named(replica), from.as_str(), to.as_str());
            match to {
                ReplicaState::Failed => error!(replica, was, "{to_word}"),
                _ => info!(replica, was, "{to_word}"),
            }
        }
        GroupEvent::Planned {
            at,
            replica,
            cause,
            streak,
            due,
        } => {
            let (replica, cause) = (named(replica), cause_word(cause));
            let due_in = due.duration_since(at);
            warn!(replica, cause, streak, ?due_in, "restart planned");
        }
        GroupEvent::Dropped { replica, .. } => {
            info!(replica = named(replica), "healthy again: not restarted");
        }
        GroupEvent::GivenUp {
            replica: Some(replica),
            reason,
            ..
        } => {
            error!(
                replica = named(replica),
                reason = reason_words(reason),
                "given up"
            );
        }
        GroupEvent::GivenUp {
            replica: None,
            reason,
            ..
        } => {
            error!(group = %name, reason = reason_words(reason), "given up");
        }
        GroupEvent::MassFailure { on: true, .. } => {
            warn!(group = %name, "mass failure: more than half fail, so one is restarted at a time");
        }
        GroupEvent::MassFailure { on: false, .. } => warn!(group = %name, "mass failure over"),
        GroupEvent::NotReady { replica, .. } => {
            warn!(replica = named(replica), "not ready in time; it goes on");
        }
        GroupEvent::SpawnTrouble { replica, .. } => {
            warn!(
                replica = named(replica),
                "not started, this machine is short of something; tried again"
            );
        }
        GroupEvent::RestartFailed { replica, .. } => {
            warn!(replica = named(replica), "restart command failed");
        }
        GroupEvent::Rolling { done: true, .. } => info!(group = %name, "restarted as requested"),
        GroupEvent::Rolling { done: false, .. } => {
            warn!(group = %name, "a restarted replica fails: the rest is not restarted");
        }
        GroupEvent::Ended { code, left, .. } => {
            if left > 0 {
                error!(group = %name, left, "processes are left that cannot be killed");
            }
            info!(group = %name, code, "ended");
        }
        // Others are for readers of a later version.
        _ => {}
    }
}

pub(super) const fn cause_word(cause: RestartCause) -> &'static str {
    match cause {
        RestartCause::Exit => "exit",
        RestartCause::Liveness => "liveness",
        RestartCause::Startup => "startup",
    }
}

/// Why there is no further restart, and the rule that says so.
pub(super) const fn reason_words(reason: GivenUpReason) -> &'static str {
    match reason {
        GivenUpReason::Policy => "its end is none that --restart restarts",
        GivenUpReason::FatalExit => "its exit code is one of --fatal-exit",
        GivenUpReason::MaxRestarts => "--max-restarts in a row did not help",
        GivenUpReason::Budget => "the --restart-budget of the group is used up",
    }
}
