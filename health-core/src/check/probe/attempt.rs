//! One attempt of a probe over a socket: all steps, one deadline.

mod view;

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::mem;
use core::net::SocketAddr;

use super::Probe;
use super::endpoint::{Endpoint, Host};
use super::http::Address;
use super::policy::AddressPolicy;
use super::report::{ProbePhase, Report, Timings};
#[cfg(doc)]
use super::step::Step;
use super::tls::Tls;
use super::trouble::ProbeError;
use crate::base::Instant;
use crate::base::{Kind, Outcome};
use crate::check::exchange::{self, Exchange, HttpProbe};

/// One attempt of an HTTP or TCP probe.
///
/// It decides everything that two drivers could decide differently: which addresses, in which order
/// and for how long, whose fault an error is, what is said about it, what counts as a success.
///
/// **Contract**: carry the step out and tell what came of it by one `handle_*`; at its `until`,
/// call [`handle_timeout`](Self::handle_timeout) instead. What does not fit the step is ignored. An error
/// of any step goes to [`handle_trouble`](Self::handle_trouble).
///
/// A name with several addresses: they are tried in the resolver's order, each with an equal share of the
/// time left, until one accepts. `localhost` is two addresses on most machines, and a server often has
/// only one of them. Errors of our own end the attempt at once.
///
/// ```
/// use core::time::Duration;
/// use health_core::check::probe::{AddressPolicy, Attempt, Destination, Probe, Step, ProbeError};
/// use health_core::Instant;
///
/// let probe: Probe = "tcp://db.example:5432".parse()?;
/// let policy = AddressPolicy::new().deny(AddressPolicy::METADATA);
/// let now = Instant::default();
/// let deadline = now + Duration::from_secs(10);
///
/// let mut attempt = Attempt::new(&probe, &policy, now, deadline).expect("not a command");
/// assert_eq!(attempt.step(), Step::Resolve { name: "db.example", port: 5432, until: deadline });
/// let addresses = ["169.254.169.254:5432", "192.0.2.1:5432", "192.0.2.2:5432"];
/// attempt.handle_resolved(now, addresses.map(|text| text.parse().unwrap()));
///
/// // The first one is not permitted; the second gets half of the time.
/// let to = Destination::Tcp("192.0.2.1:5432".parse().unwrap());
/// assert_eq!(attempt.step(), Step::Connect { to, until: now + Duration::from_secs(5) });
/// attempt.handle_trouble(now, ProbeError::Refused, "os error 111");
/// let to = Destination::Tcp("192.0.2.2:5432".parse().unwrap());
/// assert_eq!(attempt.step(), Step::Connect { to, until: deadline });
/// attempt.handle_timeout(deadline);
///
/// assert_eq!(attempt.step(), Step::Close);
/// let report = attempt.into_report();
/// assert_eq!(report.outcome.message.as_str(), "timeout while connecting");
/// assert_eq!(report.timings.connect, Some(Duration::from_secs(10)));
/// # Ok::<(), health_core::ConfigError>(())
/// ```
pub struct Attempt<'p> {
    site: Place<'p>,
    tls: Option<&'p Tls>,
    request: Option<&'p Arc<HttpProbe>>,
    policy: &'p AddressPolicy,
    began: Instant,
    deadline: Instant,
    now: Instant,
    part_began: Instant,
    address: Option<SocketAddr>,
    timings: Timings,
    state: State,
}

