//! `application/health+json`, as in draft-inadarei-api-health-check-06.
//!
//! Its `status` goes with the code, not beside it: 2xx and 3xx must say `pass` or `warn`, 4xx and
//! 5xx `fail` (§3.1). So a degraded daemon whose code is 503 says `fail`.

use alloc::vec::Vec;

use super::Probe;
use super::json::{self, Object};
use crate::base::Instant;
use crate::base::{ProbeKind, Status};
use crate::health::ComponentState;

/// The parts that are shown without `?verbose`.
const MOST_PARTS: usize = 32;

/// Appends the answer, with what it sees of the daemon's parts.
pub(crate) fn probe(probe: &Probe<'_>, out: &mut Vec<u8>) {
    let snapshot = probe.snapshot;
    json::object(out, |o| {
        let word = match (probe.healthy, probe.status) {
            (false, _) => "fail",
            (true, Status::Healthy) => "pass",
            (true, _) => "warn",
        };
        o.word("status", word);
        // §3.2 and §3.3: the version that clients see is the first number of the release's.
        let release = snapshot.version();
        let version = release.split_once('.').map_or(release, |(major, _)| major);
        o.string("version", version);
        o.string("releaseId", release);
        o.string("serviceId", snapshot.service());
        // §3.5: no output on pass.
        if word != "pass" {
            output(probe, o);
        }
        o.object("checks", |o| parts(probe, o));
        o.strings("excluded", probe.excluded_names());
    });
}

/// Appends one part of the daemon.
pub(crate) fn check(status: Status, healthy: bool, name: &str, out: &mut Vec<u8>) {
    json::object(out, |o| {
        let word = if healthy { word(status) } else { "fail" };
        o.word("status", word);
        o.string("serviceId", name);
    });
}

/// Names, and fixed words of ours: what anybody may read.
fn output(probe: &Probe<'_>, o: &mut Object<'_>) {
    let out = o.value("output");
    out.push(b'"');
    out.extend_from_slice(probe.snapshot.phase().as_str().as_bytes());
    for (reason, name) in probe.reasons() {
        for part in ["; ", reason, " ", name.as_str()] {
            out.extend_from_slice(part.as_bytes());
        }
    }
    out.push(b'"');
}

fn parts(probe: &Probe<'_>, o: &mut Object<'_>) {
    let snapshot = probe.snapshot;
    let most = if probe.verbose {
        usize::MAX
    } else {
        MOST_PARTS
    };
    let sees_components = matches!(probe.kind, ProbeKind::Readiness | ProbeKind::Health);
    if sees_components {
        let components = snapshot.components().iter();
        for component in components.filter(|one| probe.counts(one.name())).take(most) {
            let (name, status) = (component.name().as_str(), component.status());
            measure(o, name, "component", word(status), |o| {
                time(probe, component.since(), o);
                if probe.verbose {
                    details(component, o);
                }
            });
        }
    }
    if probe.kind != ProbeKind::Startup {
        let beats = snapshot.heartbeats().iter();
        for beat in beats.filter(|one| probe.counts(one.name())).take(most) {
            // Not judged any more once the drain has begun.
            let passes = !beat.is_missed() || snapshot.phase().is_ending();
            measure(o, beat.name().as_str(), "component", pass(passes), |o| {
                time(probe, beat.since(), o);
            });
        }
    }
    if probe.kind == ProbeKind::Readiness {
        let gates = snapshot.gates().iter();
        for gate in gates.filter(|one| probe.counts(one.name())).take(most) {
            let passes = gate.is_released();
            measure(o, gate.name().as_str(), "component", pass(passes), |_| ());
        }
        let flags = snapshot.flags().iter();
        for flag in flags.filter(|one| probe.counts(one.name())).take(most) {
            measure(
                o,
                flag.name().as_str(),
                "component",
                pass(flag.is_up()),
                |_| (),
            );
        }
    }
    // A part of that name comes first: keys must not repeat.
    if probe.kind == ProbeKind::Health && snapshot.status_of("uptime").is_none() {
        measure(o, "uptime", "system", "pass", |o| {
            o.tenths("observedValue", snapshot.uptime());
            o.word("observedUnit", "s");
            time(probe, snapshot.taken(), o);
        });
    }
}

/// Values are arrays even where there is one node (§4).
fn measure(
    o: &mut Object<'_>,
    name: &str,
    kind: &str,
    status: &str,
    fill: impl FnOnce(&mut Object<'_>),
) {
    let out = o.value(name);
    out.push(b'[');
    json::object(out, |o| {
        o.word("componentType", kind);
        o.word("status", status);
        fill(o);
    });
    out.push(b']');
}

/// For authorised readers only.
fn details(component: &ComponentState, o: &mut Object<'_>) {
    let failures = component.streak().failures();
    o.number("observedValue", failures.into());
    o.word("observedUnit", "consecutive failures");
    let message = component.message().as_str();
    if component.status() != Status::Healthy && !message.is_empty() {
        o.string("output", message);
    }
}

fn time(probe: &Probe<'_>, at: Instant, o: &mut Object<'_>) {
    o.word("time", probe.moment.unix_at(at).rfc3339());
}

const fn pass(passes: bool) -> &'static str {
    if passes { "pass" } else { "fail" }
}

/// The draft has three words for our four.
const fn word(status: Status) -> &'static str {
    match status {
        Status::Healthy => "pass",
        Status::Degraded => "warn",
        Status::Unknown | Status::Unhealthy => "fail",
    }
}
