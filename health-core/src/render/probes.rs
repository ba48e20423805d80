//! Writes the metrics of a monitor and of each of its probes.
//!
//! Metrics that blackbox_exporter has, too, have its names, so that its users' rules and dashboards
//! keep working; everything else begins with `health_monitor_`, `health_target_` or `health_check_`.
//! Nothing here is private: no message, no address.

use alloc::vec::Vec;
use core::time::Duration;

use super::exposition::{Exposition, Kind, Labels};
use crate::base::Class;
use crate::check::probe::{ProbePhase, Timings};
#[cfg(feature = "registry")]
use crate::monitor::registry::JournalStats;
use crate::monitor::{CheckView, MonitorStatus, TargetStatus, TargetView};

/// Appends metrics of the monitor; `omitted` targets have no metrics of their own.
pub(crate) fn monitor(monitor: &MonitorStatus, omitted: usize, e: &mut Exposition<'_>) {
    let (summary, stats) = (&monitor.summary, &monitor.stats);
    let mut family = e.family(
        Kind::Gauge,
        "health_monitor_targets",
        "Targets that are watched, by status.",
    );
    for (status, count) in [
        (TargetStatus::Healthy, summary.sound),
        (TargetStatus::Degraded, summary.degraded),
        (TargetStatus::Unhealthy, summary.unhealthy),
        (TargetStatus::Unknown, summary.unknown),
        (TargetStatus::Inactive, summary.unjudged),
        (
            TargetStatus::Deregistered,
            summary.deregistered - summary.answers_again,
        ),
        (TargetStatus::AnswersAgain, summary.answers_again),
    ] {
        family.integer(&[("status", status.as_str())], count as u64);
    }
    let mut family = e.family(
        Kind::Counter,
        "health_monitor_results",
        "Results of attempts, by class.",
    );
    for (class, count) in [
        (Class::Success, stats.successes),
        (Class::Warning, stats.warnings),
        (Class::Failure, stats.failures),
        (Class::Indeterminate, stats.indeterminate),
    ] {
        family.integer(&[("class", class.as_str())], count);
    }
    e.family(
        Kind::Summary,
        "health_monitor_attempt_duration_seconds",
        "How long attempts took.",
    )
    .summary(&[], stats.timing.count, stats.timing.total);
    let mut family = e.family(
        Kind::Summary,
        "health_monitor_slot_lag_seconds",
        "How long after they were due attempts began, since the start.",
    );
    for (word, quantile) in [("0.5", 0.5), ("0.99", 0.99), ("1", 1.0)] {
        let lag = if quantile < 1.0 {
            stats.lag_quantile(quantile)
        } else {
            stats.max_lag
        };
        family.seconds(&[("quantile", word)], lag);
    }
    for (name, help, count) in [
        (
            "health_monitor_attempts",
            "Attempts that were begun.",
            stats.attempts,
        ),
        (
            "health_monitor_overruns",
            "Attempts that ran out of their time.",
            stats.timing.overruns,
        ),
        (
            "health_monitor_skipped_slots",
            "Slots that passed without an attempt.",
            stats.skipped_slots,
        ),
        (
            "health_monitor_deregistrations",
            "Targets that were taken off the list.",
            stats.deregistered,
        ),
        (
            "health_monitor_restarts",
            "Restarts that were asked for.",
            stats.restarts,
        ),
        (
            "health_monitor_suppressions",
            "Times one of the two was withheld, since too many targets failed.",
            stats.suppressed,
        ),
    ] {
        e.family(Kind::Counter, name, help).integer(&[], count);
    }
    for (name, help, value) in [
        (
            "health_monitor_in_flight",
            "Attempts that run.",
            monitor.in_flight,
        ),
        (
            "health_monitor_mass_failure",
            "Whether so many targets fail that nothing is done about any.",
            usize::from(monitor.is_mass_failure),
        ),
        (
            "health_monitor_targets_omitted",
            "Targets without metrics of their own, since there are too many.",
            omitted,
        ),
    ] {
        e.family(Kind::Gauge, name, help).integer(&[], value as u64);
    }
    #[cfg(feature = "registry")]
    if let Some(journal) = &monitor.journal {
        store(journal, e);
    }
}

