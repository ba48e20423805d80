//! The one place where a check changes its state: rules T1 to T18.

use core::time::Duration;

use super::config::OnUnhealthy;
use super::event::{CancelReason, CheckStatus, Event, Events, Permit};
use super::history::Record;
use super::past::Past;
use super::schedule;
use super::state::{Check, Reaping, Run, Start, Wake};
use crate::base::Instant;
use crate::base::Streak;
use crate::base::{Class, Kind, Outcome};

impl Check {
    /// T1. The instance starts now. Later starts do nothing.
    pub fn start(&mut self, now: Instant) -> Events {
        let now = self.tick(now);
        let mut events = Events::NONE;
        if self.run == Run::New {
            self.since = now;
            if self.judge.status == CheckStatus::Unknown {
                self.forget(&mut events);
            }
            if self.judge.is_done(&self.config) {
                // Restored: asking again would take a running target out of service.
                self.run = Run::Done;
            } else {
                self.schedule_first();
            }
        }
        events
    }

    /// T18. Cancels what runs. The end is terminal; it is reached at once, or when the process of
    /// the cancelled attempt is reaped, or after `bound`.
    pub fn stop(&mut self, now: Instant, bound: Duration) -> Events {
        let now = self.tick(now);
        let mut events = Events::NONE;
        if !matches!(self.run, Run::Stopping { .. } | Run::Stopped) {
            self.cancel(CancelReason::Stopped, &mut events);
            self.run = Run::Stopping { until: now + bound };
            if self.reaping.is_none() {
                self.end(&mut events);
            }
        }
        events
    }

    /// T13. Cancels what runs and schedules nothing; the status stays, stale unless it is done.
    pub fn pause(&mut self, now: Instant) -> Events {
        self.tick(now);
        let mut events = Events::NONE;
        if !self.paused && !matches!(self.run, Run::Stopping { .. } | Run::Stopped) {
            if self.cancel(CancelReason::Paused, &mut events) {
                self.run = Run::Idle { due: self.clock };
            }
            self.paused = true;
            self.judge.stale |= self.run != Run::Done;
        }
        events
    }

    /// T14. The streaks start over and the next attempt is due now; what is held, gated,
    /// deregistered or done stays so.
    pub fn resume(&mut self, now: Instant) -> Events {
        let now = self.tick(now);
        if self.paused {
            self.paused = false;
            if matches!(self.run, Run::Idle { .. }) {
                self.judge.streak = Streak::default();
                self.set_due(now);
            }
        }
        Events::NONE
    }

    /// T15. The next attempt is due now, and the grid moves with it. Nothing unless the check is
    /// waiting for its next slot.
    pub fn trigger(&mut self, now: Instant) -> Events {
        let now = self.tick(now);
        if let Run::Idle { due } = self.run {
            if due > now && !self.paused && self.reaping.is_none() {
                self.set_due(now);
            }
        }
        Events::NONE
    }

    /// T12. There is a new instance: everything known about the old one is forgotten, except for the
    /// history. A paused check stays paused; a deregistered one is checked again.
    pub fn instance_changed(&mut self, now: Instant) -> Events {
        let now = self.tick(now);
        let mut events = Events::NONE;
        if !matches!(self.run, Run::New | Run::Stopping { .. } | Run::Stopped) {
            self.cancel(CancelReason::InstanceChanged, &mut events);
            self.since = now;
            self.forget(&mut events);
            self.run = Run::Idle { due: now };
            self.schedule_first();
        }
        events
    }

    /// T17. A deregistered check starts afresh.
    pub fn reactivate(&mut self, now: Instant) -> Events {
        if matches!(self.run, Run::Inactive { .. }) {
            return self.instance_changed(now);
        }
        Events::NONE
    }

