//! When attempts begin: the queue of those that are due, its limits, and first attempts before their
//! slot.

use core::time::Duration;

use super::config::Spread;
use super::event::{Command, MonitorEvent};
use super::id::{AttemptId, CheckId, TargetId};
use super::machine::{Life, Monitor};
use super::mass_failure::Lane;
use super::target::Target;
use crate::base::Instant;
use crate::check::{Check, Events, Start, Wake};

impl Monitor {
    /// T2 and T3: begins the attempt that has been due longest, if the limits allow one.
    pub(super) fn poll_start(&mut self, now: Instant) -> Option<Command> {
        let first = self.next_start();
        let (_, id) = first.filter(|&(due, _)| self.end_of_tick(due) <= now)?;
        let mut start = None;
        self.change(now, id, |check| {
            start = check.poll_start(now);
            Events::NONE
        });
        let Start {
            attempt: number,
            due,
            deadline,
        } = start?;
        let attempt = AttemptId::of(id, number);
        self.stats.start(now.duration_since(due));
        if self.config.trace {
            self.events.push_back(MonitorEvent::Started {
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

    /// The attempt that has been due longest among those that may begin. None may before the start: a
    /// deregistered target may be reactivated until then, and is due.
    pub(super) fn next_start(&self) -> Option<(Instant, CheckId)> {
        if self.life != Life::Running {
            return None;
        }
        let lanes = Lane::ALL.into_iter().zip(&self.starts);
        let lanes = lanes.filter(|&(lane, _)| self.tally.has_capacity(&self.config, lane));
        lanes.filter_map(|(_, starts)| starts.first()).min()
    }

    /// The end of the tick that `due` lies in.
    pub(super) fn end_of_tick(&self, due: Instant) -> Instant {
        let tick = u64::try_from(self.config.tick.as_micros()).unwrap_or(u64::MAX);
        if tick <= 1 {
            return due;
        }
        let micros = due.as_micros().div_ceil(tick).saturating_mul(tick);
        Instant::from_micros(micros)
    }

    /// Moves the first attempts of these checks to a time before their slot, as far as
    /// [`Spread::EvenFirstAtOnce`] allows.
    pub(super) fn start_early(&mut self, id: TargetId, first: Selection) {
        let Spread::EvenFirstAtOnce { per_second } = self.config.spread else {
            return;
        };
        let gap = Duration::from_secs(1) / per_second.get();
        let now = self.clock;
        for check in self.check_ids(id).filter(|it| first.has(it.index())) {
            let next_first = self.next_first;
            let mut moved = None;
            self.change(now, check, |check| {
                let earliest = check.earliest_first();
                let lane = usize::from(earliest > now);
                let at = next_first[lane].max(earliest).max(now);
                if check.bring_forward(at) {
                    moved = Some((lane, at));
                }
                Events::NONE
            });
            if let Some((lane, at)) = moved {
                self.next_first[lane] = at + gap;
            }
        }
    }

    /// Puts a check's next wake-up among the timers it belongs to, in place of an earlier one.
    pub(super) fn schedule(&mut self, id: CheckId, lane: Lane, wake: Option<Wake>) {
        let targets = &self.targets;
        let wants_timeout = |at, id| targets.wants_timeout(at, id);
        let wants_start = |at, id| targets.wants_start(at, id);
        match wake {
            Some(Wake::Timeout(at)) => self.timeouts.push(at, id, wants_timeout),
            Some(Wake::Start(at)) => self.starts[lane as usize].push(at, id, wants_start),
            None => {}
        }
        self.timeouts.drop_stale(id, wants_timeout);
        for starts in &mut self.starts {
            starts.drop_stale(id, wants_start);
        }
    }
}

/// Some checks of a target, of which it has at most 16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Selection(u16);

impl Selection {
    pub(super) const ALL: Self = Self(u16::MAX);

    /// Those of which `is_one` is true.
    pub(super) fn of(target: Option<&Target>, is_one: impl Fn(&Check) -> bool) -> Self {
        let checks = target.into_iter().flat_map(Target::each).enumerate();
        let those = checks.filter(|(_, check)| is_one(check));
        Self(those.fold(0, |all, (index, _)| all | 1 << index))
    }

    const fn has(self, index: usize) -> bool {
        self.0 >> index & 1 == 1
    }
}
