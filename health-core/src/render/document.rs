//! Writes the JSON documents. Fields are only ever added; `status` always comes first, because some load
//! balancers read only the first kilobyte.

use alloc::vec::Vec;

use super::json::{self, Object};
use super::{Format, Probe};
use crate::base::Name;
use crate::base::{Instant, Moment};
use crate::base::{ProbeKind, Status};
use crate::health::{ComponentState, Snapshot, StatState};

/// The native document: the whole state of the daemon.
pub(crate) fn health(probe: &Probe<'_>, out: &mut Vec<u8>) {
    let (moment, snapshot) = (probe.moment, probe.snapshot);
    json::object(out, |o| {
        o.word("status", probe.word());
        o.bool("healthy", probe.healthy);
        o.word("timestamp", moment.unix.rfc3339());
        o.string("service", snapshot.service());
        o.string("version", snapshot.version());
        o.word("phase", snapshot.phase().as_str());
        o.tenths("uptime_seconds", snapshot.uptime());
        o.number(
            "consecutive_failures",
            snapshot.consecutive_failures().into(),
        );
        o.object("components", |o| {
            for component in snapshot.components().iter().take(Snapshot::MOST_COMPONENTS) {
                let is_up = component.status().is_up() && !probe.fails_as_degraded(component);
                o.bool(component.name().as_str(), is_up);
            }
        });
        let omitted = snapshot
            .components()
            .len()
            .saturating_sub(Snapshot::MOST_COMPONENTS);
        if omitted > 0 {
            o.number("components_omitted", omitted as u64);
        }
        stalled(probe, o);
        o.strings("pending", probe.only(snapshot.pending()));
        excuses(probe, o);
        if snapshot.in_flight() > 0 {
            o.number("in_flight", snapshot.in_flight() as u64);
        }
        if let Some(watched) = probe.watched {
            o.object("targets", |o| {
                o.number("total", watched.total as u64);
                o.number("healthy", watched.healthy as u64);
            });
        }
        if probe.verbose {
            o.object("checks", |o| checks(moment, snapshot, o));
        }
    });
}

/// The verdict of one probe kind, with the reasons if it is bad.
pub(crate) fn verdict(probe: &Probe<'_>, out: &mut Vec<u8>) {
    let snapshot = probe.snapshot;
    json::object(out, |o| {
        o.word("status", probe.status.as_str());
        if probe.status != Status::Healthy {
            if probe.kind != ProbeKind::Liveness {
                o.word("phase", snapshot.phase().as_str());
            }
            stalled(probe, o);
            if probe.kind != ProbeKind::Liveness {
                o.strings("pending", probe.only(snapshot.pending()));
                o.strings("failing", probe.only(snapshot.failing()));
            }
        }
        excuses(probe, o);
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
        o.word("status", status.as_str());
        o.word("name", name);
        if let Some(component) = component {
            o.number("consecutive_failures", component.streak().failures().into());
            if verbose {
                details(moment, snapshot, component, o);
            }
        }
    });
}

/// What runs, and since when.
pub(crate) fn version(moment: Moment, snapshot: &Snapshot, out: &mut Vec<u8>) {
    json::object(out, |o| {
        o.string("service", snapshot.service());
        o.string("version", snapshot.version());
        o.word("started", snapshot.begun_at(moment).rfc3339());
        o.tenths("uptime_seconds", snapshot.uptime());
    });
}

/// An error.
pub(crate) fn error(reason: &str, out: &mut Vec<u8>) {
    json::object(out, |o| o.string("error", reason));
}

/// The response to a request that names a format that is not among the `offered`.
pub(crate) fn not_acceptable(offered: &[Format], out: &mut Vec<u8>) {
    json::object(out, |o| {
        let out = o.value("error");
        out.extend_from_slice(b"\"format is one of: ");
        for (index, format) in offered.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(b", ");
            }
            out.extend_from_slice(format.name().as_bytes());
        }
        out.push(b'"');
    });
}

fn stalled(probe: &Probe<'_>, o: &mut Object<'_>) {
    o.strings("stalled", probe.only(probe.snapshot.stalled()));
}

/// The parts that the verdict leaves out.
fn excuses(probe: &Probe<'_>, o: &mut Object<'_>) {
    o.strings("excused", probe.snapshot.excused().map(Name::as_str));
    o.strings("excluded", probe.excluded_names());
}

fn checks(moment: Moment, snapshot: &Snapshot, o: &mut Object<'_>) {
    for component in snapshot.components() {
        o.object(component.name().as_str(), |o| {
            o.word("status", component.status().as_str());
            o.number("consecutive_failures", component.streak().failures().into());
            details(moment, snapshot, component, o);
        });
    }
    for beat in snapshot.heartbeats() {
        o.object(beat.name().as_str(), |o| {
            o.word("status", beat.status().as_str());
            o.word("since", moment.unix_at(beat.since()).rfc3339());
            o.number("age_ms", millis_since(snapshot, beat.last()));
            o.number("deadline_ms", beat.deadline().as_millis() as u64);
        });
    }
}

/// For authorised readers only: here the private half of an outcome is shown.
fn details(moment: Moment, snapshot: &Snapshot, component: &ComponentState, o: &mut Object<'_>) {
    o.word("since", moment.unix_at(component.since()).rfc3339());
    if let Some(took) = component.timing().last() {
        o.number("duration_ms", took.as_millis() as u64);
    }
    // What a daemon publishes under a component's name is about that component.
    let about = |stat: &&StatState| stat.name() == component.name();
    let data = snapshot.stats().iter().find(about);
    if let Some(data) = data.filter(|data| data.published().is_some()) {
        o.raw("data", data.json());
    }
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
