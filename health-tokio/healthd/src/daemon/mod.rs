//! Runs `healthd monitor`: reads the settings, watches the targets, keeps the registry, answers commands.
//!
//! ```text
//!  signals ─┐                   ┌─ thread "monitor": probes
//!  socket ──┼─► main task ──────┤
//!  clock ───┘       │           └─ thread "health": the endpoint
//!                   ├─ timers:         what is due once a second, once a cycle
//!                   ├─ registry:       which targets there are
//!                   ├─ requests:       what commands ask for
//!                   ├─ target_requests: what the endpoint is asked about one target
//!                   ├─ quiet:          what is paused, silenced, in a window of maintenance
//!                   ├─ monitor_health: the components that describe the monitor itself
//!                   ├─ service_manager: reports that it runs and lives
//!                   └─ store_writer ─ batches ─► reporter: log, notices ─► outbox ─► actions
//!                        └─ a thread that may wait for a disk: SQLite
//! ```

mod actions;
mod documents;
mod endpoint;
mod handlers;
mod list;
mod log_lines;
mod monitor_health;
mod now;
mod outbox;
mod place;
mod progress;
mod quiet;
mod receivers;
mod registry;
mod registry_file;
mod reload;
mod reporter;
mod requests;
mod service_manager;
mod store_command;
mod store_writer;
mod target_requests;
mod timers;
mod told;
mod wording;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::net::UnixListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch};
use tracing::{info, warn};

pub(super) use actions::{Actions, AtEnd};
pub(super) use documents::{now, rfc3339, specimen};
pub(super) use endpoint::endpoint;
pub(super) use handlers::deliver;
pub(super) use list::List;
pub(super) use outbox::Outbox;
pub(super) use registry::Registry;
pub(super) use service_manager::notify;
pub(super) use store_writer::StoreWriter;
pub(super) use wording::{severity, source, title};

use super::config::{Action, Flags, Settings, left_behind, make_directory};
use super::control::{self, Lock, PendingRequest};
use super::terminal::{self, Terminal};
use super::text::REACTIVATE;
use endpoint::with_token;
use health_tokio::monitor::{self, Monitor, MonitorHandle};
use health_tokio::systemd::Notifier;
use health_tokio::{Handle, Health, Service};
use monitor_health::MonitorHealth;
use quiet::Windows;
use reload::Reloads;
use reporter::Reporter;

/// What a stop may take, whatever hangs.
const STOP: Duration = Duration::from_secs(5);

/// How often the files that hold values of headers are checked.
const HEADER_FILES: Duration = Duration::from_millis(250);

/// How often lists of addresses are checked for a change.
const LISTS: Duration = Duration::from_secs(2);

/// A running monitor.
struct Daemon {
    flags: Flags,
    settings: Settings,
    monitor: MonitorHandle,
    registry: Arc<Registry>,
    /// The output of the log.
    terminal: Arc<Terminal>,
    /// What the endpoint shows, without who may see it. All that are made of it count together.
    service: Service,
    server: Option<Arc<Handle>>,
    /// The address of the endpoint, if it has one.
    address: Option<SocketAddr>,
    /// Hands the reporter other actions.
    actions: mpsc::UnboundedSender<Vec<Action>>,
    reloads: Reloads,
    began: Instant,
    /// The default interval; changes are sent to the timers.
    pace: watch::Sender<Duration>,
    windows: Windows,
}

/// Runs until a signal ends it.
///
/// # Errors
///
/// A system error without which it cannot start; one line for people.
pub(super) async fn run(
    flags: Flags,
    settings: Settings,
    terminal: Arc<Terminal>,
) -> Result<(), String> {
    let db = settings.db.clone();
    make_directory(&db).map_err(|error| error.to_string())?;
    if let Some(line) = left_behind(&db) {
        warn!("{line}");
    }
    let lock = Arc::new(OnceLock::new());
    match Lock::take(&db) {
        Ok(Some(held)) => drop(lock.set(held)),
        Ok(None) => {
            return Err(format!(
                "{}: another healthd has this registry",
                db.display()
            ));
        }
        // The store writer reports it and tries again.
        Err(error) if control::may_pass(&error) => {}
        Err(error) => return Err(error.to_string()),
    }
    let listener = match lock.get().map(|held| control::listen(&db, held)) {
        None => None,
        Some(Ok(listener)) => Some(listener),
        // The lock is there, so the path is right: a directory of another user may be given back.
        Some(Err(error))
            if control::may_pass(&error) || error.kind() == io::ErrorKind::PermissionDenied =>
        {
            warn!(%error, "no commands yet; trying again every 5 s");
            None
        }
        Some(Err(error)) => return Err(error.to_string()),
    };
    let result = watch(flags, settings, &lock, listener, terminal).await;
    if lock.get().is_some() {
        control::remove_socket(&db);
    }
    result
}

