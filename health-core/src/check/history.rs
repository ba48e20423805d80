//! The last results of a check, small enough to keep for a hundred thousand of them.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;
use core::num::NonZeroU64;
use core::time::Duration;

use crate::base::Instant;
use crate::base::{Cause, Class, Kind, Message, Outcome};

/// One result, as judged.
///
/// 32 bytes; only a result that has something to say holds memory beyond that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    begin: Instant,
    attempt: Option<NonZeroU64>,
    detail: Option<Arc<Detail>>,
    took_micros: u32,
    class: Class,
    kind: Option<Kind>,
    counted: bool,
}

#[derive(Debug, PartialEq, Eq)]
struct Detail {
    message: Message,
    cause: Option<Cause>,
}

impl Record {
    pub(super) fn new(begin: Instant, end: Instant, attempt: u64, outcome: Outcome) -> Self {
        let Outcome {
            class,
            kind,
            message,
            cause,
        } = outcome;
        let silent = message.as_str().is_empty() && cause.is_none();
        Self {
            begin,
            attempt: NonZeroU64::new(attempt),
            detail: (!silent).then(|| Arc::new(Detail { message, cause })),
            took_micros: u32::try_from(end.duration_since(begin).as_micros()).unwrap_or(u32::MAX),
            class,
            kind,
            counted: false,
        }
    }

    /// A result of an earlier process, of which a store has kept no more than what came of it.
    #[must_use]
    #[cfg(feature = "registry")]
    pub fn stored(outcome: Outcome) -> Self {
        let at = Instant::default();
        Self::new(at, at, 0, outcome).counted(true)
    }

    pub(super) fn counted(mut self, counted: bool) -> Self {
        self.counted = counted;
        self
    }

    /// The attempt's number; `None` for a slot that passed while the process of an earlier attempt
    /// was still alive.
    #[must_use]
    pub fn attempt(&self) -> Option<u64> {
        self.attempt.map(NonZeroU64::get)
    }

    /// When it began.
    #[must_use]
    pub fn begin(&self) -> Instant {
        self.begin
    }

    /// When it was answered or given up.
    #[must_use]
    pub fn end(&self) -> Instant {
        self.begin + self.duration()
    }

    /// What it took, in microseconds; an hour and eleven minutes is shown for anything longer.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_micros(u64::from(self.took_micros))
    }

    /// How it counts.
    #[must_use]
    pub fn class(&self) -> Class {
        self.class
    }

    /// What kind of error it met.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.kind
    }

    /// Whether it was no success.
    #[cfg(feature = "monitor")]
    pub(crate) fn is_error(&self) -> bool {
        matches!(self.class, Class::Failure | Class::Indeterminate)
    }

    /// Whether it moved a streak. Indeterminate results and failures within the start period do not.
    #[must_use]
    pub fn is_counted(&self) -> bool {
        self.counted
    }

    /// The text that anybody may read; empty if there is none.
    #[must_use]
    pub fn message(&self) -> &str {
        self.detail.as_ref().map_or("", |it| it.message.as_str())
    }

    /// The text for authorised readers.
    #[must_use]
    pub fn cause(&self) -> Option<&Cause> {
        self.detail.as_ref()?.cause.as_ref()
    }
}

/// The last results, oldest first.
//
// Not a ring: there are a handful, so moving them up costs nothing. Not a `Vec`, which is a word larger,
// and there are a hundred thousand.
#[derive(Debug, Default)]
pub(super) struct History(Box<[Record]>);

impl History {
    pub(super) fn push(&mut self, most: u8, record: Record) {
        let most = usize::from(most.max(1));
        if self.0.len() == most {
            self.0.rotate_left(1);
            if let Some(last) = self.0.last_mut() {
                *last = record;
            }
            return;
        }
        let mut records = Vec::from(mem::take(&mut self.0));
        if records.len() > most {
            // The settings have changed.
            records.drain(..=records.len() - most);
        }
        records.reserve_exact(1);
        records.push(record);
        self.0 = records.into_boxed_slice();
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Record> + ExactSizeIterator {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(attempt: u64) -> Record {
        let begin = Instant::from_micros(attempt * 10);
        Record::new(begin, begin, attempt, Outcome::success())
    }

    #[test]
    fn it_keeps_the_last_and_allocates_no_more() {
        let mut history = History::default();
        for attempt in 1..=12 {
            history.push(5, record(attempt));
        }
        let kept: Vec<_> = history.iter().filter_map(Record::attempt).collect();
        assert_eq!(kept, [8, 9, 10, 11, 12]);
        assert_eq!(history.0.len(), 5);
        history.push(2, record(13));
        history.push(3, record(14));
        let kept: Vec<_> = history.iter().filter_map(Record::attempt).collect();
        assert_eq!(kept, [12, 13, 14]);
    }

    #[test]
    fn a_record_is_32_bytes_and_silence_costs_nothing() {
        assert_eq!(size_of::<Record>(), 32);
        assert!(record(1).detail.is_none());
        let outcome = Outcome::failure_with_message("refused").caused_by("10.0.0.1:80");
        let told = Record::new(
            Instant::default(),
            Instant::from_micros(u64::MAX),
            0,
            outcome,
        );
        assert_eq!(told.message(), "refused");
        assert_eq!(told.cause().map(Cause::reveal), Some("10.0.0.1:80"));
        assert_eq!(told.attempt(), None);
        assert_eq!(told.duration().as_micros(), u128::from(u32::MAX));
    }
}
