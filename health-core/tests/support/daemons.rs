//! Daemons in every phase and state there is.

use std::time::Duration;

use health_core::Instant;
use health_core::health::{ComponentConfig, Registry, Snapshot};
use health_core::{ProbeKind, Status};

const DEADLINE: Duration = Duration::from_secs(5);

/// What the daemon knows about itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum State {
    /// Nothing is declared.
    Empty,
    AllHealthy,
    /// A critical component says so.
    Degraded,
    /// A critical component has failed three times.
    Unhealthy,
    /// The same, but the daemon can do without it.
    NonCriticalUnhealthy,
    /// A critical component has not reported yet.
    NoResult,
    /// One that the daemon can do without has not.
    NonCriticalNoResult,
    /// A critical component's last result is too old.
    Stale,
    /// A loop is stuck.
    Missed,
    /// A loop was silent for as long, while the whole host stood still.
    Excused,
    /// A gate is shut.
    Pending,
    /// A flag is down.
    FlagDown,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Life {
    Starting,
    Running,
    Draining,
    Stopped,
}

use Life::{Draining, Starting, Stopped};
use State::{
    Degraded, Empty, Excused, FlagDown, Missed, NoResult, NonCriticalNoResult,
    NonCriticalUnhealthy, Pending, Stale, Unhealthy,
};

/// Every phase.
#[allow(dead_code, reason = "not every test goes through all of them")]
pub(crate) const LIVES: [Life; 4] = [Starting, Life::Running, Draining, Stopped];
/// Every state.
#[allow(dead_code, reason = "not every test goes through all of them")]
pub(crate) const STATES: [State; 12] = [
    Empty,
    State::AllHealthy,
    Degraded,
    Unhealthy,
    NonCriticalUnhealthy,
    NoResult,
    NonCriticalNoResult,
    Stale,
    Missed,
    Excused,
    Pending,
    FlagDown,
];

/// A daemon in this phase and state, five seconds after it began.
pub(crate) fn daemon(life: Life, state: State) -> (Snapshot, Instant) {
    let now = Instant::default() + DEADLINE;
    let snapshot = registry(life, state).snapshot(now);
    // A snapshot never changes, however often it is asked.
    for kind in [
        ProbeKind::Startup,
        ProbeKind::Liveness,
        ProbeKind::Readiness,
        ProbeKind::Health,
    ] {
        assert_eq!(snapshot.status(kind), snapshot.status(kind));
    }
    (snapshot, now)
}

/// The registry of such a daemon, when it has just begun.
pub(crate) fn registry(life: Life, state: State) -> Registry {
    let now = Instant::default();
    let mut registry = Registry::new("svc", "1", now);
    let config = match state {
        Degraded => ComponentConfig::new().failing_is(Status::Degraded),
        NonCriticalUnhealthy | NonCriticalNoResult => ComponentConfig::new().critical(false),
        Stale => ComponentConfig::new().validity(DEADLINE),
        _ => ComponentConfig::default(),
    };
    if !matches!(state, Empty) {
        let component = registry.component(now, "db", config).expect("a free name");
        match state {
            NoResult | NonCriticalNoResult => {}
            Unhealthy | Degraded | NonCriticalUnhealthy => {
                (0..3).for_each(|_| registry.failure(now, component, "refused"));
            }
            _ => registry.success(now, component),
        }
        registry.update_timing(component, |timing| {
            timing.observe(Duration::from_micros(12_999));
        });
        let size = registry.stat("db").expect("a free name");
        registry.set_stat(now, size, &[3]).expect("JSON");
    }
    match state {
        Missed | Excused => {
            let beat = registry.heartbeat(now, "loop", DEADLINE);
            beat.expect("a free name");
        }
        Pending => drop(registry.gate("cache").expect("a free name")),
        FlagDown => drop(registry.flag("leader").expect("a free name")),
        _ => {}
    }
    if !matches!(life, Starting) {
        registry.set_running(now);
    }
    if matches!(life, Draining | Stopped) {
        registry.begin_drain(now);
    }
    if matches!(life, Stopped) {
        registry.stop(now);
    }
    if matches!(state, Excused) {
        // The endpoint's first pulse, and the last for as long as the host stands still.
        registry.handle_timeout(now);
    }
    registry
}
