//! The HTTP endpoint without I/O: state machines for connections, and the settings they share.
//!
//! ```text
//!            ┌────────────── Read ◄─────────────┐
//!            │ a head is complete, or refused   │ handle_sent, and the connection goes on
//!            ▼                                  │
//!         Respond ──respond()──► Write ─────────┤
//!                                               │ handle_sent, and this was the last response
//!   Follow ──change, time──► Respond, and back: a stream is sent its events
//!   time, eviction, drain ──► Close ◄── Finish ◄┘
//! ```
//!
//! A driver runs one [`Connection`] for each socket: it calls [`step`](Connection::step), does what
//! the step says, and passes on the result. There is always exactly one thing to do, so no driver can
//! wait for nothing. [`Connection::turn`] does all of that for a [`Transport`] that never waits.
//! [`Connections`] holds all connections of a listener: their deadlines, the limit, the shutdown.
//!
//! # Contract of a connection
//!
//! 1. `step()` changes nothing: call it as often as you like; a wait that is cancelled loses nothing.
//! 2. Compare the clock with `until` after every wake-up and call
//!    [`handle_timeout`](Connection::handle_timeout) when it has passed; a late call is correct, only
//!    slower. A deadline is a total: bytes that trickle in do not move it.
//! 3. Read only at [`Step::Read`], [`Step::Follow`] or [`Step::Finish`], and hand over all that was
//!    read. Then call `step()` again, also after a short read.
//! 4. After `respond` call `step()` before writing: pipelined requests are answered into the same
//!    buffer. When all of it is written, call [`handle_sent`](Connection::handle_sent).
//! 5. Errors of the socket end the connection; the state machine is not told of them.
//!
//! # A driver's round
//!
//! A driver of many connections repeats these calls in this order:
//!
//! 1. The daemon's state: [`handle_phase`](Connections::handle_phase), then
//!    [`handle_revision`](Connections::handle_revision). A call without a change does nothing.
//! 2. The clock: [`handle_timeout`](Connections::handle_timeout). It also ends a pause of accepting.
//! 3. Sockets that have become ready: [`handle_ready`](Connections::handle_ready).
//! 4. While [`may_accept`](Connections::may_accept): accept one connection,
//!    [`handle_accepted`](Connections::handle_accepted), and
//!    [`take_turns`](Connections::take_turns), so that a newcomer gets its turn before it could be
//!    evicted for the next one. Close the listener when it is no longer
//!    [needed](Connections::is_open).
//! 5. [`take_turns`](Connections::take_turns) for all others.
//! 6. [`poll_over`](Connections::poll_over): with a report the server has ended.
//! 7. Wait until [`poll_timeout`](Connections::poll_timeout), for a socket, for the listener while
//!    `may_accept`, for another phase, and for another revision while
//!    [`wants_revision`](Connections::wants_revision). A stream may have begun in this round: the
//!    revision may have changed before that, so compare it before waiting.
//!
//! The example `poll_driver` is a whole driver over TCP and poll(2), in 120 lines. This one serves
//! sockets in memory:
//!
//! ```
//! use std::cell::{Cell, RefCell};
//! use std::convert::Infallible;
//! use std::rc::Rc;
//! use std::sync::Arc;
//! use std::task::Poll;
//! use std::time::Duration;
//! use health_core::health::Registry;
//! use health_core::server::{Buffers, Connections, Daemon, Peer, Service, Transport};
//! use health_core::{Instant, Moment};
//!
//! struct Socket {
//!     input: Option<&'static [u8]>,
//!     output: Rc<RefCell<Vec<u8>>>,
//! }
//!
//! impl Transport for Socket {
//!     type Error = Infallible;
//!
//!     fn poll_read(&mut self, buffer: &mut [u8]) -> Poll<Result<usize, Infallible>> {
//!         let Some(input) = self.input.take() else {
//!             return Poll::Pending;
//!         };
//!         buffer[..input.len()].copy_from_slice(input);
//!         Poll::Ready(Ok(input.len()))
//!     }
//!
//!     fn poll_write(&mut self, bytes: &[u8]) -> Poll<Result<usize, Infallible>> {
//!         self.output.borrow_mut().extend_from_slice(bytes);
//!         Poll::Ready(Ok(bytes.len()))
//!     }
//!
//!     fn poll_finish(&mut self) -> Poll<Result<(), Infallible>> {
//!         Poll::Ready(Ok(()))
//!     }
//! }
//!
//! let clock = Cell::new(Instant::default());
//! let registry = RefCell::new(Registry::new("steering", "1.4.0", clock.get()));
//! registry.borrow_mut().set_running(clock.get());
//! let moment = || Moment { now: clock.get(), ..Moment::default() };
//! let daemon = (moment, |now| registry.borrow_mut().snapshot(now));
//!
//! let output = Rc::default();
//! let mut queue = vec![Socket {
//!     input: Some(b"GET /health/live HTTP/1.1\r\nHost: me\r\n\r\n"),
//!     output: Rc::clone(&output),
//! }];
//! let mut connections = Connections::new(Arc::new(Service::new()));
//! let mut buffers = Buffers::default();
//! let report = loop {
//!     let now = daemon.now();
//!     let snapshot = daemon.snapshot(now);
//!     connections.handle_phase(now, snapshot.phase());
//!     connections.handle_revision(now, snapshot.revision());
//!     connections.handle_timeout(now);
//!     while let Some(socket) = queue.pop().filter(|_| connections.may_accept()) {
//!         connections.handle_accepted(now, Peer::Unknown, socket);
//!         connections.take_turns(now, |_, slot| {
//!             slot.connection.turn(&mut slot.socket, &daemon, &mut buffers)
//!         });
//!     }
//!     connections.take_turns(now, |_, slot| {
//!         slot.connection.turn(&mut slot.socket, &daemon, &mut buffers)
//!     });
//!     if let Some(report) = connections.poll_over(now) {
//!         break report;
//!     }
//!     // Nothing else happens here, so it waits for the next deadline, and then the daemon stops.
//!     clock.set(connections.poll_timeout().unwrap_or(now + Duration::from_secs(1)));
//!     registry.borrow_mut().stop(clock.get());
//! };
//! assert!(output.borrow().starts_with(b"HTTP/1.1 200 OK\r\n"));
//! assert!(output.borrow().ends_with(b"\r\n\r\n{\"status\":\"healthy\"}"));
//! assert_eq!(report.finished, 1);
//! ```

