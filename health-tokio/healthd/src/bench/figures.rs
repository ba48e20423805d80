//! Measures what a run takes, and prints it.

use std::time::Duration;

use health_core::monitor::MonitorStats;
use health_core::monitor::registry::JournalStats;
use serde::Serialize;

use crate::print;
use crate::text::millis;

/// All figures, under the names that `--json` prints.
#[derive(Debug, Default, Serialize)]
pub(super) struct Figures {
    pub(super) targets: u32,
    pub(super) interval_seconds: f64,
    pub(super) seconds: f64,
    /// How long it took until all targets were on the list and in the registry.
    pub(super) listed_after_ms: f64,
    pub(super) attempts: u64,
    pub(super) failed: u64,
    pub(super) probes_per_second: f64,
    pub(super) missed_slots: u64,
    pub(super) slot_lag_p50_ms: f64,
    pub(super) slot_lag_p99_ms: f64,
    pub(super) slot_lag_max_ms: f64,
    #[serde(flatten)]
    pub(super) store: Option<Kept>,
    pub(super) cpu_us_per_probe: Option<f64>,
    pub(super) rss_kib: Option<u64>,
    pub(super) rss_peak_kib: Option<u64>,
}

/// How late the registry was written.
#[derive(Debug, Serialize)]
pub(super) struct Kept {
    /// The age of the oldest change that is not stored yet, measured once a second. Results are gathered for
    /// one second before they are written.
    write_lag_p50_ms: f64,
    write_lag_max_ms: f64,
    write_batches: u64,
    write_failures: u32,
    write_lost: u64,
    registry_kib: Option<u64>,
}

impl Figures {
    pub(super) fn count(&mut self, stats: &MonitorStats, elapsed: Duration, cpu: Option<Duration>) {
        self.seconds = elapsed.as_secs_f64();
        self.attempts = stats.attempts;
        self.failed = stats.failures + stats.indeterminate;
        self.probes_per_second = stats.attempts as f64 / elapsed.as_secs_f64();
        self.missed_slots = stats.skipped_slots;
        self.slot_lag_p50_ms = millis(stats.lag_quantile(0.5));
        self.slot_lag_p99_ms = millis(stats.lag_quantile(0.99));
        self.slot_lag_max_ms = millis(stats.max_lag);
        let per_probe = |cpu: Duration| cpu.as_secs_f64() * 1e6 / stats.attempts.max(1) as f64;
        self.cpu_us_per_probe = cpu.map(per_probe);
        self.rss_kib = status_kib("VmRSS:");
        self.rss_peak_kib = status_kib("VmHWM:");
    }

    pub(super) fn is_good(&self) -> bool {
        let kept = self.store.as_ref();
        let is_kept = kept.is_none_or(|it| it.write_failures == 0 && it.write_lost == 0);
        self.missed_slots == 0 && self.failed == 0 && is_kept
    }

    pub(super) fn print(&self) {
        let line = |name: &str, text: String| print(&format!("{name:<15}{text}"));
        let figure = |figure: Option<f64>| figure.map_or("?".to_owned(), |it| format!("{it:.1}"));
        let mib = |kib: Option<u64>| figure(kib.map(|kib| kib as f64 / 1_024.0));
        let Self {
            targets,
            interval_seconds,
            seconds,
            ..
        } = self;
        line(
            "targets",
            format!("{targets}, every {interval_seconds} s, for {seconds:.0} s"),
        );
        line("listed after", format!("{:.0} ms", self.listed_after_ms));
        line(
            "probes",
            format!("{}, {} failed", self.attempts, self.failed),
        );
        line("probes/s", format!("{:.0}", self.probes_per_second));
        line("missed slots", self.missed_slots.to_string());
        line(
            "slot lag",
            format!(
                "p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms",
                self.slot_lag_p50_ms, self.slot_lag_p99_ms, self.slot_lag_max_ms
            ),
        );
        if let Some(kept) = &self.store {
            let Kept {
                write_batches,
                write_failures,
                write_lost,
                ..
            } = kept;
            line(
                "write lag",
                format!(
                    "p50 {:.1} ms, max {:.1} ms",
                    kept.write_lag_p50_ms, kept.write_lag_max_ms
                ),
            );
            line(
                "batches",
                format!("{write_batches}, {write_failures} failed, {write_lost} rows lost"),
            );
            line("registry", format!("{} MiB", mib(kept.registry_kib)));
        }
        line(
            "CPU per probe",
            format!("{} us", figure(self.cpu_us_per_probe)),
        );
        line(
            "RSS",
            format!(
                "{} MiB, at most {} MiB",
                mib(self.rss_kib),
                mib(self.rss_peak_kib)
            ),
        );
    }
}

impl Kept {
    /// `lags`: the age of the oldest change at each measurement.
    pub(super) fn new(mut lags: Vec<Duration>, stats: JournalStats, bytes: Option<u64>) -> Self {
        lags.sort_unstable();
        let middle = lags.get(lags.len() / 2).copied();
        Self {
            write_lag_p50_ms: millis(middle.unwrap_or_default()),
            write_lag_max_ms: millis(lags.last().copied().unwrap_or_default()),
            write_batches: stats.batches,
            write_failures: stats.failures,
            write_lost: stats.lost,
            registry_kib: bytes.map(|bytes| bytes / 1_024),
        }
    }
}

/// User and system time of this process.
pub(super) fn cpu_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name, in parentheses, may hold anything.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    let per_second = rustix::param::clock_ticks_per_second();
    Some(Duration::from_secs_f64(ticks as f64 / per_second as f64))
}

fn status_kib(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
