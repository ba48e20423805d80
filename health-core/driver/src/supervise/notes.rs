//! What happens to replicas, as lines of the daemon's history.

use std::collections::BTreeMap;
use std::mem;

use health_core::Message;
use health_core::check::probe::Exit;
use health_core::supervise::{
    EndReason, GivenUpReason, GroupCommand, GroupEvent, InstanceEnd, InstanceId, Replica,
    ReplicaState, RestartCause,
};

use super::evidence::FailedCheck;

/// A replica has gone from one state to another.
#[derive(Debug)]
pub(crate) struct Note {
    pub(crate) replica: u16,
    pub(crate) from: ReplicaState,
    pub(crate) to: ReplicaState,
    /// By which rule, and for what reason; empty if the state says it all.
    pub(crate) message: Message,
}

/// Makes notes of events.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// What was said of a replica that has led to no state yet.
    why: BTreeMap<u16, String>,
    /// Why the whole group was given up.
    group: Option<GivenUpReason>,
    made: Vec<Note>,
}

/// What is known of a replica when something happens to it.
pub(super) struct Known<'a> {
    pub(super) replica: &'a Replica,
    pub(super) last_end: Option<&'a InstanceEnd>,
    pub(super) failing: Vec<FailedCheck>,
}

impl Notes {
    /// Those that were made since the last call.
    pub(super) fn take(&mut self) -> Vec<Note> {
        mem::take(&mut self.made)
    }

    /// Takes notice of an event; `known` says what is known of a replica now.
    pub(super) fn observe<'a>(
        &mut self,
        event: &GroupEvent,
        known: impl Fn(u16) -> Option<Known<'a>>,
    ) {
        let mut say = |replica, why: String| drop(self.why.insert(replica, why));
        match *event {
            GroupEvent::Planned {
                at,
                replica,
                cause,
                streak,
                due,
            } => {
                let known = known(replica);
                let why = match cause {
                    RestartCause::Exit => {
                        format!("R9: {}", ended(known.and_then(|it| it.last_end)))
                    }
                    _ => format!(
                        "R10: {}",
                        known.map_or_else(String::new, |it| failed(&it.failing))
                    ),
                };
                let when = match due.duration_since(at) {
                    wait if wait.is_zero() => "at once".to_owned(),
                    wait => format!("in {wait:?}"),
                };
                say(replica, format!("{why}; restart {streak} in a row {when}"));
            }
            GroupEvent::Dropped { replica, .. } => {
                say(replica, "R11: healthy again before its turn".to_owned());
            }
            GroupEvent::SpawnTrouble { replica, .. } => {
                say(
                    replica,
                    "R7: not started, this machine is short of something".to_owned(),
                );
            }
            GroupEvent::RestartFailed { replica, .. } => {
                say(replica, "R22: its restart command failed".to_owned());
            }
            GroupEvent::GivenUp {
                replica: Some(replica),
                reason,
                ..
            } => {
                let end = known(replica).and_then(|it| it.last_end);
                say(replica, format!("{}; {}", given_up(reason), ended(end)));
            }
            GroupEvent::GivenUp { reason, .. } => self.group = Some(reason),
            GroupEvent::State {
                replica, from, to, ..
            } => self.note(replica, from, to, known(replica)),
            // Begun again at once within one state, which is no event of its own.
            GroupEvent::Command {
                command: GroupCommand::Start(InstanceId { replica, .. }),
                ..
            } if self.why.contains_key(&replica) => {
                let state = ReplicaState::Starting;
                self.note(replica, state, state, None);
            }
            _ => {}
        }
    }

    fn note(
        &mut self,
        replica: u16,
        from: ReplicaState,
        to: ReplicaState,
        known: Option<Known<'_>>,
    ) {
        let why = self.why.remove(&replica);
        let why = why.or_else(|| known.and_then(|it| self.why_now(from, to, &it)));
        self.made.push(Note {
            replica,
            from,
            to,
            message: why.unwrap_or_default().into(),
        });
    }

    /// What no event has said.
    fn why_now(&self, from: ReplicaState, to: ReplicaState, known: &Known<'_>) -> Option<String> {
        let (replica, end) = (known.replica, known.last_end);
        match to {
            ReplicaState::Starting
                if matches!(from, ReplicaState::Failed | ReplicaState::Stopped) =>
            {
                Some("R21: reactivated".to_owned())
            }
            ReplicaState::Starting => {
                let end = end.filter(|it| it.number < replica.instance().number)?;
                let rule = rule(end.reason);
                Some(format!("{rule}: begun again after {}", ended(Some(end))))
            }
            ReplicaState::Stopping => Some(match replica.ending()? {
                EndReason::Exit => "R6: others of its process group are left".to_owned(),
                why => format!("{}: {}", rule(why), why.as_str()),
            }),
            ReplicaState::Failed => {
                let why = self.group.map_or("R8: given up", given_up);
                Some(format!("{why}; {}", ended(end)))
            }
            ReplicaState::Backoff | ReplicaState::Stopped => Some(ended(end)),
            ReplicaState::Waiting => Some("R14: its restart waits for its turn".to_owned()),
            ReplicaState::Started | ReplicaState::Ready | ReplicaState::Unready => None,
        }
    }
}

/// The rule by which an instance that ended so is followed by another one, or by none.
const fn rule(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Exit => "R9",
        EndReason::Liveness | EndReason::Startup => "R10",
        EndReason::Requested => "R20",
        EndReason::Stop => "R18",
        EndReason::Spawn => "R7",
    }
}

const fn given_up(reason: GivenUpReason) -> &'static str {
    match reason {
        GivenUpReason::Policy => "R8: its end is none that is followed by a restart",
        GivenUpReason::FatalExit => "R8: its exit code is a fatal one",
        GivenUpReason::MaxRestarts => "R12: as many restarts in a row as are allowed did not help",
        GivenUpReason::Budget => "R13: the restarts that the group is allowed are used up",
    }
}

/// `exit, code 3`.
fn ended(end: Option<&InstanceEnd>) -> String {
    let reason = end.map_or("its end", |it| it.reason.as_str());
    match end.and_then(|it| it.exit) {
        Some(Exit::Code(code)) => format!("{reason}, code {code}"),
        Some(Exit::Signal(signal)) => format!("{reason}, signal {signal}"),
        _ => reason.to_owned(),
    }
}

/// `check health: HTTP 503 Service Unavailable`: the first that restarts.
fn failed(failing: &[FailedCheck]) -> String {
    let verdict = failing.iter().find(|it| it.is_verdict());
    verdict.map_or_else(String::new, |it| {
        format!("check {}: {}", it.name, it.last.message())
    })
}
