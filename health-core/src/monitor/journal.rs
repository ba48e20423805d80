//! What is still to be kept, and when: at most a second of results, no transition at all, may be
//! lost with the process.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use super::batch::{Batch, Change, CheckRow, ResultRow, Transition};
use super::id::{CheckId, TargetId};
use super::machine::{Life, Monitor};
use super::target::Target;
use super::untold::Queue;
use crate::base::Name;
use crate::base::Streak;
use crate::base::{Instant, Moment};
use crate::check::{self, Check, Events, Mode, Record, SavedState};

/// What a result may wait for others to be written with it.
const GATHER: Duration = Duration::from_secs(1);
/// The first pause after a batch that could not be kept; each further one is twice as long.
const RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(30);
/// Of each kind in one batch: what a store writes in a few hundredths of a second.
const MOST_IN_BATCH: usize = 4_096;

impl Monitor {
    /// Gathers from now on what a store is to keep. Without it, nothing is.
    pub fn keep_journal(&mut self) {
        self.journal.get_or_insert_with(Journal::default);
    }

    /// Has the state of some checks kept again, for a store that has lost it: those of the first `most`
    /// targets whose names come after `after`. Returns after which name to go on, `None` at the end.
    ///
    /// Nothing once the monitor is stopping: its checks no longer say how they stood.
    pub fn journal_again(
        &mut self,
        now: Instant,
        after: Option<&Name>,
        most: usize,
    ) -> Option<Name> {
        let journal = self.journal.as_mut()?;
        let mut last = None;
        for (id, target) in self.targets.after(after).take(most) {
            for (index, (name, check)) in target.checks.iter().enumerate() {
                let names = (target.name().clone(), name.clone());
                journal.note(now, id.check(index), names, check);
            }
            last = Some(target.name());
        }
        last.cloned()
    }

    /// The next batch to be kept, if it is time for one: at once if a check has turned or the monitor
    /// is stopping, else a second after the first result.
    ///
    /// Answer each by [`handle_stored`](Self::handle_stored); there is no other before. One that
    /// failed comes again, after 1 s at first, then later and later, up to 30 s. While the monitor is
    /// stopping it comes again at once, and once.
    pub fn poll_batch(&mut self, moment: Moment) -> Option<Arc<Batch>> {
        let is_last = self.is_last();
        self.journal.as_mut()?.poll(moment, is_last)
    }

    /// When to call [`poll_batch`](Self::poll_batch) next, if nothing else happens before; `None` is
    /// after the next change, or after the answer to the last batch. In the past if there is one.
    #[must_use]
    pub fn batch_timeout(&self) -> Option<Instant> {
        self.journal.as_ref()?.timeout(self.is_last())
    }

    /// The batch is kept, or could not be.
    pub fn handle_stored(&mut self, now: Instant, stored: bool) {
        if let Some(journal) = &mut self.journal {
            journal.handle_stored(now, stored);
        }
    }

    /// While nothing can be kept: what has happened since the last call, at most once a second. It is
    /// for those who are to hear of it all the same, and not to be answered: a batch to be kept brings
    /// it again, and [says so](Batch::is_told).
    pub fn poll_unkept(&mut self, moment: Moment) -> Option<Arc<Batch>> {
        let is_last = self.is_last();
        self.journal.as_mut()?.poll_unkept(moment, is_last)
    }

    /// When to call [`poll_unkept`](Self::poll_unkept) next, if nothing else happens before.
    #[must_use]
    pub fn unkept_timeout(&self) -> Option<Instant> {
        self.journal.as_ref()?.unkept_timeout(self.is_last())
    }

    /// How keeping goes; `None` without a journal.
    #[must_use]
    pub fn journal_stats(&self, now: Instant) -> Option<JournalStats> {
        self.journal.as_ref().map(|journal| journal.stats(now))
    }

    /// Whether there is no later time to keep or tell anything.
    const fn is_last(&self) -> bool {
        matches!(self.life, Life::Stopping { .. } | Life::Stopped)
    }
}

/// How the keeping goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JournalStats {
    /// Batches that were kept.
    pub batches: u64,
    /// Failures to keep one, since the last that was.
    pub failures: u32,
    /// How old the oldest change is that is not kept. More than a few seconds say that the store is
    /// in trouble.
    pub lag: Duration,
    /// Results and transitions that were lost, since there were too many to wait.
    pub lost: u64,
}

#[derive(Debug, Default)]
pub(super) struct Journal {
    checks: BTreeMap<CheckId, (Names, SavedState)>,
    results: Queue<(CheckId, Names, Record)>,
    transitions: Queue<Turn>,
    /// Before this, nothing that is not kept is told.
    tell_at: Instant,
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
    change: Change,
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
    /// Something was done to a check, which stood at `before`.
    pub(super) fn observe(
        &mut self,
        now: Instant,
        id: CheckId,
        target: &Target,
        before: SavedState,
        events: &Events,
    ) {
        let Some((name, check)) = target.checks.get(id.index()) else {
            return;
        };
        let names = || (target.name().clone(), name.clone());
        let standing = check.saved_state();
        let mut record = None;
        for event in events.iter() {
            if let check::Event::Recorded(it) = event {
                record = Some(it.clone());
                self.stats.lost += self.results.push((id, names(), it.clone()));
                self.since.get_or_insert(now);
            }
            if let Some(change) = Change::of(event) {
                let turn = Turn {
                    at: now,
                    id,
                    names: names(),
                    change,
                    streak: standing.streak,
                    record: record.clone(),
                };
                self.stats.lost += self.transitions.push(turn);
                self.since.get_or_insert(now);
            }
        }
        if standing != before {
            self.note(now, id, names(), check);
        }
    }

