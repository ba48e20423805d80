//! The names that every driver re-exports at its root: all that a daemon's author needs.

#[cfg(feature = "monitor")]
pub use health_core::check::CheckConfig;
#[cfg(feature = "monitor")]
pub use health_core::check::probe::Probe;
pub use health_core::health::{
    Change, ComponentConfig, Counter, Gauge, History, Phase, Revision, Snapshot, Transition,
};
pub use health_core::http::{Head, StatusCode};
pub use health_core::server::{
    Access, AccessRequest, CloseReason, DegradedCode, Identity, Limits, Peer, RequestLog,
    ServerReport, Service,
};
pub use health_core::{
    Cause, Cidr, ConfigError, Instant, Kind, Message, Moment, Name, NameError, Outcome,
    ParseDurationError, ProbeKind, Status, UnixTime, parse_duration,
};

pub use crate::health::{
    Component, Flag, Gate, Health, Heartbeat, InFlight, Running, Stats, Transitions,
};
#[cfg(feature = "monitor")]
pub use crate::monitor::Target;
#[cfg(feature = "tracing")]
pub use crate::trace::trace_request;
