//! What drivers of [`health_core`] share: all of a driver that one runtime does as the other does.
//!
//! ```text
//!  a driver: Server, Handle, Monitor, Prober, under the names that all drivers have
//!     │ supplies a Runtime: a timer, a listener, a socket; none of them waits
//!     ▼
//!  task      one task, all sockets; one task, all probes                        needs a Runtime
//!  probe     commands, lookups, TLS settings                                    needs threads
//!  accept    who is let in, in a shortage too
//!  listen    a listener, whatever the system says                               needs std
//! ```
//!
//! Daemons have no use for it: their driver re-exports what they need. Whoever writes a driver of
//! their own for an async runtime implements [`runtime::Runtime`] and calls [`task`]; one that has a
//! loop of its own takes [`listen`] and the core's [`Connections`](health_core::server::Connections).
//!
//! # Crate features
//!
//! * `monitor`: [`probe`], [`pool`], and the tasks of probes.
//! * `tls`: HTTPS probes, by rustls.
//! * `tracing`: [`trace_request`].
//! * `conformance`: [`conformance`], the tests that every driver passes, for a driver of your own.
#![forbid(unsafe_code)]

pub mod accept;
mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
mod control;
pub mod daemon;
mod drain;
#[cfg(feature = "monitor")]
mod error;
mod guard;
mod health;
pub mod listen;
#[cfg(feature = "monitor")]
pub mod monitor;
#[cfg(feature = "monitor")]
pub mod pool;
#[cfg(feature = "monitor")]
pub mod probe;
pub mod runtime;
pub mod task;
#[cfg(feature = "monitor")]
mod tasks;
#[cfg(feature = "tracing")]
mod trace;
mod wakeups;
mod watch;

pub use clock::Clock;
pub use control::{Lifecycle, ServerControl};
pub use daemon::*;
pub use drain::Drain;
#[cfg(feature = "monitor")]
pub use error::trouble;
pub use guard::catch_panic;
pub use health::Changes;
#[cfg(feature = "monitor")]
pub use tasks::Tasks;
#[cfg(feature = "tracing")]
pub use trace::trace_request;
pub use wakeups::{Wakeups, Woken};
pub use watch::{HealthWatch, News};