    fn note(&mut self, now: Instant, id: CheckId, names: Names, check: &Check) {
        // A monitor that stops says nothing about its targets.
        if !matches!(check.mode(), Mode::Stopping | Mode::Stopped) {
            self.checks.insert(id, (names, check.saved_state()));
            self.since.get_or_insert(now);
        }
    }

    /// The target is no more: only its transitions are history.
    pub(super) fn forget(&mut self, target: TargetId) {
        self.checks.retain(|id, _| id.target() != target);
        self.results.retain(|(id, ..)| id.target() != target);
    }

    fn poll(&mut self, moment: Moment, is_last: bool) -> Option<Arc<Batch>> {
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
        let batch = Arc::new(self.take(moment));
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

    fn timeout(&self, is_last: bool) -> Option<Instant> {
        if let Some(out) = &self.out {
            return out.retry_at.map(|at| if is_last { out.since } else { at });
        }
        let since = self.since?;
        let at_once = is_last || !self.transitions.is_empty();
        Some(if at_once { since } else { since + GATHER })
    }

    fn handle_stored(&mut self, now: Instant, stored: bool) {
        let Some(out) = &mut self.out else {
            return;
        };
        if stored {
            self.out = None;
            self.stats.batches += 1;
            self.stats.failures = 0;
        } else {
            if self.stats.failures == 0 {
                self.tell_at = now;
            }
            let doublings = self.stats.failures.min(8);
            let pause = (RETRY * (1 << doublings)).min(LONGEST_RETRY);
            out.retry_at = (!out.is_last).then_some(now + pause);
            self.stats.failures = self.stats.failures.saturating_add(1);
        }
    }

    fn stats(&self, now: Instant) -> JournalStats {
        let oldest = self.out.as_ref().map(|out| out.since).or(self.since);
        JournalStats {
            lag: oldest.map_or(Duration::ZERO, |oldest| now.duration_since(oldest)),
            ..self.stats
        }
    }

    fn is_empty(&self) -> bool {
        self.checks.is_empty() && self.results.is_empty() && self.transitions.is_empty()
    }

    fn take(&mut self, moment: Moment) -> Batch {
        self.handed_out += 1;
        let mut batch = Batch {
            number: self.handed_out,
            is_told: self.results.has_told() || self.transitions.has_told(),
            ..Batch::default()
        };
        let results = self.results.take(batch.is_told, MOST_IN_BATCH);
        batch
            .results
            .extend(results.map(|it| result_row(it, moment)));
        for turn in self.transitions.take(batch.is_told, MOST_IN_BATCH) {
            // What turned, with where it stands now: no store may know one without the other.
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

    fn poll_unkept(&mut self, moment: Moment, is_last: bool) -> Option<Arc<Batch>> {
        if self.unkept_timeout(is_last)? > moment.now {
            return None;
        }
        self.tell_at = moment.now + GATHER;
        let results: Vec<_> = self.results.tell().cloned().collect();
        let transitions = self.transitions.tell().cloned();
        let transitions = transitions.map(|turn| transition_row(turn, moment));
        // Those that have a result; thousands may wait besides.
        let ids: BTreeSet<_> = results.iter().map(|(id, ..)| *id).collect();
        let checks = ids.iter().filter_map(|id| self.checks.get(id).cloned());
        Some(Arc::new(Batch {
            number: self.handed_out,
            is_told: false,
            checks: checks
                .map(|(names, standing)| check_row(names, standing, moment))
                .collect(),
            results: results
                .into_iter()
                .map(|it| result_row(it, moment))
                .collect(),
            transitions: transitions.collect(),
        }))
    }

    fn unkept_timeout(&self, is_last: bool) -> Option<Instant> {
        let is_failing = self.stats.failures > 0;
        let has_untold = self.results.has_untold() || self.transitions.has_untold();
        let at = self.since.filter(|_| is_last).unwrap_or(self.tell_at);
        (is_failing && has_untold).then_some(at)
    }
}

fn check_row((target, check): Names, standing: SavedState, moment: Moment) -> CheckRow {
    CheckRow {
        target,
        check,
        saved: standing.saved(moment),
    }
}

fn result_row((_, names, record): (CheckId, Names, Record), moment: Moment) -> ResultRow {
    ResultRow {
        target: names.0,
        check: names.1,
        begin: moment.unix_at(record.begin()),
        record,
    }
}

fn transition_row(turn: Turn, moment: Moment) -> Transition {
    Transition {
        target: turn.names.0,
        check: turn.names.1,
        at: moment.unix_at(turn.at),
        change: turn.change,
        streak: turn.streak,
        record: turn.record,
    }
}
