//! Under a service manager: what the daemon reports to it, and the sockets that it passes on.
//!
//! ```text
//!  $NOTIFY_SOCKET ◄── datagrams ── Notify ◄── Health         decided by health_core::systemd
//!  $LISTEN_FDS ──── descriptors ──► take_listener ──► Server::from_systemd
//! ```
//!
//! systemd sets these variables; Podman and others that speak its protocol do too. Without them nothing
//! here does anything. They stay set: nothing of the process's environment can be removed while other
//! threads may read it. For a child process remove [`VARIABLES`], which are not meant for it.

mod descriptors;
mod environment;
mod listeners;
mod notify;
mod socket;

pub use health_core::systemd::{NotifyConfig, status_text};
pub use listeners::take_listener;
pub use notify::{Notify, Words};

/// ```
/// let mut child = std::process::Command::new("true");
/// for name in health_driver::systemd::VARIABLES {
///     child.env_remove(name);
/// }
/// ```
pub use crate::manager_variables::VARIABLES;