    /// T4, T5. The attempt was answered. Ignored if it does not run, or if its deadline has come.
    pub fn handle_outcome(
        &mut self,
        now: Instant,
        attempt: u64,
        outcome: Outcome,
        permit: Permit,
    ) -> Events {
        let now = self.tick(now);
        let mut events = Events::NONE;
        match self.run {
            Run::Running { begin } if attempt == self.attempts && now < self.deadline(begin) => {
                self.record(begin, Some(attempt), outcome, permit, &mut events);
            }
            _ => {}
        }
        events
    }

    /// What a cancelled attempt left behind is gone. Ignored if nothing of that attempt was.
    pub fn handle_reaped(&mut self, now: Instant, attempt: u64) -> Events {
        let now = self.tick(now);
        let mut events = Events::NONE;
        if attempt != self.attempts {
            return events;
        }
        let Some(reaping) = self.reaping.take() else {
            return events;
        };
        events.push(Event::Reaped { attempt });
        match self.run {
            Run::Stopping { .. } => self.end(&mut events),
            // A slot that only our own killing took is made up for: the check is a new instance's,
            // or was asked for.
            Run::Idle { .. }
                if reaping == Reaping::GivenUp && self.judge.is_last_indeterminate() =>
            {
                self.set_due(now);
            }
            _ => {}
        }
        events
    }

    /// Handles what the clock alone decides: T6 (a deadline), T16 (a slot that finds the process of
    /// an earlier attempt alive), T18 (the end of the stop's bound).
    pub fn handle_timeout(&mut self, now: Instant, permit: Permit) -> Events {
        let now = self.tick(now);
        let mut events = Events::NONE;
        match self.run {
            Run::Running { begin } if now >= self.deadline(begin) => {
                self.cancel(CancelReason::Timeout, &mut events);
                let lag = now.duration_since(self.deadline(begin));
                let outcome = match self.config.lag_tolerance {
                    Some(tolerance) if lag > tolerance => {
                        Outcome::indeterminate("prober too late to tell")
                            .of_kind(Kind::LocalOverload)
                    }
                    _ => Outcome::failure("timeout").of_kind(Kind::Timeout),
                };
                self.record(begin, Some(self.attempts), outcome, permit, &mut events);
            }
            Run::Idle { due } if now >= due && !self.paused => {
                if let Some(reaping) = self.reaping {
                    let outcome = match reaping {
                        Reaping::TimedOut => Outcome::failure("previous attempt stuck"),
                        Reaping::GivenUp => Outcome::indeterminate("previous attempt not yet gone"),
                    };
                    let outcome = outcome.of_kind(Kind::PreviousAttemptStuck);
                    self.record(now, None, outcome, permit, &mut events);
                }
            }
            Run::Stopping { until } if now >= until => self.end(&mut events),
            _ => {}
        }
        events
    }

