//! Counters and gauges: numbers that a daemon changes at any time, without a lock.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
#[cfg(not(target_has_atomic = "64"))]
use core::sync::atomic::AtomicU32;
#[cfg(target_has_atomic = "64")]
use core::sync::atomic::AtomicU64;
use core::sync::atomic::{AtomicUsize, Ordering};

use crate::base::{Name, NameError, NameFault};

/// A number that only grows: requests answered, bytes read. Clones count together.
///
/// Counting is one atomic addition: no lock, no allocation, from any thread or interrupt. It holds
/// `usize::MAX` and then begins anew at zero, which Prometheus takes for a restart.
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<AtomicUsize>);

impl Counter {
    /// Counts one.
    pub fn increment(&self) {
        self.add(1);
    }

    /// Counts `count`.
    pub fn add(&self, count: usize) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// The count so far.
    #[must_use]
    pub fn value(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// A number that goes up and down: queue length, temperature. Clones are one gauge.
///
/// Setting it is one atomic store, adding to it an atomic exchange that is tried again if another thread
/// was faster. On targets without 64-bit atomics it has the precision of `f32`.
#[derive(Clone, Default)]
pub struct Gauge(Arc<Bits>);

#[cfg(target_has_atomic = "64")]
type Bits = AtomicU64;
#[cfg(not(target_has_atomic = "64"))]
type Bits = AtomicU32;

impl Gauge {
    /// Sets it. NaN and the infinities are `null` in JSON and themselves in `/metrics`.
    pub fn set(&self, value: f64) {
        self.0.store(to_bits(value), Ordering::Relaxed);
    }

    /// Adds to it, or takes from it if `change` is negative: the length of a queue that several threads
    /// fill and empty.
    pub fn add(&self, change: f64) {
        let sum = |bits| Some(to_bits(from_bits(bits) + change));
        // It cannot fail: there is a sum for each value.
        let _ = (self.0).fetch_update(Ordering::Relaxed, Ordering::Relaxed, sum);
    }

    /// Its value; zero until set.
    #[must_use]
    pub fn value(&self) -> f64 {
        from_bits(self.0.load(Ordering::Relaxed))
    }
}

/// The bits of a gauge, and what they mean.
#[cfg(target_has_atomic = "64")]
fn to_bits(value: f64) -> u64 {
    value.to_bits()
}

#[cfg(target_has_atomic = "64")]
fn from_bits(bits: u64) -> f64 {
    f64::from_bits(bits)
}

#[cfg(not(target_has_atomic = "64"))]
fn to_bits(value: f64) -> u32 {
    (value as f32).to_bits()
}

#[cfg(not(target_has_atomic = "64"))]
fn from_bits(bits: u32) -> f64 {
    f32::from_bits(bits).into()
}

impl fmt::Debug for Gauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gauge").field(&self.value()).finish()
    }
}

/// A declared counter or gauge.
///
/// It is the one thing in a snapshot that goes on changing: its value is read when a view is made,
/// so that probes, which do not show it, cost nothing more.
#[derive(Clone, Debug)]
pub(crate) struct MetricState {
    pub(super) name: Name,
    pub(super) help: Box<str>,
    pub(super) value: MetricValue,
}

/// The number behind a metric.
#[derive(Clone, Debug)]
pub(crate) enum MetricValue {
    /// It only grows.
    Counter(Counter),
    /// It goes up and down.
    Gauge(Gauge),
}

impl MetricState {
    /// Its name, without the `_total` that a counter gets in `/metrics`.
    #[must_use]
    pub(crate) const fn name(&self) -> &Name {
        &self.name
    }

    /// What it means, for people.
    #[must_use]
    pub(crate) fn help(&self) -> &str {
        &self.help
    }

    /// Its value.
    #[must_use]
    pub(crate) const fn value(&self) -> &MetricValue {
        &self.value
    }
}

/// Checks the name of a counter. With the `_total` that formats add it is the same counter as without.
pub(super) fn counter_name(name: &str) -> Result<Name, NameError> {
    metric_name(name.strip_suffix("_total").unwrap_or(name))
}

/// Checks the name of a gauge, or of a counter without its suffix: valid in Prometheus, and none that this
/// crate uses itself.
///
/// Colons are left to recording rules. The suffixes would make one family's samples look like
/// another's (OpenMetrics 1.0.0, "Suffixes").
pub(super) fn metric_name(name: &str) -> Result<Name, NameError> {
    const RESERVED_NAMES: [&str; 11] = [
        "build",
        // Prometheus makes these series itself for each scrape and each alert.
        "up",
        "ALERTS",
        "ALERTS_FOR_STATE",
        "process_start_time_seconds",
        // Of a monitor's probes, as blackbox_exporter calls them.
        "probe_success",
        "probe_duration_seconds",
        "probe_dns_lookup_time_seconds",
        "probe_ip_protocol",
        "probe_http_status_code",
        "probe_http_duration_seconds",
    ];
    const RESERVED_SUFFIXES: [&str; 6] =
        ["_total", "_created", "_count", "_sum", "_bucket", "_info"];
    let checked = Name::new(name)?;
    let starts_well = !name.starts_with(|first: char| first.is_ascii_digit());
    let is_plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let is_reserved = name.starts_with("health_")
        || name.starts_with("scrape_")
        || RESERVED_NAMES.contains(&name);
    let is_clear = !RESERVED_SUFFIXES
        .iter()
        .any(|suffix| name.ends_with(suffix));
    if starts_well && is_plain && is_clear && !is_reserved {
        Ok(checked)
    } else {
        Err(NameError(NameFault::NotAMetric(checked)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_prometheus_would_misread_are_refused() {
        for name in ["requests", "queue_length", "_x", "A1", "ups", "probe_depth"] {
            assert!(metric_name(name).is_ok(), "{name}");
        }
        for name in [
            "1st",
            "a.b",
            "a-b",
            "a:b",
            "x_total",
            "x_sum",
            "health_x",
            "build",
            "x_info",
            "probe_success",
            "up",
            "scrape_duration_seconds",
            "scrape_samples_scraped",
            "ALERTS",
            "",
        ] {
            assert!(metric_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_counter_may_be_named_with_its_suffix() {
        for name in ["requests", "requests_total"] {
            let name = counter_name(name);
            assert_eq!(name.as_ref().map(Name::as_str), Ok("requests"));
        }
        for name in [
            "_total",
            "x_total_total",
            "x_sum_total",
            "health_x_total",
            "up_total",
        ] {
            assert!(counter_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn clones_are_one_number() {
        let (counter, gauge) = (Counter::default(), Gauge::default());
        counter.clone().add(2);
        counter.increment();
        gauge.clone().set(-0.5);
        gauge.clone().add(2.0);
        gauge.add(-1.0);
        assert_eq!((counter.value(), gauge.value()), (3, 0.5));
    }
}
