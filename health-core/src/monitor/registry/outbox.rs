//! An outbox: what one receiver has not taken yet, and when it is tried again.

use alloc::collections::VecDeque;
use core::time::Duration;

use crate::base::Instant;

/// After the first failures in a row; from then on each pause is twice as long, up to [`MAX_PAUSE`].
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// The most items that wait. Beyond it the oldest is lost.
const MAX_WAITING: usize = 4_096;

/// Items on their way to one receiver, in their order: none overtakes another, so that a receiver never
/// hears of a recovery before it hears of the outage.
///
/// The first is tried at once, and after a failure again, after 1 s, 10 s, 20 s, 40 s, then every minute.
/// A failure later than `give_up_after` from the time it was put here is its last. Each is tried once at
/// least, however old it is: a process that was away for long has to deliver what it comes back with.
///
/// ```
/// use core::time::Duration;
/// use health_core::Instant;
/// use health_core::monitor::registry::{DeliveryFailure, Outbox};
///
/// let mut now = Instant::default();
/// let mut outbox = Outbox::new(Duration::from_secs(3_600));
/// outbox.push(now, "web-1 is unhealthy");
/// assert_eq!(outbox.poll(now), Some((&"web-1 is unhealthy", 1)));
/// assert_eq!(outbox.poll(now), None, "it is on its way");
/// let DeliveryFailure::Retry { at } = outbox.handle_failure(now) else {
///     panic!("it is young");
/// };
/// now = at;
/// assert_eq!(outbox.poll(now), Some((&"web-1 is unhealthy", 2)));
/// assert_eq!(outbox.handle_success(), Some("web-1 is unhealthy"));
/// assert_eq!(outbox.poll_timeout(), None);
/// ```
#[derive(Debug)]
pub struct Outbox<T> {
    give_up_after: Duration,
    waiting: VecDeque<Waiting<T>>,
    /// When the first may be tried.
    due: Instant,
    /// See [`wait_until`](Self::wait_until).
    not_before: Option<Instant>,
    is_trying: bool,
}

#[derive(Debug)]
struct Waiting<T> {
    item: T,
    /// A failure from then on is its last.
    give_up_at: Instant,
    attempts: u32,
}

/// What follows from a failure to deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryFailure<T> {
    /// It is tried again.
    Retry {
        /// When.
        at: Instant,
    },
    /// It is too old to be tried again, and no longer in the outbox.
    GivenUp(T),
}

impl<T> Outbox<T> {
    /// An empty outbox.
    #[must_use]
    pub const fn new(give_up_after: Duration) -> Self {
        Self {
            give_up_after,
            waiting: VecDeque::new(),
            due: Instant::from_micros(0),
            not_before: None,
            is_trying: false,
        }
    }

    /// Items that are put here from now on are given up so long after that.
    pub const fn set_give_up_after(&mut self, give_up_after: Duration) {
        self.give_up_after = give_up_after;
    }

    /// Adds an item behind all others. Returns the one that is lost, if more than 4,096 wait.
    pub fn push(&mut self, now: Instant, item: T) -> Option<T> {
        self.restore(now, item, Duration::ZERO, 0)
    }

    /// Adds an item that an earlier process has put here so long ago, and tried so often. Otherwise as
    /// [`push`](Self::push).
    pub fn restore(&mut self, now: Instant, item: T, age: Duration, attempts: u32) -> Option<T> {
        self.waiting.push_back(Waiting {
            item,
            give_up_at: now + self.give_up_after.saturating_sub(age),
            attempts,
        });
        let oldest = usize::from(self.is_trying);
        let is_full = self.waiting.len() > MAX_WAITING;
        let lost = is_full.then(|| self.waiting.remove(oldest)).flatten();
        lost.map(|it| it.item)
    }

    /// The item to deliver now, and which attempt that is, from 1 on. It is reported by
    /// [`handle_success`](Self::handle_success) or [`handle_failure`](Self::handle_failure); there is no
    /// other before.
    pub fn poll(&mut self, now: Instant) -> Option<(&T, u32)> {
        if self.poll_timeout()? > now {
            return None;
        }
        self.is_trying = true;
        let first = self.waiting.front_mut()?;
        first.attempts = first.attempts.saturating_add(1);
        Some((&first.item, first.attempts))
    }