async fn watch(
    flags: Flags,
    mut settings: Settings,
    lock: &Arc<OnceLock<Lock>>,
    listener: Option<UnixListener>,
    terminal: Arc<Terminal>,
) -> Result<(), String> {
    let text = |error: io::Error| error.to_string();
    // From here on a signal no longer ends the process.
    let mut terminate = signal(SignalKind::terminate()).map_err(text)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(text)?;
    let hangup = signal(SignalKind::hangup()).map_err(text)?;

    let health = Health::new("healthd", env!("CARGO_PKG_VERSION"));
    // If whatever it watches is down, that is no reason to end the monitor.
    let _notifier = notify(Notifier::new(&health).ready_when_running());
    let (reports, stored_batches) = mpsc::channel(64);
    let (db, held) = (settings.db.clone(), Arc::clone(lock));
    let outbox = Outbox::default();
    let limits = settings.limits;
    let opened = StoreWriter::open(&db, held, limits, &health, reports, outbox.clone()).await;
    let (writer, commands, mut stored) = opened.map_err(|error| error.to_string())?;

    raise_descriptors();
    let limits = monitor::defaults();
    if !settings.is_max_stated {
        settings.monitor.max_in_flight = limits.max_in_flight;
    }
    settings.monitor.reactivate_command = Some(REACTIVATE);
    let monitor = Monitor::new(settings.monitor.clone()).policy(settings.policy.clone());
    let monitor = monitor.show_prober(&health);
    let monitor = monitor.spawn().map_err(text)?;
    monitor.enable_journal();

    settings.warnings().iter().for_each(|it| warn!("{it}"));
    let list = List::new((*monitor).clone());
    let registry = Arc::new(Registry::new(list.clone(), commands));
    if stored.is_unread {
        registry.expect_late();
    }
    let late = {
        let (registry, defaults) = (Arc::clone(&registry), settings.defaults.clone());
        move |targets| registry.merge(targets, &defaults)
    };
    let keeping = tokio::spawn(writer.run(list.clone(), late));
    let configured = settings.actions.clone();
    let actions = Actions::new(configured, &outbox, &health, AtEnd::LeftToNext);
    let actions = actions.map_err(|error| error.to_string())?;
    actions.restore(std::mem::take(&mut stored.notices.outbox), &outbox);
    let (begin, begun) = oneshot::channel();
    let (change, changed) = mpsc::unbounded_channel();
    let reporter = Reporter {
        list: list.clone(),
        actions,
        changed,
        outbox,
        clock: health.clone(),
        begun,
    };
    let notices = std::mem::take(&mut stored.notices);
    let reporting = tokio::spawn(reporter.run(stored_batches, notices));
    let reloads = Reloads::new(&health).map_err(|error| error.to_string())?;
    let asked = target_requests::receiver(&health);
    let service = Service::new().targets(registry.shown());
    let service = service.target_routes(target_requests::routes(), &asked);
    let mut daemon = Daemon::new(
        (flags, settings),
        service,
        monitor,
        registry,
        change,
        reloads,
        Arc::clone(&terminal),
    );
    let work = async {
        daemon.begin_quiet(stored.quiet).await;
        let configured = std::mem::take(&mut daemon.settings.targets);
        let (settings, stored) = (&daemon.settings, stored.targets);
        let begun =
            (daemon.registry).begin(configured, &settings.found, stored, &settings.defaults);
        begun.await;
        let _ = begin.send(());
        daemon.warn_of_limits();

        let monitor_health = MonitorHealth::new(&health, list, Arc::clone(&terminal));
        let mut monitor_health = monitor_health.map_err(|error| error.to_string())?;
        monitor_health.update();
        daemon.server = daemon.endpoint(&health).map(Arc::new);
        daemon.address = daemon.server.as_ref().and_then(|it| it.local_addr());
        health.set_running();
        info!(
            targets = daemon.registry.len(),
            deregistered = daemon.monitor.status().summary.inactive(),
            registry = %daemon.settings.db.display(),
            config = daemon.settings.file.as_ref().map(|it| it.display().to_string()),
            interval = ?daemon.settings.defaults.check.interval,
            timeout = ?daemon.settings.defaults.check.timeout,
            retries = daemon.settings.defaults.check.retries,
            auto_deregister = daemon.settings.defaults.auto_deregister,
            actions = daemon.settings.actions.len(),
            "started"
        );
        // Only now: a program that reads this line may send a request at once.
        if let Some(address) = daemon.address {
            terminal::announce(format!("listening on http://{address}"));
        }

        let (ask, requests) = mpsc::channel(16);
        let (controls, pace) = ((*daemon.monitor).clone(), daemon.pace.subscribe());
        tokio::join!(
            target_requests::serve(asked, controls.clone(), db.clone(), ask.clone()),
            control::serve(db, Arc::clone(lock), listener, ask),
            timers::run(monitor_health, controls, pace, terminal),
            daemon.serve(hangup, requests),
        );
        Ok(())
    };
    // A disk that hangs holds up a reload, a command, the beginning; not the end.
    let worked: Result<(), String> = tokio::select! {
        worked = work => worked,
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    };
    worked?;

    info!("stopping");
    health.begin_drain();
    let until = tokio::time::Instant::now() + STOP;
    let stopped = daemon.monitor.stop(STOP).await;
    let server = daemon.server.take();
    drop(daemon);
    // The rest that is to be stored and logged.
    let said = tokio::time::timeout_at(until, async {
        let kept = keeping.await;
        (kept.is_ok(), reporting.await.is_ok())
    });
    if !stopped || said.await.is_err() {
        warn!(limit = ?STOP, "did not stop in time");
    }
    health.stop();
    if let Some(server) = server {
        server.shutdown(Duration::from_secs(1)).await;
    }
    info!("stopped");
    Ok(())
}

