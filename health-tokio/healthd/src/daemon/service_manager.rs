//! Under a service manager, such as systemd: what is reported to it, the listener that it passes on.

use health_tokio::systemd::{Notifier, NotifierHandle};
use health_tokio::{Health, Server};
use tracing::warn;

/// The name of the endpoint's listener in a socket unit.
const LISTENER: &str = "health";

/// Reports from healthd's own loop, so that a loop that hangs reports nothing. What is returned is to be
/// kept to the end.
pub(crate) fn notify(notifier: Notifier) -> Option<NotifierHandle> {
    match notifier.run() {
        Ok((handle, run)) => {
            tokio::spawn(run);
            Some(handle)
        }
        Err(error) => {
            warn!(%error, "nothing is reported to the service manager");
            None
        }
    }
}

/// The listener that was passed on for the endpoint, if there is one.
pub(super) fn listener(health: &Health) -> Option<Server> {
    Server::from_systemd(LISTENER, health).unwrap_or_else(|error| {
        warn!(%error, "the service manager's socket is not used");
        None
    })
}
