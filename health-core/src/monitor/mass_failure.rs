//! Mass failures: when so many targets fail that restarts and deregistrations are withheld, and the
//! counts that decide it.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::mem;

use super::config::MonitorConfig;
use super::id::{CheckId, TargetId};
use super::machine::Monitor;
use super::target::Target;
use crate::base::{Instant, Name};
use crate::check::{Check, Mode, Permit};

/// How many targets have to fail at once for restarts and deregistrations to be withheld: of all targets,
/// and of each group by itself.
///
/// The network or the prober is the likelier cause then: one broken uplink has made checkers deregister
/// every service and send 28,000 text messages.
///
/// Targets count, not checks, and only those that are judged: a target counts while one of its checks is
/// neither paused nor deregistered nor a startup check that is done, and was healthy once. A target that
/// has been unhealthy for an hour counts no longer. When a mass failure is over, the streaks of those that
/// still fail begin anew.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct MassFailure {
    /// With fewer targets that count than this, nothing is withheld. Default: 5.
    pub min_targets: usize,
    /// Actions are withheld while at least this share of the targets that count, 0 to 1, has a check
    /// whose last counted result is a failure. Default: 0.5.
    pub failed_fraction: f64,
}

impl Default for MassFailure {
    fn default() -> Self {
        Self {
            min_targets: 5,
            failed_fraction: 0.5,
        }
    }
}

impl MassFailure {
    /// Whether so many fail that actions are withheld.
    fn is_on(self, count: Count) -> bool {
        let many = count.judged >= self.min_targets;
        many && count.failing as f64 / count.judged as f64 >= self.failed_fraction
    }
}

/// How many targets are judged and how many of those fail: of all, and of each group. Kept as they
/// change, so that nothing walks the list.
#[derive(Debug, Default)]
pub(super) struct MassFailures {
    all: Scope,
    /// Those with a target that is judged or fails.
    groups: BTreeMap<Name, Scope>,
    /// Groups that have changed since it was decided what is on.
    changed: Vec<Name>,
    /// When failing targets leave the count.
    leaving: BTreeSet<(Instant, TargetId)>,
    /// Scopes with a mass failure.
    on: usize,
}

/// All targets, or those of a group.
#[derive(Debug, Default)]
struct Scope {
    count: Count,
    /// Also those that are not in the count.
    failing: BTreeSet<TargetId>,
    is_on: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    judged: usize,
    failing: usize,
}

/// What one target contributes, however many checks it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct MassShare {
    is_judged: bool,
    is_judged_failing: bool,
    is_failing: bool,
    /// When it will have been unhealthy for so long that it leaves the count.
    leaves_at: Option<Instant>,
}

impl MassShare {
    pub(super) fn of(target: &Target) -> Self {
        let active = target.each().filter(|check| is_active(check.mode()));
        active.fold(Self::default(), |share, check| {
            let (is_judged, is_failing) = (check.was_healthy(), check.is_failing());
            let leaves_at = check.long_unhealthy_at().filter(|_| is_judged);
            Self {
                is_judged: share.is_judged || is_judged,
                is_judged_failing: share.is_judged_failing || is_judged && is_failing,
                is_failing: share.is_failing || is_failing,
                leaves_at: share.leaves_at.into_iter().chain(leaves_at).min(),
            }
        })
    }

    fn count(self, now: Instant) -> Count {
        let has_left = self.leaves_at.is_some_and(|at| at <= now);
        Count {
            judged: usize::from(self.is_judged && !has_left),
            failing: usize::from(self.is_judged_failing && !has_left),
        }
    }
}

impl MassFailures {
    /// Whether there is a mass failure, of all targets or of a group.
    pub(super) const fn is_on(&self) -> bool {
        self.on > 0
    }

    /// Whether this check of `target` may act if it fails now.
    fn permit(&self, config: MassFailure, now: Instant, target: &Target, check: &Check) -> Permit {
        let own = MassShare::of(target).count(now);
        // The failure itself counts as well, even if it is the first of its streak.
        let is_new = own.judged > own.failing && check.was_healthy();
        let more = usize::from(is_new);
        let is_on = |scope: &Scope| {
            let failing = scope.count.failing + more;
            config.is_on(Count {
                failing,
                ..scope.count
            })
        };
        let group = target.group().and_then(|group| self.groups.get(group));
        if is_on(&self.all) || group.is_some_and(is_on) {
            Permit::Withhold
        } else {
            Permit::Act
        }
    }

    /// A target contributes `after` where it has contributed `before`.
    pub(super) fn exchange(
        &mut self,
        now: Instant,
        id: TargetId,
        group: Option<&Name>,
        before: MassShare,
        after: MassShare,
    ) {
        if before == after {
            return;
        }
        if let Some(at) = before.leaves_at {
            self.leaving.remove(&(at, id));
        }
        if let Some(at) = after.leaves_at.filter(|at| *at > now) {
            self.leaving.insert((at, id));
        }
        let (old, new) = (before.count(now), after.count(now));
        self.all.exchange(old, new, id, after.is_failing);
        if let Some(group) = group {
            let scope = self.groups.entry(group.clone()).or_default();
            scope.exchange(old, new, id, after.is_failing);
            self.changed.push(group.clone());
        }
    }

    /// The next target that leaves the count by `now`.
    pub(super) fn poll_leaving(&mut self, now: Instant) -> Option<TargetId> {
        let (_, id) = *self.leaving.first().filter(|(at, _)| *at <= now)?;
        self.leaving.pop_first();
        Some(id)
    }

