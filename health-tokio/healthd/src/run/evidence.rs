//! Why a replica is in its state, and why an instance has ended: by which rule, on what evidence.

use health_core::Moment;
use health_core::check::CheckStatus;
use health_core::check::probe::Exit;
use health_core::supervise::{EndReason, GivenUpReason, ReplicaState};
use health_tokio::supervise::{EndedInstance, FailedCheck, ReplicaView};

use super::events::reason_words;
use super::group::{Heard, RunningGroup};
use crate::daemon::rfc3339;
use crate::text::count;

/// The rule by which a replica is in its state, and what it was applied to.
pub(super) fn of_replica(
    group: &RunningGroup,
    heard: &Heard,
    moment: Moment,
    view: &ReplicaView,
) -> (String, Vec<String>) {
    let last = view.last_end();
    let of_current = last.is_some_and(|it| it.instance == view.instance);
    let mut evidence = Vec::new();
    if let Some(last) = last {
        evidence.push(ended(last, view.instance));
        evidence.extend(last.failed.iter().map(|it| failed(moment, it, "was")));
    }
    if !of_current {
        evidence.extend(view.failing.iter().map(|it| failed(moment, it, "is")));
    }
    (rule(group, heard, view, of_current), evidence)
}

/// The same of an instance that has ended.
pub(super) fn of_end(moment: Moment, it: &EndedInstance) -> (&'static str, Vec<String>) {
    let rule = match it.reason {
        EndReason::Exit => "R8: its process has exited by itself",
        EndReason::Liveness => {
            "R10: a liveness or health check turned unhealthy, and did not recover before its turn"
        }
        EndReason::Startup => {
            "R10: its startup check turned unhealthy, and did not recover before its turn"
        }
        EndReason::Requested => "R20: a restart was requested",
        EndReason::Stop => "R18: the group was stopped",
        EndReason::Spawn => "R7: it could not be started",
    };
    let checks = it.failed.iter().map(|check| failed(moment, check, "was"));
    let evidence = [ended(it, it.instance)].into_iter().chain(checks);
    (rule, evidence.collect())
}

fn rule(group: &RunningGroup, heard: &Heard, view: &ReplicaView, of_current: bool) -> String {
    let index = usize::from(view.index);
    let given_up = heard.given_up.get(index).copied().flatten();
    let given_up = given_up.or(heard.group_given_up);
    let streak = view.streak;
    let rule = match view.state {
        ReplicaState::Waiting if view.instance == 0 => "R1: it begins with the group",
        ReplicaState::Waiting => "R14: its restart is due, and others have the places for restarts",
        ReplicaState::Starting => {
            "R3: it runs; min_uptime is not over, or its startup check has not succeeded"
        }
        ReplicaState::Started => "R3: it is up, and was not ready yet",
        ReplicaState::Ready => "R3: it is up, and all that counts for ready succeeds",
        ReplicaState::Unready => "R3: it was ready, and a check that counts for ready fails",
        ReplicaState::Stopping if group.is_stopping() => "R18: the group is stopped",
        ReplicaState::Stopping if of_current => {
            "R6: its process has exited, and others of its process group are left"
        }
        ReplicaState::Stopping => "R4: it is ended, to begin again",
        ReplicaState::Backoff if of_current => {
            return format!("R9: after its exit, restart {streak} in a row waits for its back-off");
        }
        ReplicaState::Backoff => {
            "R10: a check calls for a restart, which waits for its back-off; it may recover until then"
        }
        ReplicaState::Failed => match given_up {
            Some(reason) => return format!("{}: {}", rule_of(reason), reason_words(reason)),
            None => "R8: it was given up",
        },
        ReplicaState::Stopped if group.is_stopping() => "R18: the group was stopped",
        ReplicaState::Stopped => "R8: it ended with success, and --restart asks for no more",
    };
    rule.to_owned()
}

const fn rule_of(reason: GivenUpReason) -> &'static str {
    match reason {
        GivenUpReason::Policy | GivenUpReason::FatalExit => "R8",
        GivenUpReason::MaxRestarts => "R12",
        GivenUpReason::Budget => "R13",
    }
}

/// `instance 3, the one before, ended with code 1 after 12.3 s`.
fn ended(it: &EndedInstance, current: u64) -> String {
    let which = if it.instance == current {
        ""
    } else {
        ", the one before,"
    };
    let exit = match it.exit {
        Some(Exit::Code(code)) => format!(" with code {code}"),
        Some(Exit::Signal(signal)) => format!(" by signal {signal}"),
        _ => String::new(),
    };
    let why = match it.reason {
        EndReason::Exit => "",
        EndReason::Liveness => ": a liveness or health check had failed",
        EndReason::Startup => ": its startup check had failed",
        EndReason::Requested => ": a restart was requested",
        EndReason::Stop => ": the group was stopped",
        EndReason::Spawn => ": it could not be started",
    };
    let uptime = it.uptime.as_secs_f64();
    format!(
        "instance {}{which} ended{exit} after {uptime:.1} s{why}",
        it.instance
    )
}

/// `check health (liveness) was unhealthy: 3 failures in a row, the last one at …: HTTP 503`. `is`: the
/// verb, in the tense of the rest.
fn failed(moment: Moment, it: &FailedCheck, is: &str) -> String {
    let (name, kind, status) = (&it.name, it.kind.as_str(), it.status.as_str());
    let failures = match it.failures {
        0 => "its last failure".to_owned(),
        many => format!(
            "{} in a row, the last one",
            count(many, "failure", "failures")
        ),
    };
    let at = rfc3339(moment.unix_at(it.last.end()));
    let so = match it.status {
        CheckStatus::Unhealthy => status.to_owned(),
        _ => format!("{status} still"),
    };
    format!(
        "check {name} ({kind}) {is} {so}: {failures} at {at}: {}",
        it.last.message()
    )
}
