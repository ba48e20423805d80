//! One check: when an attempt is due, and what its result changes.
//!
//! A [`Check`] carries nothing out. It decides when an attempt begins, takes its [`Outcome`], and
//! gives the events that follow. Probes of other services and a daemon's own background checks are the same
//! machine; a [monitor](crate::monitor) runs many of them.
//!
//! ```text
//!            start                  due                 answer, deadline
//!    New ────────────► Idle ──────────────────► Running ───────────────► judged
//!                       ▲ ▲                                               │ │ │
//!      startup succeeded│ └───────────────── next slot ───────────────────┘ │ │
//!                     Gated                                                 │ │
//!    Done ◄──────────── a startup check succeeded ──────────────────────────┘ │
//!    OnHold, Inactive ◄─ a restart, a deregistration is asked for ────────────┘
//! ```
//!
//! A new instance leads from anywhere back to the start, *paused* and *process not gone yet* lie
//! across the diagram, stopped is the end. A deregistered check may be rechecked: its results are
//! recorded, and do not count.
//!
//! **Contract**
//!
//! 1. Time is the first argument; one that runs backwards stands still.
//! 2. Call [`poll_start`](Check::poll_start) and [`handle_timeout`](Check::handle_timeout) when
//!    [`poll_timeout`](Check::poll_timeout) has come. Being late is safe: one attempt is made, not
//!    one for each slot missed.
//! 3. Never two attempts at once. An answer counts if its attempt runs and its deadline has not
//!    come; any other is ignored, so a driver need not cancel exactly.
//! 4. After `Cancelled`, an attempt of a check with
//!    [`needs_reap`](CheckConfig::needs_reap) is reported by
//!    [`handle_reaped`](Check::handle_reaped) once nothing is left of it, even if an answer came
//!    meanwhile. Until then slots pass as failures; a second process is never started.
//! 5. The status changes by counted results and new instances only. An error of the prober's own is
//!    [`Indeterminate`](crate::base::Class::Indeterminate) and counts as nothing. Results in a row take
//!    an interval each: one whose slot is less than the interval in use after the last counted one is in
//!    the history, and lengthens no streak, whatever made it come so early (a restart of the prober, other
//!    settings, [`trigger`](Check::trigger), a first attempt before its slot).
//! 6. Events are in order, and each `from` is the `to` before it.
//!
//! # All of it once
//!
//! ```
//! use core::time::Duration;
//! use std::sync::Arc;
//! use health_core::check::{Check, CheckConfig, CheckStatus, Event, Mode, OnUnhealthy, Permit};
//! use health_core::Outcome;
//! use health_core::Instant;
//!
//! let mut config = CheckConfig::default();
//! config.interval = Duration::from_secs(10);
//! config.timeout = Duration::from_secs(1);
//! config.retries = 2;
//! config.on_unhealthy = OnUnhealthy::Restart;
//! config.validate()?;
//! let mut check = Check::new(Arc::new(config));
//! let mut now = Instant::default();
//! let events: Vec<_> = check.start(now).into_iter().collect();
//! assert_eq!(events, [Event::Status { from: CheckStatus::Unknown, to: CheckStatus::Starting }]);
//!
//! // The first attempt is due at once, and is answered.
//! let start = check.poll_start(now).expect("due at once");
//! let _ = check.handle_outcome(now, start.attempt, Outcome::success(), Permit::Act);
//! assert_eq!(check.status(), CheckStatus::Healthy);
//! assert_eq!(check.poll_timeout(), Some(now + Duration::from_secs(10)));
//!
//! // The second is answered badly, the third not at all: two failures in a row.
//! now = now + Duration::from_secs(10);
//! let start = check.poll_start(now).expect("due again");
//! let _ = check.handle_outcome(now, start.attempt, Outcome::failure_with_message("503"), Permit::Act);
//! now = now + Duration::from_secs(10);
//! let start = check.poll_start(now).expect("due again");
//! let events: Vec<_> = check.handle_timeout(start.deadline, Permit::Act).into_iter().collect();
//! assert_eq!(events.last(), Some(&Event::RestartRequested));
//! assert_eq!((check.status(), check.mode()), (CheckStatus::Unhealthy, Mode::OnHold));
//!
//! // Nothing is probed while it is being restarted; the new instance starts afresh.
//! assert_eq!(check.poll_timeout(), None);
//! now = start.deadline + Duration::from_secs(5);
//! let _ = check.instance_changed(now);
//! assert_eq!(check.poll_start(now).map(|start| start.attempt), Some(4));
//!
//! // A pause ends the attempt and keeps the status; the stop is for good.
//! let _ = check.pause(now);
//! assert_eq!((check.status(), check.is_stale()), (CheckStatus::Starting, true));
//! let _ = check.stop(now, Duration::from_secs(5));
//! assert_eq!(check.mode(), Mode::Stopped);
//! # Ok::<(), health_core::ConfigError>(())
//! ```
//!
//! [`Outcome`]: crate::base::Outcome

mod config;
mod event;
mod history;
mod inactive;
mod machine;
pub mod probe;
#[cfg(feature = "registry")]
mod saved;
mod schedule;
mod signal;
mod state;
mod thresholds;
mod validate;
mod view;
#[cfg(feature = "monitor")]
mod watched;

pub use config::{CheckConfig, FirstCheck, OnUnhealthy, Schedule};
pub use event::{CancelReason, CheckStatus, Event, Events, Permit};
pub use history::Record;
#[cfg(feature = "registry")]
pub use saved::Saved;
pub use signal::Signal;
pub use state::{Check, Start};
pub use view::Mode;

#[cfg(feature = "registry")]
pub(crate) use saved::SavedState;
#[cfg(any(feature = "monitor", feature = "supervise"))]
pub(crate) use schedule::hash_bytes;
#[cfg(feature = "supervise")]
pub(crate) use schedule::splitmix64;
#[cfg(feature = "monitor")]
pub(crate) use state::Wake;