#[cfg(feature = "registry")]
fn store(journal: &JournalStats, e: &mut Exposition<'_>) {
    e.family(
        Kind::Gauge,
        "health_monitor_store_lag_seconds",
        "How old the oldest change is that is not kept yet.",
    )
    .seconds(&[], journal.lag);
    e.family(
        Kind::Gauge,
        "health_monitor_store_consecutive_failures",
        "Failures to keep what has changed, since it last was.",
    )
    .integer(&[], journal.failures.into());
    for (name, help, count) in [
        (
            "health_monitor_store_batches",
            "Batches of changes that were kept.",
            journal.batches,
        ),
        (
            "health_monitor_store_lost",
            "Results and transitions that were lost, since too many had to wait.",
            journal.lost,
        ),
    ] {
        e.family(Kind::Counter, name, help).integer(&[], count);
    }
}

/// Appends metrics of each target and of each of its checks.
pub(crate) fn probes(monitor: &MonitorStatus, targets: &[TargetView], e: &mut Exposition<'_>) {
    let mut family = e.family(Kind::StateSet, "health_target_status", "How a target is.");
    for it in targets {
        let words = TargetStatus::ALL.into_iter().map(TargetStatus::as_str);
        family.states(labels(it, None), words, it.status.as_str());
    }
    let mut family = e.family(
        Kind::Gauge,
        "health_target_ready",
        "Whether a target may be sent work.",
    );
    for it in targets {
        family.bool(&labels(it, None), it.is_ready);
    }
    #[cfg(feature = "registry")]
    quiet(targets, e);
    let checks = targets.iter().flat_map(|target| {
        let checks = target.checks.iter();
        checks.map(move |check| (labels(target, Some(check)), check))
    });
    let checks: Vec<Row<'_>> = checks.collect();
    schedule(monitor, &checks, e);
    blackbox(&checks, e);
}

/// Only of those that are quiet: few are.
#[cfg(feature = "registry")]
fn quiet(targets: &[TargetView], e: &mut Exposition<'_>) {
    let paused: Vec<_> = targets.iter().filter(|it| it.paused.is_some()).collect();
    if !paused.is_empty() {
        let help = "1 of each target that is paused: it is not probed.";
        let mut family = e.family(Kind::Gauge, "health_target_paused", help);
        paused
            .iter()
            .for_each(|it| family.bool(&labels(it, None), true));
    }
    let silenced: Vec<_> = targets.iter().filter(|it| it.silenced.is_some()).collect();
    if !silenced.is_empty() {
        let help = "1 of each target that is silenced: no notices are sent about it.";
        let mut family = e.family(Kind::Gauge, "health_target_silenced", help);
        silenced
            .iter()
            .for_each(|it| family.bool(&labels(it, None), true));
    }
}

/// A check, and the labels of its samples.
type Row<'a> = (Labels<'a>, &'a CheckView);

fn labels<'a>(target: &'a TargetView, check: Option<&'a CheckView>) -> Labels<'a> {
    let mut labels = Labels::NONE.with("target", target.name.as_str());
    if let Some(check) = check {
        labels = labels.with("check", check.name.as_str());
    }
    match &target.group {
        Some(group) => labels.with("group", group.as_str()),
        None => labels,
    }
}

