//! A daemon with a part of each kind, for the targets to change.

use std::time::Duration;

use health_core::Instant;
use health_core::health::{ComponentId, FlagId, GateId, HeartbeatId, Registry, StatId};

/// Its parts.
pub(crate) struct Entries {
    pub(crate) db: ComponentId,
    pub(crate) beat: HeartbeatId,
    pub(crate) gate: GateId,
    pub(crate) flag: FlagId,
    pub(crate) stat: StatId,
}

/// The daemon, which starts now.
pub(crate) fn daemon(now: Instant) -> (Registry, Entries) {
    let mut registry = Registry::new("fuzz", "1.0", now);
    let named = "a valid name";
    let entries = Entries {
        db: registry
            .component(now, "db", Default::default())
            .expect(named),
        beat: registry
            .heartbeat(now, "loop", Duration::from_secs(5))
            .expect(named),
        gate: registry.gate("loaded").expect(named),
        flag: registry.flag("leader").expect(named),
        stat: registry.stat("queue").expect(named),
    };
    (registry, entries)
}
