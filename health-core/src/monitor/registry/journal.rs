//! The journal of a monitor: what is still to be stored, and when it is due.
//!
//! At most a second of results, and no transition, may be lost with the process. The calls that give it
//! out are in `writer.rs`.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use super::batch::{Batch, CheckChange, CheckRow, ResultRow, TransitionRow};
use super::pending::Pending;
use super::quiet::Quiet;
use super::writer::JournalStats;
use crate::base::Name;
use crate::base::Streak;
use crate::base::{Instant, Moment};
use crate::check::{self, Check, Events, Mode, Record, SavedState};
use crate::monitor::list::Targets;
use crate::monitor::{CheckId, TargetId};

/// How long a result may wait for others to be written with it.
const GATHER: Duration = Duration::from_secs(1);
/// The first pause after a batch that could not be stored; each further one is twice as long.
const RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(30);
/// Of each kind in one batch: what a store writes in a few hundredths of a second.
const MOST_IN_BATCH: usize = 4_096;

#[derive(Debug, Default)]
pub(in crate::monitor) struct Journal {
    checks: BTreeMap<CheckId, (Names, SavedState)>,
    /// Those of targets that were removed are left out when they are taken.
    results: Pending<(CheckId, Names, Record)>,
    transitions: Pending<Turn>,
    /// Before this, nothing is reported that is not stored.
    report_at: Instant,
    /// When the oldest of all that came in.
    since: Option<Instant>,
    out: Option<Out>,
    stats: JournalStats,
    handed_out: u64,
}

type Names = (Name, Name);

#[derive(Clone, Debug)]
struct Turn {
    at: Instant,
    id: CheckId,
    names: Names,
    change: CheckChange,
    streak: Streak,
    record: Option<Record>,
}

/// A batch that was handed out.
#[derive(Debug)]
struct Out {
    batch: Arc<Batch>,
    since: Instant,
    /// It failed, and comes again then.
    retry_at: Option<Instant>,
    /// It was handed out for the last time.
    is_last: bool,
}

impl Journal {
    /// Adds what was done to a check, whose state was `before`.
    pub(in crate::monitor) fn observe(
        &mut self,
        now: Instant,
        id: CheckId,
        targets: &Targets,
        before: SavedState,
        events: &Events,
    ) {
        let Some(target) = targets.get(id.target()) else {
            return;
        };
        let Some((name, check)) = target.checks.get(id.index()) else {
            return;
        };
        let names = || (target.name().clone(), name.clone());
        let standing = check.saved_state();
        let mut record = None;
        for event in events.iter() {
            if let check::Event::Recorded(it) = event {
                record = Some(it.clone());
                let lost = self.results.push((id, names(), it.clone()));
                let lost = lost.filter(|(id, ..)| targets.get(id.target()).is_some());
                self.stats.lost += u64::from(lost.is_some());
                self.since.get_or_insert(now);
            }
            if let Some(change) = CheckChange::of(event) {
                let turn = Turn {
                    at: now,
                    id,
                    names: names(),
                    change,
                    streak: standing.streak,
                    record: record.clone(),
                };
                let lost = self.transitions.push(turn);
                self.stats.lost += u64::from(lost.is_some());
                self.since.get_or_insert(now);
            }
        }
        if standing != before {
            self.note(now, id, names(), check);
        }
    }

    pub(in crate::monitor) fn note(
        &mut self,
        now: Instant,
        id: CheckId,
        names: Names,
        check: &Check,
    ) {
        // A monitor that stops knows nothing more about its targets.
        if !matches!(check.mode(), Mode::Stopping | Mode::Stopped) {
            self.checks.insert(id, (names, check.saved_state()));
            self.since.get_or_insert(now);
        }
    }

    /// The target was removed: of what waits, only its transitions are stored.
    pub(in crate::monitor) fn forget(&mut self, target: TargetId) {
        let checks = target.check(0)..=target.check(usize::MAX);
        while let Some((&id, _)) = self.checks.range(checks.clone()).next() {
            self.checks.remove(&id);
        }
    }

