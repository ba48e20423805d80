//! Who counts for a mass failure, of all targets and of a group, and what follows when it is over.

use std::collections::BTreeMap;
use std::sync::Arc;

use health_core::check::{CheckConfig, CheckStatus, Mode, OnUnhealthy, Saved};
use health_core::monitor::{Command, MassFailure, Monitor, TargetId, TargetSpec};
use health_core::{Instant, Moment, Outcome, ProbeKind, UnixTime};

use crate::{at, every_10_s, name, numbers, plain_with, running};

const SLOT: u64 = 10_000;

/// Targets by name, each of which fails in some slots.
struct Fleet {
    monitor: Monitor,
    ids: BTreeMap<String, TargetId>,
    next: u64,
}

fn deregistering() -> CheckConfig {
    let mut config = every_10_s(ProbeKind::Health);
    config.on_unhealthy = OnUnhealthy::Deregister;
    config
}

impl Fleet {
    /// Targets `name` of `group`, which is none if it is empty.
    fn new(targets: &[(&str, &str)]) -> Self {
        let mut fleet = Self {
            monitor: running(plain_with(|it| {
                it.mass_failure = Some(MassFailure::default());
            })),
            ids: BTreeMap::new(),
            next: 0,
        };
        for (target, group) in targets {
            fleet.add(target, group);
        }
        fleet
    }

    fn of(count: usize) -> Self {
        let names: Vec<_> = (0..count).map(|number| format!("t{number}")).collect();
        let targets: Vec<_> = names.iter().map(|it| (it.as_str(), "")).collect();
        Self::new(&targets)
    }

    fn spec(target: &str, group: &str) -> TargetSpec {
        let spec = TargetSpec::new(name(target)).check(name("check"), Arc::new(deregistering()));
        if group.is_empty() {
            return spec;
        }
        spec.group(name(group))
    }

    fn add(&mut self, target: &str, group: &str) {
        let id = self.monitor.add(at(self.next), Self::spec(target, group));
        self.ids.insert(target.to_owned(), id.expect("new"));
    }

    /// So many slots pass, in which these targets fail and all others succeed.
    fn slots(&mut self, count: u64, failing: &[&str]) {
        for _ in 0..count {
            self.until(self.next, failing);
            self.next += SLOT;
        }
    }

    fn until(&mut self, until: u64, failing: &[&str]) {
        while let Some(now) = self.monitor.poll_timeout().filter(|it| *it <= at(until)) {
            while let Some(command) = self.monitor.poll(now) {
                let Command::Start { attempt, .. } = command else {
                    continue;
                };
                let target = attempt.check().target();
                let target = self.monitor.target(target).expect("there");
                let outcome = match failing.contains(&target.name().as_str()) {
                    true => Outcome::failure_with_message("refused"),
                    false => Outcome::success(),
                };
                self.monitor.handle_outcome(now, attempt, outcome);
            }
        }
    }

    fn is_on(&mut self) -> bool {
        let now = Instant::from_micros((self.next - SLOT) * 1_000);
        numbers(&mut self.monitor, now).is_mass_failure
    }

    fn deregistered(&self) -> Vec<&str> {
        let ids = self.ids.iter();
        let gone = ids.filter(|(_, id)| {
            let target = self.monitor.target(**id).expect("there");
            target
                .checks()
                .any(|(_, check)| check.mode() == Mode::Inactive)
        });
        gone.map(|(name, _)| name.as_str()).collect()
    }

    fn failures(&self, target: &str) -> u32 {
        let target = self.monitor.target(self.ids[target]).expect("there");
        let (_, check) = target.checks().next().expect("a check");
        check.streak().failures()
    }
}

/// B3: five are down, three come back, the others two slots later.
#[test]
fn the_end_of_a_mass_failure_deregisters_nobody_who_comes_back_a_little_later() {
    for late in 0..2 {
        let mut fleet = Fleet::of(5);
        fleet.slots(1, &[]);
        fleet.slots(7, &["t0", "t1", "t2", "t3", "t4"]);
        assert!(fleet.is_on());
        // The last of those that fail on counts from one again.
        fleet.slots(1 + late, &["t3", "t4"]);
        assert!(!fleet.is_on());
        fleet.slots(5, &[]);
        assert_eq!(fleet.deregistered(), [""; 0], "{late}");
    }
}