#[derive(Clone, Copy)]
enum Place<'p> {
    Tcp(&'p Endpoint),
    Unix(&'p str),
}

enum State {
    Resolving,
    /// The rest of the addresses, the next one last.
    Connecting {
        to: Option<SocketAddr>,
        rest: Vec<SocketAddr>,
        until: Instant,
    },
    Securing,
    Exchanging(Box<Exchange>),
    Over(Outcome),
}

impl<'p> Attempt<'p> {
    /// An attempt that begins now; `None` for a command, which has no socket.
    #[must_use]
    pub fn new(
        probe: &'p Probe,
        policy: &'p AddressPolicy,
        now: Instant,
        deadline: Instant,
    ) -> Option<Self> {
        let (site, tls, request) = match probe {
            Probe::Http(target) => {
                let site = match target.site() {
                    Address::Tcp(endpoint) => Place::Tcp(endpoint),
                    Address::Unix(path) => Place::Unix(path),
                };
                (site, target.tls(), Some(target.request()))
            }
            Probe::Tcp(endpoint) => (Place::Tcp(endpoint), None, None),
            Probe::Exec(_) => return None,
        };
        let mut attempt = Self {
            site,
            tls,
            request,
            policy,
            began: now,
            deadline,
            now,
            part_began: now,
            address: None,
            timings: Timings::default(),
            state: State::Resolving,
        };
        match site {
            Place::Tcp(endpoint) => {
                if let Host::Ip(address) = endpoint.host() {
                    attempt.choose([SocketAddr::new(*address, endpoint.port())]);
                }
            }
            Place::Unix(_) => {
                let (to, rest, until) = (None, Vec::new(), deadline);
                attempt.state = State::Connecting { to, rest, until };
            }
        }
        Some(attempt)
    }

    /// The name has these addresses.
    pub fn handle_resolved(
        &mut self,
        now: Instant,
        addresses: impl IntoIterator<Item = SocketAddr>,
    ) {
        self.handle_timeout(now);
        if matches!(self.state, State::Resolving) {
            self.end_part(ProbePhase::Resolve);
            self.choose(addresses);
        }
    }

    /// The connection stands. `local` is its own end, where the system tells.
    pub fn handle_connected(&mut self, now: Instant, local: Option<SocketAddr>) {
        self.handle_timeout(now);
        let State::Connecting { to, .. } = &self.state else {
            return;
        };
        // On its own machine, a connection to a port nobody has may be given that very port for
        // its own end, and then meets itself: TCP's simultaneous open. It looks like a server.
        if to.is_some() && *to == local {
            self.handle_trouble(now, ProbeError::Refused, "connected to itself");
            return;
        }
        self.end_part(ProbePhase::Connect);
        if self.tls.is_some() {
            self.state = State::Securing;
        } else {
            self.begin_exchange();
        }
    }

    /// The handshake is over, and the certificate is one we trust.
    pub fn handle_secured(&mut self, now: Instant) {
        self.handle_timeout(now);
        if matches!(self.state, State::Securing) {
            self.end_part(ProbePhase::Secure);
            self.begin_exchange();
        }
    }

    /// All of the request was sent.
    pub fn handle_sent(&mut self, now: Instant) {
        self.now = self.now.max(now);
        if let State::Exchanging(exchange) = &mut self.state {
            exchange.handle_sent(now);
        }
    }

    /// Takes bytes from the peer, as many as came.
    pub fn handle_input(&mut self, now: Instant, input: &[u8]) {
        self.now = self.now.max(now);
        if let State::Exchanging(exchange) = &mut self.state {
            exchange.handle_input(now, input);
        }
    }

    /// The peer closed the stream in order; over TLS, with `close_notify`.
    pub fn handle_eof(&mut self, now: Instant) {
        self.now = self.now.max(now);
        if let State::Exchanging(exchange) = &mut self.state {
            exchange.handle_eof(now);
        }
    }

    /// The step failed. `cause` is for authorised readers.
    pub fn handle_trouble(&mut self, now: Instant, trouble: ProbeError, cause: impl fmt::Display) {
        self.handle_timeout(now);
        match &mut self.state {
            State::Connecting { rest, .. } if !rest.is_empty() && !trouble.is_ours() => {
                let rest = mem::take(rest);
                self.try_next(rest);
            }
            State::Exchanging(exchange) if !trouble.is_ours() || exchange.part().is_none() => {
                exchange.handle_error(self.now, trouble.phrase());
            }
            _ => {
                if let Some(part) = self.part() {
                    self.end(trouble.outcome(part).caused_by(cause));
                }
            }
        }
    }

    /// Time has passed. Every other `handle_*` does this first; before `until`, nothing happens.
    pub fn handle_timeout(&mut self, now: Instant) {
        // A clock that runs backwards stands still.
        self.now = self.now.max(now);
        match &mut self.state {
            State::Exchanging(exchange) => exchange.handle_timeout(now),
            State::Connecting { rest, until, .. }
                if self.now >= *until && self.now < self.deadline =>
            {
                let rest = mem::take(rest);
                self.try_next(rest);
            }
            _ if self.now >= self.deadline => {
                if let Some(part) = self.part() {
                    let message = format!("timeout while {part}");
                    self.end(Outcome::failure(message).of_kind(Kind::Timeout));
                }
            }
            _ => {}
        }
    }

    /// The result. An attempt that is given up before its end says nothing about the target.
    #[must_use]
    pub fn into_report(mut self) -> Report {
        if let Some(part) = self.part() {
            self.end_part(part);
        }
        let mut took = self.part_began.duration_since(self.began);
        let (outcome, status) = match self.state {
            State::Exchanging(exchange) => {
                let report = exchange.into_report();
                let exchange::Timings { send, head, body } = report.timings;
                (self.timings.send, self.timings.wait, self.timings.body) = (send, head, body);
                took += [send, head, body].into_iter().flatten().sum();
                let kind = report.failure.map(exchange::FailureKind::kind);
                (
                    Outcome {
                        kind,
                        ..report.outcome
                    },
                    report.status,
                )
            }
            State::Over(outcome) => (outcome, None),
            _ => (Outcome::indeterminate("cancelled".to_owned()), None),
        };
        let mut result = Report::new(outcome, took);
        result.timings = self.timings;
        result.address = self.address;
        result.status = status;
        result
    }

    fn choose(&mut self, addresses: impl IntoIterator<Item = SocketAddr>) {
        let mut is_empty = true;
        let mut permitted: Vec<_> = addresses
            .into_iter()
            .inspect(|_| is_empty = false)
            .filter(|address| self.policy.permits(address.ip()))
            .collect();
        if is_empty {
            self.end(ProbeError::NameNotFound.outcome(ProbePhase::Resolve));
        } else if permitted.is_empty() {
            let message = "address denied by policy";
            self.end(Outcome::failure(message).of_kind(Kind::AddressDenied));
        } else {
            permitted.reverse();
            self.try_next(permitted);
        }
    }

    /// The last of `addresses` is next; called with at least one.
    fn try_next(&mut self, mut addresses: Vec<SocketAddr>) {
        let share = u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        let to = addresses.pop();
        self.address = to.or(self.address);
        let left = self.deadline.duration_since(self.now);
        self.state = State::Connecting {
            to,
            rest: addresses,
            until: self.now + left / share,
        };
    }

    fn begin_exchange(&mut self) {
        self.state = match self.request {
            Some(request) => {
                let exchange = Exchange::new(Arc::clone(request), self.now, self.deadline);
                State::Exchanging(Box::new(exchange))
            }
            None => State::Over(Outcome::success()),
        };
    }

    fn end(&mut self, outcome: Outcome) {
        if let Some(part) = self.part() {
            self.end_part(part);
        }
        self.state = State::Over(outcome);
    }

    /// The exchange keeps its own times.
    fn end_part(&mut self, part: ProbePhase) {
        let place = match part {
            ProbePhase::Resolve => &mut self.timings.dns,
            ProbePhase::Connect => &mut self.timings.connect,
            ProbePhase::Secure => &mut self.timings.tls,
            ProbePhase::Exchange(_) | ProbePhase::Spawn => return,
        };
        *place = Some(self.now.duration_since(self.part_began));
        self.part_began = self.now;
    }
}
