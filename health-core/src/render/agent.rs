//! HAProxy's agent check: one line, then the connection is closed.

use alloc::vec::Vec;
use core::time::Duration;

use crate::base::Name;
use crate::base::{ProbeKind, Status};
use crate::health::{Phase, Snapshot};

/// How long a daemon cancels the drain of the one before it.
const FRESH: Duration = Duration::from_secs(60);
/// The most bytes of a reason: HAProxy keeps one line.
const LONGEST_REASON: usize = 200;

/// Appends the line that HAProxy's `agent-check` reads: `up`, `drain`, or `down #reason`.
///
/// It says whether the daemon is [ready](ProbeKind::Readiness). HAProxy keeps `drain` until a line
/// says `ready`, even when the daemon has been restarted, and `ready` also cancels its operator's own
/// `maint`. So `ready` comes before the verdict while the daemon starts and in its first minute, and
/// not after that.
pub(crate) fn agent_check(snapshot: &Snapshot, out: &mut Vec<u8>) {
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

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::base::Instant;
    use crate::health::Registry;

    #[test]
    fn the_line_of_each_stage_of_a_daemons_life() {
        let mut now = Instant::default();
        let mut registry = Registry::new("steering", "1.4.0", now);
        let line = |registry: &mut Registry, now| {
            let mut out = Vec::new();
            agent_check(&registry.snapshot(now), &mut out);
            out
        };
        assert_eq!(line(&mut registry, now), b"ready down #starting\n");
        registry.set_running(now);
        assert_eq!(line(&mut registry, now), b"ready up\n");
        now = now + Duration::from_secs(60);
        assert_eq!(line(&mut registry, now), b"up\n");
        registry.gate("cache").expect("a free name");
        assert_eq!(line(&mut registry, now), b"down #pending cache\n");
        registry.begin_drain(now);
        assert_eq!(line(&mut registry, now), b"drain\n");
    }
}
