//! How the parts of a monitor are kept consistent: each change of a check, and what follows from it for
//! its target and for the sums.

use super::event::{Command, MonitorEvent};
use super::id::{AttemptId, CheckId, TargetId};
use super::machine::{Life, Monitor};
use super::mass_failure::{Lane, Share, TargetShare};
use super::schedule::Selection;
use super::shortage::shortage_of;
use crate::base::Instant;
use crate::check::{self, CancelReason, Check, Events, Permit, Signal};

impl Monitor {
    /// Time that runs backwards stands still.
    pub(super) fn tick(&mut self, now: Instant) -> Instant {
        self.clock = self.clock.max(now);
        self.clock
    }

    /// Handles the timeouts that have come, in due order, as far as `has_come` says.
    pub(super) fn expire(&mut self, has_come: impl Fn(Instant, CheckId) -> bool) {
        let now = self.clock;
        loop {
            let first = self.timeouts.first();
            let Some((_, id)) = first.filter(|&(at, id)| has_come(at, id)) else {
                return;
            };
            let permit = self.permit(id);
            self.change(now, id, |check| check.handle_timeout(now, permit));
            self.update_target(now, id.target());
        }
    }

    /// Whether the check may act if it fails now, or whether too many others fail.
    pub(super) fn permit(&self, id: CheckId) -> Permit {
        match (self.config.mass_failure, self.targets.get(id.target())) {
            (Some(config), Some(target)) => config.permit(self.tally, TargetShare::of(target)),
            _ => Permit::Act,
        }
    }

    /// Changes every check of a target.
    pub(super) fn change_each(
        &mut self,
        now: Instant,
        id: TargetId,
        mut change: impl FnMut(&mut Check) -> Events,
    ) {
        for check in self.check_ids(id) {
            self.change(now, check, &mut change);
        }
    }

    /// The one way to change a check: counts, timers and events follow it. When all checks of a target
    /// are changed that are to change at once, [`update_target`](Self::update_target) does the same for
    /// the target.
    pub(super) fn change(
        &mut self,
        now: Instant,
        id: CheckId,
        change: impl FnOnce(&mut Check) -> Events,
    ) {
        let Some(target) = self.targets.get_mut(id.target()) else {
            return;
        };
        let target_share = TargetShare::of(target);
        let Some((_, check)) = target.checks.get_mut(id.index()) else {
            return;
        };
        let shortage = shortage_of(check);
        let (share, wake, skipped) = (Share::of(check), check.wake(), check.skipped_slots);
        #[cfg(feature = "registry")]
        let before = check.saved_state();
        let events = change(check);
        self.tally.exchange(share, Share::of(check));
        self.sums.shortages.exchange(shortage, shortage_of(check));
        self.stats.skipped_slots += u64::from(check.skipped_slots - skipped);
        let (needs_reap, lane) = (check.config().needs_reap, Lane::of(check));
        let new_wake = check.wake();
        let new_share = TargetShare::of(target);
        self.tally.exchange_target(target_share, new_share);
        #[cfg(feature = "registry")]
        if let Some(journal) = &mut self.journal {
            journal.observe(now, id, &self.targets, before, &events);
        }
        if new_wake != wake {
            self.schedule(id, lane, new_wake);
        }
        for event in events {
            self.handle_event(now, id, needs_reap, event);
        }
    }

    /// Passes an event of a check on, and does what it asks for.
    fn handle_event(&mut self, now: Instant, id: CheckId, needs_reap: bool, event: check::Event) {
        self.stats.count(&event);
        let (for_trace, hold) = match event {
            check::Event::Cancelled { attempt, .. } => {
                let attempt = AttemptId::of(id, attempt);
                if needs_reap {
                    self.reaper.cancelled(now, attempt, self.config.kill_after);
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
            self.events.push_back(MonitorEvent::Check {
                at: now,
                check: id,
                event,
            });
        }
        // T11: nothing of a target is probed while it is restarted, or once it is deregistered.
        if let Some(reason) = hold {
            self.change_each(now, id.target(), |check| check.hold(now, reason));
        }
    }

    /// Opens the gate of a target that has started, counts its status, and reports whether it is started
    /// and ready.
    pub(super) fn update_target(&mut self, now: Instant, id: TargetId) {
        let Some(target) = self.targets.get(id) else {
            return;
        };
        let (started, ready, is_gated) = target.progress();
        if started && is_gated {
            let gated = Selection::of(self.targets.get(id), Check::is_gated);
            self.change_each(now, id, |check| check.open(now));
            self.start_early(id, gated);
        }
        self.recount(id);
        if let Some(target) = self.targets.get_mut(id) {
            let announced = &mut target.counted.announced;
            if *announced != Some((started, ready)) && self.life == Life::Running {
                *announced = Some((started, ready));
                self.events.push_back(MonitorEvent::Target {
                    at: now,
                    target: id,
                    started,
                    ready,
                });
            }
        }
    }
}
