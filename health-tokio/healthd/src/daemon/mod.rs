//! Runs `healthd monitor`: reads the settings, watches the targets, keeps the registry, answers commands.
//!
//! ```text
//!  signals ─┐                   ┌─ thread "monitor": probes
//!  socket ──┼─► main task ──────┤
//!  clock ───┘       │           └─ thread "health": the endpoint
//!                   ├─ timers:         what is due once a second, once a cycle
//!                   ├─ registry:       which targets there are
//!                   ├─ monitor_health: the components that describe the monitor itself
//!                   └─ store_writer ─ batches ─► announce: log, notices ─► outbox ─► actions
//!                        └─ a thread that may wait for a disk: SQLite
//! ```

mod actions;
mod announce;
mod documents;
mod handlers;
mod list;
mod monitor_health;
mod outbox;
mod place;
mod progress;
mod registry;
mod store_writer;
mod timers;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use health_core::Name;
use health_core::UnixTime;
use health_core::monitor::TargetStatus;
use health_core::server::Targets;
use serde_json::{Value, json};
use tokio::net::UnixListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch};
use tracing::{error, info, warn};

pub(super) use actions::Actions;
pub(super) use documents::{now, rfc3339};
pub(super) use list::List;
pub(super) use outbox::Outbox;
pub(super) use registry::Registry;
pub(super) use store_writer::StoreWriter;

use super::config::{Flags, Settings, added, split_target};
use super::control::{self, Lock, PendingRequest, Reply, Request};
use super::terminal::{self, Terminal};
use super::text::{REACTIVATE, millis};
use announce::Announcer;
use health_tokio::monitor::{self, Monitor, MonitorHandle};
use health_tokio::{Handle, Health, Server, Service};
use monitor_health::MonitorHealth;

/// Deregistered targets that `status` names, of each kind.
const MAX_NAMED: usize = 100;

/// What a stop may take, whatever hangs.
const STOP: Duration = Duration::from_secs(5);

/// How often the files that hold values of headers are checked.
const HEADER_FILES: Duration = Duration::from_millis(250);

/// A running monitor.
struct Daemon {
    flags: Flags,
    settings: Settings,
    monitor: MonitorHandle,
    registry: Arc<Registry>,
    /// The output of the log.
    terminal: Arc<Terminal>,
    /// The address of the endpoint, if it has one.
    address: Option<SocketAddr>,
    began: Instant,
    /// The default interval; changes are sent to the timers.
    pace: watch::Sender<Duration>,
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
        Some(Err(error)) if control::may_pass(&error) => {
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
    let (announce, announced) = mpsc::channel(64);
    let (db, held) = (settings.db.clone(), Arc::clone(lock));
    let outbox = Outbox::default();
    let limits = settings.limits;
    let opened = StoreWriter::open(&db, held, limits, &health, announce, outbox.clone()).await;
    let (writer, commands, mut stored) = opened.map_err(|error| error.to_string())?;

    raise_descriptors();
    let limits = monitor::defaults();
    if !settings.is_max_stated {
        settings.monitor.max_in_flight = limits.max_in_flight;
    }
    settings.monitor.reactivate_command = Some(REACTIVATE);
    let monitor = Monitor::new(settings.monitor.clone()).show_prober(&health);
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
    let actions = Actions::new(settings.actions.clone(), &outbox, &health);
    let actions = actions.map_err(|error| error.to_string())?;
    actions.restore(std::mem::take(&mut stored.notices.outbox), &outbox);
    let (begin, begun) = oneshot::channel();
    let announcer = Announcer {
        list: list.clone(),
        actions,
        outbox,
        clock: health.clone(),
        begun,
    };
    let notices = std::mem::take(&mut stored.notices);
    let announcing = tokio::spawn(announcer.run(announced, notices));
    let mut daemon = Daemon::new(flags, settings, monitor, registry, Arc::clone(&terminal));
    let mut server = None;
    let work = async {
        let configured = std::mem::take(&mut daemon.settings.targets);
        let defaults = daemon.settings.defaults.clone();
        daemon
            .registry
            .begin(configured, stored.targets, &defaults)
            .await;
        let _ = begin.send(());
        daemon.warn_of_limits();

        let monitor_health = MonitorHealth::new(&health, list, Arc::clone(&terminal));
        let mut monitor_health = monitor_health.map_err(|error| error.to_string())?;
        monitor_health.update();
        server = daemon.endpoint(&health);
        daemon.address = server.as_ref().and_then(Handle::local_addr);
        health.set_running();
        info!(
            targets = daemon.registry.len(),
            registry = %daemon.settings.db.display(),
            "started"
        );
        // Only now: a program that reads this line may send a request at once.
        if let Some(address) = daemon.address {
            terminal::announce(format!("listening on http://{address}"));
        }

        let (ask, requests) = mpsc::channel(16);
        let (controls, pace) = ((*daemon.monitor).clone(), daemon.pace.subscribe());
        tokio::join!(
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
    drop(daemon);
    // The rest that is to be stored and logged.
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
        flags: Flags,
        settings: Settings,
        monitor: MonitorHandle,
        registry: Arc<Registry>,
        terminal: Arc<Terminal>,
    ) -> Self {
        let pace = watch::Sender::new(settings.defaults.check.interval);
        Self {
            flags,
            settings,
            pace,
            monitor,
            registry,
            terminal,
            address: None,
            began: Instant::now(),
        }
    }

    /// Reads the configuration again on SIGHUP and carries out requests, one after the other. Does not
    /// return.
    async fn serve(&mut self, mut hangup: Signal, mut requests: mpsc::Receiver<PendingRequest>) {
        let mut looks = tokio::time::interval(HEADER_FILES);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = looks.tick() => self.registry.read_header_files(&self.settings.defaults),
                _ = hangup.recv() => self.reload().await,
                Some((request, reply)) = requests.recv() => {
                    // The client may have closed the connection.
                    let _ = reply.send(self.answer(request).await);
                }
            }
        }
    }

