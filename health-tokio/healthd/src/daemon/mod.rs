//! `healthd monitor`.
//!
//! ```text
//!  signals ─┐                   ┌─ thread "monitor": probes
//!  socket ──┼─► main task ──────┤
//!  clock ───┘       │           └─ thread "health": the endpoint
//!                   ├─ rounds:   what the clock asks for
//!                   ├─ registry: which targets there are
//!                   ├─ vitals:   how the monitor itself is
//!                   └─ keeper ─ batches ─► announce: log ─► actions
//!                        └─ a thread that may wait for a disk: SQLite
//! ```

mod actions;
mod announce;
mod keeper;
mod list;
mod place;
mod progress;
mod registry;
mod rounds;
mod vitals;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use health_core::Name;
use serde_json::{Value, json};
use tokio::net::UnixListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tracing::{error, info, warn};

pub(super) use keeper::Keeper;
pub(super) use list::List;
pub(super) use registry::Registry;

use super::config::{Settings, Told, added};
use super::control::{self, Asked, Lock, Reply, Request};
use super::terminal::{self, Terminal};
use super::text::millis;
use health_tokio::monitor::{self, Monitor, MonitorControl, MonitorHandle};
use health_tokio::{Handle, Health, Server, Service};
use vitals::Vitals;

/// What a stop may take, whatever hangs.
const STOP: Duration = Duration::from_secs(5);

/// From one look at the files that hold headers to the next.
const HEADER_FILES: Duration = Duration::from_millis(250);

/// A monitor that runs.
struct Daemon {
    told: Told,
    settings: Settings,
    monitor: MonitorHandle,
    registry: Registry,
    /// Where its log goes.
    terminal: Arc<Terminal>,
    /// Where it answers, if it does.
    address: Option<SocketAddr>,
    began: Instant,
    /// The interval, for who goes by it.
    pace: watch::Sender<Duration>,
}

/// Runs until a signal ends it.
///
/// # Errors
///
/// Something of the system's without which there is no point in beginning; a line for people.
pub(super) async fn run(
    told: Told,
    settings: Settings,
    terminal: Arc<Terminal>,
) -> Result<(), String> {
    let db = settings.db.clone();
    let lock = Arc::new(OnceLock::new());
    match Lock::take(&db) {
        Ok(Some(held)) => drop(lock.set(held)),
        Ok(None) => {
            return Err(format!(
                "{}: another healthd has this registry",
                db.display()
            ));
        }
        // The keeper says so, and goes on trying.
        Err(error) if control::may_pass(&error) => {}
        Err(error) => return Err(error.to_string()),
    }
    let listener = match lock.get().map(|held| control::listen(&db, held)) {
        None => None,
        Some(Ok(listener)) => Some(listener),
        Some(Err(error)) if control::may_pass(&error) => {
            warn!(%error, "no commands yet; trying again every 5 s");
            None
        }
        Some(Err(error)) => return Err(error.to_string()),
    };
    let result = watch(told, settings, &lock, listener, terminal).await;
    if lock.get().is_some() {
        control::forget(&db);
    }
    result
}