    /// When to call [`poll`](Self::poll) next; `None` is after the next item, or after a report. In the
    /// past if an item is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let is_due = !self.is_trying && !self.waiting.is_empty();
        is_due.then_some(self.due)
    }

    /// The receiver has taken it; returns it.
    pub fn handle_success(&mut self) -> Option<T> {
        self.is_trying = false;
        self.due = Instant::default();
        self.waiting.pop_front().map(|it| it.item)
    }

    /// The receiver asks to be left alone until then (`Retry-After`): counts for the failure that is
    /// reported next.
    pub fn wait_until(&mut self, at: Instant) {
        self.not_before = Some(at);
    }

    /// The receiver has not taken it.
    pub fn handle_failure(&mut self, now: Instant) -> DeliveryFailure<T> {
        self.is_trying = false;
        let first = self.waiting.front();
        let (give_up_at, attempts) = first.map_or((now, 1), |it| (it.give_up_at, it.attempts));
        if give_up_at > now {
            let asked = self.not_before.take().unwrap_or(now);
            // The last attempt is at the very end, and not before.
            let at = (now + pause(attempts)).max(asked).min(give_up_at);
            self.due = at;
            return DeliveryFailure::Retry { at };
        }
        match self.handle_success() {
            Some(item) => DeliveryFailure::GivenUp(item),
            None => DeliveryFailure::Retry { at: now },
        }
    }

    /// Has the first item tried at that time, if it would be later: who is about to end has no time for a
    /// long pause.
    pub fn hurry(&mut self, at: Instant) {
        self.due = self.due.min(at);
    }

    /// How many items wait, with the one that is on its way.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

fn pause(attempts: u32) -> Duration {
    let index = attempts.max(1) - 1;
    let known = usize::try_from(index).ok().and_then(|it| PAUSES.get(it));
    known.copied().unwrap_or_else(|| {
        let doublings = (index - 1).min(16);
        (PAUSES[1] * (1 << doublings)).min(MAX_PAUSE)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn at(seconds: u64) -> Instant {
        Instant::default() + Duration::from_secs(seconds)
    }

    /// When an item is tried that no receiver takes.
    fn attempts(outbox: &mut Outbox<&'static str>, mut now: Instant) -> Vec<u64> {
        let mut attempts = Vec::new();
        while let Some((_, _)) = outbox.poll(now) {
            attempts.push(now.as_micros() / 1_000_000);
            if let DeliveryFailure::Retry { at } = outbox.handle_failure(now) {
                now = at;
            }
        }
        attempts
    }

    #[test]
    fn pauses_grow_and_end_with_the_hour() {
        let mut outbox = Outbox::new(Duration::from_secs(3_600));
        outbox.push(at(0), "a");
        let tried = attempts(&mut outbox, at(0));
        assert_eq!(tried[..8], [0, 1, 11, 31, 71, 131, 191, 251]);
        assert_eq!((tried.last(), tried.len()), (Some(&3_600), 64));
        assert!(outbox.is_empty());
    }

    #[test]
    fn none_overtakes_another() {
        let mut outbox = Outbox::new(Duration::from_secs(3_600));
        outbox.push(at(0), "down");
        assert_eq!(outbox.poll(at(0)), Some((&"down", 1)));
        outbox.push(at(1), "up");
        assert_eq!(outbox.poll(at(1)), None);
        assert_eq!(
            outbox.handle_failure(at(2)),
            DeliveryFailure::Retry { at: at(3) }
        );
        assert_eq!(outbox.poll(at(2)), None);
        assert_eq!(outbox.poll(at(3)), Some((&"down", 2)));
        assert_eq!(outbox.handle_success(), Some("down"));
        // It has not failed yet.
        assert_eq!(outbox.poll(at(3)), Some((&"up", 1)));
    }

    #[test]
    fn who_is_about_to_end_tries_sooner_and_never_later() {
        let mut outbox = Outbox::new(Duration::from_secs(3_600));
        outbox.restore(at(0), "a", Duration::ZERO, 9);
        assert!(outbox.poll(at(0)).is_some());
        outbox.hurry(at(0));
        assert_eq!(outbox.poll(at(0)), None, "it is on its way");
        let failed = outbox.handle_failure(at(0));
        assert_eq!(failed, DeliveryFailure::Retry { at: at(60) });
        outbox.hurry(at(1));
        outbox.hurry(at(2));
        assert_eq!(outbox.poll_timeout(), Some(at(1)));
        assert_eq!(outbox.poll(at(1)), Some((&"a", 11)));
    }

    /// A process that was away for longer than the hour.
    #[test]
    fn one_that_is_too_old_is_tried_once_all_the_same() {
        let mut outbox = Outbox::new(Duration::from_secs(3_600));
        outbox.restore(at(0), "old", Duration::from_secs(9_999), 7);
        outbox.restore(at(0), "younger", Duration::from_secs(3_598), 1);
        assert_eq!(outbox.poll(at(0)), Some((&"old", 8)));
        assert_eq!(
            outbox.handle_failure(at(0)),
            DeliveryFailure::GivenUp("old")
        );
        assert_eq!(attempts(&mut outbox, at(0)), [0, 2]);
    }

    #[test]
    fn beyond_the_limit_the_oldest_is_lost_but_not_the_one_on_its_way() {
        let mut outbox = Outbox::new(Duration::from_secs(3_600));
        for number in 0..MAX_WAITING {
            assert_eq!(outbox.push(at(0), number), None);
        }
        assert_eq!(outbox.push(at(0), MAX_WAITING), Some(0));
        assert_eq!(outbox.poll(at(0)), Some((&1, 1)));
        assert_eq!(outbox.push(at(0), MAX_WAITING + 1), Some(2));
        assert_eq!(outbox.handle_success(), Some(1));
        assert_eq!(outbox.len(), MAX_WAITING - 1);
    }
}
