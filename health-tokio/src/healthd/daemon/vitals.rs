//! The monitor's own health: whether it goes round, keeps up, and how its targets are.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use health_core::health::{ComponentConfig, Status};
use health_core::monitor::{Stats, Summary};
use health_core::name::{Name, NameError};
use health_core::outcome::Outcome;
use health_core::shared::{Component, Health, Heartbeat, Stats as Published};

use super::registry::Registry;
use crate::monitor::Controls;

/// Groups are looked at when something has turned, and this often.
const PAUSE: Duration = Duration::from_secs(10);
/// Without a beat for so long, the monitor is not alive.
const CYCLE: Duration = Duration::from_secs(30);
/// Probes that are later than this say that nobody makes them.
const LATE: Duration = Duration::from_secs(10);

pub(super) struct Vitals {
    health: Health,
    controls: Controls,
    /// What is due is done.
    cycle: Heartbeat,
    /// They are made in time.
    schedule: Component,
    groups: BTreeMap<Name, Group>,
    seen: Stats,
    /// Slots skipped by that time.
    scheduled: (Instant, u64),
    looked: Option<Instant>,
}

struct Group {
    component: Component,
    stats: Published,
}

impl Vitals {
    /// # Errors
    ///
    /// Never, if called once.
    pub(super) fn new(health: &Health, controls: &Controls) -> Result<Self, NameError> {
        let schedule = ComponentConfig {
            retries: 1,
            critical: false,
            ..ComponentConfig::default()
        };
        let vitals = Self {
            health: health.clone(),
            controls: controls.clone(),
            cycle: health.heartbeat("cycle", CYCLE)?,
            schedule: health.component_with("schedule", schedule)?,
            groups: BTreeMap::new(),
            seen: controls.stats(),
            scheduled: (Instant::now(), controls.stats().skipped_slots),
            looked: None,
        };
        vitals.schedule.success();
        Ok(vitals)
    }

    /// Once a second.
    pub(super) fn look(&mut self, registry: &Registry) {
        let stats = self.controls.stats();
        let before = std::mem::replace(&mut self.seen, stats);
        let is_due = self.looked.is_none_or(|at| at.elapsed() >= PAUSE);
        let has_news = stats.attempts != before.attempts;
        if is_due || has_news && registry.len() <= 1_000 {
            self.groups(registry);
        }
        if self.controls.overdue() < LATE {
            self.cycle.beat();
        }
        let (since, skipped) = self.scheduled;
        if since.elapsed() >= PAUSE {
            self.scheduled = (Instant::now(), stats.skipped_slots);
            self.schedule.record(match stats.skipped_slots - skipped {
                0 => Outcome::success(),
                skipped => Outcome::failure(format!("{skipped} slots skipped")),
            });
        }
    }

    /// Tells each group's component how its targets are.
    fn groups(&mut self, registry: &Registry) {
        self.looked = Some(Instant::now());
        let verdicts: BTreeMap<Name, Option<Status>> =
            self.controls.verdicts().into_iter().collect();
        let listed = registry.groups();
        let mut by_group: BTreeMap<&Name, Vec<Option<Status>>> = BTreeMap::new();
        for (name, group) in &listed {
            let verdict = verdicts.get(name).copied().flatten();
            by_group.entry(group).or_default().push(verdict);
        }
        let groups = self.groups.keys();
        let gone: Vec<_> = groups
            .filter(|it| !by_group.contains_key(it))
            .cloned()
            .collect();
        for group in gone.iter().filter_map(|name| self.groups.remove(name)) {
            group.component.remove();
        }
        for (name, verdicts) in by_group {
            if !self.groups.contains_key(name) {
                let Ok(group) = Group::new(&self.health, name) else {
                    continue;
                };
                self.groups.insert(name.clone(), group);
            }
            let summary: Summary = verdicts.into_iter().collect();
            self.groups[name].tell(summary);
        }
    }
}

impl Group {
    fn new(health: &Health, name: &Name) -> Result<Self, NameError> {
        let config = ComponentConfig {
            // The checks have counted already.
            retries: 1,
            validity: Some(6 * PAUSE),
            // A target that is down is the target's trouble: the monitor is degraded by it, and
            // not to be killed for it.
            critical: false,
            ..ComponentConfig::default()
        };
        Ok(Self {
            component: health.component_with(name.as_str(), config)?,
            stats: health.stats(name.as_str())?,
        })
    }

    fn tell(&self, summary: Summary) {
        let counts = BTreeMap::from([("total", summary.total), ("healthy", summary.healthy())]);
        // Two numbers can always be serialised.
        let _ = self.stats.set(&counts);
        if let Some(outcome) = summary.outcome() {
            self.component.record(outcome);
        }
    }
}
