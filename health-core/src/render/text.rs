//! Kubernetes' z-pages: `ok`, or a line for each check.
//!
//! The wording is that of the API server's `/livez?verbose`, so that what reads those reads these.

use alloc::vec::Vec;

use super::Probe;
use crate::base::Name;
use crate::base::{ProbeKind, Status};
use crate::health::Phase;

/// Appends `ok`, or, if asked or failing, a line for each check that is seen.
pub(crate) fn probe(probe: &Probe<'_>, out: &mut Vec<u8>) {
    let (kind, snapshot, passes) = (probe.kind, probe.snapshot, probe.healthy);
    if passes && !probe.verbose {
        out.extend_from_slice(b"ok");
        return;
    }
    let page = match kind {
        ProbeKind::Startup => "startupz",
        ProbeKind::Liveness => "livez",
        ProbeKind::Readiness => "readyz",
        ProbeKind::Health => "healthz",
    };
    let phase = snapshot.phase();
    if kind == ProbeKind::Liveness {
        line(out, "ping", phase != Phase::Stopped, "stopped");
    } else {
        let phase_passes = match kind {
            ProbeKind::Startup => probe.status == Status::Healthy,
            _ => phase == Phase::Running,
        };
        line(out, "phase", phase_passes, phase.as_str());
    }
    if kind != ProbeKind::Startup {
        for beat in snapshot.heartbeats() {
            // Not judged any more once the drain has begun.
            let passes = !beat.is_missed() || phase.is_ending();
            part(probe, beat.name(), passes, "no beat", out);
        }
    }
    if kind == ProbeKind::Readiness {
        for gate in snapshot.gates() {
            part(probe, gate.name(), gate.is_released(), "pending", out);
        }
        for flag in snapshot.flags() {
            part(probe, flag.name(), flag.is_up(), "down", out);
        }
    }
    if kind == ProbeKind::Startup {
        for component in snapshot.components() {
            let passes = component.last().is_some();
            part(probe, component.name(), passes, "no result yet", out);
        }
    }
    if matches!(kind, ProbeKind::Readiness | ProbeKind::Health) {
        for component in snapshot.components() {
            let passes = probe.passes(component);
            let reason = component.status().as_str();
            part(probe, component.name(), passes, reason, out);
        }
    }
    let verdict = if passes {
        " check passed\n"
    } else {
        " check failed\n"
    };
    out.extend_from_slice(page.as_bytes());
    out.extend_from_slice(verdict.as_bytes());
}

/// Appends one check: `ok`, or its status.
pub(crate) fn check(status: Status, out: &mut Vec<u8>) {
    let word = if status == Status::Healthy {
        "ok"
    } else {
        status.as_str()
    };
    out.extend_from_slice(word.as_bytes());
}

/// One part of the daemon, unless it was to be left out.
fn part(probe: &Probe<'_>, name: &Name, passes: bool, reason: &str, out: &mut Vec<u8>) {
    if probe.counts(name) {
        line(out, name.as_str(), passes, reason);
    } else {
        for part in ["[+]", name.as_str(), " excluded: ok\n"] {
            out.extend_from_slice(part.as_bytes());
        }
    }
}

/// The reason is a fixed word of ours, never a text of the daemon's.
fn line(out: &mut Vec<u8>, name: &str, passes: bool, reason: &str) {
    let (sign, verdict) = if passes {
        ("[+]", " ok")
    } else {
        ("[-]", " failed: ")
    };
    for part in [sign, name, verdict, if passes { "" } else { reason }, "\n"] {
        out.extend_from_slice(part.as_bytes());
    }
}
