//! The driver and the operator around one group, and around the model of one.

use health_core::Instant;
use health_core::supervise::{GroupConfig, GroupEvent, InstanceId, Supervisor};

use super::model::Model;
use super::settings::length;
use super::{Operation, Report, Which};

/// Whatever an operation brings about is over after so many commands.
const MOST_COMMANDS: usize = 1_000;

pub(super) struct Harness {
    machine: Supervisor,
    model: Model,
    now: u64,
    /// The state of each replica that was reported last.
    states: Vec<&'static str>,
    has_ended: bool,
}

impl Harness {
    pub(super) fn new(config: GroupConfig) -> Self {
        Self {
            states: vec!["waiting"; usize::from(config.replicas)],
            machine: Supervisor::new(config.clone()).expect("valid settings"),
            model: Model::new(config),
            now: 0,
            has_ended: false,
        }
    }

    pub(super) fn apply(&mut self, operation: Operation) {
        let (now, at) = (self.now, Instant::from_micros(self.now));
        match operation {
            Operation::Start => {
                self.model.start(now);
                self.machine.start(at);
            }
            Operation::Stop => {
                self.model.stop(now);
                self.machine.stop(at);
            }
            Operation::Force => {
                self.model.force(now);
                self.machine.force(at);
            }
            Operation::Restart(replica) => {
                let replica = replica.map(|it| u16::from(it % 8));
                self.model.restart(now, replica);
                self.machine.restart(at, replica);
            }
            Operation::Reactivate(replica) => {
                let replica = u16::from(replica % 8);
                self.model.reactivate(now, replica);
                self.machine.reactivate(at, replica);
            }
            Operation::Poll(most) => self.poll(match most {
                0 => MOST_COMMANDS,
                most => usize::from(most),
            }),
            Operation::Wait { length: by, back } => {
                // For ever is not waited for.
                let by = length(by % 11).as_micros() as u64;
                self.now = if back {
                    now.saturating_sub(by)
                } else {
                    now + by
                };
            }
            Operation::WaitForNext(off) => {
                if let Some(next) = self.machine.poll_timeout() {
                    let next = next.as_micros().saturating_add_signed(i64::from(off));
                    if next < u64::MAX / 4 {
                        self.now = now.max(next);
                    }
                }
            }
            Operation::Report(which, report) => {
                if let Some(instance) = self.instance(which) {
                    self.report(instance, report);
                }
            }
        }
        self.compare();
    }

    /// Everything is stopped and killed, and all is reported to be gone.
    pub(super) fn finish(mut self) {
        self.apply(Operation::Start);
        self.apply(Operation::Poll(0));
        self.apply(Operation::Force);
        self.apply(Operation::Poll(0));
        let instances: Vec<_> = self.machine.replicas().map(|it| it.instance()).collect();
        for instance in instances {
            let exit = health_core::check::probe::Exit::Signal(9);
            let is_rest_left = false;
            self.report(instance, Report::Exit { exit, is_rest_left });
            self.report(instance, Report::Gone);
            self.report(instance, Report::Restarted { is_ok: false });
        }
        self.apply(Operation::Poll(0));
        assert!(self.machine.is_ended(), "nothing is left, and no end");
        assert_eq!(self.machine.poll_timeout(), None, "after the end");
    }

    fn report(&mut self, instance: InstanceId, report: Report) {
        let (now, at) = (self.now, Instant::from_micros(self.now));
        self.model.report(now, instance, report);
        let machine = &mut self.machine;
        match report {
            Report::NotSpawned(why) => machine.handle_spawn_failed(at, instance, why),
            Report::Exit { exit, is_rest_left } => {
                machine.handle_exit(at, instance, exit, is_rest_left);
            }
            Report::Gone => machine.handle_gone(at, instance),
            Report::Restarted { is_ok } => machine.handle_restarted(at, instance, is_ok),
            Report::Target {
                is_started,
                is_ready,
            } => machine.handle_target(at, instance, is_started, is_ready),
            Report::Unhealthy(kind) => machine.handle_unhealthy(at, instance, kind),
            Report::Recovered => machine.handle_recovered(at, instance),
        }
    }

    fn poll(&mut self, most: usize) {
        let at = Instant::from_micros(self.now);
        for nth in 0..=most {
            if nth == most {
                assert!(most < MOST_COMMANDS, "no end of commands");
                return;
            }
            let command = self.machine.poll(at);
            assert_eq!(command, self.model.poll(self.now), "at {}", self.now);
            if command.is_none() {
                break;
            }
        }
        let next = self.machine.poll_timeout();
        assert!(next.is_none_or(|next| next > at), "asks to be called again");
    }

    /// Both have reported the same, and are in the same state.
    fn compare(&mut self) {
        while let Some(event) = self.machine.poll_event() {
            assert_eq!(Some(event), self.model.poll_event());
            assert!(!self.has_ended, "after the end: {event:?}");
            match event {
                GroupEvent::State {
                    replica, from, to, ..
                } => {
                    let state = &mut self.states[usize::from(replica)];
                    assert!(*state == from.as_str() && from != to, "{event:?}");
                    *state = to.as_str();
                }
                GroupEvent::Ended { .. } => self.has_ended = true,
                _ => {}
            }
        }
        assert_eq!(self.model.poll_event(), None, "it was not reported");
        let next = self.machine.poll_timeout().map(Instant::as_micros);
        assert_eq!(next, self.model.next(), "when to call next, {}", self.now);
        assert_eq!(self.machine.is_ended(), self.model.is_ended());
        let summary = self.machine.summary();
        let seen = (summary.to_string(), summary.status, summary.is_ready);
        assert_eq!(seen, self.model.summary());
        assert_eq!(summary.is_mass_failure, self.model.is_mass_failure());
        for (it, expected) in self.machine.replicas().zip(self.model.counts()) {
            let counts = (it.instance().number, it.restarts(), it.streak());
            assert_eq!(counts, expected);
        }
    }

    /// `None` if there is no such replica.
    fn instance(&self, which: Which) -> Option<InstanceId> {
        let mut replicas = self.machine.replicas();
        let current = replicas.nth(usize::from(which.replica))?.instance();
        let number = match which.ago {
            255 => current.number + 1,
            ago => current.number.saturating_sub(u64::from(ago)),
        };
        Some(InstanceId { number, ..current })
    }
}
