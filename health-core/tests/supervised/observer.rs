//! What must hold of every run, found from what went in and what came out.

use std::collections::VecDeque;

use health_core::Instant;
use health_core::check::Signal;
use health_core::supervise::{
    GivenUpReason, GroupCommand, GroupConfig, GroupEvent, InstanceId, ReplicaState, RestartCause,
    SpawnFailure,
};

use super::processes::{Checks, Report};
use super::script::Control;
use super::world::{Entry, What};

/// Follows a run, and panics at the first thing that must not be.
pub(crate) struct Observer {
    config: GroupConfig,
    replicas: Vec<Seen>,
    is_mass_failure: bool,
    is_stopping: bool,
    is_forced: bool,
    has_ended: bool,
    counted: VecDeque<u64>,
    count: u64,
    at: u64,
}

#[derive(Clone, Debug)]
struct Seen {
    number: u64,
    /// Something is left of the current instance.
    is_left: bool,
    has_exited: bool,
    state: ReplicaState,
    begun: u64,
    term: Option<u64>,
    is_killed: bool,
    /// Ended after a verdict.
    by_verdict: bool,
    /// A verdict's restart is planned, and was not dropped.
    is_planned: bool,
    is_requested: bool,
    has_given_up: bool,
    /// It holds a place, perhaps since it is ready.
    place: Option<Option<u64>>,
}

impl Observer {
    pub(crate) fn new(config: GroupConfig) -> Self {
        let seen = Seen {
            number: 0,
            is_left: false,
            has_exited: false,
            state: ReplicaState::Waiting,
            begun: 0,
            term: None,
            is_killed: false,
            by_verdict: false,
            is_planned: false,
            is_requested: false,
            has_given_up: false,
            place: None,
        };
        Self {
            replicas: vec![seen; usize::from(config.replicas)],
            config,
            is_mass_failure: false,
            is_stopping: false,
            is_forced: false,
            has_ended: false,
            counted: VecDeque::new(),
            count: 0,
            at: 0,
        }
    }

    pub(crate) fn see(&mut self, entry: &Entry) {
        assert!(entry.at >= self.at, "back in time: {entry:?}");
        self.at = entry.at;
        match entry.what {
            What::Control(control) => self.control(control),
            What::Report(instance, report) => self.report(instance, report),
            What::Event(event) => {
                assert_eq!(
                    event.at(),
                    Instant::from_micros(entry.at * 1_000),
                    "{event:?}"
                );
                assert!(!self.has_ended, "after the end: {event:?}");
                self.event(event);
            }
            What::Counted(count) => self.count(count),
        }
    }

    /// After the run: a stop was asked for, and it has to have come to its end.
    pub(crate) fn finish(&self) {
        assert!(self.has_ended, "no end");
    }

    fn control(&mut self, control: Control) {
        match control {
            Control::Stop => self.is_stopping = true,
            Control::Force => {
                self.is_stopping = true;
                self.is_forced = true;
            }
            Control::Restart(which) => {
                for (index, seen) in self.replicas.iter_mut().enumerate() {
                    seen.is_requested |= which.is_none_or(|it| usize::from(it) == index);
                }
            }
            Control::Start | Control::Reactivate(_) => {}
        }
    }

    fn report(&mut self, instance: InstanceId, report: Report) {
        let seen = &mut self.replicas[usize::from(instance.replica)];
        if seen.number != instance.number {
            return;
        }
        match report {
            Report::NotSpawned(why) => {
                (seen.has_exited, seen.is_left) = (true, false);
                // After a shortage the place is for the next instance.
                if why == SpawnFailure::Missing && seen.state != ReplicaState::Stopping {
                    seen.place = None;
                }
            }
            Report::Exit { is_rest_left, .. } => {
                seen.has_exited = true;
                seen.is_left = is_rest_left;
                seen.is_planned = false;
                if seen.state != ReplicaState::Stopping {
                    seen.place = None;
                }
            }
            Report::Gone => seen.is_left = false,
            Report::Checks(Checks::Target { .. } | Checks::Unhealthy(_) | Checks::Recovered) => {}
            Report::Restarted { is_ok } => {
                if !is_ok {
                    seen.place = None;
                }
            }
        }
    }