impl Daemon {
    fn new(
        (flags, mut settings): (Flags, Settings),
        service: Service,
        monitor: MonitorHandle,
        registry: Arc<Registry>,
        actions: mpsc::UnboundedSender<Vec<Action>>,
        reloads: Reloads,
        terminal: Arc<Terminal>,
    ) -> Self {
        let windows = Windows::new(std::mem::take(&mut settings.windows));
        let pace = watch::Sender::new(settings.defaults.check.interval);
        Self {
            flags,
            settings,
            pace,
            windows,
            service,
            monitor,
            registry,
            terminal,
            server: None,
            address: None,
            actions,
            reloads,
            began: Instant::now(),
        }
    }

    /// Reads the configuration again on SIGHUP and carries out requests, one after the other. Does not
    /// return.
    async fn serve(&mut self, mut hangup: Signal, mut requests: mpsc::Receiver<PendingRequest>) {
        let mut checks = tokio::time::interval(HEADER_FILES);
        checks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut lists = tokio::time::interval(LISTS);
        lists.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut second = tokio::time::interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = checks.tick() => self.registry.read_header_files(&self.settings.defaults),
                _ = lists.tick() => self.read_lists().await,
                _ = second.tick() => self.update_quiet().await,
                // What came of it is in the log.
                _ = hangup.recv() => drop(self.reload().await),
                Some((request, reply)) = requests.recv() => {
                    // The client may have closed the connection.
                    let _ = reply.send(self.answer(request).await);
                }
            }
        }
    }

    fn endpoint(&self, health: &Health) -> Option<Handle> {
        let settings = &self.settings;
        let service = self.service(settings);
        endpoint(settings.listen, settings.token.as_deref(), health, service)
    }

    fn warn_of_limits(&self) {
        let demand = self.monitor.status().demand;
        let most = self.settings.monitor.max_in_flight;
        if demand > most {
            warn!(
                demand,
                max_in_flight = most,
                "if no target answers, checks will be late: raise the limit of descriptors or \
                 max_in_flight, or lower the timeout"
            );
        }
    }
}

/// A hundred thousand targets need more sockets at once than most shells allow.
pub(super) fn raise_descriptors() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // If it fails, the monitor works with the limit that it has.
    let _ = setrlimit(Resource::Nofile, limit);
}
