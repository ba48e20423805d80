//! The JSON documents. Fields are only ever added; `status` always comes first, because some load
//! balancers look no further than the first kilobyte.

use alloc::vec::Vec;

use super::json::{self, Object};
use crate::health::{ComponentState, Phase, ProbeKind, Snapshot, Status};
use crate::name::Name;
use crate::time::{Instant, Moment};

/// Names in `components`: more would push the document beyond what probers read.
const MOST_COMPONENTS: usize = 32;

/// The native document: all there is to say about the daemon.
pub(super) fn health(
    moment: Moment,
    snapshot: &Snapshot,
    healthy: bool,
    verbose: bool,
    out: &mut Vec<u8>,
) {
    json::object(out, |o| {
        o.string("status", health_word(snapshot));
        o.bool("healthy", healthy);
        o.string("timestamp", text(&moment.unix.rfc3339()));
        o.string("service", snapshot.service());
        o.string("version", snapshot.version());
        o.string("phase", snapshot.phase().as_str());
        o.tenths("uptime_seconds", snapshot.uptime());
        o.number(
            "consecutive_failures",
            snapshot.consecutive_failures().into(),
        );
        o.object("components", |o| {
            for component in snapshot.components().iter().take(MOST_COMPONENTS) {
                o.bool(component.name().as_str(), component.status().is_up());
            }
        });
        let omitted = snapshot.components().len().saturating_sub(MOST_COMPONENTS);
        if omitted > 0 {
            o.number("components_omitted", omitted as u64);
        }
        reasons(snapshot, o);
        if verbose {
            o.object("checks", |o| checks(moment, snapshot, o));
        }
    });
}

/// The answer to a question of yes or no, and what speaks against it.
pub(super) fn verdict(kind: ProbeKind, snapshot: &Snapshot, out: &mut Vec<u8>) {
    let status = snapshot.status(kind);
    json::object(out, |o| {
        o.string("status", status.as_str());
        if status == Status::Healthy {
            return;
        }
        match kind {
            ProbeKind::Liveness => stalled(snapshot, o),
            _ => {
                o.string("phase", snapshot.phase().as_str());
                reasons(snapshot, o);
                o.strings("failing", snapshot.failing().map(Name::as_str));
            }
        }
    });
}

/// One component, heartbeat, gate or flag.
pub(crate) fn check(
    name: &str,
    status: Status,
    verbose: bool,
    moment: Moment,
    snapshot: &Snapshot,
    out: &mut Vec<u8>,
) {
    let component = snapshot
        .components()
        .iter()
        .find(|one| one.name().as_str() == name);
    json::object(out, |o| {
        o.string("status", status.as_str());
        o.string("name", name);
        if let Some(component) = component {
            o.number("consecutive_failures", component.streak().failures().into());
            if verbose {
                details(moment, component, o);
            }
        }
    });
}

/// The published values, each under its name.
pub(crate) fn stats(snapshot: &Snapshot, out: &mut Vec<u8>) {
    json::object(out, |o| {
        for stat in snapshot.stats() {
            o.raw(stat.name().as_str(), stat.json());
        }
    });
}

/// What runs, and since when.
pub(crate) fn version(moment: Moment, snapshot: &Snapshot, out: &mut Vec<u8>) {
    json::object(out, |o| {
        o.string("service", snapshot.service());
        o.string("version", snapshot.version());
        o.string("started", text(&snapshot.begun_at(moment).rfc3339()));
        o.tenths("uptime_seconds", snapshot.uptime());
    });
}

/// An answer that is no verdict.
pub(crate) fn error(reason: &str, out: &mut Vec<u8>) {
    json::object(out, |o| o.string("error", reason));
}

/// The word for the whole: on its way out a daemon is neither well nor ill, it is leaving.
pub(super) fn health_word(snapshot: &Snapshot) -> &'static str {
    match snapshot.phase() {
        phase @ (Phase::Draining | Phase::Stopped) => phase.as_str(),
        _ => snapshot.status(ProbeKind::Health).as_str(),
    }
}

fn reasons(snapshot: &Snapshot, o: &mut Object<'_>) {
    stalled(snapshot, o);
    o.strings("pending", snapshot.pending().map(Name::as_str));
}

fn stalled(snapshot: &Snapshot, o: &mut Object<'_>) {
    o.strings("stalled", snapshot.stalled().map(Name::as_str));
}

fn checks(moment: Moment, snapshot: &Snapshot, o: &mut Object<'_>) {
    for component in snapshot.components() {
        o.object(component.name().as_str(), |o| {
            o.string("status", component.status().as_str());
            o.number("consecutive_failures", component.streak().failures().into());
            details(moment, component, o);
        });
    }
    for beat in snapshot.heartbeats() {
        o.object(beat.name().as_str(), |o| {
            o.string("status", beat.status().as_str());
            o.string("since", text(&moment.unix_at(beat.since()).rfc3339()));
            o.number("age_ms", millis_since(snapshot, beat.last()));
            o.number("deadline_ms", beat.deadline().as_millis() as u64);
        });
    }
}

/// For authorised readers only: here the private half of an outcome is shown.
fn details(moment: Moment, component: &ComponentState, o: &mut Object<'_>) {
    o.string("since", text(&moment.unix_at(component.since()).rfc3339()));
    let Some((at, outcome)) = component.last() else {
        return;
    };
    o.number("age_ms", moment.now.duration_since(at).as_millis() as u64);
    if !outcome.message.as_str().is_empty() {
        o.string("message", outcome.message.as_str());
    }
    if let Some(cause) = &outcome.cause {
        o.string("cause", cause.reveal());
    }
}

fn millis_since(snapshot: &Snapshot, instant: Instant) -> u64 {
    snapshot.taken().duration_since(instant).as_millis() as u64
}

/// Dates are ASCII.
fn text(ascii: &[u8]) -> &str {
    core::str::from_utf8(ascii).unwrap_or_default()
}
