//! How the parts of a monitor are kept in step: who is called when, and what follows for others.

use core::time::Duration;

use super::config::Spread;
use super::event::{Command, Event, Signal};
use super::guard::Share;
use super::id::{AttemptId, CheckId, TargetId};
use super::machine::{Life, Monitor};
use super::target::may_hurry;
use crate::base::Instant;
use crate::check::{self, CancelReason, Check, Events, Permit, Start, Wake};

impl Monitor {
    pub(super) fn tick(&mut self, now: Instant) -> Instant {
        self.clock = self.clock.max(now);
        self.clock
    }

    /// Deadlines before now come before a control operation, those at now after it.
    pub(super) fn control(&mut self, now: Instant) -> Instant {
        let now = self.tick(now);
        self.expire(|at, _| at < now);
        now
    }

    pub(super) fn tell(
        &mut self,
        now: Instant,
        id: TargetId,
        tell: impl Fn(&mut Check, Instant) -> Events,
    ) {
        let now = self.control(now);
        self.change_each(now, id, |check, _| tell(check, now));
        self.settle(now, id);
    }

    pub(super) fn start_target(&mut self, now: Instant, id: TargetId) {
        self.change_each(now, id, |check, _| check.start(now));
        self.settle(now, id);
        self.hurry(id);
    }

    /// Handles the timeouts that have come, in due order, as far as `has_come` says.
    pub(super) fn expire(&mut self, has_come: impl Fn(Instant, CheckId) -> bool) {
        let now = self.clock;
        loop {
            let first = self.timeouts.first();
            let Some((_, id)) = first.filter(|&(at, id)| has_come(at, id)) else {
                return;
            };
            self.change(now, id, |check, permit| check.handle_timeout(now, permit));
            self.settle(now, id.target());
        }
    }

    /// T2 and T3: begins the attempt that has been due longest, if there is a place for it.
    pub(super) fn poll_start(&mut self, now: Instant) -> Option<Command> {
        let lanes = (0..self.starts.len()).filter(|&lane| self.has_place(lane));
        let first = lanes.filter_map(|lane| self.starts[lane].first()).min();
        let (_, id) = first.filter(|&(due, _)| self.gathered(due) <= now)?;
        let mut start = None;
        self.change(now, id, |check, _| {
            start = check.poll_start(now);
            Events::NONE
        });
        let Start {
            attempt: number,
            due,
            deadline,
        } = start?;
        let attempt = AttemptId { check: id, number };
        self.stats.start(now.duration_since(due));
        if self.config.trace {
            self.events.push_back(Event::Started {
                at: now,
                attempt,
                deadline,
            });
        }
        Some(Command::Start {
            attempt,
            due,
            deadline,
        })
    }

    /// Whether one more attempt may begin. None does before the start: a deregistered target may be
    /// reactivated until then, and is due.
    pub(super) fn has_place(&self, lane: usize) -> bool {
        self.life == Life::Running && self.tally.has_place(&self.config, lane)
    }

    /// The end of the tick `due` lies in.
    pub(super) fn gathered(&self, due: Instant) -> Instant {
        let tick = u64::try_from(self.config.tick.as_micros()).unwrap_or(u64::MAX);
        if tick <= 1 {
            return due;
        }
        let micros = due.as_micros().div_ceil(tick).saturating_mul(tick);
        Instant::from_micros(micros)
    }

    /// Brings the first attempts of a new instance forward, as far as their rate allows.
    pub(super) fn hurry(&mut self, id: TargetId) {
        let Spread::EvenFirstAtOnce { per_second } = self.config.spread else {
            return;
        };
        let gap = Duration::from_secs(1) / per_second.get();
        let now = self.clock;
        let count = self.targets.get(id).map_or(0, |it| it.checks.len());
        for index in 0..count {
            let at = self.next_first.max(now);
            let mut hurried = false;
            self.change(now, id.check(index), |check, _| {
                hurried = may_hurry(check.config()) && check.bring_forward(at);
                Events::NONE
            });
            if hurried {
                self.next_first = at + gap;
            }
        }
    }

