//! The health of a daemon, and of what it depends on, as pure state machines: no sockets, clocks, locks
//! or threads.
//!
//! ```text
//!          what your daemon knows                             what others answer
//!   components · heartbeats · gates · flags · stats      HTTP / TCP / command / closure
//!                   │ record, beat, release, set                   │ outcomes
//!                   ▼                                              ▼
//!            health::Registry ◄──── a component per group ──── monitor::Monitor ── check::Check, one
//!                   │ snapshot                                     │ commands          state machine
//!                   ▼                                              ▼                   for each check
//!            health::Snapshot (immutable)                     check::probe::Attempt
//!                   │ render                                       │ steps
//!                   ▼                                              ▼
//!  bytes in ─► server::Connection ─► bytes out                a socket or a process of the driver's
//! ```
//!
//! Most daemons use a driver, which owns sockets, timers and processes: `health-tokio`, `health-smol`,
//! or `health-blocking`, which needs no runtime. Each of them has at its root all that a daemon needs.
//! This crate is for bare targets and for drivers: it needs `alloc` and pointer-width
//! compare-and-swap, not `std`.
//!
//! A machine says what to do next, and is told what came of it. This is the loop of a driver for one
//! connection, in full but for deadlines (see [`server`] for those, and for many connections):
//!
//! ```
//! use std::io::{self, Read, Write};
//! use std::sync::Arc;
//!
//! use health_core::{CloseReason, Connection, Moment, Peer, Registry, Service, Step};
//!
//! fn serve(
//!     stream: &mut (impl Read + Write),
//!     registry: &mut Registry,
//!     clock: impl Fn() -> Moment,
//! ) -> io::Result<CloseReason> {
//!     let service = Arc::new(Service::new());
//!     let mut connection = Connection::new(service, Peer::Unknown, clock().now);
//!     let (mut input, mut output) = ([0; 4096], Vec::new());
//!     loop {
//!         let moment = clock();
//!         match connection.step() {
//!             Step::Read { .. } | Step::Finish { .. } => match stream.read(&mut input)? {
//!                 0 => connection.handle_eof(),
//!                 count => connection.handle_input(moment.now, &input[..count]),
//!             },
//!             Step::Respond | Step::Follow { .. } => {
//!                 connection.respond(moment, &registry.snapshot(moment.now), &mut output);
//!             }
//!             Step::Write { .. } => {
//!                 stream.write_all(&output)?;
//!                 output.clear();
//!                 connection.handle_sent(clock().now);
//!             }
//!             Step::Close(reason) => return Ok(reason),
//!         }
//!     }
//! }
//!
//! # struct Peer2 { input: io::Cursor<Vec<u8>>, output: Vec<u8> }
//! # impl Read for Peer2 { fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> { self.input.read(buffer) } }
//! # impl Write for Peer2 {
//! #     fn write(&mut self, bytes: &[u8]) -> io::Result<usize> { self.output.write(bytes) }
//! #     fn flush(&mut self) -> io::Result<()> { Ok(()) }
//! # }
//! let mut registry = Registry::new("steering", "1.4.0", Moment::default().now);
//! registry.set_running(Moment::default().now);
//! # let input = io::Cursor::new(b"GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_vec());
//! # let mut stream = Peer2 { input, output: Vec::new() };
//! let reason = serve(&mut stream, &mut registry, Moment::default)?;
//! assert_eq!(reason, CloseReason::Answered);
//! # assert!(stream.output.ends_with(b"{\"status\":\"healthy\"}"));
//! # Ok::<(), io::Error>(())
//! ```
//!
//! The other half works in the same way: [`monitor`] (many checks) and [`check`] (one) say which attempt
//! to begin and when, [`check::probe`] leads through one.
//!
//! # Crate features
//!
//! * `monitor` (default): [`monitor`], many checks on many targets.
//! * `page` (default): the page that a browser gets at `/` and `/health`, 58 KiB of HTML.
//! * `registry`: what a program needs that keeps its targets and their results in a store, and sends
//!   notifications (`healthd`).
//! * `supervise`: `supervise`, which keeps the processes of a group running.
//! * `systemd`: `systemd`, what a daemon reports to its service manager.
//! * `test-util`: what tests of drivers and fuzz targets look at.
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
#[cfg(feature = "supervise")]
pub mod supervise;
#[cfg(feature = "systemd")]
pub mod systemd;

pub use base::{
    Capture, Cause, Cidr, Class, ConfigError, Instant, Kind, Message, Moment, Name, NameError,
    Outcome, ParseDurationError, ProbeKind, Status, Streak, Timing, UnixTime, parse_duration,
};
pub use check::probe::{Attempt, ExecProbe, HttpProbe, Probe};
pub use check::{Check, CheckConfig, CheckStatus, OnUnhealthy};
pub use health::{
    Change, ComponentConfig, Counter, Gauge, Phase, Registry, Revision, Snapshot, Transition,
};
#[cfg(feature = "monitor")]
pub use monitor::{Command, Monitor, MonitorConfig, TargetSpec};
pub use server::{
    Access, AccessRequest, CloseReason, Connection, Connections, DegradedCode, Limits, Peer, Query,
    RequestLog, Service, Step,
};
