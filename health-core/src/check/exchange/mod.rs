//! The client's side of one HTTP probe: bytes in, bytes out, a verdict at the end.
//!
//! An [`HttpProbe`] says what is asked and what is accepted; an [`Exchange`] is one attempt of it
//! on a connection that somebody else made. It has no socket, reads no clock, and always says the
//! one thing to do next:
//!
//! ```text
//!  Exchange::new
//!       │
//!       ▼        sent          head              end of body
//!    ┌───────┐  ──────► ┌──────────┐ ──► ┌──────────┐ ─────────► ┌────────┐  FIN, or 50 ms
//!    │ Write │          │ Read head│     │ Read body│            │ Linger │ ───────┐
//!    └───┬───┘          └─┬──▲───┬─┘     └────┬─────┘            └────────┘        ▼
//!        │                └──┘   │            │ cut at 10 KiB, read to the end  ┌───────┐
//!        │                1xx    │            ├─────────────────────────────────►│ Close │
//!        └───────────────────────┴────────────┘ deadline, early end, malformed  └───────┘
//!                                             │ whole, and keep_alive on both sides
//!                                             └─────────────────────────────────► Keep
//! ```
//!
//! # Contract
//!
//! 1. **One step at a time.** [`Exchange::step`] changes nothing; only `handle_*` do. A driver
//!    carries the step out, reports what happened, and asks again until [`Step::Close`] or
//!    [`Step::Keep`].
//! 2. **Whatever happens is reported**, and exactly one [`Report`] comes of it: bytes, the end of
//!    the stream, a broken connection, the time. No order of calls panics.
//! 3. **The clock decides.** What is handed in at the deadline or later is a timeout. The deadline
//!    is that of the whole attempt, and `until` is never behind it.
//! 4. **The whole answer is read** before the connection is closed, also when its status has
//!    decided everything: closing over unread bytes is a reset in the server's log. Then the server
//!    is given 50 ms to close first. The report does not wait for that.
//! 5. **Memory is bounded** by 32 KiB whatever the peer sends, and nothing is allocated for an
//!    answer that comes in one piece and whose body nobody looks at.
//! 6. **Nothing the peer wrote is public.** A message holds words of ours, settings, and the three
//!    digits of the status. Only with [`capture_body`](HttpProbeBuilder::capture_body) does the
//!    private cause quote the body.
//! 7. **How the bytes are cut makes no difference.**
//!
//! # What is accepted
//!
//! Where RFC 9112 lets a recipient be lenient, this one refuses: every leniency is a place where two
//! readers of the same bytes disagree.
//!
//! | | |
//! |---|---|
//! | status line | `HTTP/1.0` or `HTTP/1.1`, one space, three digits, one space, any reason |
//! | line ends | CR LF; bare CR, bare LF, other control bytes and folded lines are refused |
//! | head | 16 KiB, 100 fields; up to 8 interim answers (1xx) skipped, 101 refused |
//! | `Content-Length` | digits, once, and not beside `Transfer-Encoding` |
//! | `Transfer-Encoding` | exactly `chunked`, once, in HTTP/1.1 |
//! | chunks | size of 1–16 hexadecimal digits, line of 256 bytes, 4 KiB of trailers |
//! | body | 10 KiB are read; none after `HEAD`, 204, 304; without a length, up to the end of the stream |
//! | end of the stream | before the end of the answer: a failure that says where |
//!
//! # Example
//!
//! A driver, with a peer that answers in three pieces and then closes:
//!
//! ```
//! use core::time::Duration;
//! use std::sync::Arc;
//! use health_core::check::exchange::{Condition, Exchange, HttpProbe, Step};
//! use health_core::Class;
//! use health_core::Instant;
//!
//! let probe = HttpProbe::builder("db.example:8080")
//!     .path("/health")
//!     .expect(Condition::body_contains("ok"))
//!     .build()?;
//! let mut answer = ["HTTP/1.1 200 OK\r\nContent-", "Length: 2\r\n\r\n", "ok"].into_iter();
//! let mut now = Instant::from_micros(0);
//!
//! let mut exchange = Exchange::new(Arc::new(probe), now, now + Duration::from_secs(10));
//! let mut steps = Vec::new();
//! loop {
//!     let step = exchange.step();
//!     steps.push(step);
//!     match step {
//!         Step::Write { until } => {
//!             assert!(exchange.request().starts_with(b"GET /health HTTP/1.1\r\n")); // written
//!             assert!(now < until, "or handle_timeout");
//!             exchange.handle_sent(now);
//!         }
//!         Step::Read { until } | Step::Linger { until } => {
//!             now = now + Duration::from_millis(7);
//!             assert!(now < until, "or handle_timeout");
//!             match answer.next() {
//!                 Some(bytes) => exchange.handle_input(now, bytes.as_bytes()),
//!                 None => exchange.handle_eof(now),
//!             }
//!         }
//!         Step::Close | Step::Keep => break,
//!     }
//! }
//! let deadline = Instant::from_micros(10_000_000);
//! let linger = Instant::from_micros(21_000) + Exchange::LINGER;
//! assert_eq!(steps, [
//!     Step::Write { until: deadline },
//!     Step::Read { until: deadline },
//!     Step::Read { until: deadline },
//!     Step::Read { until: deadline },
//!     Step::Linger { until: linger },
//!     Step::Close,
//! ]);
//! let report = exchange.into_report();
//! assert_eq!(report.outcome.class, Class::Success);
//! assert_eq!(report.status, Some(200));
//! assert_eq!(report.timings.head, Some(Duration::from_millis(14)));
//! # Ok::<(), health_core::ConfigError>(())
//! ```

mod body;
mod chunked;
mod condition;
mod head;
mod machine;
mod malformed;
mod probe;
mod reason;
mod report;
mod step;
mod verdict;

use crate::base::ConfigError;
pub use condition::Condition;
pub use machine::Exchange;
pub use probe::{HttpProbe, HttpProbeBuilder};
pub use report::{FailureKind, ProbePhase, Report, Timings};
pub use step::Step;