    pub(super) fn change_each(
        &mut self,
        now: Instant,
        id: TargetId,
        mut change: impl FnMut(&mut Check, Permit) -> Events,
    ) {
        let count = self.targets.get(id).map_or(0, |it| it.checks.len());
        for index in 0..count {
            self.change(now, id.check(index), &mut change);
        }
    }

    /// The one way to change a check: keeps sums, timers and events in step with it.
    pub(super) fn change(
        &mut self,
        now: Instant,
        id: CheckId,
        change: impl FnOnce(&mut Check, Permit) -> Events,
    ) {
        let Some(check) = self.targets.check_mut(id) else {
            return;
        };
        let (share, wake, skipped) = (Share::of(check), check.wake(), check.skipped_slots());
        let before = check.saved_state();
        let guard = self.config.mass_failure;
        let permit = guard.map_or(Permit::Act, |guard| guard.permit(self.tally, share));
        let events = change(check, permit);
        self.tally.exchange(share, Share::of(check));
        self.stats.skipped_slots += check.skipped_slots() - skipped;
        let needs_reap = check.config().needs_reap;
        let new_wake = check.wake();
        if let (Some(journal), Some(target)) = (&mut self.journal, self.targets.get(id.target())) {
            journal.observe(now, id, target, before, &events);
        }
        if new_wake != wake {
            self.arm(id, usize::from(needs_reap), new_wake);
        }
        for event in events {
            self.report(now, id, needs_reap, event);
        }
    }

    /// Puts a check's next wake-up among the timers it belongs to, in place of an earlier one.
    pub(super) fn arm(&mut self, id: CheckId, lane: usize, wake: Option<Wake>) {
        let targets = &self.targets;
        let wants_timeout = |at, id| targets.wants_timeout(at, id);
        let wants_start = |at, id| targets.wants_start(at, id);
        match wake {
            Some(Wake::Timeout(at)) => self.timeouts.push(at, id, wants_timeout),
            Some(Wake::Start(at)) => self.starts[lane].push(at, id, wants_start),
            None => {}
        }
        self.timeouts.settle(id, wants_timeout);
        self.starts[lane].settle(id, wants_start);
    }

    /// What follows for others from what happened to one check.
    fn report(&mut self, now: Instant, id: CheckId, needs_reap: bool, event: check::Event) {
        self.stats.count(&event);
        let (for_trace, hold) = match event {
            check::Event::Cancelled { attempt, .. } => {
                let attempt = AttemptId {
                    check: id,
                    number: attempt,
                };
                if needs_reap {
                    self.reaper.watch(now, attempt, self.config.kill_after);
                }
                let signal = Signal::Terminate;
                self.commands.push_back(Command::Cancel { attempt, signal });
                (true, None)
            }
            check::Event::Recorded(_) | check::Event::Reaped { .. } => (true, None),
            check::Event::RestartRequested => (false, Some(CancelReason::Restart)),
            check::Event::Deregistered => (false, Some(CancelReason::Deregistered)),
            _ => (false, None),
        };
        if self.config.trace || !for_trace {
            self.events.push_back(Event::Check {
                at: now,
                check: id,
                event,
            });
        }
        // T11: nothing of a target is probed while it is being killed, or once it is off the list.
        if let Some(reason) = hold {
            self.change_each(now, id.target(), |check, _| check.hold(now, reason));
        }
    }

    /// Opens the gate of a target that has come up, and tells if it has, or is ready.
    pub(super) fn settle(&mut self, now: Instant, id: TargetId) {
        let Some(target) = self.targets.get(id) else {
            return;
        };
        let standing = (target.is_started(), target.is_ready());
        if standing.0 {
            self.change_each(now, id, |check, _| check.open(now));
        }
        if let Some(target) = self.targets.get_mut(id) {
            if target.announced != Some(standing) && self.life == Life::Running {
                target.announced = Some(standing);
                let (started, ready) = standing;
                self.events.push_back(Event::Target {
                    at: now,
                    target: id,
                    started,
                    ready,
                });
            }
        }
    }

    pub(super) fn finish_stop(&mut self, now: Instant) {
        let Life::Stopping { until } = self.life else {
            return;
        };
        let left = self.reaper.len();
        if left == 0 || now >= until {
            self.life = Life::Stopped;
            self.events.push_back(Event::Stopped { at: now, left });
        }
    }
}