    fn event(&mut self, event: GroupEvent) {
        let at = self.at;
        match event {
            GroupEvent::Command { command, .. } => self.command(command),
            GroupEvent::State {
                replica, from, to, ..
            } => self.state(usize::from(replica), from, to),
            GroupEvent::Planned {
                replica,
                cause,
                due,
                streak,
                ..
            } => {
                assert!(!self.is_stopping, "planned after the stop");
                let seen = &mut self.replicas[usize::from(replica)];
                seen.is_planned = cause != RestartCause::Exit;
                seen.is_requested = false;
                seen.place = None;
                let due = due.as_micros() / 1_000;
                if cause == RestartCause::Exit {
                    assert!(due >= seen.begun + 10, "R9: {event:?}");
                    let most = self.config.max_restarts;
                    assert!(most.is_none_or(|most| streak <= most), "R12: {event:?}");
                } else {
                    assert!(due >= at, "R9: {event:?}");
                }
            }
            GroupEvent::Dropped { replica, .. } => {
                let seen = &mut self.replicas[usize::from(replica)];
                assert!(seen.is_planned, "{event:?}");
                seen.is_planned = false;
            }
            GroupEvent::GivenUp {
                replica, reason, ..
            } => match replica {
                Some(replica) => self.replicas[usize::from(replica)].has_given_up = true,
                None => {
                    assert_eq!(reason, GivenUpReason::Budget);
                    self.is_stopping = true;
                }
            },
            GroupEvent::MassFailure { on, .. } => {
                assert!(
                    on != self.is_mass_failure && self.config.canary,
                    "{event:?}"
                );
                self.is_mass_failure = on;
            }
            GroupEvent::NotReady { replica, .. } => {
                let seen = &mut self.replicas[usize::from(replica)];
                assert!(seen.place.take().is_some(), "{event:?}");
                let timeout = self.config.ready_timeout.as_millis() as u64;
                assert!(at >= seen.begun + timeout, "R15: {event:?}");
            }
            GroupEvent::Ended { left, .. } => {
                let is_over =
                    |it: &&Seen| matches!(it.state, ReplicaState::Failed | ReplicaState::Stopped);
                let over = self.replicas.iter().filter(is_over).count();
                assert_eq!(over + usize::from(left), self.replicas.len());
                assert!(left == 0 || self.is_stopping);
                self.has_ended = true;
            }
            GroupEvent::SpawnTrouble { .. }
            | GroupEvent::RestartFailed { .. }
            | GroupEvent::Rolling { .. } => {}
            _ => panic!("unknown {event:?}"),
        }
    }

    fn state(&mut self, index: usize, from: ReplicaState, to: ReplicaState) {
        let at = self.at;
        let is_stopping = self.is_stopping;
        let is_external = self.config.is_external;
        let seen = &mut self.replicas[index];
        assert_eq!(from, seen.state, "states chain");
        assert_ne!(from, to);
        seen.state = to;
        let was_over = matches!(
            from,
            ReplicaState::Stopping | ReplicaState::Failed | ReplicaState::Stopped
        );
        if is_external && to == ReplicaState::Starting && (was_over || seen.number == 0) {
            seen.number += 1;
            seen.begun = at;
        }
        let settle = self.config.settle.as_millis() as u64;
        // At the very time only deadlines come after it, as those that give the next turn.
        let by_turn = u64::from(to == ReplicaState::Stopping);
        if matches!(seen.place, Some(Some(since)) if since + settle < at + by_turn) {
            seen.place = None;
        }
        if let Some(since) = &mut seen.place {
            *since = (to == ReplicaState::Ready).then(|| since.unwrap_or(at));
        }
        // What ends an instance that runs, and is not stopped for good, takes a place.
        if to == ReplicaState::Stopping && !seen.has_exited && !is_stopping && !seen.has_given_up {
            assert!(seen.is_planned || seen.is_requested, "ended for nothing");
            let by_verdict = seen.is_planned;
            assert!(
                by_verdict || !self.is_mass_failure,
                "R16: a request in a mass failure"
            );
            (seen.by_verdict, seen.is_planned) = (by_verdict, false);
            seen.is_requested = false;
            self.take_place(index);
        }
        let seen = &mut self.replicas[index];
        if to == ReplicaState::Stopping {
            // A stop gives everybody the same grace.
            seen.by_verdict |= seen.is_planned && !is_stopping;
            seen.is_planned = false;
        }
    }

