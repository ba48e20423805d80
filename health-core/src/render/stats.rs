//! Writes published values, counters and gauges, each under its name.

use alloc::vec::Vec;
use core::fmt::Write as _;

use super::exposition::Utf8;
use super::json::{self, Object};
use crate::health::{MetricValue, Snapshot};

/// The values alone or, if `verbose`, each with the time since it was published.
pub(crate) fn stats(verbose: bool, snapshot: &Snapshot, out: &mut Vec<u8>) {
    json::object(out, |o| {
        for stat in snapshot.stats() {
            let name = stat.name().as_str();
            if !verbose {
                o.raw(name, stat.json());
                continue;
            }
            o.object(name, |o| {
                if let Some(at) = stat.published() {
                    let age = snapshot.taken().duration_since(at);
                    o.number("age_ms", age.as_millis() as u64);
                }
                o.raw("value", stat.json());
            });
        }
        for metric in snapshot.metrics() {
            let name = metric.name().as_str();
            if verbose {
                // It was read for this response.
                o.object(name, |o| {
                    o.number("age_ms", 0);
                    number(o, "value", metric.value());
                });
            } else {
                number(o, name, metric.value());
            }
        }
    });
}

fn number(o: &mut Object<'_>, name: &str, value: &MetricValue) {
    match value {
        MetricValue::Counter(counter) => o.number(name, counter.value() as u64),
        MetricValue::Gauge(gauge) if gauge.value().is_finite() => {
            let out = o.value(name);
            let _ = write!(Utf8(out), "{}", gauge.value());
        }
        // JSON cannot express it (RFC 8259 §6).
        MetricValue::Gauge(_) => o.raw(name, "null"),
    }
}