#[test]
fn a_rule_that_changes_begins_and_ends_a_mass_failure() {
    let mut fleet = Fleet::of(6);
    fleet.slots(1, &[]);
    let failing = ["t0", "t1", "t2", "t3"];
    fleet.slots(5, &failing);
    assert!(fleet.is_on());
    let mut strict = MassFailure::default();
    strict.failed_fraction = 0.9;
    for rule in [Some(strict), None] {
        fleet.monitor.set_mass_failure(at(fleet.next - SLOT), rule);
        assert!(!fleet.is_on(), "{rule:?}");
        assert_eq!(fleet.deregistered(), [""; 0], "their failures begin anew");
        let default = Some(MassFailure::default());
        fleet
            .monitor
            .set_mass_failure(at(fleet.next - SLOT), default);
        fleet.slots(2, &failing);
        assert!(fleet.is_on(), "{rule:?}");
    }
    fleet.monitor.set_mass_failure(at(fleet.next - SLOT), None);
    fleet.slots(4, &failing);
    assert_eq!(fleet.deregistered(), failing);
}

/// Those that fail on are judged as if it began then.
#[test]
fn who_still_fails_after_a_mass_failure_is_deregistered_after_a_streak_of_its_own() {
    let mut fleet = Fleet::of(6);
    fleet.slots(1, &[]);
    fleet.slots(9, &["t0", "t1", "t2", "t3", "t4", "t5"]);
    assert_eq!(fleet.failures("t5"), 9);
    fleet.slots(1, &["t4", "t5"]);
    assert!(!fleet.is_on());
    let begun_anew = fleet.failures("t5");
    assert!(begun_anew <= 1);
    fleet.slots(u64::from(2 - begun_anew), &["t4", "t5"]);
    assert_eq!(fleet.deregistered(), [""; 0]);
    fleet.slots(2, &["t4", "t5"]);
    assert_eq!(fleet.deregistered(), ["t4", "t5"]);
}

/// V2: a whole group of many targets.
#[test]
fn a_group_that_fails_as_a_whole_is_a_mass_failure_of_its_own() {
    let names: Vec<_> = (0..20).map(|number| format!("t{number}")).collect();
    let targets = names.iter().enumerate();
    let targets = targets.map(|(number, target)| {
        let group = match number {
            0..5 => "web",
            5..9 => "db",
            _ => "",
        };
        (target.as_str(), group)
    });
    let targets: Vec<_> = targets.collect();
    let mut fleet = Fleet::new(&targets);
    fleet.slots(1, &[]);
    // Half of five; and all of four, which are too few; and two of no group.
    let failing = ["t0", "t1", "t2", "t5", "t6", "t7", "t8", "t9"];
    fleet.slots(5, &failing);
    assert!(fleet.is_on());
    assert_eq!(fleet.deregistered(), ["t5", "t6", "t7", "t8", "t9"]);
    // One of the group comes back: its failures were of the group's, and begin anew.
    fleet.slots(2, &["t0", "t1"]);
    assert!(!fleet.is_on());
    assert_eq!(fleet.deregistered().len(), 5);
    fleet.slots(3, &["t0", "t1"]);
    assert_eq!(fleet.deregistered().len(), 7);
}

#[test]
fn a_target_counts_in_the_group_that_it_has_now() {
    let mut fleet = Fleet::new(&[("a", "x"), ("b", "x"), ("c", "x"), ("d", "x"), ("e", "y")]);
    for other in 0..10 {
        fleet.add(&format!("other{other}"), "");
    }
    fleet.slots(1, &[]);
    fleet.slots(2, &["a", "b", "c", "d"]);
    assert!(!fleet.is_on(), "four are too few");
    let now = at(fleet.next - SLOT);
    let moved = fleet.monitor.replace(now, Fleet::spec("e", "x"));
    assert_eq!(moved, Ok(fleet.ids["e"]));
    assert!(fleet.is_on());
    fleet.slots(3, &["a", "b", "c", "d"]);
    assert_eq!(fleet.deregistered(), [""; 0]);
    assert!(fleet.monitor.remove(at(fleet.next - SLOT), fleet.ids["e"]));
    fleet.ids.remove("e");
    assert!(!fleet.is_on());
    fleet.slots(2, &["a", "b", "c", "d"]);
    assert_eq!(fleet.deregistered(), [""; 0]);
    fleet.slots(1, &["a", "b", "c", "d"]);
    assert_eq!(fleet.deregistered(), ["a", "b", "c", "d"]);
}