    fn take_place(&mut self, index: usize) {
        let (at, settle) = (self.at, self.config.settle.as_millis() as u64);
        let is_held = |it: &&Seen| match it.place {
            Some(Some(since)) => since + settle > at,
            Some(None) => true,
            None => false,
        };
        let held = self.replicas.iter().filter(is_held).count();
        if self.is_mass_failure {
            assert_eq!(held, 0, "R16: a second canary");
        }
        let most = self
            .config
            .max_unavailable
            .unwrap_or(self.config.replicas / 5);
        assert!(
            held < usize::from(most.max(1)),
            "R14: {held} places are held"
        );
        self.replicas[index].place = Some(None);
    }

    fn command(&mut self, command: GroupCommand) {
        let at = self.at;
        match command {
            GroupCommand::Start(instance) => {
                assert!(!self.is_stopping, "begins after the stop");
                let seen = &mut self.replicas[usize::from(instance.replica)];
                assert!(!seen.is_left, "two instances at once: {instance:?}");
                assert_eq!(instance.number, seen.number + 1);
                (seen.number, seen.begun) = (instance.number, at);
                (seen.is_left, seen.has_exited) = (true, false);
                (seen.term, seen.is_killed) = (None, false);
                (seen.by_verdict, seen.has_given_up) = (false, false);
            }
            GroupCommand::Restart(instance) => {
                assert!(!self.is_stopping && self.config.is_external);
                let seen = &mut self.replicas[usize::from(instance.replica)];
                assert_eq!(seen.number, instance.number);
                (seen.term, seen.is_killed) = (None, false);
            }
            GroupCommand::Signal { instance, signal } => {
                let seen = &mut self.replicas[usize::from(instance.replica)];
                assert_eq!(seen.number, instance.number);
                assert_eq!(seen.state, ReplicaState::Stopping);
                assert!(!seen.is_killed, "a signal after SIGKILL");
                if signal == Signal::Terminate {
                    assert_eq!(seen.term.replace(at), None, "SIGTERM twice");
                    return;
                }
                seen.is_killed = true;
                let stop = self.config.stop_grace;
                let failure = self.config.failure_grace.unwrap_or(stop);
                // A restart command is not what failed.
                let by_verdict = seen.by_verdict && !self.config.is_external;
                let grace = if by_verdict { failure } else { stop };
                match seen.term {
                    _ if self.is_forced => {}
                    None => assert!(grace.is_zero(), "SIGKILL without SIGTERM"),
                    Some(term) => {
                        assert!(at >= term + grace.as_millis() as u64, "SIGKILL too early");
                    }
                }
            }
            _ => panic!("unknown {command:?}"),
        }
    }

    fn count(&mut self, count: u64) {
        let at = self.at;
        for _ in self.count..count {
            self.counted.push_back(at);
        }
        self.count = count;
        if let Some(budget) = self.config.budget {
            let period = budget.period.as_millis() as u64;
            self.counted.retain(|it| it + period > at);
            assert!(self.counted.len() <= budget.restarts as usize, "R13");
        }
    }
}
