//! Health of daemons and of what they depend on, as pure state machines: no sockets, no clock, no
//! threads.
//!
//! ```text
//!            your daemon is asked                       your daemon asks others
//!
//!  Component · Heartbeat · Gate · Flag · Stats       TargetSpec · CheckConfig · probe
//!                  │ success, beat, release, set                │ add
//!                  ▼                                            ▼
//!          health::Registry                              monitor::Monitor
//!                  │ snapshot                             │ Start        ▲ Outcome
//!                  ▼                                      ▼              │
//!          health::Snapshot   immutable, shared        check::probe::Attempt
//!                  │ render                               │ Step         ▲ bytes, errors
//!                  ▼                                      ▼              │
//!  bytes ─► server::Connection ─► bytes                a socket or a process of the driver
//! ```
//!
//! Most daemons use a driver, which owns the sockets: `health-tokio`, `health-smol`, or
//! `health-blocking`, which needs no runtime. It re-exports what a daemon needs of this crate, and has
//! the handle `Health`, a [`health::Registry`] with a lock and a clock. A driver of your own follows
//! the contract of [`server`], which shows its loop, and for probes that of the module `monitor`. On a
//! bare target use [`health::Registry`] itself.
//!
//! # Crate features
//!
//! * `monitor` (default): the module `monitor`, many checks on many targets.
//! * `page` (default): the page that a browser gets at `/` and `/health`, 20 KiB of HTML.
//! * `registry`: what a durable list of targets needs of a monitor: a journal for a store, and notices
//!   of changes.
//! * `test-util`: what only tests need.
//!
//! The crate needs `alloc` and pointer-width compare-and-swap, and never `std`.
#![no_std]
#![forbid(unsafe_code)]
// What needs no std must say so: it shows at a glance what a bare target would miss.
#![warn(
    clippy::alloc_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core
)]

extern crate alloc;

mod base;
pub mod check;
pub mod health;
pub mod http;
#[cfg(feature = "monitor")]
pub mod monitor;
mod render;
pub mod server;

pub use base::{
    Capture, Cause, Cidr, Class, ConfigError, Instant, Kind, Message, Moment, Name, NameError,
    Outcome, ParseDurationError, ProbeKind, Status, Streak, Timing, UnixTime, parse_duration,
};
