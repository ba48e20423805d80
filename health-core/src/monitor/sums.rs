//! Sums over all targets, kept as each target changes: no reader walks the list.
//!
//! A verdict that is not renewed becomes unknown by the clock alone. So each target whose verdict can
//! expire has one entry in an order by time, and is counted again when that time has come. A result
//! that renews the verdict does not move the entry, which is moved when its time has come: once in three
//! intervals, not at each result.

use alloc::collections::BTreeSet;

use super::down::{Down, Rank, rank};
use super::id::TargetId;
use super::list::Targets;
use super::machine::Monitor;
#[cfg(feature = "registry")]
use super::registry::{FirstResults, FirstShare};
use super::shortage::Shortages;
use super::status::TargetStatus;
use super::summary::Summary;
use super::target::Target;
use crate::base::Instant;

#[derive(Debug, Default)]
pub(super) struct Sums {
    summary: Summary,
    /// Of [`Target::demand`].
    demand: u64,
    pub(super) shortages: Shortages,
    #[cfg(feature = "registry")]
    pub(super) first: FirstResults,
    /// When a verdict may expire, and the place of its target; at most one entry for each target.
    expiries: BTreeSet<(Bucket, u32)>,
    /// Targets that are down, the worst first.
    down: BTreeSet<Rank>,
    /// Targets that were counted, or counted again.
    #[cfg(test)]
    visits: u64,
}

/// What was counted and reported of a target.
#[derive(Debug)]
pub(super) struct Counted {
    /// `started` and `ready` in the last [`MonitorEvent::Target`](super::MonitorEvent::Target).
    pub(super) announced: Option<(bool, bool)>,
    status: TargetStatus,
    #[cfg(feature = "registry")]
    first: FirstShare,
    /// Its entry among the expiries.
    expiry: Bucket,
}

/// An eighth of a second: half the memory of an [`Instant`].
type Bucket = u32;

/// There is no entry. Not reached by time: buckets last for 17 years.
const NO_EXPIRY: Bucket = Bucket::MAX;

impl Default for Counted {
    fn default() -> Self {
        Self {
            announced: None,
            status: TargetStatus::Inactive,
            #[cfg(feature = "registry")]
            first: FirstShare::default(),
            expiry: NO_EXPIRY,
        }
    }
}

impl Monitor {
    /// How many targets have which status at `now`.
    pub(super) fn summary(&mut self, now: Instant) -> Summary {
        let now = self.tick(now);
        let last = (bucket(now), u32::MAX);
        self.sums.expire(now, &mut self.targets, last, usize::MAX);
        self.sums.summary
    }

    /// Which targets are down, as far as `summary` has just found. Reads sums.
    #[must_use]
    pub fn down(&self) -> Down {
        let down = &self.sums.down;
        let first = down.first().and_then(|(_, name)| {
            let id = self.targets.find(name.as_str())?;
            self.targets.get(id)
        });
        Down::of(first, down.iter(), down.len())
    }

    /// Leaves readers little to do.
    pub(super) fn expire_verdicts(&mut self) {
        /// The most targets that one poll counts again.
        const MOST: usize = 64;
        let now = self.clock;
        if let Some(before) = bucket(now).checked_sub(1) {
            let last = (before, u32::MAX);
            self.sums.expire(now, &mut self.targets, last, MOST);
        }
    }

    /// Brings the sums up to date with a target that was added or may have changed.
    pub(super) fn recount(&mut self, id: TargetId) {
        if let Some(target) = self.targets.get_mut(id) {
            self.sums.recount(self.clock, id.place, target);
        }
    }
}

impl Sums {
    /// Attempts that would run at once if no target ever answered.
    pub(super) fn demand(&self) -> usize {
        usize::try_from(self.demand.div_ceil(Target::ONE)).unwrap_or(usize::MAX)
    }

    pub(super) fn add(&mut self, target: &Target) {
        self.summary.add(target.counted.status);
        self.demand += target.demand();
    }

    pub(super) fn remove(&mut self, place: u32, target: &Target) {
        let counted = &target.counted;
        self.summary.remove(counted.status);
        self.list_down(target, counted.status, TargetStatus::Inactive);
        self.demand -= target.demand();
        #[cfg(feature = "registry")]
        self.first.exchange(counted.first, FirstShare::default());
        self.expiries.remove(&(counted.expiry, place));
    }

    pub(super) fn exchange_demand(&mut self, before: u64, after: u64) {
        self.demand = self.demand - before + after;
    }

    fn recount(&mut self, now: Instant, place: u32, target: &mut Target) {
        #[cfg(test)]
        {
            self.visits += 1;
        }
        let (status, expires_at) = target.judge(now);
        if status != target.counted.status {
            self.summary.remove(target.counted.status);
            self.summary.add(status);
            self.list_down(target, target.counted.status, status);
            target.counted.status = status;
        }
        #[cfg(feature = "registry")]
        {
            let first = FirstShare::of(target);
            self.first.exchange(target.counted.first, first);
            target.counted.first = first;
        }
        let expiry = expires_at.map_or(NO_EXPIRY, bucket);
        if expiry < target.counted.expiry {
            self.expiries.remove(&(target.counted.expiry, place));
            self.expiries.insert((expiry, place));
            target.counted.expiry = expiry;
        }
    }