/// D2: three of six have been dead from the start.
#[test]
fn who_was_never_healthy_makes_no_mass_failure() {
    let mut fleet = Fleet::of(9);
    let dead = ["t0", "t1", "t2", "t3"];
    fleet.slots(2, &dead);
    assert!(!fleet.is_on());
    fleet.slots(1, &dead);
    assert_eq!(fleet.deregistered(), dead);
    // The five others are judged all the same.
    fleet.slots(2, &["t4", "t5", "t6"]);
    assert!(fleet.is_on());
}

/// Half of them are down for good, which mutes nothing any more.
#[test]
fn who_has_been_unhealthy_for_an_hour_makes_no_mass_failure() {
    let dead = ["t0", "t1", "t2", "t3", "t4"];
    let mut fleet = Fleet::of(10);
    fleet.slots(1, &[]);
    fleet.slots(3, &dead);
    // Unhealthy since 30 s; an hour later, five are left.
    fleet.slots(359, &dead);
    assert!(fleet.is_on());
    assert_eq!(fleet.deregistered(), [""; 0]);
    fleet.slots(1, &dead);
    assert!(!fleet.is_on());
    fleet.slots(3, &dead);
    assert_eq!(fleet.deregistered(), dead);
    fleet.slots(1, &["t5", "t6", "t7"]);
    assert!(fleet.is_on());
}

/// By the clock alone: nobody has to be probed for it.
#[test]
fn an_hour_ends_at_its_time() {
    let dead = ["t0", "t1", "t2"];
    let mut fleet = Fleet::of(5);
    fleet.slots(1, &[]);
    fleet.slots(3, &dead);
    for (seconds, is_on) in [(3_629, true), (3_630, false)] {
        let now = at(seconds * 1_000);
        assert_eq!(
            numbers(&mut fleet.monitor, now).is_mass_failure,
            is_on,
            "{seconds}"
        );
    }
}

/// The next prober knows it as well.
#[test]
fn what_was_never_healthy_and_what_was_for_long_is_known_after_a_restart() {
    let begin = 1_769_169_600_000;
    let moment = |now: u64| Moment {
        now: at(now),
        unix: UnixTime::from_millis(begin + now),
    };
    for (was_healthy, minutes, is_on) in [(true, 10, true), (true, 61, false), (false, 10, false)] {
        let mut monitor = running(plain_with(|it| {
            it.mass_failure = Some(MassFailure::default());
        }));
        for number in 0..6 {
            let mut saved = Saved::default();
            saved.status = CheckStatus::Healthy;
            if number < 3 {
                saved.status = CheckStatus::Unhealthy;
                saved.streak = health_core::Streak::of_failures(9);
                saved.since = Some(UnixTime::from_millis(begin - minutes * 60_000));
                saved.was_healthy = was_healthy;
            }
            let spec = TargetSpec::new(name(&format!("t{number}")));
            let config = Arc::new(deregistering());
            let spec = spec.restored_check(name("check"), config, saved);
            monitor.add_at(moment(0), spec).expect("new");
        }
        let status = numbers(&mut monitor, at(0));
        assert_eq!(status.is_mass_failure, is_on, "{was_healthy} {minutes}");
    }
    let mut fleet = Fleet::of(1);
    fleet.slots(1, &[]);
    fleet.slots(3, &["t0"]);
    let target = fleet.monitor.target(fleet.ids["t0"]).expect("there");
    let (_, check) = target.checks().next().expect("a check");
    assert!(check.saved(moment(60_000)).was_healthy);
}

/// A target that is put back on the list begins afresh, and is no part of the failures before.
#[test]
fn who_is_reactivated_and_still_dead_makes_no_mass_failure() {
    let dead = ["t0", "t1", "t2"];
    let mut fleet = Fleet::of(7);
    fleet.slots(1, &[]);
    fleet.slots(3, &dead);
    assert_eq!(fleet.deregistered(), dead);
    for target in dead {
        let now = at(fleet.next - SLOT + 1);
        fleet.monitor.reactivate(now, fleet.ids[target]);
    }
    fleet.slots(2, &dead);
    assert!(!fleet.is_on());
    fleet.slots(2, &dead);
    assert_eq!(fleet.deregistered(), dead);
}
