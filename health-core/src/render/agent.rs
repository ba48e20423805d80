//! HAProxy's agent check: one line, then the connection is closed.

use alloc::vec::Vec;
use core::time::Duration;

use crate::base::Name;
use crate::base::{ProbeKind, Status};
use crate::health::{Phase, Snapshot};

/// How long a daemon goes on cancelling the drain of the one before it.
const FRESH: Duration = Duration::from_secs(60);
/// The most bytes of a reason: HAProxy keeps one line.
const LONGEST_REASON: usize = 200;

/// Appends the line that HAProxy's `agent-check` reads: `up`, `drain`, or `down #reason`.
///
/// It says whether the daemon is [ready](ProbeKind::Readiness). HAProxy keeps `drain` until it is
/// told `ready`, though the daemon be started anew, and takes `ready` for a cancellation of its
/// operator's own `maint` as well. So `ready` comes before the verdict in a daemon's first minute
/// (and for as long as it starts), and not after that.
///
/// ```
/// use core::time::Duration;
/// use health_core::health::Registry;
/// use health_core::render::agent_check;
/// use health_core::Instant;
///
/// let mut now = Instant::default();
/// let mut registry = Registry::new("steering", "1.4.0", now);
/// let mut line = |registry: &mut Registry, now| {
///     let mut out = Vec::new();
///     agent_check(&registry.snapshot(now), &mut out);
///     String::from_utf8(out).unwrap()
/// };
/// assert_eq!(line(&mut registry, now), "ready down #starting\n");
/// registry.set_running(now);
/// assert_eq!(line(&mut registry, now), "ready up\n");
/// now = now + Duration::from_secs(60);
/// assert_eq!(line(&mut registry, now), "up\n");
/// registry.gate("cache").unwrap();
/// assert_eq!(line(&mut registry, now), "down #pending cache\n");
/// registry.begin_drain(now);
/// assert_eq!(line(&mut registry, now), "drain\n");
/// ```
pub fn agent_check(snapshot: &Snapshot, out: &mut Vec<u8>) {
    let phase = snapshot.phase();
    if phase == Phase::Draining {
        out.extend_from_slice(b"drain\n");
        return;
    }
    if phase == Phase::Starting || (phase == Phase::Running && snapshot.uptime() < FRESH) {
        out.extend_from_slice(b"ready ");
    }
    if snapshot.status(ProbeKind::Readiness) == Status::Healthy {
        out.extend_from_slice(b"up\n");
        return;
    }
    // Apart, or HAProxy would take the first word of the reason for a part of the verdict, and refuse
    // that.
    out.extend_from_slice(b"down #");
    let start = out.len();
    if phase != Phase::Running {
        out.extend_from_slice(phase.as_str().as_bytes());
    }
    reason(start, "stalled", snapshot.stalled(), out);
    reason(start, "pending", snapshot.pending(), out);
    reason(start, "failing", snapshot.failing(), out);
    out.truncate(start + LONGEST_REASON);
    out.push(b'\n');
}

fn reason<'s>(start: usize, word: &str, names: impl Iterator<Item = &'s Name>, out: &mut Vec<u8>) {
    for (index, name) in names.enumerate() {
        if index == 0 {
            if out.len() > start {
                out.extend_from_slice(b"; ");
            }
            out.extend_from_slice(word.as_bytes());
        }
        out.push(b' ');
        out.extend_from_slice(name.as_str().as_bytes());
    }
}