    fn list_down(&mut self, target: &Target, before: TargetStatus, after: TargetStatus) {
        if let Some(rank) = rank(before, target.name()) {
            self.down.remove(&rank);
        }
        self.down.extend(rank(after, target.name()));
    }

    /// Counts again the targets with entries up to `last`, but not more than `most`.
    fn expire(&mut self, now: Instant, targets: &mut Targets, last: (Bucket, u32), most: usize) {
        if self.expiries.first().is_none_or(|first| *first > last) {
            return;
        }
        let mut next = (0, 0);
        for _ in 0..most {
            let Some(&entry) = self.expiries.range(next..=last).next() else {
                return;
            };
            let (bucket, place) = entry;
            self.expiries.remove(&entry);
            if let Some(target) = targets.at_mut(place) {
                target.counted.expiry = NO_EXPIRY;
                self.recount(now, place, target);
            }
            // Not this one again, which may expire later within its bucket.
            next = (bucket, place.saturating_add(1));
        }
    }
}

fn bucket(at: Instant) -> Bucket {
    Bucket::try_from(at.as_micros() >> 17).unwrap_or(NO_EXPIRY)
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::sync::Arc;
    use core::time::Duration;

    use super::super::{Command, MonitorConfig, TargetSpec};
    use super::*;
    use crate::base::{Name, Outcome};
    use crate::check::CheckConfig;

    const TARGETS: u64 = 10_000;

    /// Every target is attempted once in 30 s, and answers at once.
    fn run(monitor: &mut Monitor, from: u64, to: u64) {
        for second in from..to {
            let now = after(second);
            while let Some(command) = monitor.poll(now) {
                let Command::Start { attempt, .. } = command else {
                    continue;
                };
                monitor.handle_outcome(now, attempt, Outcome::success());
            }
        }
    }

    fn after(seconds: u64) -> Instant {
        Instant::default() + Duration::from_secs(seconds)
    }

    fn monitor() -> Monitor {
        let mut monitor = Monitor::new(MonitorConfig::default());
        let config = Arc::new(CheckConfig::default());
        let check = Name::new("check").expect("a name");
        for number in 0..TARGETS {
            let name = Name::new(&format!("t-{number}")).expect("a name");
            let spec = TargetSpec::new(name).check(check.clone(), Arc::clone(&config));
            monitor.add(Instant::default(), spec).expect("a new target");
        }
        monitor.start(Instant::default());
        monitor
    }

    /// Be it read often, as by a group component, or seldom, as by an endpoint.
    #[test]
    fn a_reader_visits_next_to_no_target() {
        let mut monitor = monitor();
        for second in 0..600 {
            run(&mut monitor, second, second + 1);
            if second < 300 && second % 100 != 0 {
                continue;
            }
            let before = monitor.sums.visits;
            let summary = monitor.summary(after(second));
            let visits = monitor.sums.visits - before;
            // Ten thousand that expire within ninety seconds are fourteen in an eighth of one; those
            // that begin together share it.
            assert!(visits <= 1_000, "{visits} at {second}");
            assert!(second < 30 || summary.sound as u64 == TARGETS);
        }
        // All verdicts expire, and there is nothing more to visit.
        assert_eq!(monitor.summary(after(1_000)).unknown as u64, TARGETS);
        let before = monitor.sums.visits;
        assert_eq!(monitor.summary(after(9_999)).unknown as u64, TARGETS);
        assert_eq!(monitor.sums.visits, before);
    }

    /// Registered and never attempted: none of them expires.
    #[test]
    fn a_reader_visits_nobody_who_was_never_attempted() {
        let mut monitor = monitor();
        let before = monitor.sums.visits;
        for second in 0..10 {
            let summary = monitor.summary(after(second));
            assert_eq!(summary.total as u64, TARGETS);
        }
        assert_eq!(monitor.sums.visits, before);
    }

    /// A result counts its own target, and one in two or three has an entry moved.
    #[test]
    fn a_result_visits_one_target_and_a_half() {
        let mut monitor = monitor();
        run(&mut monitor, 0, 300);
        let (before, attempts) = (monitor.sums.visits, monitor.stats.attempts);
        run(&mut monitor, 300, 600);
        let visits = monitor.sums.visits - before;
        let attempts = monitor.stats.attempts - attempts;
        assert!(
            (attempts..attempts * 3 / 2 + 100).contains(&visits),
            "{visits} of {attempts}"
        );
    }

    #[test]
    fn removing_leaves_nothing_behind() {
        let mut monitor = monitor();
        run(&mut monitor, 0, 60);
        let ids: alloc::vec::Vec<_> = monitor.targets(None).map(|(id, _)| id).collect();
        let before = monitor.sums.visits;
        for id in ids {
            assert!(monitor.remove(after(60), id));
        }
        assert_eq!(monitor.sums.visits, before);
        assert_eq!(monitor.summary(after(60)), Summary::default());
        assert_eq!((monitor.sums.demand(), monitor.sums.expiries.len()), (0, 0));
        assert!(alloc::format!("{}", monitor.down()).is_empty() && monitor.sums.down.is_empty());
    }
}
