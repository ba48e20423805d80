//! The runtime's timer as an alarm clock: it wakes, it does not decide.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_io::Timer;
use health_core::time::Instant;

/// The longest sleep. To wake for nothing once in a while is cheaper than to reckon with the end of
/// the clock's time.
const LONGEST: Duration = Duration::from_secs(3600);

/// One timer for a deadline that moves at every request.
///
/// Deadlines mostly move back, so a timer that rings too early is left alone: it is set anew when it
/// has rung, or when a deadline before it turns up. Ringing means "look at the clock": a timer may
/// be late, as may the task it wakes.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    timer: Option<Timer>,
    /// When it rings; `None` if it is not set.
    rings_at: Option<Instant>,
}

impl Alarm {
    /// Ready when it is time to look at the clock, at `until` at the latest.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        until: Option<Instant>,
        now: Instant,
    ) -> Poll<()> {
        let Some(until) = until else {
            return Poll::Pending;
        };
        if until <= now {
            return Poll::Ready(());
        }
        loop {
            let timer = match (&mut self.timer, self.rings_at) {
                (Some(timer), Some(rings_at)) if rings_at <= until => timer,
                (timer, _) => {
                    let length = until.duration_since(now).min(LONGEST);
                    self.rings_at = Some(now + length);
                    let timer = timer.get_or_insert_with(Timer::never);
                    timer.set_after(length);
                    timer
                }
            };
            ready!(Pin::new(timer).poll(cx));
            // Set for a deadline that has moved back since: it is set anew.
            if self.rings_at.take().is_none_or(|rang_at| rang_at >= until) {
                return Poll::Ready(());
            }
        }
    }
}
