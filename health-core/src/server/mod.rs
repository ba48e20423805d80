//! The endpoint: one connection's conversation, and what all connections share.
//!
//! ```text
//!            ┌────────────── Read ◄─────────────┐
//!            │ a head is complete, or refused   │ handle_sent, and the client goes on
//!            ▼                                  │
//!         Respond ──respond()──► Write ─────────┤
//!                                               │ handle_sent, and this was the last answer
//!   Follow ──news, time──► Respond, and back: a stream is told what is new
//!   time, eviction, drain ──► Close ◄── Finish ◄┘
//! ```
//!
//! A driver runs one [`Connection`] for each socket: it asks [`step`](Connection::step) what to do,
//! does it, and tells what came of it. There is always exactly one thing to do, so there is no
//! state in which a driver could wait for nothing. The connections of a listener live in a
//! [`Connections`], which knows whose deadline has passed, who has to go, and when it is over.
//!
//! **Contract**
//!
//! 1. `step()` changes nothing: ask as often as you like; a wait that is given up loses nothing.
//! 2. Compare the clock with `until` after every wake-up and call
//!    [`handle_timeout`](Connection::handle_timeout) when it has passed; being late is correct, only
//!    slower. A deadline is a total: bytes that trickle in do not move it.
//! 3. Read only when told [`Step::Read`], [`Step::Follow`] or [`Step::Finish`], and hand over all that was read.
//!    After a whole buffer's worth ask again; nothing is lost by reading little.
//! 4. After `respond` ask again before writing: pipelined requests are answered into the same
//!    buffer. When all of it is written, call [`handle_sent`](Connection::handle_sent).
//! 5. Errors of the socket end the connection; the machine need not hear of them.
//!
//! ```
//! use std::sync::Arc;
//! use health_core::health::Registry;
//! use health_core::server::{CloseReason, Connection, Peer, Service, Step};
//! use health_core::Moment;
//!
//! let moment = Moment::default();
//! let mut registry = Registry::new("steering", "1.4.0", moment.now);
//! registry.set_running(moment.now);
//!
//! let service = Arc::new(Service::new());
//! let mut connection = Connection::new(service, Peer::Unknown, moment.now);
//! assert!(matches!(connection.step(), Step::Read { .. }));
//!
//! connection.handle_input(moment.now, b"GET /health/live HTTP/1.1\r\nHost: me\r\n");
//! assert!(matches!(connection.step(), Step::Read { .. }));
//! connection.handle_input(moment.now, b"Connection: close\r\n\r\n");
//! assert_eq!(connection.step(), Step::Respond);
//!
//! let mut out = Vec::new();
//! connection.respond(moment, &registry.snapshot(moment.now), &mut out);
//! assert!(matches!(connection.step(), Step::Write { .. }));
//! assert!(out.starts_with(b"HTTP/1.1 200 OK\r\n"));
//! assert!(out.ends_with(b"\r\n\r\n{\"status\":\"healthy\"}"));
//!
//! connection.handle_sent(moment.now);
//! assert_eq!(connection.step(), Step::Close(CloseReason::Answered));
//! ```

mod access;
mod admission;
mod answer;
mod body;
mod connection;
mod connections;
mod cors;
mod counters;
mod degraded;
mod grace;
mod guard;
mod limits;
#[cfg(feature = "monitor")]
mod listing;
mod log;
mod rate;
mod reader;
mod report;
mod request_id;
mod route;
mod service;
mod settings;
mod state;
mod step;
mod stream;
#[cfg(feature = "monitor")]
mod targets;
mod turn;

pub use access::{Access, AccessRequest, Identity, Peer};
pub use admission::{AcceptAction, AcceptError, EvictionClass};
pub use connection::Connection;
pub use connections::{Connections, Slot};
pub use cors::Origin;
pub use counters::Counters;
pub use degraded::DegradedCode;
pub use grace::GraceError;
pub use guard::PanicGuard;
pub use limits::Limits;
#[cfg(feature = "monitor")]
pub use listing::Listing;
pub use log::{Record, RequestLog};
pub use report::Report;
pub use route::{Cursor, InlineName, Query, Route};
pub use service::Service;
pub use step::{CloseReason, Step};
#[cfg(feature = "monitor")]
pub use targets::{Page, Targets};
pub use turn::{Buffers, Daemon, Transport, Turn};
