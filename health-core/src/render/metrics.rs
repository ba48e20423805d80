//! Writes the daemon's state as metrics.
//!
//! Names follow the field's rules: base units, `_seconds`, `_total`, one `_info`; what is a state
//! is a state set. Nothing here is private: no message, no cause.

use core::time::Duration;

use super::exposition::{Exposition, Kind, Labels};
use crate::base::Timing;
use crate::base::{Moment, UnixTime};
use crate::base::{ProbeKind, Status};
use crate::health::{ComponentState, MetricState, MetricValue, Phase, Snapshot};

/// Appends all metrics of the daemon.
pub(crate) fn metrics(moment: Moment, snapshot: &Snapshot, e: &mut Exposition<'_>) {
    about(moment, snapshot, e);
    whole(snapshot, e);
    components(snapshot, e);
    durations(snapshot, e);
    heartbeats(snapshot, e);
    conditions(snapshot, e);
    for metric in snapshot.metrics() {
        of_the_daemon(metric, e);
    }
}

fn about(moment: Moment, snapshot: &Snapshot, e: &mut Exposition<'_>) {
    let labels = [
        ("service", snapshot.service()),
        ("version", snapshot.version()),
    ];
    e.family(Kind::Info, "build", "What runs.")
        .bool(&labels, true);
    // A daemon without a wall clock must not make up a date.
    if moment.unix != UnixTime::default() {
        let begun = Duration::from_millis(snapshot.begun_at(moment).as_millis());
        e.family(
            Kind::Gauge,
            "process_start_time_seconds",
            "When the daemon began, in seconds since 1970.",
        )
        .seconds(&[], begun);
    }
    e.family(
        Kind::Gauge,
        "health_uptime_seconds",
        "For how long the daemon has been there.",
    )
    .seconds(&[], snapshot.uptime());
}

fn whole(snapshot: &Snapshot, e: &mut Exposition<'_>) {
    let phases = Phase::ALL.into_iter().map(Phase::as_str);
    e.family(
        Kind::StateSet,
        "health_phase",
        "Where the daemon is in its life.",
    )
    .states(Labels::NONE, phases, snapshot.phase().as_str());
    let status = snapshot.status(ProbeKind::Health);
    e.family(
        Kind::StateSet,
        "health_status",
        "How the daemon is, all in all.",
    )
    .states(Labels::NONE, words(), status.as_str());
    let mut probes = e.family(
        Kind::Gauge,
        "health_probe_success",
        "Whether the answer to a probe is yes; degraded is yes.",
    );
    for kind in ProbeKind::ALL {
        let passes = snapshot.status(kind).is_up();
        probes.bool(&[("probe", kind.as_str())], passes);
    }
    e.family(
        Kind::Gauge,
        "health_in_flight",
        "Pieces of work that hold a drain.",
    )
    .integer(&[], snapshot.in_flight() as u64);
    e.family(
        Kind::Counter,
        "health_host_stalls",
        "Times nothing ran for so long that heartbeats were excused.",
    )
    .integer(&[], snapshot.host_stalls());
    e.family(
        Kind::Counter,
        "health_transitions",
        "Changes of phase, components, heartbeats, gates and flags.",
    )
    .integer(&[], snapshot.history().count());
}

