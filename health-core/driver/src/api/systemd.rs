//! Reporting to a service manager, in one line of `main`.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, ready};
use std::time::Duration;

use health_core::health::Snapshot;

pub use crate::systemd::{VARIABLES, status_text};

use super::{Async, Style, Styled};
use crate::runtime::{Runtime, Timer};
use crate::systemd::{Notify, NotifyConfig, Words};
use crate::task::Alarm;
use crate::{Health, HealthWatch};

/// Reports a daemon's health to its service manager (`Type=notify` in a unit of systemd), from the same
/// state as the endpoint: when it is ready, how it is, that it lives, that it stops. Without
/// `$NOTIFY_SOCKET` it does nothing.
///
/// | message | when |
/// |---|---|
/// | `READY=1` | once: when the daemon is ready for the first time |
/// | `STATUS=…` | when the text has changed, at most once a second |
/// | `WATCHDOG=1` | twice in each `$WATCHDOG_USEC` (`WatchdogSec=`) after it was ready, while it is live |
/// | `EXTEND_TIMEOUT_USEC=15000000` | before it is ready every 5 s, while it is live, for at most [`start_limit`](Self::start_limit) |
/// | `STOPPING=1` | once: when it drains, or stops |
///
/// It never waits for the service manager: what cannot be sent is tried again, less and less often.
pub struct Notifier<S> {
    health: Health,
    config: NotifyConfig,
    words: Words,
    style: Styled<S>,
}

/// The daemon's end of a [`Notifier`]. Dropped, it sends what is due, and leaves it running: keep it to
/// the end of `main`, so that the end is reported before the process has gone.
#[derive(Debug)]
#[must_use = "dropped at the end of `main`, it reports the end"]
pub struct NotifierHandle {
    shared: Option<Shared>,
}

/// What the handle and the task share.
#[derive(Clone, Debug)]
struct Shared {
    health: Health,
    notify: Arc<Mutex<Notify>>,
}

impl<S> Notifier<S> {
    /// One for this daemon. Nothing is sent before it runs.
    #[must_use]
    pub fn new(health: &Health) -> Self {
        Self {
            health: health.clone(),
            config: NotifyConfig::default(),
            words: Box::new(status_text),
            style: Styled::default(),
        }
    }

    /// Reports that it is ready as soon as it is [running](crate::Phase::Running), whatever its
    /// readiness. For a daemon whose components say how *others* are, such as a monitor.
    #[must_use]
    pub fn ready_when_running(mut self) -> Self {
        self.config.ready_when_running = true;
        self
    }

    /// Reports that it is ready when each part that readiness waits for was up once, however the others are
    /// at that moment. For a daemon that waits for several *others*, such as a supervisor of groups that
    /// may end and begin again meanwhile.
    #[must_use]
    pub fn ready_part_by_part(mut self) -> Self {
        self.config.ready_part_by_part = true;
        self
    }

    /// For how long the start may take beyond the service manager's own limit (`TimeoutStartSec=`), as
    /// long as the daemon is live. Default: 300 s; 0 asks for nothing.
    #[must_use]
    pub fn start_limit(mut self, limit: Duration) -> Self {
        self.config.start_limit = limit;
        self
    }

    /// What is sent as `STATUS`, made anew after each change of the state; it must not wait. Default:
    /// [`status_text`], which is also taken if it panics. Control characters become blanks, and at most
    /// 1,024 bytes are sent.
    #[must_use]
    pub fn status(mut self, words: impl FnMut(&Snapshot) -> String + Send + 'static) -> Self {
        self.words = Box::new(words);
        self
    }

    fn start(self) -> io::Result<NotifierHandle> {
        let notify = Notify::from_env(&self.health, self.config, self.words)?;
        let shared = notify.map(|notify| Shared {
            health: self.health,
            notify: Arc::new(Mutex::new(notify)),
        });
        Ok(NotifierHandle { shared })
    }
}

impl<S: Style> Notifier<S> {
    /// Runs it on a thread of its own, named `notify`, until the health is stopped: it goes on reporting
    /// while every other thread of the daemon hangs, and the heartbeats decide what. Without
    /// `$NOTIFY_SOCKET` there is no thread.
    ///
    /// # Errors
    ///
    /// `$NOTIFY_SOCKET`, `$WATCHDOG_USEC` or `$WATCHDOG_PID` is not what it has to be; the system gives no
    /// thread or no socket.
    pub fn spawn(self) -> io::Result<NotifierHandle> {
        let handle = self.start()?;
        if let Some(shared) = handle.shared.clone() {
            let run = move || Ok(report::<<S::Runtime as Runtime>::Timer>(shared));
            super::spawn::<S::Runtime, _>("notify", run)?;
        }
        Ok(handle)
    }
}

impl<R: Runtime> Notifier<Async<R>> {
    /// Runs it as one task of the caller's, until the health is stopped: if the caller's runtime hangs,
    /// the watchdog ends the daemon, even without a heartbeat. Without `$NOTIFY_SOCKET` the future is
    /// ready at once.
    ///
    /// # Errors
    ///
    /// `$NOTIFY_SOCKET`, `$WATCHDOG_USEC` or `$WATCHDOG_PID` is not what it has to be; the system gives no
    /// socket.
    pub fn run(self) -> io::Result<(NotifierHandle, impl Future<Output = ()> + Send + use<R>)> {
        let handle = self.start()?;
        let shared = handle.shared.clone();
        let run = async move {
            if let Some(shared) = shared {
                report::<R::Timer>(shared).await;
            }
        };
        Ok((handle, run))
    }
}

impl NotifierHandle {
    /// Whether there is a service manager to report to: `$NOTIFY_SOCKET` is set.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.shared.is_some()
    }
}

impl Drop for NotifierHandle {
    fn drop(&mut self) {
        if let Some(shared) = &self.shared {
            let now = shared.health.now();
            shared.lock().send(now);
        }
    }
}

impl Shared {
    /// A panic of the daemon's own words does not get here, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, Notify> {
        self.notify.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends what is due whenever something has changed, or is due by the clock, until the health is stopped.
async fn report<T: Timer>(shared: Shared) {
    let health = shared.health.clone();
    // It applies the deadlines of heartbeats, also in a daemon without an endpoint.
    let mut watch = HealthWatch::of_server(&health);
    let mut alarm = Alarm::<T>::default();
    poll_fn(|cx| {
        loop {
            let now = health.now();
            let _ = watch.poll(now, cx.waker(), false);
            let mut notify = shared.lock();
            let due = notify.send(now);
            if notify.is_over() {
                return Poll::Ready(());
            }
            drop(notify);
            let until = due.into_iter().chain(watch.poll_timeout()).min();
            ready!(alarm.poll(cx, until, now));
        }
    })
    .await;
}

impl<S> fmt::Debug for Notifier<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifier")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
