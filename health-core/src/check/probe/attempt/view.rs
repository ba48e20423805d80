//! How an attempt reads from outside: what to do next, and where it stands.

use core::fmt;

use super::super::endpoint::Host;
use super::super::report::ProbePhase;
use super::super::step::{Destination, Step};
use super::super::tls::Tls;
use super::{Attempt, Place, State};
use crate::check::exchange;

impl<'p> Attempt<'p> {
    /// What to do next.
    pub fn step(&self) -> Step<'p> {
        let until = self.deadline;
        match (&self.state, self.site) {
            (State::Resolving, Place::Tcp(endpoint)) => match endpoint.host() {
                Host::Name(name) => Step::Resolve {
                    name,
                    port: endpoint.port(),
                    until,
                },
                Host::Ip(_) => Step::Close,
            },
            (
                State::Connecting {
                    to: Some(to),
                    until,
                    ..
                },
                _,
            ) => Step::Connect {
                to: Destination::Tcp(*to),
                until: *until,
            },
            (State::Connecting { until, .. }, Place::Unix(path)) => Step::Connect {
                to: Destination::Unix(path),
                until: *until,
            },
            (State::Securing, _) => Step::Secure {
                name: self.server_name(),
                until,
            },
            (State::Exchanging(exchange), _) => match exchange.step() {
                exchange::Step::Write { until } => Step::Write { until },
                exchange::Step::Read { until } => Step::Read { until },
                exchange::Step::Linger { until } => Step::Linger { until },
                // One attempt, one connection: nobody here could keep it.
                exchange::Step::Close | exchange::Step::Keep => Step::Close,
            },
            _ => Step::Close,
        }
    }

    /// The bytes to send.
    #[must_use]
    pub fn request(&self) -> &'p [u8] {
        self.request.map_or(&[], |request| request.request())
    }

    /// The settings of TLS, for [`Step::Secure`].
    #[must_use]
    pub const fn tls(&self) -> Option<&'p Tls> {
        self.tls
    }

    /// The part that is running; `None` once there is a verdict.
    #[must_use]
    pub const fn part(&self) -> Option<ProbePhase> {
        match &self.state {
            State::Resolving => Some(ProbePhase::Resolve),
            State::Connecting { .. } => Some(ProbePhase::Connect),
            State::Securing => Some(ProbePhase::Secure),
            State::Exchanging(exchange) => match exchange.part() {
                Some(part) => Some(ProbePhase::Exchange(part)),
                None => None,
            },
            State::Over(_) => None,
        }
    }

    fn server_name(&self) -> &'p str {
        if let Some(name) = self.tls.and_then(|tls| tls.server_name.as_deref()) {
            return name;
        }
        let host = self.request.map_or("", |request| request.host());
        match host.strip_prefix('[').and_then(|it| it.split_once(']')) {
            Some((address, _)) => address,
            None => host.split(':').next().unwrap_or(host),
        }
    }
}

impl fmt::Debug for Attempt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("step", &self.step())
            .field("address", &self.address)
            .field("timings", &self.timings)
            .finish_non_exhaustive()
    }
}
