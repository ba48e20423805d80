//! Reports a daemon's health to its service manager.

use std::fmt;
use std::io;

use health_core::Instant;
use health_core::health::Snapshot;
use health_core::systemd::{Notifications, NotifyConfig, status_text};

use super::environment::{self, Lookup};
use super::socket::Socket;
use crate::Health;
use crate::guard::catch;

/// Makes the text of `STATUS`.
pub type Words = Box<dyn FnMut(&Snapshot) -> String + Send>;

/// Sends what the service manager is to know of one [`Health`]; it never waits.
///
/// This is for drivers: [`api::systemd::Notifier`](crate::api::systemd::Notifier) calls it at the right
/// times.
pub struct Notify {
    health: Health,
    socket: Socket,
    words: Words,
    notifications: Notifications,
}

impl Notify {
    /// Reports to the socket that `$NOTIFY_SOCKET` names; `None` if it is not set. `config` gets the
    /// watchdog's time from `$WATCHDOG_USEC`, if that is meant for this process (`$WATCHDOG_PID`). A panic
    /// in `words` makes the text [`status_text`].
    ///
    /// # Errors
    ///
    /// A variable is not what it has to be, or the system gives no socket.
    pub fn from_env(
        health: &Health,
        config: NotifyConfig,
        words: Words,
    ) -> io::Result<Option<Self>> {
        Self::new(health, config, words, &environment::of_process)
    }

    fn new(
        health: &Health,
        mut config: NotifyConfig,
        words: Words,
        lookup: Lookup<'_>,
    ) -> io::Result<Option<Self>> {
        let Some(address) = environment::notify_socket(lookup) else {
            return Ok(None);
        };
        config.watchdog = environment::watchdog(lookup)?;
        Ok(Some(Self {
            health: health.clone(),
            socket: Socket::new(&address)?,
            words,
            notifications: Notifications::new(health.now(), config),
        }))
    }

    /// Sends what is due at `now`, a reading of the health's own clock. Returns when to call it again
    /// without a change of the health; `None`: not before one.
    pub fn send(&mut self, now: Instant) -> Option<Instant> {
        let snapshot = self.health.snapshot_at(now);
        let words = catch(|| (self.words)(&snapshot));
        let status = words.unwrap_or_else(|_| status_text(&snapshot));
        if let Some(message) = self.notifications.poll(now, &snapshot, &status) {
            match self.socket.send(&message) {
                Ok(()) => self.notifications.handle_sent(now),
                Err(_) => self.notifications.handle_unsent(now),
            }
        }
        self.notifications.poll_timeout()
    }

    /// Whether there is nothing more to report: the health was stopped at the last call.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.notifications.is_over()
    }
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notify")
            .field("socket", &self.socket)
            .field("notifications", &self.notifications)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};
    use std::time::Duration;

    use super::*;

    /// A service manager with this name.
    fn manager(name: &str) -> (String, UnixDatagram) {
        let name = format!("health-notify-{name}-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).expect("a name");
        let socket = UnixDatagram::bind_addr(&address).expect("it is free");
        socket.set_nonblocking(true).expect("a socket");
        (format!("@{name}"), socket)
    }

    fn received(manager: &UnixDatagram) -> Option<String> {
        let mut buffer = [0; 4096];
        let length = manager.recv(&mut buffer).ok()?;
        Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
    }

    fn start(health: &Health, words: Words, lookup: Lookup<'_>) -> Option<Notify> {
        Notify::new(health, NotifyConfig::default(), words, lookup).expect("valid")
    }

    #[test]
    fn the_exact_messages_from_start_to_end() {
        let (address, manager) = manager("sequence");
        let lookup = |name: &str| match name {
            "NOTIFY_SOCKET" => Some(address.clone().into()),
            "WATCHDOG_USEC" => Some("10000000".into()),
            _ => None,
        };
        let health = Health::new("svc", "1");
        let mut notify = start(&health, Box::new(status_text), &lookup).expect("it is set");
        let mut now = health.now();
        let mut next = |now| {
            let then = notify.send(now);
            (received(&manager), then)
        };
        let (message, _) = next(now);
        let starting = "STATUS=starting\nEXTEND_TIMEOUT_USEC=15000000";
        assert_eq!(message.as_deref(), Some(starting));
        health.set_running();
        now = now + Duration::from_secs(1);
        let (message, then) = next(now);
        assert_eq!(message.as_deref(), Some("READY=1\nSTATUS=running, healthy"));
        now = now + Duration::from_secs(5);
        assert_eq!(then, Some(now));
        let (message, _) = next(now);
        assert_eq!(message.as_deref(), Some("WATCHDOG=1"));
        health.begin_drain();
        let (message, _) = next(now);
        assert_eq!(message.as_deref(), Some("STOPPING=1\nSTATUS=draining"));
        health.stop();
        assert_eq!(next(now), (None, None));
        assert!(notify.is_over());
    }

    #[test]
    fn a_panic_in_the_words_of_a_daemon_changes_only_the_words() {
        let (address, manager) = manager("panic");
        let lookup = |name: &str| (name == "NOTIFY_SOCKET").then(|| address.clone().into());
        let health = Health::new("svc", "1");
        health.set_running();
        let words = Box::new(|_: &Snapshot| panic!("no words"));
        let mut notify = start(&health, words, &lookup).expect("it is set");
        assert_eq!(notify.send(health.now()), None);
        let message = received(&manager);
        assert_eq!(message.as_deref(), Some("READY=1\nSTATUS=running, healthy"));
    }

    #[test]
    fn without_a_service_manager_there_is_nothing_to_do() {
        let health = Health::new("svc", "1");
        for empty in [None, Some("".into())] {
            let lookup = |_: &str| empty.clone();
            assert!(start(&health, Box::new(status_text), &lookup).is_none());
        }
    }
}