    /// A target that [has left](Self::poll_leaving) the count contributes `share` no more.
    pub(super) fn leave(&mut self, id: TargetId, group: Option<&Name>, share: MassShare) {
        let old = Count {
            judged: usize::from(share.is_judged),
            failing: usize::from(share.is_judged_failing),
        };
        self.all
            .exchange(old, Count::default(), id, share.is_failing);
        if let Some(group) = group {
            let scope = self.groups.entry(group.clone()).or_default();
            scope.exchange(old, Count::default(), id, share.is_failing);
            self.changed.push(group.clone());
        }
    }

    /// Decides what is on; the targets that still fail of what is over.
    pub(super) fn settle(&mut self, config: Option<MassFailure>) -> Vec<TargetId> {
        let is_on = |count| config.is_some_and(|it| it.is_on(count));
        let mut over = Vec::new();
        self.all.settle(is_on, &mut self.on, &mut over);
        while let Some(group) = self.changed.pop() {
            if let Some(scope) = self.groups.get_mut(&group) {
                scope.settle(is_on, &mut self.on, &mut over);
                if scope.is_empty() {
                    self.groups.remove(&group);
                }
            }
        }
        over
    }
}

impl Scope {
    fn exchange(&mut self, before: Count, after: Count, id: TargetId, is_failing: bool) {
        for (sum, before, after) in [
            (&mut self.count.judged, before.judged, after.judged),
            (&mut self.count.failing, before.failing, after.failing),
        ] {
            *sum = *sum + after - before;
        }
        if is_failing {
            self.failing.insert(id);
        } else {
            self.failing.remove(&id);
        }
    }

    fn settle(&mut self, is_on: impl Fn(Count) -> bool, on: &mut usize, over: &mut Vec<TargetId>) {
        let was_on = mem::replace(&mut self.is_on, is_on(self.count));
        *on = *on + usize::from(self.is_on) - usize::from(was_on);
        if was_on && !self.is_on {
            over.extend(&self.failing);
        }
    }

    fn is_empty(&self) -> bool {
        self.count == Count::default() && self.failing.is_empty()
    }
}

impl Monitor {
    /// Whether the check may act if it fails now, or whether too many others fail.
    pub(super) fn permit(&self, id: CheckId) -> Permit {
        let Some(config) = self.config.mass_failure else {
            return Permit::Act;
        };
        let target = self.targets.get(id.target());
        match (target, self.targets.check(id)) {
            (Some(target), Some(check)) => self.mass.permit(config, self.clock, target, check),
            _ => Permit::Act,
        }
    }

    /// Targets that have been unhealthy for too long leave the count.
    pub(super) fn leave_mass_failures(&mut self) {
        let now = self.clock;
        let mut has_left = false;
        while let Some(id) = self.mass.poll_leaving(now) {
            if let Some(target) = self.targets.get(id) {
                self.mass.leave(id, target.group(), MassShare::of(target));
                has_left = true;
            }
        }
        if has_left {
            self.settle_mass_failures();
        }
    }

    /// Decides whether there are mass failures, and begins streaks anew where one is over.
    pub(super) fn settle_mass_failures(&mut self) {
        let now = self.clock;
        loop {
            let over = self.mass.settle(self.config.mass_failure);
            if over.is_empty() {
                return;
            }
            for id in over {
                self.change_each(now, id, Check::forget_failures);
            }
        }
    }
}

/// A check that is paused or done is evidence neither for nor against.
pub(super) const fn is_active(mode: Mode) -> bool {
    !matches!(
        mode,
        Mode::New | Mode::Paused | Mode::Inactive | Mode::Done | Mode::Stopping | Mode::Stopped
    )
}

/// The queues of attempts that are due. With more than one, no limit holds up what it does not limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// Nothing is left of it that would have to be reaped.
    Plain,
    /// Known to take little time.
    Quick,
    /// Everything else that is to be reaped.
    Slow,
}

impl Lane {
    pub(super) const ALL: [Self; 3] = [Self::Plain, Self::Quick, Self::Slow];

    pub(super) fn of(check: &Check) -> Self {
        match (check.config().needs_reap, check.is_quick()) {
            (false, _) => Self::Plain,
            (true, true) => Self::Quick,
            (true, false) => Self::Slow,
        }
    }
}

/// What one check contributes to a [`Tally`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Share {
    running: bool,
    exec: bool,
    slow_exec: bool,
}

impl Share {
    pub(super) fn of(check: &Check) -> Self {
        Self {
            running: check.is_running(),
            exec: check.holds_exec(),
            slow_exec: check.holds_exec() && !check.is_quick(),
        }
    }
}

/// Counts over all targets and checks, kept as they change so that nothing walks the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Attempts that run.
    pub(super) running: usize,
    /// Attempts with something to reap, whether they run or are given up.
    pub(super) execs: usize,
    /// Those of them that are not known to take little time.
    slow_execs: usize,
}

impl Tally {
    /// Whether one more attempt may run. A quarter of the places for what is to be reaped is kept for
    /// what takes little time: commands that hang would take all of them.
    pub(super) fn has_capacity(&self, config: &MonitorConfig, lane: Lane) -> bool {
        let most_slow = config.max_exec - config.max_exec / 4;
        self.running < config.max_in_flight
            && match lane {
                Lane::Plain => true,
                Lane::Quick => self.execs < config.max_exec,
                Lane::Slow => self.execs < config.max_exec && self.slow_execs < most_slow,
            }
    }

    pub(super) fn exchange(&mut self, before: Share, after: Share) {
        for (sum, before, after) in [
            (&mut self.running, before.running, after.running),
            (&mut self.execs, before.exec, after.exec),
            (&mut self.slow_execs, before.slow_exec, after.slow_exec),
        ] {
            *sum = *sum + usize::from(after) - usize::from(before);
        }
    }
}
