//! A group, a driver and a clock.

use health_core::Instant;
use health_core::supervise::{GroupEvent, InstanceId, Supervisor};
use serde_json::Value;

use super::processes::{Checks, Processes, Report};
use super::rng::Rng;
use super::script::{Control, Script};
use super::show;

/// More rounds at one time are a loop without an end.
const MOST_ROUNDS: u32 = 10_000;

pub(crate) struct World {
    pub(crate) group: Supervisor,
    /// All that happened, in order.
    pub(crate) log: Vec<Entry>,
    pub(crate) looks: Vec<Value>,
    pub(crate) processes: Processes,
    script: Script,
    /// A driver that was away polls before it reports anything, so that what was due comes first.
    pub(crate) polls_first: bool,
    /// Decides when the group is polled though nothing is due.
    pub(crate) idle: Option<Rng>,
    now: u64,
    counted: u64,
}

/// Something that happened, at this time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) at: u64,
    pub(crate) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum What {
    Control(Control),
    Report(InstanceId, Report),
    Event(GroupEvent),
    /// So many restarts have been counted, all in all.
    Counted(u64),
}

impl World {
    pub(crate) fn new(script: Script) -> Result<Self, String> {
        let group = Supervisor::new(script.config.clone()).map_err(|error| error.to_string())?;
        Ok(Self {
            group,
            log: Vec::new(),
            looks: Vec::new(),
            polls_first: false,
            idle: None,
            now: 0,
            counted: 0,
            processes: Processes::new(&script),
            script,
        })
    }

    /// Runs to the end of the script. `Err` if the machine does not come to rest.
    pub(crate) fn run(&mut self) -> Result<(), String> {
        let mut rounds = 0;
        while let Some(next) = self.next() {
            let now = self.script.after_stalls(next.max(self.now));
            rounds = if now == self.now { rounds + 1 } else { 0 };
            if rounds > MOST_ROUNDS {
                return Err(format!("no end of rounds at {now}"));
            }
            if now > self.script.until {
                break;
            }
            self.look(now);
            self.poll_for_nothing(now);
            self.now = now;
            self.round();
        }
        self.look(u64::MAX);
        Ok(())
    }

    /// The events, as a vector has them.
    pub(crate) fn events(&self) -> Vec<Value> {
        let events = self.log.iter().filter_map(|entry| match &entry.what {
            What::Event(event) => Some(show::event(event)),
            _ => None,
        });
        events.collect()
    }

    pub(crate) fn final_state(&self) -> Value {
        let replicas = self.group.replicas().map(|it| {
            let instance = it.instance().number;
            show::replica(it.state(), instance, it.restarts(), it.streak())
        });
        let next = self.group.poll_timeout();
        show::final_state(replicas.collect(), next, self.group.is_ended())
    }

    /// When something happens next.
    fn next(&self) -> Option<u64> {
        let control = self.script.control.front().map(|(at, _)| *at);
        let input = self.processes.next();
        let timer = self.group.poll_timeout();
        let timer = timer.map(|at| at.as_micros().div_ceil(1_000));
        [control, input, timer].into_iter().flatten().min()
    }

    /// The group as it is before `now`, at the times at which it is to be looked at.
    fn look(&mut self, now: u64) {
        while self.script.looks.front().is_some_and(|at| *at < now) {
            let at = self.script.looks.pop_front().expect("just seen");
            self.looks.push(show::look(at, &self.group.summary()));
        }
    }

    /// Polls at a few times before `now` at which nothing is due.
    fn poll_for_nothing(&mut self, now: u64) {
        let Some(rng) = &mut self.idle else {
            return;
        };
        let next = self.group.poll_timeout().map(Instant::as_micros);
        let until = (now * 1_000).min(next.unwrap_or(u64::MAX));
        let mut at = self.now * 1_000;
        for _ in 0..rng.up_to(2) {
            at += rng.up_to(until.saturating_sub(at + 1));
            let nothing = self.group.poll(Instant::from_micros(at));
            assert_eq!(nothing, None, "at {at}, due {next:?}");
        }
        assert_eq!(self.group.poll_event(), None);
    }

    fn round(&mut self) {
        let is_late = self.script.stalls.iter().any(|(_, to)| *to == self.now);
        if is_late && self.polls_first {
            self.poll();
        }
        while self
            .script
            .control
            .front()
            .is_some_and(|it| it.0 <= self.now)
        {
            let (_, control) = self.script.control.pop_front().expect("just seen");
            self.control(control);
        }
        while let Some((instance, report)) = self.processes.take(self.now) {
            self.report(instance, report);
            self.drain();
        }
        self.poll();
    }

    fn poll(&mut self) {
        while let Some(command) = self.group.poll(instant(self.now)) {
            self.drain();
            self.processes.carry_out(self.now, command);
        }
        self.drain();
    }

    fn note(&mut self, what: What) {
        self.log.push(Entry { at: self.now, what });
    }

    /// Notes what a call has brought about.
    fn drain(&mut self) {
        while let Some(event) = self.group.poll_event() {
            self.note(What::Event(event));
        }
        let counted = self.group.replicas().map(|it| it.restarts()).sum();
        if counted != self.counted {
            self.counted = counted;
            self.note(What::Counted(counted));
        }
        let instances = self.group.replicas().map(|it| it.instance());
        self.processes.notice(self.now, instances);
    }

    fn control(&mut self, control: Control) {
        let now = instant(self.now);
        self.note(What::Control(control));
        match control {
            Control::Start => self.group.start(now),
            Control::Stop => self.group.stop(now),
            Control::Force => self.group.force(now),
            Control::Restart(replica) => self.group.restart(now, replica),
            Control::Reactivate(replica) => self.group.reactivate(now, replica),
        }
        self.drain();
    }

    fn report(&mut self, instance: InstanceId, report: Report) {
        let (now, group) = (instant(self.now), &mut self.group);
        self.log.push(Entry {
            at: self.now,
            what: What::Report(instance, report),
        });
        match report {
            Report::NotSpawned(failure) => group.handle_spawn_failed(now, instance, failure),
            Report::Checks(Checks::Target { is_ready }) => {
                group.handle_target(now, instance, true, is_ready);
            }
            Report::Checks(Checks::Unhealthy(kind)) => group.handle_unhealthy(now, instance, kind),
            Report::Checks(Checks::Recovered) => group.handle_recovered(now, instance),
            Report::Exit { exit, is_rest_left } => {
                group.handle_exit(now, instance, exit, is_rest_left);
            }
            Report::Gone => group.handle_gone(now, instance),
            Report::Restarted { is_ok } => group.handle_restarted(now, instance, is_ok),
        }
    }
}

fn instant(millis: u64) -> Instant {
    Instant::from_micros(millis * 1_000)
}
