//! Decides which messages to the service manager are due.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::NotifyConfig;
use super::status::on_one_line;
use crate::base::{Instant, Name, ProbeKind, Status};
use crate::health::{Phase, Snapshot};

/// From one extension of the start to the next.
const EXTEND_EVERY: Duration = Duration::from_secs(5);
/// How much longer each one lets it take: two may be lost.
const EXTEND_BY: Duration = Duration::from_secs(15);
/// The least from one text to the next.
const STATUS_EVERY: Duration = Duration::from_secs(1);
/// Before the first further try of a message that could not be sent; doubled with each.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// Before any further try.
const LAST_RETRY: Duration = Duration::from_secs(60);
/// However short the watchdog's time.
const SHORTEST_RECHECK: Duration = Duration::from_millis(10);

/// Decides what is reported to a service manager. See the [module](super).
///
/// After every change of the daemon's state, and when [`poll_timeout`](Self::poll_timeout) has come, call
/// [`poll`](Self::poll); then [`handle_sent`](Self::handle_sent) or
/// [`handle_unsent`](Self::handle_unsent) for what it gave.
///
/// ```
/// use core::time::Duration;
/// use health_core::{Instant, Registry};
/// use health_core::systemd::{Notifications, NotifyConfig, status_text};
///
/// let mut config = NotifyConfig::default();
/// config.watchdog = Some(Duration::from_secs(10));
/// let mut now = Instant::default();
/// let mut registry = Registry::new("steering", "1.4.0", now);
/// let mut notifications = Notifications::new(now, config);
/// let mut next = |now, snapshot| {
///     let message = notifications.poll(now, &snapshot, &status_text(&snapshot));
///     notifications.handle_sent(now);
///     (message, notifications.poll_timeout())
/// };
///
/// registry.set_running(now);
/// let (message, then) = next(now, registry.snapshot(now));
/// assert_eq!(message.as_deref(), Some("READY=1\nSTATUS=running, healthy"));
/// now = now + Duration::from_secs(5);
/// assert_eq!(then, Some(now));
/// let (message, _) = next(now, registry.snapshot(now));
/// assert_eq!(message.as_deref(), Some("WATCHDOG=1"));
/// ```
#[derive(Clone, Debug)]
pub struct Notifications {
    config: NotifyConfig,
    /// When the start is extended no more.
    start_end: Instant,
    is_ready: bool,
    is_stopping: bool,
    /// What readiness waits for and was seen to be up, if each part counts by itself.
    were_up: BTreeSet<Name>,
    /// The text that was sent last, and when another one may be.
    status: String,
    status_at: Instant,
    extend_at: Instant,
    watchdog_at: Instant,
    seen: Seen,
    /// What the last poll gave, until it is known what came of it.
    given: Option<Given>,
    /// What a message that could not be sent waits for, and when it is tried again.
    retry: Option<(Duration, Instant)>,
}

/// What the last poll saw.
#[derive(Clone, Debug)]
struct Seen {
    at: Instant,
    phase: Phase,
    is_live: bool,
    status: String,
}

/// The parts of one message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Given {
    is_ready: bool,
    is_stopping: bool,
    is_status: bool,
    is_extension: bool,
    is_watchdog: bool,
}

impl Notifications {
    /// Those of a daemon that starts now.
    #[must_use]
    pub fn new(now: Instant, config: NotifyConfig) -> Self {
        Self {
            start_end: now + config.start_limit,
            config,
            is_ready: false,
            is_stopping: false,
            were_up: BTreeSet::new(),
            status: String::new(),
            status_at: now,
            extend_at: now,
            watchdog_at: now,
            seen: Seen {
                at: now,
                phase: Phase::Starting,
                is_live: true,
                status: String::new(),
            },
            given: None,
            retry: None,
        }
    }

    /// The message that is due, if there is one: lines of `NAME=VALUE`, for one datagram. `status` is the
    /// text of `STATUS`, such as [`status_text`](super::status_text) makes; control characters in it are
    /// sent as blanks, and at most 1,024 bytes of it.
    #[must_use]
    pub fn poll(&mut self, now: Instant, snapshot: &Snapshot, status: &str) -> Option<String> {
        self.seen = Seen {
            at: now,
            phase: snapshot.phase(),
            is_live: snapshot.status(ProbeKind::Liveness) == Status::Healthy,
            status: on_one_line(status),
        };
        if self.config.ready_part_by_part && !self.is_ready {
            self.note_parts(snapshot);
        }
        // Once the daemon has stopped there is no later.
        let waits = self.retry.is_some_and(|(_, at)| at > now) && !self.is_over();
        let given = (!waits).then(|| self.due(now, snapshot));
        self.given = given.filter(|given| *given != Given::default());
        self.given.map(|given| self.text(given))
    }