    async fn reload(&mut self) {
        let mut settings = match Settings::read(&self.flags) {
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
            Request::Origin(name) => self.origin(&name),
            Request::Add(table) => match added(table, &self.settings.defaults) {
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
            Request::Inspect
            | Request::Explain
            | Request::Restart(_)
            | Request::ReactivateReplica(_) => Reply::Refused("this is no group".to_owned()),
        }
    }

    fn origin(&self, name: &str) -> Reply {
        let flags = self.flags.targets.iter();
        let mut named = flags.filter_map(|it| split_target(it, "--target").ok());
        let url = named.find(|it| it.0 == name).map(|it| it.1.to_owned());
        let config = self.settings.file.as_ref();
        // The command may have another working directory.
        let config = config.and_then(|it| std::path::absolute(it).ok());
        Reply::Origin { config, url }
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
            "deregistered": self.deregistered(),
            "targets": {
                "total": summary.total,
                "healthy": summary.healthy(),
                "unhealthy": summary.unhealthy,
                "unknown": summary.unknown,
                "inactive": summary.inactive(),
                "deregistered": summary.deregistered,
                "answers_again": summary.answers_again,
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

    /// The first of those that were deregistered, with the reason, and since when they are as they are.
    fn deregistered(&self) -> Vec<Value> {
        let found = |status| {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let page = self.monitor.page(after.as_ref(), Some(status));
                found.extend(page.entries);
                after = page.next;
                if after.is_none() || found.len() >= MAX_NAMED {
                    found.truncate(MAX_NAMED);
                    return found;
                }
            }
        };
        let gone = [TargetStatus::Deregistered, TargetStatus::AnswersAgain].map(found);
        let gone = gone.iter().flatten().map(|it| {
            let checks = || it.checks.iter();
            let since = match it.status {
                TargetStatus::AnswersAgain => checks().filter_map(|it| it.answers_since).max(),
                _ => checks().filter_map(|it| it.deregistered_at).min(),
            };
            json!({
                "name": it.name.as_str(),
                "status": it.status.as_str(),
                "since": since.map(UnixTime::as_millis),
                "reason": it.reason(),
            })
        });
        gone.collect()
    }

    fn endpoint(&self, health: &Health) -> Option<Handle> {
        let settings = &self.settings;
        let service = Service::new().targets(&*self.monitor);
        let service = service.allow_hosts(&settings.allow_hosts);
        let service = service.expect("names are checked when the settings are read");
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

/// Starts the endpoint. If its port is in use, the program works without it and tries again.
pub(super) fn endpoint(
    listen: SocketAddr,
    token: Option<&str>,
    health: &Health,
    service: Service,
) -> Option<Handle> {
    let server = Server::bind(listen, health).unwrap_or_else(|error| {
        warn!(%error, "no endpoint yet; trying again every 5 s");
        Server::retry(listen, health, Duration::from_secs(5))
    });
    let service = match token {
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
    // If it fails, the monitor works with the limit that it has.
    let _ = setrlimit(Resource::Nofile, limit);
}
