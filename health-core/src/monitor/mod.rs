//! The monitor: runs many checks on many targets.
//!
//! A [`Monitor`] holds the [checks](crate::check) of all targets, decides when each attempt begins,
//! and what the verdict of one check means for the others. It has no socket and no clock; its driver
//! takes commands from it, carries them out, and reports what came of them:
//!
//! ```text
//!                      ┌──────────────────── Monitor ────────────────────┐
//!   poll(now) ◄────────┤ timers ─► queue ─► Start        Cancel ◄─ reaper │
//!   carry it out       │   ▲                                    ▲         │
//!   handle_outcome ────┤►  └── Check Check Check … ─► target ───┘         │
//!   handle_reaped      │              │                 │   mass failure  │
//!   poll_event ◄───────┤              └─ status ────────┴─ started, ready │
//!                      └─────────────────────────────────────────────────┘
//! ```
//!
//! A target with a startup check holds its liveness and readiness checks back until that has
//! succeeded. It is *started* when every startup check is healthy and nothing is on hold, and *ready*
//! when it is started and its readiness and health checks are healthy.
//!
//! **Contract**
//!
//! 1. After every call and when [`poll_timeout`](Monitor::poll_timeout) has come: call
//!    [`poll`](Monitor::poll) until `None`, carry the commands out, then
//!    [`poll_event`](Monitor::poll_event) until `None`.
//! 2. Report every attempt once it is over: its outcome by
//!    [`handle_outcome`](Monitor::handle_outcome), and, if it was one that
//!    [needs to be reaped](crate::check::CheckConfig::needs_reap), that nothing is left of it by
//!    [`handle_reaped`](Monitor::handle_reaped), whether or not it was cancelled. What is not wanted is
//!    ignored, so an outcome and a cancellation may cross.
//! 3. At most `max_in_flight` attempts run, and `max_exec` of those that need to be reaped. What
//!    is due beyond that waits in the order of its slots, and its deadline does not run yet.
//! 4. At one time, control operations come first, then outcomes and deadlines, then new attempts;
//!    ties go by registration.
//! 5. The same calls give the same commands and events, on every machine.
//! 6. A late driver is safe: one attempt for each check, whatever number of slots has passed.
//! 7. Numbers over all targets are kept as they change: no call but [`start`](Monitor::start),
//!    [`stop`](Monitor::stop) and the iterators walks the list.
//!
//! What a registry needs besides, a store and notices, is in the module `registry` of the feature of
//! that name.
//!
//! # All of it once
//!
//! ```
//! use core::time::Duration;
//! use std::sync::Arc;
//! use health_core::check::{self, CheckConfig, CheckStatus};
//! use health_core::{ProbeKind};
//! use health_core::monitor::{Command, MonitorEvent, Monitor, MonitorConfig, Signal, TargetSpec};
//! use health_core::Name;
//! use health_core::Outcome;
//! use health_core::{Instant, Moment};
//!
//! let mut http = CheckConfig::kubelet();
//! http.kind = ProbeKind::Readiness;
//! http.retries = 1;
//! let mut exec = CheckConfig::kubelet();
//! exec.kind = ProbeKind::Startup;
//! exec.needs_reap = true;
//! let spec = TargetSpec::new(Name::new("db-1")?)
//!     .check(Name::new("pg_isready")?, Arc::new(exec))
//!     .check(Name::new("http")?, Arc::new(http));
//!
//! let mut now = Instant::default();
//! let mut monitor = Monitor::new(MonitorConfig::default());
//! monitor.start(now);
//! let target = monitor.add(now, spec)?;
//!
//! // The startup check comes first, and alone. Its process hangs.
//! let Some(Command::Start { attempt, deadline, .. }) = monitor.poll(now) else { panic!() };
//! assert_eq!(monitor.poll(now), None);
//! now = deadline;
//! assert_eq!(monitor.poll_timeout(), Some(now));
//! assert_eq!(monitor.poll(now), Some(Command::Cancel { attempt, signal: Signal::Terminate }));
//! now = now + Duration::from_secs(1);
//! assert_eq!(monitor.poll(now), Some(Command::Cancel { attempt, signal: Signal::Kill }));
//! monitor.handle_reaped(now, attempt);
//! assert_eq!(monitor.poll(now), None);
//!
//! // The next one succeeds: the target has started, and the other check begins.
//! now = monitor.poll_timeout().expect("a slot to come");
//! let Some(Command::Start { attempt, .. }) = monitor.poll(now) else { panic!() };
//! monitor.handle_outcome(now, attempt, Outcome::success());
//! now = monitor.poll_timeout().expect("due at once, at the end of the tick");
//! let Some(Command::Start { attempt, .. }) = monitor.poll(now) else { panic!() };
//! monitor.handle_outcome(now, attempt, Outcome::success());
//! assert!(monitor.target(target).is_some_and(|it| it.is_ready_at(now)));
//!
//! // Each change was an event, and a group of targets is a few numbers.
//! let ready = MonitorEvent::Target { at: now, target, started: true, ready: true };
//! let events: Vec<_> = core::iter::from_fn(|| monitor.poll_event()).collect();
//! assert_eq!(events.last(), Some(&ready));
//! let moment = Moment { now, ..Moment::default() };
//! let group = monitor.status(moment).summary;
//! assert_eq!((group.total, group.healthy()), (1, 1));
//!
//! monitor.stop(now);
//! assert!(monitor.is_stopped());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod add_error;
mod config;
mod control;
mod down;
mod event;
mod id;
mod list;
mod machine;
mod mass_failure;
mod reaper;
#[cfg(feature = "registry")]
pub mod registry;
mod replace;
mod schedule;
mod shortage;
mod stats;
mod status;
mod summary;
mod sums;
mod target;
mod timers;
mod update;
mod view;

pub use crate::check::Signal;
pub use add_error::AddError;
pub use config::{MonitorConfig, Spread};
pub use down::Down;
pub use event::{Command, MonitorEvent};
pub use id::{AttemptId, CheckId, TargetId};
pub use machine::Monitor;
pub use mass_failure::MassFailure;
pub use shortage::Shortages;
pub use stats::MonitorStats;
pub use status::{MonitorStatus, TargetStatus};
pub use summary::Summary;
pub use target::{Target, TargetSpec};
pub use view::{CheckView, ReadyTarget, TargetView};