mod access;
mod admission;
mod answer;
mod connection;
mod connections;
mod cors;
mod counters;
mod guard;
mod limits;
mod log;
mod query;
mod rate;
mod reader;
mod request_id;
#[cfg(feature = "registry")]
mod requests;
mod service;
mod settings;
mod state;
mod stream;
#[cfg(feature = "monitor")]
mod targets;
#[cfg(feature = "test-util")]
mod test_util;
mod turn;

pub use access::{Access, AccessRequest, Identity, Peer};
#[cfg(feature = "test-util")]
pub use admission::EvictionClass;
pub use admission::{AcceptAction, AcceptError};
pub use connection::Connection;
pub use connections::{Connections, Slot};
pub use cors::Origin;
pub use counters::ServerReport;
use guard::PanicGuard;
pub use limits::{DegradedCode, GraceError, Limits};
pub use log::{RequestLog, RequestRecord};
pub use query::Query;
#[cfg(feature = "registry")]
pub use requests::{TargetAnswer, TargetRequest, TargetRequests, TargetRoutes};
pub use service::Service;
pub use state::{CloseReason, Step};
#[cfg(feature = "monitor")]
pub use targets::{Page, Targets};
pub use turn::{Buffers, Daemon, Transport, Turn};

#[cfg(not(feature = "test-util"))]
use admission::EvictionClass;
use query::{EventCursor, Route};