fn components(snapshot: &Snapshot, e: &mut Exposition<'_>) {
    let components = snapshot.components();
    let mut family = e.family(
        Kind::StateSet,
        "health_component_status",
        "How a component is.",
    );
    for one in components {
        let labels = Labels::NONE.with("component", one.name().as_str());
        family.states(labels, words(), one.status().as_str());
    }
    let mut family = e.family(
        Kind::Gauge,
        "health_component_critical",
        "Whether the daemon cannot do without the component.",
    );
    for one in components {
        family.bool(&[("component", one.name().as_str())], one.is_critical());
    }
    let mut family = e.family(
        Kind::Gauge,
        "health_component_consecutive_failures",
        "Failures of a component since its last success.",
    );
    for one in components {
        let failures = one.streak().failures().into();
        family.integer(&[("component", one.name().as_str())], failures);
    }
    let mut family = e.family(
        Kind::Counter,
        "health_component_transitions",
        "Times a component turned to a status.",
    );
    for one in components {
        for to in Status::ALL {
            let labels = [("component", one.name().as_str()), ("to", to.as_str())];
            family.integer(&labels, one.transitions_to(to));
        }
    }
    let mut family = e.family(
        Kind::Gauge,
        "health_component_result_age_seconds",
        "Time since the latest result of a component; absent before the first.",
    );
    for one in components {
        if let Some((at, _)) = one.last() {
            let age = snapshot.taken().duration_since(at);
            family.seconds(&[("component", one.name().as_str())], age);
        }
    }
}

fn durations(snapshot: &Snapshot, e: &mut Exposition<'_>) {
    let components = snapshot.components();
    let mut family = e.family(
        Kind::Summary,
        "health_component_check_duration_seconds",
        "How long looking at a component took; absent if that is not told.",
    );
    let is_timed = |one: &&ComponentState| *one.timing() != Timing::default();
    for one in components.iter().filter(is_timed) {
        let Timing { count, total, .. } = *one.timing();
        family.summary(&[("component", one.name().as_str())], count, total);
    }
    let mut family = e.family(
        Kind::Counter,
        "health_component_check_overruns",
        "Looks at a component that ran out of their time; absent if none was ever timed.",
    );
    for one in components.iter().filter(is_timed) {
        family.integer(&[("component", one.name().as_str())], one.timing().overruns);
    }
}

fn heartbeats(snapshot: &Snapshot, e: &mut Exposition<'_>) {
    let beats = snapshot.heartbeats();
    let mut family = e.family(
        Kind::Gauge,
        "health_heartbeat_age_seconds",
        "Time since the latest beat of a loop.",
    );
    for one in beats {
        let age = snapshot.taken().duration_since(one.last());
        family.seconds(&[("heartbeat", one.name().as_str())], age);
    }
    let mut family = e.family(
        Kind::Gauge,
        "health_heartbeat_deadline_seconds",
        "The longest silence a loop is allowed.",
    );
    for one in beats {
        family.seconds(&[("heartbeat", one.name().as_str())], one.deadline());
    }
    let mut family = e.family(
        Kind::Gauge,
        "health_heartbeat_missed",
        "Whether a loop has been silent for too long.",
    );
    for one in beats {
        family.bool(&[("heartbeat", one.name().as_str())], one.is_missed());
    }
    let mut family = e.family(
        Kind::Counter,
        "health_heartbeat_misses",
        "Times a loop was silent for too long.",
    );
    for one in beats {
        family.integer(&[("heartbeat", one.name().as_str())], one.misses());
    }
}

fn conditions(snapshot: &Snapshot, e: &mut Exposition<'_>) {
    let mut family = e.family(
        Kind::Gauge,
        "health_gate_released",
        "Whether what readiness waits for has happened.",
    );
    for one in snapshot.gates() {
        family.bool(&[("gate", one.name().as_str())], one.is_released());
    }
    let mut family = e.family(
        Kind::Gauge,
        "health_flag_up",
        "Whether what readiness depends on holds.",
    );
    for one in snapshot.flags() {
        family.bool(&[("flag", one.name().as_str())], one.is_up());
    }
}

fn of_the_daemon(metric: &MetricState, e: &mut Exposition<'_>) {
    let (name, help) = (metric.name().as_str(), metric.help());
    match metric.value() {
        MetricValue::Counter(counter) => {
            e.family(Kind::Counter, name, help)
                .integer(&[], counter.value() as u64);
        }
        MetricValue::Gauge(gauge) => e.family(Kind::Gauge, name, help).float(&[], gauge.value()),
    }
}

fn words() -> impl Iterator<Item = &'static str> {
    Status::ALL.into_iter().map(Status::as_str)
}