    /// What [`poll`](Self::poll) gave was sent.
    pub fn handle_sent(&mut self, now: Instant) {
        let Some(given) = self.given.take() else {
            return;
        };
        self.retry = None;
        self.is_ready |= given.is_ready;
        self.is_stopping |= given.is_stopping;
        if given.is_status {
            self.status.clone_from(&self.seen.status);
            self.status_at = now + STATUS_EVERY;
        }
        if given.is_extension {
            self.extend_at = now + EXTEND_EVERY;
        }
        if given.is_ready || given.is_watchdog {
            let watchdog = self.config.watchdog.unwrap_or_default();
            self.watchdog_at = now + watchdog / 2;
        }
    }

    /// What [`poll`](Self::poll) gave could not be sent: nobody listens, or too much waits to be read.
    /// Nothing is due until a second later; after the next failure until two later, and so on up to a
    /// minute.
    pub fn handle_unsent(&mut self, now: Instant) {
        if self.given.take().is_some() {
            let wait = self.retry.map_or(FIRST_RETRY, |(wait, _)| wait * 2);
            let wait = wait.min(LAST_RETRY);
            self.retry = Some((wait, now + wait));
        }
    }

    /// When to poll again, if nothing changes before; `None`: not before a change.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.is_over() {
            return None;
        }
        if let Some((_, at)) = self.retry {
            return Some(at);
        }
        // A heartbeat that comes back is no change of the state before somebody looks.
        let once_live = |at: Instant| {
            if self.seen.is_live {
                at
            } else {
                at.max(self.seen.at + self.recheck())
            }
        };
        let status = (self.seen.status != self.status).then_some(self.status_at);
        let extension = self.may_extend(self.extend_at).then_some(self.extend_at);
        let watchdog = self.is_watched().then_some(self.watchdog_at);
        let of_live = extension.into_iter().chain(watchdog).map(once_live);
        of_live.chain(status).min()
    }

    /// Whether there will be no more messages: the daemon had stopped at the last poll.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.seen.phase == Phase::Stopped
    }

    fn due(&self, now: Instant, snapshot: &Snapshot) -> Given {
        let Seen { phase, is_live, .. } = self.seen;
        let is_ready = !self.is_ready && self.counts_as_ready(snapshot);
        Given {
            is_ready,
            is_stopping: phase > Phase::Running && !self.is_stopping,
            is_status: self.seen.status != self.status && self.status_at <= now,
            is_extension: !is_ready && is_live && self.extend_at <= now && self.may_extend(now),
            is_watchdog: self.is_watched() && is_live && self.watchdog_at <= now,
        }
    }

    fn counts_as_ready(&self, snapshot: &Snapshot) -> bool {
        let Seen { phase, is_live, .. } = self.seen;
        if self.config.ready_when_running {
            return phase == Phase::Running;
        }
        if self.config.ready_part_by_part {
            let mut down = snapshot.pending().chain(snapshot.failing());
            return phase == Phase::Running && is_live && down.all(|it| self.were_up.contains(it));
        }
        snapshot.status(ProbeKind::Readiness) == Status::Healthy
    }

    fn note_parts(&mut self, snapshot: &Snapshot) {
        let down: BTreeSet<_> = snapshot.pending().chain(snapshot.failing()).collect();
        let up = snapshot.names().filter(|it| !down.contains(it));
        self.were_up.extend(up.cloned());
    }

    fn may_extend(&self, at: Instant) -> bool {
        !self.is_ready && self.seen.phase <= Phase::Running && at < self.start_end
    }

    fn is_watched(&self) -> bool {
        self.is_ready && self.config.watchdog.is_some()
    }

    /// From one look at a daemon that is not live to the next: soon enough for one that recovers.
    fn recheck(&self) -> Duration {
        let watchdog = self.config.watchdog.unwrap_or(STATUS_EVERY * 8);
        (watchdog / 8).clamp(SHORTEST_RECHECK, STATUS_EVERY)
    }

    fn text(&self, given: Given) -> String {
        let lines = [
            given.is_ready.then(|| "READY=1".into()),
            given.is_stopping.then(|| "STOPPING=1".into()),
            given
                .is_status
                .then(|| format!("STATUS={}", self.seen.status)),
            given
                .is_extension
                .then(|| format!("EXTEND_TIMEOUT_USEC={}", EXTEND_BY.as_micros())),
            given.is_watchdog.then(|| "WATCHDOG=1".into()),
        ];
        let lines: Vec<String> = lines.into_iter().flatten().collect();
        lines.join("\n")
    }
}
