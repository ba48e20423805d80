//! Health of daemons and of what they depend on, as pure state machines: no sockets, no clock, no
//! threads.
//!
//! ```text
//!  Component · Heartbeat · Gate · Flag · Stats            what your daemon knows
//!                  │ success, beat, release, set
//!                  ▼
//!          health::Registry ─ snapshot ─► health::Snapshot    immutable, shared
//!                                              │ render
//!                                              ▼
//!  bytes in ─────────────────► server::Connection ─► bytes out
//! ```
//!
//! Most daemons use a driver, which owns the sockets: `health-tokio`, `health-smol`, or
//! `health-blocking`, which needs no runtime. They meet this crate as [`shared::Health`] and
//! [`server::Service`]. A driver of your own follows the contract of [`server`]; a bare target uses [`health::Registry`] instead of
//! [`shared`], without the feature `std`.
//!
//! # Crate features
//!
//! * `std` (default): [`shared`], the handle behind a lock and a clock. Without it the crate needs
//!   `alloc` and pointer-width compare-and-swap.
//! * `monitor` (default): [`monitor`], many checks on many targets.
//! * `page` (default): the page that a browser gets at `/` and `/health`, 20 KiB of HTML.
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
