//! Gives a future up at a deadline.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Poll, ready};

use crate::Clock;
use health_core::Instant;
#[cfg(feature = "expect")]
use health_core::UnixTime;

use super::alarm::Alarm;
use crate::runtime::Timer;

/// A clock that starts now, and its alarm.
#[derive(Debug)]
pub(super) struct Deadline<T> {
    clock: Clock,
    alarm: Alarm<T>,
}

impl<T: Timer> Deadline<T> {
    pub(super) fn start() -> Self {
        Self {
            clock: Clock::start(),
            alarm: Alarm::default(),
        }
    }

    pub(super) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// The time of day.
    #[cfg(feature = "expect")]
    pub(super) fn wall(&self) -> UnixTime {
        self.clock.moment().unix
    }

    /// The output of `future`, if it is ready before `until`.
    pub(super) async fn before<R>(
        &mut self,
        until: Instant,
        future: impl Future<Output = R>,
    ) -> Option<R> {
        let mut future = pin!(future);
        poll_fn(|cx| {
            if let Poll::Ready(result) = future.as_mut().poll(cx) {
                return Poll::Ready(Some(result));
            }
            // The alarm may wake too early.
            while self.clock.now() < until {
                ready!(self.alarm.poll(cx, Some(until), self.clock.now()));
            }
            Poll::Ready(None)
        })
        .await
    }
}
