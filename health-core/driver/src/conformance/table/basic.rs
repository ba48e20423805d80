//! Every path in every state of the daemon, and (`clients.rs`) the requests that real probers send.

use super::super::answer::{Answer, not_found, ok, unavailable};
use super::super::case::{Case, Daemon, get, raw};
use super::clients;

pub(super) fn cases() -> Vec<Case> {
    [paths(), states(), clients::cases()]
        .into_iter()
        .flatten()
        .collect()
}

fn paths() -> Vec<Case> {
    let path = |name, path, answer: Answer| raw(name, get(path), answer);
    vec![
        path("root", "/", ok().says("status", "healthy")),
        path("health", "/health", ok().says("status", "healthy")),
        path("healthz", "/healthz", ok().says("status", "healthy")),
        path("health_live", "/health/live", ok()),
        path("livez", "/livez", ok()),
        path("live", "/live", ok()),
        path("health_ready", "/health/ready", ok()),
        path("readyz", "/readyz", ok()),
        path("ready", "/ready", ok()),
        path("health_startup", "/health/startup", ok()),
        path("startupz", "/startupz", ok()),
        path("health_started", "/health/started", ok()),
        path("one_component", "/health/check/db", ok()),
        path("unknown_component", "/health/check/nobody", not_found()),
        path("stats", "/stats", ok().has("loop")),
        path("version", "/version", ok().says("version", "1.2.3")),
        path("unknown_path", "/nothing/here", not_found()),
    ]
}

/// The truth table: what each path says in each state of the daemon.
fn states() -> Vec<Case> {
    let state = |daemon, name, path, answer: Answer| raw(name, get(path), answer).when(daemon);
    let starting = |name, path, answer| state(Daemon::Starting, name, path, answer);
    let failing = |name, path, answer| state(Daemon::Failing, name, path, answer);
    let stuck = |name, path, answer| state(Daemon::Stuck, name, path, answer);
    // An answer given while draining closes, so that the prober's next connection goes elsewhere.
    let draining =
        |name, path, answer: Answer| state(Daemon::Draining, name, path, answer.closes());
    let retry = || unavailable().retry_after();
    vec![
        starting("starting_live", "/health/live", ok()),
        starting("starting_ready", "/health/ready", retry()),
        starting("starting_startup", "/health/startup", unavailable()),
        starting(
            "starting_health",
            "/health",
            retry().says("phase", "starting"),
        ),
        starting("starting_stats", "/stats", ok().has("loop")),
        starting("starting_version", "/version", ok()),
        failing("failing_live", "/health/live", ok()),
        failing("failing_ready", "/health/ready", unavailable()),
        failing("failing_startup", "/health/startup", ok()),
        failing(
            "failing_health",
            "/health",
            unavailable().says("status", "unhealthy"),
        ),
        failing("failing_component", "/health/check/db", unavailable()),
        failing("failing_stats", "/stats", ok().has("loop")),
        stuck("missed_heartbeat_live", "/health/live", unavailable()),
        stuck("missed_heartbeat_ready", "/health/ready", unavailable()),
        stuck("missed_heartbeat_health", "/health", unavailable()),
        stuck("missed_heartbeat_startup", "/health/startup", ok()),
        draining("draining_live", "/health/live", ok()),
        draining("draining_ready", "/health/ready", retry()),
        draining("draining_startup", "/health/startup", ok()),
        draining(
            "draining_health",
            "/health",
            retry().says("phase", "draining"),
        ),
        draining("draining_stats", "/stats", ok().has("loop")),
        draining("draining_unknown_path", "/nothing/here", not_found()),
    ]
}
