//! The one place where a check changes its state: rules T1 to T18.

use core::time::Duration;

use super::config::OnUnhealthy;
use super::event::{CancelReason, CheckStatus, Event, Events, Permit};
use super::history::Record;
use super::schedule;
use super::state::{Check, Reaping, Run, Start, Timestamp, Wake};
use super::thresholds::Action;
use crate::base::Instant;
use crate::base::Streak;
use crate::base::{Class, Kind, Outcome};

impl Check {
    /// T1. The instance starts now. Later starts do nothing.
    pub fn start(&mut self, now: Instant) -> Events {
        let now = self.tick(now);
        let mut events = Events::NONE;
        if self.run == Run::Inactive {
            self.since = now;
            self.schedule_first_recheck();
        } else if self.run == Run::New {
            self.since = now;
            if self.thresholds.status == CheckStatus::Unknown {
                self.reset_status(&mut events);
            }
            if self.thresholds.is_done(&self.config) {
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
            self.thresholds.stale |= self.run != Run::Done;
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
                if self.inactive.is_none() {
                    self.thresholds.streak = Streak::default();
                    self.counts_from = Instant::default();
                }
                self.set_due(now);
            }
        }
        Events::NONE
    }

    /// T15. The next attempt is due now, and the grid moves with it; of a deregistered check, the next
    /// recheck. Nothing unless the check is waiting for its next slot.
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
            self.inactive = None;
            self.since = now;
            self.reset_status(&mut events);
            self.run = Run::Idle { due: now };
            self.schedule_first();
        }
        events
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
            // A slot lost only because the prober killed the last attempt is made up for: the check
            // has a new instance, or was triggered.
            Run::Idle { .. } if reaping == (Reaping::GivenUp { took_slot: true }) => {
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
                    _ => Outcome::failure_with_message("timeout").of_kind(Kind::Timeout),
                };
                self.record(begin, Some(self.attempts), outcome, permit, &mut events);
            }
            Run::Idle { due } if now >= due && !self.paused => {
                if let Some(reaping) = &mut self.reaping {
                    let outcome = match reaping {
                        Reaping::TimedOut => {
                            Outcome::failure_with_message("previous attempt stuck")
                        }
                        Reaping::GivenUp { took_slot } => {
                            *took_slot = true;
                            Outcome::indeterminate("previous attempt not yet gone")
                        }
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

    /// The end of T4, T6 and T16: counts the result, gives the events, schedules or acts.
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
        if self.inactive.is_some() {
            let record = Record::new(begin, end, attempt.unwrap_or(0), outcome);
            events.push(Event::Recorded(record.clone()));
            self.history.push(self.config.history, record);
            self.recheck(class);
            return;
        }
        let in_start_period = begin.duration_since(self.since) < self.config.start_period;
        // One that began late has waited for its place; its slot came an interval after the last one.
        let place = self.slot.min(begin);
        let is_early = place < self.counts_from;
        let effect = self
            .thresholds
            .count(&self.config, class, in_start_period, is_early);
        self.thresholds.last_indeterminate = outcome.kind.filter(|_| class == Class::Indeterminate);
        self.thresholds.is_quick = attempt.is_some() && end.duration_since(begin) < QUICK;
        if effect.counted {
            self.judged_at = Some(Timestamp::of(end));
        }
        let record = Record::new(begin, end, attempt.unwrap_or(0), outcome).counted(effect.counted);
        events.push(Event::Recorded(record.clone()));
        self.history.push(self.config.history, record);
        self.set_status(effect.change, events);
        if effect.newly_impaired {
            events.push(Event::ProberImpaired);
        }
        if self.thresholds.is_done(&self.config) {
            self.run = Run::Done;
        } else if effect.counted && class == Class::Failure && self.may_act(permit, events) {
            self.act(events);
        } else {
            let interval = self.schedule_next(end);
            if effect.counted {
                self.counts_from = place + interval;
            }
        }
    }

    /// T11: whether an action is pending, and the guard permits it.
    pub(super) fn may_act(&mut self, permit: Permit, events: &mut Events) -> bool {
        // A mass failure that has ended lets the streaks of unhealthy checks begin anew.
        if self.thresholds.streak.failures() < self.config.retries {
            return false;
        }
        let action = self.thresholds.action;
        if permit == Permit::Withhold && action == Action::Pending {
            self.thresholds.action = Action::Suppressed;
            events.push(Event::ActionSuppressed);
        }
        permit == Permit::Act && action.is_pending()
    }

    /// T11.
    fn act(&mut self, events: &mut Events) {
        self.thresholds.action = Action::Requested;
        if self.config.on_unhealthy == OnUnhealthy::Deregister {
            self.deregister();
            events.push(Event::Deregistered);
        } else {
            self.run = Run::OnHold;
            events.push(Event::RestartRequested);
        }
    }

    /// Gives the event of the attempt's end, if one runs; the caller sets the next state.
    pub(super) fn cancel(&mut self, reason: CancelReason, events: &mut Events) -> bool {
        let running = matches!(self.run, Run::Running { .. });
        if running {
            if self.config.needs_reap {
                self.reaping = Some(match reason {
                    CancelReason::Timeout => Reaping::TimedOut,
                    _ => Reaping::GivenUp { took_slot: false },
                });
            }
            events.push(Event::Cancelled {
                attempt: self.attempts,
                reason,
            });
        }
        running
    }

    pub(super) fn reset_status(&mut self, events: &mut Events) {
        let change = self.thresholds.reset();
        self.set_status(change, events);
        self.thresholds.stale = self.paused;
        self.counts_from = Instant::default();
        // What was lost is no longer this instance's.
        if let Some(Reaping::GivenUp { took_slot }) = &mut self.reaping {
            *took_slot = false;
        }
    }

    fn set_status(&mut self, change: Option<(CheckStatus, CheckStatus)>, events: &mut Events) {
        if let Some((from, to)) = change {
            self.changed_at = Some(Timestamp::of(self.clock));
            events.push(Event::Status { from, to });
        }
    }

    fn end(&mut self, events: &mut Events) {
        self.run = Run::Stopped;
        events.push(Event::Stopped);
    }

    pub(super) fn schedule_first(&mut self) {
        if self.gated {
            self.run = Run::Gated;
        } else if self.counts_from > self.since && self.thresholds.streak.failures() > 0 {
            // A restored streak keeps its slot; its status is not to wait longer for a restart.
            let earliest = self.since + self.config.initial_delay;
            self.set_due(self.counts_from.max(earliest));
        } else {
            self.set_due(schedule::first_due(&self.config, self.since, self.spread()));
        }
    }

    /// What decides its place within the interval, if it has one of its own.
    pub(super) fn spread(&self) -> Option<u64> {
        self.is_spread.then_some(self.seed)
    }

    /// Schedules the attempt after a result; the interval in use.
    fn schedule_next(&mut self, end: Instant) -> Duration {
        // Mixed with the attempt's number, so that one check's delays are not all the same.
        let random = schedule::splitmix64(self.seed ^ schedule::splitmix64(self.attempts));
        let next = schedule::next(
            &self.config,
            &self.thresholds,
            self.since,
            self.slot,
            end,
            random,
        );
        self.slot = next.slot;
        let skipped = u32::try_from(next.skipped).unwrap_or(u32::MAX);
        self.skipped_slots = self.skipped_slots.saturating_add(skipped);
        self.run = Run::Idle { due: next.due };
        next.interval
    }

    pub(super) fn set_due(&mut self, due: Instant) {
        self.slot = due;
        self.run = Run::Idle { due };
    }
}

/// An attempt that takes less time is quick: its place among processes is soon free again.
const QUICK: Duration = Duration::from_secs(1);
