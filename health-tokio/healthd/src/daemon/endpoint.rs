//! The endpoint of a program: on a passed listener, or at its address, now or when that is free.

use std::net::SocketAddr;
use std::time::Duration;

use health_tokio::{Handle, Health, Server, Service};
use tracing::warn;

use super::service_manager;

/// Starts the endpoint. If its port is in use, the program works without it and tries again.
pub(crate) fn endpoint(
    listen: SocketAddr,
    token: Option<&str>,
    health: &Health,
    service: Service,
) -> Option<Handle> {
    let passed = service_manager::listener(health);
    let bound = passed.map_or_else(|| Server::bind(listen, health), Ok);
    let server = bound.unwrap_or_else(|error| {
        warn!(%error, "no endpoint yet; trying again every 5 s");
        Server::retry(listen, health, Duration::from_secs(5))
    });
    let spawned = server.service(with_token(service, token)).spawn();
    spawned
        .inspect_err(|error| warn!(%error, "going on without the endpoint"))
        .ok()
}

pub(super) fn with_token(service: Service, token: Option<&str>) -> Service {
    match token {
        Some(token) => service.token(token),
        None => service,
    }
}