fn schedule(monitor: &MonitorStatus, checks: &[Row<'_>], e: &mut Exposition<'_>) {
    let mut family = e.family(
        Kind::Gauge,
        "health_check_consecutive_failures",
        "Failures of a check since its last success.",
    );
    for (labels, it) in checks {
        family.integer(labels, it.streak.failures().into());
    }
    let mut family = e.family(
        Kind::Gauge,
        "health_check_stale",
        "Whether the status of a check is older than it should be.",
    );
    for (labels, it) in checks {
        family.bool(labels, it.is_stale);
    }
    let mut family = e.family(
        Kind::Counter,
        "health_check_attempts",
        "Attempts of a check that were begun.",
    );
    for (labels, it) in checks {
        family.integer(labels, it.attempts);
    }
    let mut family = e.family(
        Kind::Counter,
        "health_check_skipped_slots",
        "Slots of a check that passed without an attempt.",
    );
    for (labels, it) in checks {
        family.integer(labels, it.skipped_slots);
    }
    let mut family = e.family(
        Kind::Gauge,
        "health_check_result_age_seconds",
        "Time since the latest result of a check; absent before the first.",
    );
    for (labels, it) in checks {
        if let Some(last) = it.history.last() {
            let age = monitor.moment.now.duration_since(last.end());
            family.seconds(labels, age);
        }
    }
}

/// Under the names of blackbox_exporter. What it shows as 0 before anything is known is absent here.
fn blackbox(checks: &[Row<'_>], e: &mut Exposition<'_>) {
    let results = || {
        let rows = checks.iter();
        rows.filter_map(|(labels, it)| Some((labels, it.history.last()?)))
    };
    let mut family = e.family(
        Kind::Gauge,
        "probe_success",
        "Whether the latest attempt succeeded.",
    );
    for (labels, last) in results() {
        let is_success = matches!(last.class(), Class::Success | Class::Warning);
        family.bool(labels, is_success);
    }
    let mut family = e.family(
        Kind::Gauge,
        "probe_duration_seconds",
        "How long the latest attempt took.",
    );
    for (labels, last) in results() {
        family.seconds(labels, last.duration());
    }
    let reports = || {
        let rows = checks.iter();
        rows.filter_map(|(labels, it)| Some((labels, *it, it.last_report.as_deref()?)))
    };
    let mut family = e.family(
        Kind::Gauge,
        "probe_dns_lookup_time_seconds",
        "How long resolving the name took; 0 for an address.",
    );
    for (labels, _, report) in reports() {
        let timings = &report.timings;
        if timings.get(ProbePhase::Resolve).is_some() || timings.get(ProbePhase::Connect).is_some()
        {
            family.seconds(labels, timings.get(ProbePhase::Resolve).unwrap_or_default());
        }
    }
    let mut family = e.family(
        Kind::Gauge,
        "probe_ip_protocol",
        "The version of IP that was used: 4 or 6.",
    );
    for (labels, _, report) in reports() {
        if let Some(address) = report.address {
            family.integer(labels, if address.is_ipv4() { 4 } else { 6 });
        }
    }
    #[cfg(feature = "expect")]
    {
        let mut family = e.family(
            Kind::Gauge,
            "probe_ssl_earliest_cert_expiry",
            "When the first of the certificates expires that a server has shown, in seconds since 1970.",
        );
        for (labels, _, report) in reports() {
            if let Some(expires) = report.certificate_expires {
                family.integer(labels, expires.as_millis() / 1_000);
            }
        }
    }
    let https = || reports().filter(|(_, check, _)| check.is_http);
    let mut family = e.family(
        Kind::Gauge,
        "probe_http_status_code",
        "The status of the latest answer; 0 if there was none.",
    );
    for (labels, _, report) in https() {
        family.integer(labels, report.status.unwrap_or_default().into());
    }
    let mut family = e.family(
        Kind::Gauge,
        "probe_http_duration_seconds",
        "How long each phase of the latest attempt took; 0 for one that never began.",
    );
    for (labels, _, report) in https() {
        for (phase, took) in phases(&report.timings) {
            family.seconds(&labels.with("phase", phase), took);
        }
    }
}

/// As blackbox_exporter cuts an exchange.
fn phases(timings: &Timings) -> [(&'static str, Duration); 5] {
    let sum = |parts: &[Option<Duration>]| parts.iter().flatten().sum();
    [
        ("resolve", sum(&[timings.get(ProbePhase::Resolve)])),
        ("connect", sum(&[timings.get(ProbePhase::Connect)])),
        ("tls", sum(&[timings.get(ProbePhase::Secure)])),
        (
            "processing",
            sum(&[timings.get(ProbePhase::Send), timings.get(ProbePhase::Head)]),
        ),
        ("transfer", sum(&[timings.get(ProbePhase::Body)])),
    ]
}
