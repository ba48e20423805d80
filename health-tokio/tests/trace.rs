//! What this driver tells `tracing` of requests.

#[path = "../../health-core/driver/tests/support/traced.rs"]
mod traced;

mod driver {
    pub(crate) use health_tokio::{Health, Server, Service, trace_request};
}