    pub(super) fn poll(
        &mut self,
        moment: Moment,
        is_last: bool,
        targets: &Targets,
        quiet: &Quiet,
    ) -> Option<Arc<Batch>> {
        let due = self.timeout(is_last)?;
        if due > moment.now {
            return None;
        }
        if let Some(out) = &mut self.out {
            out.retry_at = None;
            out.is_last = is_last;
            return Some(Arc::clone(&out.batch));
        }
        let since = self.since.take()?;
        let batch = Arc::new(self.take(moment, targets, quiet));
        if !self.is_empty() {
            // The rest is as old, at most.
            self.since = Some(since);
        }
        self.out = Some(Out {
            batch: Arc::clone(&batch),
            since,
            retry_at: None,
            is_last,
        });
        Some(batch)
    }

    pub(super) fn timeout(&self, is_last: bool) -> Option<Instant> {
        if let Some(out) = &self.out {
            return out.retry_at.map(|at| if is_last { out.since } else { at });
        }
        let since = self.since?;
        let at_once = is_last || !self.transitions.is_empty();
        Some(if at_once { since } else { since + GATHER })
    }

    pub(super) fn handle_stored(&mut self, now: Instant, stored: bool) {
        let Some(out) = &mut self.out else {
            return;
        };
        if stored {
            self.out = None;
            self.stats.batches += 1;
            self.stats.failures = 0;
        } else {
            if self.stats.failures == 0 {
                self.report_at = now;
            }
            let doublings = self.stats.failures.min(8);
            let pause = (RETRY * (1 << doublings)).min(LONGEST_RETRY);
            out.retry_at = (!out.is_last).then_some(now + pause);
            self.stats.failures = self.stats.failures.saturating_add(1);
        }
    }

    pub(super) fn stats(&self, now: Instant) -> JournalStats {
        let oldest = self.out.as_ref().map(|out| out.since).or(self.since);
        JournalStats {
            lag: oldest.map_or(Duration::ZERO, |oldest| now.duration_since(oldest)),
            ..self.stats
        }
    }

    fn is_empty(&self) -> bool {
        self.checks.is_empty() && self.results.is_empty() && self.transitions.is_empty()
    }

    fn take(&mut self, moment: Moment, targets: &Targets, quiet: &Quiet) -> Batch {
        self.handed_out += 1;
        let mut batch = Batch {
            number: self.handed_out,
            is_reported: self.results.has_reported() || self.transitions.has_reported(),
            ..Batch::default()
        };
        let results = self.results.take(batch.is_reported, MOST_IN_BATCH);
        let results = results.filter_map(|it| result_row(it, moment, targets, quiet));
        batch.results.extend(results);
        for turn in self.transitions.take(batch.is_reported, MOST_IN_BATCH) {
            // A transition and the state after it are stored together, or not at all.
            if let Some((names, standing)) = self.checks.remove(&turn.id) {
                batch.checks.push(check_row(names, standing, moment));
            }
            batch.transitions.push(transition_row(turn, moment));
        }
        while batch.checks.len() < MOST_IN_BATCH {
            let Some((_, (names, standing))) = self.checks.pop_first() else {
                break;
            };
            batch.checks.push(check_row(names, standing, moment));
        }
        batch
    }

