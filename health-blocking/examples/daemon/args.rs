//! The daemon's flags, the same for every runtime.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;

use crate::driver::{DegradedCode, Limits, ParseDurationError, Service, parse_duration};

/// A small real daemon with a health endpoint: a control loop that samples load, memory and disk.
#[derive(Debug, Parser)]
#[command(name = "daemon", version)]
pub(crate) struct Args {
    /// Where to listen; port 0 takes a free one
    #[arg(
        long,
        env = "DAEMON_LISTEN",
        value_name = "ADDR:PORT",
        default_value = "127.0.0.1:9102"
    )]
    pub(crate) listen: SocketAddr,

    /// Connections held at once; one more evicts another
    #[arg(
        long,
        env = "DAEMON_MAX_CONNECTIONS",
        value_name = "N",
        default_value = "512",
        allow_negative_numbers = true,
        value_parser = count
    )]
    pub(crate) max_connections: usize,

    /// Let this component fail in every cycle
    #[arg(long, env = "DAEMON_FAIL", value_name = "NAME", value_parser = ["load", "memory", "disk"])]
    pub(crate) fail: Option<String>,

    /// Let the control loop hang after this time
    #[arg(long, env = "DAEMON_HANG_AFTER", value_name = "SECONDS",
          allow_negative_numbers = true, value_parser = duration)]
    pub(crate) hang_after: Option<Duration>,

    /// Show details and stats only to who presents this bearer token
    #[arg(
        long,
        env = "DAEMON_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true
    )]
    pub(crate) token: Option<String>,

    /// How long to go on while readiness is already refused
    #[arg(long, env = "DAEMON_DRAIN_DELAY", value_name = "SECONDS", default_value = "0",
          allow_negative_numbers = true, value_parser = duration)]
    pub(crate) drain_delay: Duration,

    /// How long a connection may be idle between requests
    #[arg(long, env = "DAEMON_IDLE_TIMEOUT", value_name = "SECONDS", default_value = "75",
          allow_negative_numbers = true, value_parser = duration)]
    pub(crate) idle_timeout: Duration,
}

impl Args {
    /// What the flags make of the endpoint.
    pub(crate) fn service(&self) -> Service {
        let mut limits = Limits::default();
        limits.connections = self.max_connections;
        limits.idle_timeout = self.idle_timeout;
        // The daemon waits 5 s for its endpoint: by then it has its account.
        limits.stop_timeout = Duration::from_secs(4);
        let service = Service::new()
            .limits(limits)
            .degraded_code(DegradedCode::ServiceUnavailable);
        match &self.token {
            Some(token) => service.token(token),
            None => service,
        }
    }
}

fn count(text: &str) -> Result<usize, &'static str> {
    text.parse()
        .map_err(|_| "a whole number is wanted, such as 512")
}

fn duration(text: &str) -> Result<Duration, ParseDurationError> {
    parse_duration(text)
}
