//! What a daemon reports to its service manager, and when: the protocol of `sd_notify(3)`.
//!
//! ```text
//!   Snapshot ──► Notifications::poll ──► "READY=1\nSTATUS=running, healthy" ──► a datagram of the driver's
//!                        ▲                                                           │
//!                        └──────────── handle_sent, handle_unsent ◄──────────────────┘
//! ```
//!
//! The reports come from the state that the endpoint shows, so the two never differ:
//!
//! | message | when |
//! |---|---|
//! | `READY=1` | once: when the daemon is ready for the first time (see [`NotifyConfig`]), unless it drains before that |
//! | `EXTEND_TIMEOUT_USEC` | until then every 5 s, for 15 s more, while it is live, up to [`NotifyConfig::start_limit`] |
//! | `WATCHDOG=1` | from then on twice in each [`NotifyConfig::watchdog`], while it is live |
//! | `STATUS` | when the text has changed, at most once a second |
//! | `STOPPING=1` | once: when it drains or stops |
//!
//! *Live* is what liveness says: no heartbeat was missed. So a daemon whose loop hangs is restarted by its
//! service manager, and one whose database is down is not.

mod config;
mod notifications;
mod status;

pub use config::NotifyConfig;
pub use notifications::Notifications;
pub use status::status_text;
