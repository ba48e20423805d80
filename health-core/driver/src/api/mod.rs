//! The types that a daemon's author uses, once for all drivers.
//!
//! A driver names them with its own runtime, and so shows only the methods that fit it:
//!
//! ```text
//!  health-tokio     pub type Server = health_driver::api::Server<Async<Tokio>>;      serve().await
//!  health-blocking  pub type Server = health_driver::api::Server<Blocking<Mio>>;     serve()
//! ```

mod handle;
#[cfg(feature = "monitor")]
pub mod monitor;
#[cfg(feature = "monitor")]
pub mod probe;
#[cfg(feature = "monitor")]
mod run_handle;
mod server;
#[cfg(all(unix, feature = "supervise"))]
pub mod supervise;
#[cfg(all(feature = "systemd", unix))]
pub mod systemd;

use std::io;
use std::marker::PhantomData;
use std::sync::mpsc;
use std::thread;

use crate::runtime::{BlockOn, Runtime};

pub use handle::Handle;
#[cfg(feature = "monitor")]
pub use run_handle::{RunControl, RunHandle};
pub use server::Server;

/// Methods that wait are `async`, on the runtime `R`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Async<R>(PhantomData<R>);

/// Methods that wait block their thread, which `R` runs on meanwhile.
#[derive(Clone, Copy, Debug, Default)]
pub struct Blocking<R>(PhantomData<R>);

/// How methods that wait are called: [`Async`] or [`Blocking`].
pub trait Style: 'static {
    /// What they run on.
    type Runtime: Runtime;
}

impl<R: Runtime> Style for Async<R> {
    type Runtime = R;
}

impl<R: BlockOn> Style for Blocking<R> {
    type Runtime = R;
}

/// The settings of the core for a [monitor](monitor::Monitor) of a daemon without a runtime: at most 32
/// attempts at once.
#[cfg(feature = "monitor")]
#[must_use]
pub fn blocking_defaults() -> monitor::MonitorConfig {
    let mut config = monitor::MonitorConfig::default();
    config.max_in_flight = 32;
    config
}

/// Which style a value has, without holding one.
type Styled<S> = PhantomData<fn() -> S>;

/// Runs the future that `start` gives on a thread of its own with this name, and waits until there is
/// that future.
fn spawn<R: Runtime, F: Future>(
    name: &str,
    start: impl FnOnce() -> io::Result<F> + Send + 'static,
) -> io::Result<()> {
    let (started, is_started) = mpsc::sync_channel(1);
    let run = move || {
        R::run(async move {
            let future = start()?;
            // The caller waits for this, and only for this.
            let _ = started.send(());
            future.await;
            Ok(())
        })?
    };
    let thread = thread::Builder::new().name(name.into()).spawn(run)?;
    match is_started.recv() {
        Ok(()) => Ok(()),
        Err(_) => match thread.join() {
            Ok(Err(error)) => Err(error),
            _ => Err(io::Error::other("the thread has ended")),
        },
    }
}
