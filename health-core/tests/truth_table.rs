//! From state to code: every phase × state × question × setting, as one table.

#[path = "support/daemons.rs"]
mod daemons;

use std::sync::Arc;

use daemons::{LIVES, Life, STATES, State, daemon};
use health_core::health::Snapshot;
use health_core::server::{DegradedCode, Peer, Service};
use health_core::{Instant, Moment};

use Life::{Draining, Running, Starting, Stopped};
use State::{
    AllHealthy, Degraded, Empty, Excused, FlagDown, Missed, NoResult, NonCriticalNoResult,
    NonCriticalUnhealthy, Pending, Stale, Unhealthy,
};

/// The code of degraded, in whichever way it is set.
const DEG: u16 = 0;

/// startup, liveness, readiness, health; and the `status` of the health document.
#[rustfmt::skip]
const TABLE: &[(Life, State, [u16; 4], &str)] = &[
    (Starting, Empty, [503, 200, 503, 503], "unknown"),
    (Starting, AllHealthy, [503, 200, 503, 503], "unknown"),
    (Starting, Degraded, [503, 200, 503, 503], "unknown"),
    (Starting, Unhealthy, [503, 200, 503, 503], "unknown"),
    (Starting, NonCriticalUnhealthy, [503, 200, 503, 503], "unknown"),
    (Starting, NoResult, [503, 200, 503, 503], "unknown"),
    (Starting, NonCriticalNoResult, [503, 200, 503, 503], "unknown"),
    (Starting, Stale, [503, 200, 503, 503], "unknown"),
    (Starting, Missed, [503, 503, 503, 503], "unhealthy"),
    (Starting, Excused, [503, 200, 503, 503], "unknown"),
    (Starting, Pending, [503, 200, 503, 503], "unknown"),
    (Starting, FlagDown, [503, 200, 503, 503], "unknown"),
    (Running, Empty, [200, 200, 200, 200], "healthy"),
    (Running, AllHealthy, [200, 200, 200, 200], "healthy"),
    (Running, Degraded, [200, 200, 200, DEG], "degraded"),
    (Running, Unhealthy, [200, 200, 503, 503], "unhealthy"),
    (Running, NonCriticalUnhealthy, [200, 200, 200, DEG], "degraded"),
    (Running, NoResult, [503, 200, 503, 503], "unknown"),
    (Running, NonCriticalNoResult, [503, 200, 200, DEG], "degraded"),
    (Running, Stale, [200, 200, 503, 503], "unknown"),
    (Running, Missed, [200, 503, 503, 503], "unhealthy"),
    (Running, Excused, [200, 200, 200, 200], "healthy"),
    (Running, Pending, [200, 200, 503, 200], "healthy"),
    (Running, FlagDown, [200, 200, 503, 200], "healthy"),
    (Draining, Empty, [200, 200, 503, 503], "draining"),
    (Draining, AllHealthy, [200, 200, 503, 503], "draining"),
    (Draining, Degraded, [200, 200, 503, 503], "draining"),
    (Draining, Unhealthy, [200, 200, 503, 503], "draining"),
    (Draining, NonCriticalUnhealthy, [200, 200, 503, 503], "draining"),
    (Draining, NoResult, [200, 200, 503, 503], "draining"),
    (Draining, NonCriticalNoResult, [200, 200, 503, 503], "draining"),
    (Draining, Stale, [200, 200, 503, 503], "draining"),
    (Draining, Missed, [200, 200, 503, 503], "draining"),
    (Draining, Excused, [200, 200, 503, 503], "draining"),
    (Draining, Pending, [200, 200, 503, 503], "draining"),
    (Draining, FlagDown, [200, 200, 503, 503], "draining"),
    (Stopped, Empty, [200, 503, 503, 503], "stopped"),
    (Stopped, AllHealthy, [200, 503, 503, 503], "stopped"),
    (Stopped, Degraded, [200, 503, 503, 503], "stopped"),
    (Stopped, Unhealthy, [200, 503, 503, 503], "stopped"),
    (Stopped, NonCriticalUnhealthy, [200, 503, 503, 503], "stopped"),
    (Stopped, NoResult, [200, 503, 503, 503], "stopped"),
    (Stopped, NonCriticalNoResult, [200, 503, 503, 503], "stopped"),
    (Stopped, Stale, [200, 503, 503, 503], "stopped"),
    (Stopped, Missed, [200, 503, 503, 503], "stopped"),
    (Stopped, Excused, [200, 503, 503, 503], "stopped"),
    (Stopped, Pending, [200, 503, 503, 503], "stopped"),
    (Stopped, FlagDown, [200, 503, 503, 503], "stopped"),
];

#[test]
fn truth_table_has_every_row_once() {
    for (life, state) in LIVES.into_iter().flat_map(|life| STATES.map(|s| (life, s))) {
        let rows = TABLE.iter().filter(|row| (row.0, row.1) == (life, state));
        assert_eq!(rows.count(), 1, "{life:?} {state:?}");
    }
}

#[test]
fn truth_table() {
    let codes = [
        (DegradedCode::Ok, 200),
        (DegradedCode::TooManyRequests, 429),
        (DegradedCode::ServiceUnavailable, 503),
    ];
    for (setting, degraded) in codes {
        let service = Arc::new(Service::new().degraded_code(setting));
        for &(life, state, expected, word) in TABLE {
            let (snapshot, now) = daemon(life, state);
            for (target, expected) in [
                "/health/startup",
                "/health/live",
                "/health/ready",
                "/health",
            ]
            .iter()
            .zip(expected)
            {
                let expected = if expected == DEG { degraded } else { expected };
                for method in ["GET", "HEAD", "OPTIONS"] {
                    let (code, retry_after, _) = ask(&service, method, target, &snapshot, now);
                    let case = format!("{setting:?} {life:?} {state:?} {method:?} {target}");
                    assert_eq!(code, expected, "{case}");
                    assert_eq!(retry_after.is_some(), matches!(code, 429 | 503), "{case}");
                }
            }
            let (code, _, document) = ask(&service, "GET", "/health", &snapshot, now);
            let document: serde_json::Value = serde_json::from_slice(&document).expect("JSON");
            assert_eq!(document["status"], word, "{life:?} {state:?}");
            assert_eq!(document["healthy"], code == 200, "{life:?} {state:?}");
            for target in ["/stats", "/version"] {
                let (code, ..) = ask(&service, "GET", target, &snapshot, now);
                assert_eq!(code, 200, "{life:?} {state:?} {target}");
            }
        }
    }
}

fn ask(
    service: &Service,
    method: &str,
    target: &str,
    snapshot: &Snapshot,
    now: Instant,
) -> (u16, Option<u32>, Vec<u8>) {
    let ask = service.query(Peer::Unix, method, target, |_| None);
    let mut body = Vec::new();
    let moment = Moment {
        now,
        ..Moment::default()
    };
    let head = service.answer(moment, &ask, snapshot, &mut body);
    let retry_after = head.fields().find(|(name, _)| *name == "Retry-After");
    let retry_after = retry_after.and_then(|(_, value)| value.parse().ok());
    (head.status.as_u16(), retry_after, body)
}
