//! Kubernetes' z-pages: `ok`, or a line for each check.
//!
//! The wording is that of the API server's `/livez?verbose`, so that what reads those reads these.

use alloc::vec::Vec;

use crate::health::{Phase, ProbeKind, Snapshot, Status};

/// Appends `ok`, or, if asked or failing, a line for each check that `kind` sees.
pub(super) fn probe(
    kind: ProbeKind,
    verbose: bool,
    passes: bool,
    snapshot: &Snapshot,
    out: &mut Vec<u8>,
) {
    if passes && !verbose {
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
            ProbeKind::Startup => snapshot.status(kind) == Status::Healthy,
            _ => phase == Phase::Running,
        };
        line(out, "phase", phase_passes, phase.as_str());
    }
    if kind != ProbeKind::Startup {
        for beat in snapshot.heartbeats() {
            // Not judged any more once the drain has begun.
            let passes = !beat.is_missed() || phase.is_ending();
            line(out, beat.name().as_str(), passes, "no beat");
        }
    }
    if kind == ProbeKind::Readiness {
        for gate in snapshot.gates() {
            line(out, gate.name().as_str(), gate.is_released(), "pending");
        }
        for flag in snapshot.flags() {
            line(out, flag.name().as_str(), flag.is_up(), "down");
        }
    }
    if kind == ProbeKind::Startup {
        for component in snapshot.components() {
            line(
                out,
                component.name().as_str(),
                component.last().is_some(),
                "no result yet",
            );
        }
    }
    if matches!(kind, ProbeKind::Readiness | ProbeKind::Health) {
        for component in snapshot.components() {
            let passes = component.contribution().is_up();
            line(
                out,
                component.name().as_str(),
                passes,
                component.status().as_str(),
            );
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