    /// T2. The attempt that is due, if one is; it runs from now on.
    pub fn poll_start(&mut self, now: Instant) -> Option<Start> {
        let now = self.tick(now);
        match self.run {
            Run::Idle { due } if now >= due && !self.paused && self.reaping.is_none() => {
                self.attempts += 1;
                self.run = Run::Running { begin: now };
                Some(Start {
                    attempt: self.attempts,
                    due,
                    deadline: self.deadline(now),
                })
            }
            _ => None,
        }
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) and [`poll_start`](Self::poll_start)
    /// next. May be in the past, if an attempt has been due since.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.wake().map(Wake::at)
    }

    pub(crate) fn wake(&self) -> Option<Wake> {
        match self.run {
            Run::Running { begin } => Some(Wake::Timeout(self.deadline(begin))),
            Run::Stopping { until } => Some(Wake::Timeout(until)),
            Run::Idle { .. } if self.paused => None,
            Run::Idle { due } if self.reaping.is_some() => Some(Wake::Timeout(due)),
            Run::Idle { due } => Some(Wake::Start(due)),
            _ => None,
        }
    }

    fn deadline(&self, begin: Instant) -> Instant {
        begin + self.config.timeout
    }

    pub(super) fn tick(&mut self, now: Instant) -> Instant {
        self.clock = self.clock.max(now);
        self.clock
    }

    /// T4, T6, T16 end here: judge, tell, schedule, act.
    fn record(
        &mut self,
        begin: Instant,
        attempt: Option<u64>,
        outcome: Outcome,
        permit: Permit,
        events: &mut Events,
    ) {
        let end = self.clock;
        let class = outcome.class;
        let protected = begin.duration_since(self.since) < self.config.start_period;
        let ruling = self.judge.count(&self.config, class, protected);
        if ruling.counted {
            self.judged_at = Some(Past::seen(end));
        }
        let record = Record::new(begin, end, attempt.unwrap_or(0), outcome).counted(ruling.counted);
        events.push(Event::Recorded(record.clone()));
        self.history.push(self.config.history, record);
        self.turn(ruling.change, events);
        if ruling.newly_impaired {
            events.push(Event::ProberImpaired);
        }
        if self.judge.is_done(&self.config) {
            self.run = Run::Done;
        } else if ruling.counted && class == Class::Failure && self.may_act(permit, events) {
            self.act(events);
        } else {
            self.schedule_next(end);
        }
    }

    /// T11: whether an action is pending, and nobody withholds it.
    fn may_act(&mut self, permit: Permit, events: &mut Events) -> bool {
        if !self.judge.action_pending {
            return false;
        }
        if permit == Permit::Withhold && !self.judge.action_suppressed {
            self.judge.action_suppressed = true;
            events.push(Event::ActionSuppressed);
        }
        permit == Permit::Act
    }

    /// T11.
    fn act(&mut self, events: &mut Events) {
        self.judge.action_pending = false;
        if self.config.on_unhealthy == OnUnhealthy::Deregister {
            let since = Some(Past::seen(self.clock));
            self.run = Run::Inactive { since };
            events.push(Event::Deregistered);
        } else {
            self.run = Run::Held;
            events.push(Event::RestartRequested);
        }
    }

    /// Tells of the attempt's end; whoever calls gives the check its next state.
    pub(super) fn cancel(&mut self, reason: CancelReason, events: &mut Events) -> bool {
        let running = matches!(self.run, Run::Running { .. });
        if running {
            if self.config.needs_reap {
                self.reaping = Some(match reason {
                    CancelReason::Timeout => Reaping::TimedOut,
                    _ => Reaping::GivenUp,
                });
            }
            events.push(Event::Cancelled {
                attempt: self.attempts,
                reason,
            });
        }
        running
    }

    fn forget(&mut self, events: &mut Events) {
        let change = self.judge.forget();
        self.turn(change, events);
        self.judge.stale = self.paused;
    }

    fn turn(&mut self, change: Option<(CheckStatus, CheckStatus)>, events: &mut Events) {
        if let Some((from, to)) = change {
            self.turned = Some(Past::seen(self.clock));
            events.push(Event::Status { from, to });
        }
    }

    fn end(&mut self, events: &mut Events) {
        self.run = Run::Stopped;
        events.push(Event::Stopped);
    }

    fn schedule_first(&mut self) {
        if self.gated {
            self.run = Run::Gated;
        } else {
            let spread = self.is_spread.then_some(self.seed);
            self.set_due(schedule::first_due(&self.config, self.since, spread));
        }
    }

    fn schedule_next(&mut self, end: Instant) {
        // Mixed with the attempt's number, so that one check's delays are not all the same.
        let random = schedule::mix(self.seed ^ schedule::mix(self.attempts));
        let next = schedule::next(
            &self.config,
            &self.judge,
            self.since,
            self.slot,
            end,
            random,
        );
        self.slot = next.slot;
        self.skipped_slots = self.skipped_slots.saturating_add(next.skipped);
        self.run = Run::Idle { due: next.due };
    }

    pub(super) fn set_due(&mut self, due: Instant) {
        self.slot = due;
        self.run = Run::Idle { due };
    }
}
