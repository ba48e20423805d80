//! A future, and a time to give it up.
//!
//! This file is the same for tokio and smol, and a test compares it.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Poll, ready};

use health_core::driver::Clock;
use health_core::time::Instant;

use crate::alarm::Alarm;

/// A clock from now on, and its alarm.
#[derive(Debug)]
pub(crate) struct Deadline {
    clock: Clock,
    alarm: Alarm,
}

impl Deadline {
    pub(crate) fn start() -> Self {
        Self {
            clock: Clock::start(),
            alarm: Alarm::default(),
        }
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// What comes of `future`, if it does before `until`.
    pub(crate) async fn before<T>(
        &mut self,
        until: Instant,
        future: impl Future<Output = T>,
    ) -> Option<T> {
        let mut future = pin!(future);
        poll_fn(|cx| {
            if let Poll::Ready(result) = future.as_mut().poll(cx) {
                return Poll::Ready(Some(result));
            }
            // The alarm may ring too early.
            while self.clock.now() < until {
                ready!(self.alarm.poll(cx, Some(until), self.clock.now()));
            }
            Poll::Ready(None)
        })
        .await
    }
}
