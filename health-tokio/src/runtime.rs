//! tokio's timer and sockets.
//!
//! It is public, but hidden: `Server`, `Monitor` and `Prober` are health-driver's types with these as
//! parameters, so messages of the compiler name them.
#![doc(hidden)]

#[cfg(feature = "monitor")]
mod connect;
#[cfg(unix)]
mod listener;
#[cfg(not(unix))]
mod portable;
mod socket;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use health_driver::runtime::{Runtime, Timer};
use tokio::time::{self, Sleep};

#[cfg(not(unix))]
pub use portable::Listener;
pub use socket::Link;
#[cfg(unix)]
pub use {listener::Listener, socket::Fresh};

#[derive(Debug)]
pub struct Tokio;

impl Runtime for Tokio {
    type Timer = Alarm;
    type Listener = Listener;
    type Socket = Link;

    fn run<F: Future>(future: F) -> io::Result<F::Output> {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_io().enable_time().build()?;
        Ok(runtime.block_on(future))
    }
}

/// Made when it is first set: outside of a runtime it cannot be.
#[derive(Debug, Default)]
pub struct Alarm(Option<Pin<Box<Sleep>>>);

impl Timer for Alarm {
    /// # Panics
    ///
    /// Outside of a tokio runtime with timers.
    fn set(&mut self, after: Duration) {
        match &mut self.0 {
            None => self.0 = Some(Box::pin(time::sleep(after))),
            Some(sleep) => match time::Instant::now().checked_add(after) {
                Some(at) => sleep.as_mut().reset(at),
                None => self.0 = Some(Box::pin(time::sleep(after))),
            },
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            Some(sleep) => sleep.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }
}
