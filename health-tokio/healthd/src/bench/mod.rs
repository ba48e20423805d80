//! `healthd bench`: how many targets this machine can watch, and what that takes.
//!
//! It measures the parts of `healthd monitor`: the list, the prober and the registry. The registry is in a
//! directory under `TMPDIR` that is removed afterwards. The targets are another
//! process: it answers every request with 200 and a little JSON and closes the connection, as the
//! servers of a registry do.

mod figures;
mod servers;

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use super::cli::BenchArgs;
use super::config::{Defaults, Found, Source, TargetDef};
use super::daemon::{self, List, Outbox, Registry, StoreWriter};
use super::store::Limits;
use super::text::millis;
use super::{CommandError, CommandResult, EXIT_FAILURE, print_json};
use figures::{Figures, Kept, cpu_time};
use health_tokio::Health;
use health_tokio::monitor::{self, Monitor, MonitorHandle};

pub(super) use servers::targets;

pub(super) fn run(args: &BenchArgs) -> CommandResult {
    let not = |error: &dyn std::fmt::Display| CommandError::new(EXIT_FAILURE, error);
    daemon::raise_descriptors();
    let (_servers, ports) = servers::start().map_err(|error| not(&error))?;
    let place = (!args.no_store).then(TempDir::new).transpose();
    let place = place.map_err(|error| not(&error))?;
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| not(&error))?;
    let figures = runtime.block_on(measure(args, &ports, place.as_ref()));
    let figures = figures.map_err(|error| not(&error))?;
    if args.json {
        print_json(&figures);
    } else {
        figures.print();
    }
    if !figures.is_good() {
        let what = "slots were missed, probes have failed, or results were not kept";
        return Err(CommandError::new(EXIT_FAILURE, what));
    }
    Ok(())
}

async fn measure(
    args: &BenchArgs,
    ports: &[u16],
    place: Option<&TempDir>,
) -> Result<Figures, Box<dyn std::error::Error>> {
    let mut defaults = Defaults::default();
    defaults.check.interval = args.interval;
    let targets = (0..args.targets).zip(ports.iter().cycle());
    let targets = targets.map(|(index, port)| {
        let (name, url) = (
            format!("sim-{index:06}"),
            format!("http://127.0.0.1:{port}/health"),
        );
        TargetDef::of_url(&name, &url, &defaults, Source::Config, "bench")
    });
    let targets = targets.collect::<Result<Vec<_>, _>>()?;

    let monitor = Monitor::new(monitor::defaults()).spawn()?;
    let (began, cpu) = (Instant::now(), cpu_time());
    // Held to the end: its memory belongs to what is measured.
    let mut registry = None;
    if let Some(place) = place {
        let (reports, mut stored) = mpsc::channel(64);
        let health = Health::new("bench", env!("CARGO_PKG_VERSION"));
        let db = place.db();
        let (limits, outbox) = (Limits::default(), Outbox::default());
        // No notices are made.
        outbox.close();
        let opened = StoreWriter::open(&db, Arc::default(), limits, &health, reports, outbox);
        let (writer, commands, _) = opened.await?;
        monitor.enable_journal();
        let list = List::new((*monitor).clone());
        tokio::spawn(writer.run(list.clone(), drop));
        tokio::spawn(async move { while stored.recv().await.is_some() {} });
        let registry = registry.insert(Registry::new(list, commands));
        let found = Found::default();
        let begun = registry.begin(targets, &found, Vec::new(), &defaults);
        begun.await;
    } else {
        for target in &targets {
            monitor.add(target.target(None))?;
        }
    }
    let mut figures = Figures {
        targets: args.targets,
        interval_seconds: args.interval.as_secs_f64(),
        listed_after_ms: millis(began.elapsed()),
        ..Figures::default()
    };
    let lags = watch(&monitor, began + args.length).await;
    let spent = cpu_time().zip(cpu);
    let spent = spent.map(|(after, before)| after.saturating_sub(before));
    figures.count(&monitor.stats(), began.elapsed(), spent);
    figures.store = monitor
        .journal_stats()
        .map(|stats| Kept::new(lags, stats, place.and_then(TempDir::bytes)));
    monitor.stop(Duration::from_secs(1)).await;
    drop(registry);
    Ok(figures)
}

/// Measures the age of the oldest change that is not stored, once a second until then.
async fn watch(monitor: &MonitorHandle, until: Instant) -> Vec<Duration> {
    let mut lags = Vec::new();
    let mut second = interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while Instant::now() < until {
        second.tick().await;
        lags.extend(monitor.journal_stats().map(|it| it.lag));
    }
    lags
}

/// A directory for the registry, removed at the end.
struct TempDir(PathBuf);

impl TempDir {
    fn new() -> io::Result<Self> {
        let name = format!("healthd-bench-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path)?;
        Ok(Self(path))
    }

    fn db(&self) -> PathBuf {
        self.0.join("healthd.db")
    }

    /// What the registry takes on the disk, with its log.
    fn bytes(&self) -> Option<u64> {
        let entries = fs::read_dir(&self.0).ok()?;
        let sizes = entries.filter_map(|entry| Some(entry.ok()?.metadata().ok()?.len()));
        Some(sizes.sum())
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