    pub(super) fn poll_unstored(
        &mut self,
        moment: Moment,
        is_last: bool,
        targets: &Targets,
        quiet: &Quiet,
    ) -> Option<Arc<Batch>> {
        if self.unstored_timeout(is_last)? > moment.now {
            return None;
        }
        self.report_at = moment.now + GATHER;
        let results = self.results.report();
        let results = results.filter(|(id, ..)| targets.get(id.target()).is_some());
        let results: Vec<_> = results.cloned().collect();
        let transitions = self.transitions.report().cloned();
        let transitions = transitions.map(|turn| transition_row(turn, moment));
        // Those that have a result; thousands may wait besides.
        let ids: BTreeSet<_> = results.iter().map(|(id, ..)| *id).collect();
        let checks = ids.iter().filter_map(|id| self.checks.get(id).cloned());
        Some(Arc::new(Batch {
            number: self.handed_out,
            is_reported: false,
            checks: checks
                .map(|(names, standing)| check_row(names, standing, moment))
                .collect(),
            results: results
                .into_iter()
                .filter_map(|it| result_row(it, moment, targets, quiet))
                .collect(),
            transitions: transitions.collect(),
        }))
    }

    pub(super) fn unstored_timeout(&self, is_last: bool) -> Option<Instant> {
        let is_failing = self.stats.failures > 0;
        let has_unreported = self.results.has_unreported() || self.transitions.has_unreported();
        let at = self.since.filter(|_| is_last).unwrap_or(self.report_at);
        (is_failing && has_unreported).then_some(at)
    }
}

fn check_row((target, check): Names, standing: SavedState, moment: Moment) -> CheckRow {
    CheckRow {
        target,
        check,
        saved: standing.saved(moment),
    }
}

/// `None` if the target was removed meanwhile.
fn result_row(
    (id, names, record): (CheckId, Names, Record),
    moment: Moment,
    targets: &Targets,
    quiet: &Quiet,
) -> Option<ResultRow> {
    let target = targets.get(id.target())?;
    let begin = moment.unix_at(record.begin());
    let silenced = quiet.silenced(begin, target.name(), target.group());
    Some(ResultRow {
        silenced: silenced.is_some(),
        target: names.0,
        check: names.1,
        begin,
        record,
    })
}

fn transition_row(turn: Turn, moment: Moment) -> TransitionRow {
    TransitionRow {
        target: turn.names.0,
        check: turn.names.1,
        at: moment.unix_at(turn.at),
        change: turn.change,
        streak: turn.streak,
        record: turn.record,
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::base::Outcome;
    use crate::check::CheckConfig;
    use crate::monitor::{Command, Monitor, MonitorConfig, Spread, TargetSpec};

    /// What waits of others is neither searched nor moved: the state of its own checks goes, and its
    /// results are left out when their turn comes.
    #[test]
    fn removing_a_target_takes_its_own_state_out_and_leaves_the_queues_alone() {
        let now = Instant::default();
        let config = MonitorConfig {
            tick: Duration::ZERO,
            spread: Spread::AsConfigured,
            ..MonitorConfig::default()
        };
        let mut monitor = Monitor::new(config);
        monitor.enable_journal();
        monitor.start(now);
        let check = Name::new("check").expect("a name");
        for number in 0..100 {
            let name = Name::new(&format!("t-{number}")).expect("a name");
            let spec = TargetSpec::new(name).check(check.clone(), Arc::new(CheckConfig::default()));
            monitor.add(now, spec).expect("a new target");
        }
        while let Some(command) = monitor.poll(now) {
            if let Command::Start { attempt, .. } = command {
                monitor.handle_outcome(now, attempt, Outcome::success());
            }
        }
        let gone = monitor.find("t-42").expect("there");
        assert!(monitor.remove(now, gone));
        let journal = monitor.journal.as_ref().expect("a journal");
        assert_eq!(journal.checks.len(), 99);
        assert_eq!(journal.results.len(), 100);
        let moment = Moment {
            now,
            ..Moment::default()
        };
        let batch = monitor.poll_batch(moment).expect("due");
        assert_eq!((batch.checks.len(), batch.results.len()), (99, 99));
        // What has happened stays.
        assert_eq!(batch.transitions.len(), 100);
        let lost = monitor.journal_stats(now).map(|it| it.lost);
        assert_eq!(lost, Some(0));
    }
}
