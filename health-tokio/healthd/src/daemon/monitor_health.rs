//! The monitor's own components: whether it runs, whether it keeps up, and the state of each group.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::time::{Duration, Instant};

use health_core::Outcome;
use health_core::health::{ComponentConfig, Counter};
use health_core::monitor::MonitorStats;
use health_core::{Name, NameError};
use health_driver::monitor::GroupComponent;
use health_driver::{Component, Health, Heartbeat, Stats as Published};
use serde_json::json;

use super::list::List;
use crate::terminal::Terminal;
use crate::text::millis;

/// Groups are counted when something has changed, and this often.
const PAUSE: Duration = Duration::from_secs(10);
/// Without a heartbeat for so long, the monitor is not alive.
const CYCLE: Duration = Duration::from_secs(30);
/// If probes are later than this, the prober has stopped working.
const LATE: Duration = Duration::from_secs(10);

pub(super) struct MonitorHealth {
    health: Health,
    list: List,
    /// Beats while probes are made.
    cycle: Heartbeat,
    /// Healthy while probes are made in time.
    schedule: Component,
    /// How late attempts begin, and how late results are kept: beside the components of these names.
    lags: [Published; 2],
    /// Lines of the log that could not be written.
    lost_lines: Counter,
    terminal: Arc<Terminal>,
    groups: BTreeMap<Name, GroupComponent>,
    seen: MonitorStats,
    /// Slots skipped by that time.
    scheduled: (Instant, u64),
    looked: Option<Instant>,
}

impl MonitorHealth {
    /// # Errors
    ///
    /// Never, if called once.
    pub(super) fn new(
        health: &Health,
        list: List,
        terminal: Arc<Terminal>,
    ) -> Result<Self, NameError> {
        let schedule = ComponentConfig::new().retries(1).critical(false);
        let seen = list.controls.stats();
        let monitor_health = Self {
            health: health.clone(),
            list,
            cycle: health.heartbeat("cycle", CYCLE)?,
            schedule: health.component_with("schedule", schedule)?,
            lags: [health.stats("schedule")?, health.stats("store")?],
            lost_lines: health.counter("log_lines_lost", "Lines of the log that were dropped")?,
            terminal,
            groups: BTreeMap::new(),
            seen,
            scheduled: (Instant::now(), seen.skipped_slots),
            looked: None,
        };
        monitor_health.schedule.success();
        monitor_health.lags(&monitor_health.seen);
        Ok(monitor_health)
    }

    /// Once a second.
    pub(super) fn update(&mut self) {
        let stats = self.list.controls.stats();
        let before = std::mem::replace(&mut self.seen, stats);
        let is_due = self.looked.is_none_or(|at| at.elapsed() >= PAUSE);
        let has_news = stats.attempts != before.attempts;
        if is_due || has_news && self.list.len() <= 1_000 {
            self.groups();
        }
        if self.list.controls.overdue() < LATE {
            self.cycle.beat();
        }
        let lost = usize::try_from(self.terminal.lost()).unwrap_or(usize::MAX);
        self.lost_lines.add(lost - self.lost_lines.value());
        let (since, skipped) = self.scheduled;
        if since.elapsed() >= PAUSE {
            self.scheduled = (Instant::now(), stats.skipped_slots);
            self.lags(&stats);
            self.schedule.record(match stats.skipped_slots - skipped {
                0 => Outcome::success(),
                skipped => Outcome::failure_with_message(format!("{skipped} slots skipped")),
            });
        }
    }

    fn lags(&self, stats: &MonitorStats) {
        let [schedule, store] = &self.lags;
        let journal = self.list.controls.journal_stats().unwrap_or_default();
        // Numbers can always be serialised.
        let _ = schedule.set(&json!({
            "lag_p50_ms": millis(stats.lag_quantile(0.5)),
            "lag_p99_ms": millis(stats.lag_quantile(0.99)),
            "max_lag_ms": millis(stats.max_lag),
        }));
        let _ = store.set(&json!({ "lag_ms": millis(journal.lag), "lost": journal.lost }));
    }

    /// Updates each group's component from its targets.
    fn groups(&mut self) {
        self.looked = Some(Instant::now());
        let groups = self.list.controls.groups();
        // Every target is in a group of ours.
        let groups = groups
            .into_iter()
            .filter_map(|(name, it)| Some((name?, it)));
        let groups: BTreeMap<Name, _> = groups.collect();
        let known = self.groups.keys();
        let gone: Vec<_> = known
            .filter(|it| !groups.contains_key(it))
            .cloned()
            .collect();
        for group in gone.iter().filter_map(|name| self.groups.remove(name)) {
            group.remove();
        }
        for (name, (summary, down)) in groups {
            let known = match self.groups.entry(name) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(free) => match GroupComponent::new(&self.health, free.key().as_str())
                {
                    Ok(group) => free.insert(group),
                    Err(_) => continue,
                },
            };
            known.record(summary, &down);
        }
    }
}