async fn watch(
    told: Told,
    mut settings: Settings,
    lock: &Arc<OnceLock<Lock>>,
    listener: Option<UnixListener>,
    terminal: Arc<Terminal>,
) -> Result<(), String> {
    let text = |error: io::Error| error.to_string();
    // From here on a signal waits for us instead of ending the process.
    let mut terminate = signal(SignalKind::terminate()).map_err(text)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(text)?;
    let hangup = signal(SignalKind::hangup()).map_err(text)?;

    let health = Health::new("healthd", env!("CARGO_PKG_VERSION"));
    let (announce, announced) = mpsc::channel(64);
    let (db, held) = (settings.db.clone(), Arc::clone(lock));
    let opened = Keeper::open(&db, held, settings.results, &health, announce).await;
    let (keeper, orders, stored) = opened.map_err(|error| error.to_string())?;

    raise_descriptors();
    let limits = monitor::defaults();
    if !settings.is_max_stated {
        settings.monitor.max_in_flight = limits.max_in_flight;
    }
    let monitor = Monitor::new(settings.monitor.clone());
    let monitor = monitor.spawn().map_err(text)?;
    monitor.enable_journal();

    settings.warnings().iter().for_each(|it| warn!("{it}"));
    let list = List::new((*monitor).clone());
    let keeping = tokio::spawn(keeper.run(list.clone()));
    let actions = settings.actions.clone();
    let announcing = announce::run(announced, (*monitor).clone(), actions, health.clone());
    let announcing = tokio::spawn(announcing);
    let registry = Registry::new(list.clone(), orders);
    let mut daemon = Daemon::new(told, settings, monitor, registry, Arc::clone(&terminal));
    let mut server = None;
    let work = async {
        let configured = std::mem::take(&mut daemon.settings.targets);
        let defaults = daemon.settings.defaults.clone();
        daemon.registry.begin(configured, stored, &defaults).await;
        daemon.warn_of_limits();

        let vitals = Vitals::new(&health, list, Arc::clone(&terminal));
        let mut vitals = vitals.map_err(|error| error.to_string())?;
        vitals.look();
        server = endpoint(&daemon.settings, &health, &daemon.monitor);
        daemon.address = server.as_ref().and_then(Handle::local_addr);
        health.set_running();
        info!(
            targets = daemon.registry.len(),
            registry = %daemon.settings.db.display(),
            "started"
        );
        // Only now: whoever reads the line may ask at once.
        if let Some(address) = daemon.address {
            terminal::announce(format!("listening on http://{address}"));
        }

        let (ask, asked) = mpsc::channel(16);
        let (controls, pace) = ((*daemon.monitor).clone(), daemon.pace.subscribe());
        tokio::join!(
            control::serve(db, Arc::clone(lock), listener, ask),
            rounds::run(vitals, controls, pace, terminal),
            daemon.serve(hangup, asked),
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
    drop(daemon);
    // What is still to be kept and said.
    let said = tokio::time::timeout_at(until, async {
        let kept = keeping.await;
        (kept.is_ok(), announcing.await.is_ok())
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
        told: Told,
        settings: Settings,
        monitor: MonitorHandle,
        registry: Registry,
        terminal: Arc<Terminal>,
    ) -> Self {
        let pace = watch::Sender::new(settings.defaults.check.interval);
        Self {
            told,
            settings,
            pace,
            monitor,
            registry,
            terminal,
            address: None,
            began: Instant::now(),
        }
    }

    /// Reads the configuration again when told to, and does what is asked: one after the other, without
    /// end.
    async fn serve(&mut self, mut hangup: Signal, mut asked: mpsc::Receiver<Asked>) {
        let mut looks = tokio::time::interval(HEADER_FILES);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = looks.tick() => self.registry.read_header_files(&self.settings.defaults),
                _ = hangup.recv() => self.reload().await,
                Some((request, reply)) = asked.recv() => {
                    // Whoever asked may have gone.
                    let _ = reply.send(self.answer(request).await);
                }
            }
        }
    }

    async fn reload(&mut self) {
        let mut settings = match Settings::read(&self.told) {
            Ok(settings) => settings,
            Err(error) => {
                return error!(%error, "configuration not read; everything stays as it was");
            }
        };
        settings.warnings().iter().for_each(|it| warn!("{it}"));
        let changed = self.settings.fixed_unlike(&settings).join(", ");
        if !changed.is_empty() {
            warn!(%changed, "this changes with the next start");
        }
        let configured = std::mem::take(&mut settings.targets);
        self.settings.defaults = settings.defaults;
        let pace = self.settings.defaults.check.interval;
        let _ = self
            .pace
            .send_if_modified(|it| std::mem::replace(it, pace) != pace);
        self.registry.reload(configured).await;
        self.warn_of_limits();
    }

    async fn answer(&mut self, request: Request) -> Reply {
        let none = |name: &str| format!("{name}: no such target");
        let found = |name: &str, done: Option<String>| match done {
            Some(done) => Reply::Done(done),
            None => Reply::Refused(none(name)),
        };
        match request {
            Request::Status => Reply::Status(self.status()),
            Request::Add(told) => match added(told, &self.settings.defaults) {
                Ok(target) => match self.registry.add(target).await {
                    Ok(done) => Reply::Done(done),
                    Err(refused) => Reply::Refused(refused),
                },
                Err(error) => Reply::Refused(error.to_string()),
            },
            Request::Remove(name) => match Name::new(&name) {
                Ok(known) => found(&name, self.registry.remove(&known).await),
                Err(_) => Reply::Refused(none(&name)),
            },
            Request::Reactivate(name) => match Name::new(&name) {
                Ok(known) => found(&name, self.registry.reactivate(&known).await),
                Err(_) => Reply::Refused(none(&name)),
            },
        }
    }

    fn status(&self) -> Value {
        let (settings, check) = (&self.settings, &self.settings.defaults.check);
        let monitor = self.monitor.status();
        let (stats, summary) = (monitor.stats, monitor.summary);
        let journal = monitor.journal.unwrap_or_default();
        json!({
            "running": true,
            "pid": std::process::id(),
            "version": env!("CARGO_PKG_VERSION"),
            "uptime_seconds": self.began.elapsed().as_secs(),
            "config": settings.file,
            "registry": settings.db,
            "listen": self.address.unwrap_or(settings.listen).to_string(),
            "interval_seconds": check.interval.as_secs_f64(),
            "timeout_seconds": check.timeout.as_secs_f64(),
            "max_consecutive_failures": check.retries,
            "auto_deregister_after_failures": settings.defaults.auto_deregister,
            "max_in_flight": settings.monitor.max_in_flight,
            "in_flight": monitor.in_flight,
            "demand": monitor.demand,
            "targets": {
                "total": summary.total,
                "healthy": summary.healthy(),
                "unhealthy": summary.unhealthy,
                "unknown": summary.unknown,
                "inactive": summary.unjudged,
            },
            "checks": {
                "attempts": stats.attempts,
                "successes": stats.successes,
                "warnings": stats.warnings,
                "failures": stats.failures,
                "indeterminate": stats.indeterminate,
                "skipped_slots": stats.skipped_slots,
                "lag_p50_ms": millis(stats.lag_quantile(0.5)),
                "lag_p99_ms": millis(stats.lag_quantile(0.99)),
                "max_lag_ms": millis(stats.max_lag),
                "deregistered": stats.deregistered,
                "suppressed": stats.suppressed,
            },
            "store": {
                "batches": journal.batches,
                "failures": journal.failures,
                "lag_ms": millis(journal.lag),
                "lost": journal.lost,
            },
            "log": { "lost": self.terminal.lost() },
        })
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

/// A monitor whose port is taken does its work all the same, and goes on trying to have it.
fn endpoint(settings: &Settings, health: &Health, monitor: &MonitorControl) -> Option<Handle> {
    let server = Server::bind(settings.listen, health).unwrap_or_else(|error| {
        warn!(%error, "no endpoint yet; trying again every 5 s");
        Server::retry(settings.listen, health, Duration::from_secs(5))
    });
    let service = Service::new().targets(monitor);
    let service = service.allow_hosts(&settings.allow_hosts);
    let service = service.expect("names are checked when the settings are read");
    let service = match &settings.token {
        Some(token) => service.token(token),
        None => service,
    };
    let spawned = server.service(service).spawn();
    spawned
        .inspect_err(|error| warn!(%error, "going on without the endpoint"))
        .ok()
}

/// A hundred thousand targets need more sockets at once than most shells allow.
pub(super) fn raise_descriptors() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // If not, what is allowed has to do.
    let _ = setrlimit(Resource::Nofile, limit);
}
