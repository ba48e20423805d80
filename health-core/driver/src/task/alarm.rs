//! A timer for a deadline that moves. It only wakes the task; the clock decides what is due.

use std::task::{Context, Poll, ready};
use std::time::Duration;

use health_core::Instant;

use crate::runtime::Timer;

/// The longest sleep: runtimes cannot represent every deadline.
const LONGEST: Duration = Duration::from_secs(3600);

/// One timer for a deadline that moves at every request.
///
/// Deadlines mostly move back, so a timer that rings too early is left alone: it is set anew when it
/// has rung, or when a deadline before it turns up. Ringing means "look at the clock": a timer may
/// be late, or refuse to ring while its task has used up its budget.
#[derive(Debug, Default)]
pub struct Alarm<T> {
    timer: T,
    /// When it rings; `None` if it is not set.
    rings_at: Option<Instant>,
}

impl<T: Timer> Alarm<T> {
    /// Whether it wakes by `until` without being polled again, if it has not woken since it was.
    pub(super) fn is_set(&self, until: Option<Instant>, now: Instant) -> bool {
        let rings_by = |until| self.rings_at.is_some_and(|rings_at| rings_at <= until);
        until.is_none_or(|until| until > now && rings_by(until))
    }

    /// Ready when it is time to look at the clock, at `until` at the latest.
    pub fn poll(&mut self, cx: &mut Context<'_>, until: Option<Instant>, now: Instant) -> Poll<()> {
        let Some(until) = until else {
            return Poll::Pending;
        };
        if until <= now {
            return Poll::Ready(());
        }
        loop {
            if self.rings_at.is_none_or(|rings_at| rings_at > until) {
                let length = until.duration_since(now).min(LONGEST);
                self.rings_at = Some(now + length);
                self.timer.set(length);
            }
            ready!(self.timer.poll(cx));
            // Set for a deadline that has moved back since: it is set anew.
            if self.rings_at.take().is_none_or(|rang_at| rang_at >= until) {
                return Poll::Ready(());
            }
        }
    }
}
