//! One attempt of a probe over a socket: all of its states and transitions, under one deadline.

mod asked;
mod connecting;
mod ending;
#[cfg(feature = "expect")]
mod following;
#[cfg(feature = "expect")]
mod talking;

use alloc::boxed::Box;
use alloc::format;
use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;

use super::Probe;
#[cfg(feature = "expect")]
use super::certificate::Expiring;
use super::condition::Breach;
use super::endpoint::Host;
#[cfg(feature = "expect")]
use super::endpoint::{Endpoint, IpFamily};
use super::http::HttpProbe;
use super::policy::AddressPolicy;
#[cfg(feature = "expect")]
use super::redirect::Hop;
use super::report::{ProbePhase, Report};
use super::response::{Malformed, Progress, Response};
#[cfg(doc)]
use super::step::AttemptStep;
use super::step::Destination;
#[cfg(feature = "expect")]
use super::stream::StreamProbe;
use super::url::Address;
use crate::base::Instant;
use crate::base::{Kind, Outcome};
use connecting::Connecting;
#[cfg(feature = "expect")]
use talking::Talking;

/// One attempt of an HTTP or TCP probe.
///
/// It has no socket and reads no clock. It decides everything that two drivers could decide
/// differently: which addresses, in which order and for how long, whose fault an error is, what the
/// report says, what counts as a success.
///
/// The [module](super) has its contract.
///
/// A name with several addresses: they are tried in the resolver's order until one accepts, the next
/// one when the one before has failed, and after 250 ms beside it (RFC 8305 §5); sooner if the time
/// left would not do for all of them. `localhost` is two addresses on most machines, and a server
/// often has only one of them. If none accepts, the first failure counts; one that says as much of
/// this machine's network as of the target (no route, no local address) counts only if no other was
/// met. After a shortage of our own (no descriptor, no memory) no further address is tried, and the
/// attempt says nothing about the target unless one that was tried before accepts.
///
/// A name that is not resolved in time says nothing about the target: that is the resolver's failure.
/// The resolver has all but the last tenth of the time, which is at most 200 ms.
///
/// Redirects that are followed (feature `expect`) begin anew with [`AttemptStep::Connect`], to the address that
/// answered: the connection before is to be closed.
///
/// ```
/// use core::time::Duration;
/// use health_core::check::probe::{
///     AddressPolicy, Attempt, Destination, Probe, ProbePhase, AttemptStep,
/// };
/// use health_core::{Instant, Kind};
///
/// let probe: Probe = "tcp://db.example:5432".parse()?;
/// let policy = AddressPolicy::new().deny(AddressPolicy::METADATA);
/// let now = Instant::default();
/// let deadline = now + Duration::from_secs(10);
///
/// let mut attempt = Attempt::new(&probe, &policy, now, deadline).expect("not a command");
/// let until = now + Duration::from_millis(9_800);
/// assert_eq!(attempt.step(), AttemptStep::Resolve { name: "db.example", port: 5432, until });
/// let addresses = ["169.254.169.254:5432", "192.0.2.1:5432", "192.0.2.2:5432"];
/// attempt.handle_resolved(now, addresses.map(|text| text.parse().unwrap()));
///
/// // The first one is not permitted; the third is tried beside the second.
/// let first = Destination::Tcp("192.0.2.1:5432".parse().unwrap());
/// let until = now + Duration::from_millis(250);
/// assert_eq!(attempt.step(), AttemptStep::Connect { to: first, until });
/// attempt.handle_timeout(until);
/// let second = Destination::Tcp("192.0.2.2:5432".parse().unwrap());
/// assert_eq!(attempt.step(), AttemptStep::Connect { to: second, until: deadline });
/// attempt.handle_connect_error(until, second, Kind::Refused, "os error 111");
/// assert_eq!(attempt.step(), AttemptStep::Connect { to: first, until: deadline });
/// attempt.handle_timeout(deadline);
///
/// assert_eq!(attempt.step(), AttemptStep::Close);
/// let report = attempt.into_report();
/// assert_eq!(report.outcome.message.as_str(), "connection refused while connecting");
/// assert_eq!(report.timings.get(ProbePhase::Connect), Some(Duration::from_secs(10)));
/// # Ok::<(), health_core::ConfigError>(())
/// ```
pub struct Attempt<'p> {
    http: Option<&'p HttpProbe>,
    #[cfg(feature = "expect")]
    stream: Option<&'p StreamProbe>,
    /// What is wrong with the certificate, until the outcome is known.
    #[cfg(feature = "expect")]
    expiring: Option<Expiring>,
    policy: &'p AddressPolicy,
    #[cfg(feature = "expect")]
    family: IpFamily,
    began: Instant,
    deadline: Instant,
    now: Instant,
    phase_began: Instant,
    state: State<'p>,
    /// What is asked in place of the probe's own request, after a redirect.
    #[cfg(feature = "expect")]
    hop: Option<Box<Hop>>,
    /// Filled in on the way; final in the last two states.
    report: Report,
}

enum State<'p> {
    Resolving {
        name: &'p str,
        port: u16,
    },
    Connecting(Connecting<'p>),
    Securing,
    Sending,
    Reading(Box<Response<'p>>),
    #[cfg(feature = "expect")]
    Talking(Talking<'p>),
    Lingering {
        until: Instant,
    },
    Closed,
}

impl<'p> Attempt<'p> {
    /// How long the server is given to close first.
    const LINGER: Duration = Duration::from_millis(50);

    /// An attempt that begins now; `None` for a command, which has no socket.
    #[must_use]
    pub fn new(
        probe: &'p Probe,
        policy: &'p AddressPolicy,
        now: Instant,
        deadline: Instant,
    ) -> Option<Self> {
        let http = match probe {
            Probe::Http(http) => Some(http),
            Probe::Tcp(_) => None,
            #[cfg(feature = "expect")]
            Probe::Stream(_) => None,
            Probe::Exec(_) => return None,
        };
        let mut attempt = Self {
            http,
            #[cfg(feature = "expect")]
            stream: match probe {
                Probe::Stream(stream) => Some(stream),
                _ => None,
            },
            #[cfg(feature = "expect")]
            expiring: None,
            policy,
            #[cfg(feature = "expect")]
            family: probe.endpoint().map(Endpoint::family).unwrap_or_default(),
            began: now,
            deadline,
            now,
            phase_began: now,
            state: State::Closed,
            #[cfg(feature = "expect")]
            hop: None,
            report: Report::new(Outcome::success(), Duration::ZERO),
        };
        match (probe.endpoint(), http.map(HttpProbe::address)) {
            (Some(endpoint), _) => match endpoint.host() {
                Host::Name(name) | Host::Zoned(name) => {
                    let port = endpoint.port();
                    attempt.state = State::Resolving { name, port };
                }
                Host::Ip(address) => {
                    attempt.connect([SocketAddr::new(*address, endpoint.port())]);
                }
            },
            (None, Some(Address::Unix(path))) => {
                attempt.connect_to([Destination::Unix(path)].into());
            }
            (None, _) => return None,
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
        if matches!(self.state, State::Resolving { .. }) {
            self.connect(addresses);
        }
    }

    /// The connection to one of the addresses that are being tried stands; the others are given up.
    /// `local` is its own end, if the system says.
    pub fn handle_connected(
        &mut self,
        now: Instant,
        to: Destination<'_>,
        local: Option<SocketAddr>,
    ) {
        self.handle_timeout(now);
        match &self.state {
            State::Connecting(connecting) if connecting.is_under_way(to) => {}
            _ => return,
        }
        // On its own machine, a connection to a port on which nothing listens may be given that very
        // port for its own end, and then meets itself: TCP's simultaneous open. It looks like a server.
        if local.is_some_and(|local| to == Destination::Tcp(local)) {
            self.handle_connect_error(now, to, Kind::Refused, "connected to itself");
            return;
        }
        if let Destination::Tcp(address) = to {
            self.report.address = Some(address);
        }
        self.end_phase();
        match self.tls() {
            Some(_) => self.state = State::Securing,
            None => self.begin(),
        }
    }

    /// The handshake is over, and the certificate is one that the settings trust.
    pub fn handle_secured(&mut self, now: Instant) {
        self.handle_timeout(now);
        if matches!(self.state, State::Securing) {
            self.end_phase();
            #[cfg(feature = "expect")]
            if self.ends_unjudged() {
                return;
            }
            self.begin();
        }
    }

    /// All of the request was sent.
    pub fn handle_sent(&mut self, now: Instant) {
        self.handle_timeout(now);
        if let (State::Sending, Some(http)) = (&self.state, self.http) {
            self.end_phase();
            self.state = State::Reading(Box::new(Response::new(http)));
        }
        #[cfg(feature = "expect")]
        self.has_sent();
    }

    /// Takes bytes from the peer, as many as came; none is not the end of the stream. Bytes behind
    /// the response are ignored.
    pub fn handle_input(&mut self, now: Instant, input: &[u8]) {
        self.handle_timeout(now);
        match &mut self.state {
            State::Sending if !input.is_empty() => self.refuse(Malformed::Unasked),
            State::Reading(response) if !input.is_empty() => {
                let had_head = response.status().is_some();
                let progress = response.handle_input(input);
                self.report.status = response.status();
                if self.report.status.is_some() && !had_head {
                    #[cfg(feature = "registry")]
                    if let Some(asks) = response.asks.take() {
                        [self.report.retry_after, self.report.location] = *asks;
                    }
                    self.record(ProbePhase::Head);
                }
                match progress {
                    Ok(Progress::More) => {}
                    Ok(Progress::Ended) => {
                        let until = self.deadline.min(self.now + Self::LINGER);
                        self.judge(false, State::Lingering { until });
                    }
                    // What was not read turns our close into a reset anyway: nothing to linger for.
                    Ok(Progress::Truncated) => self.judge(true, State::Closed),
                    Err(malformed) => self.refuse(malformed),
                }
            }
            #[cfg(feature = "expect")]
            State::Talking(_) if !input.is_empty() => self.has_come(input),
            _ => {}
        }
    }

    /// The peer closed the stream in order (over TLS: by `close_notify`; anything less is for
    /// [`handle_error`](Self::handle_error), else an attacker could cut a response short).
    pub fn handle_eof(&mut self, now: Instant) {
        self.handle_timeout(now);
        match &self.state {
            State::Sending => self.interrupt("connection closed", None),
            State::Reading(response) => match response.handle_eof() {
                Ok(()) => self.judge(false, State::Closed),
                Err(detail) => self.interrupt("connection closed", Some(detail)),
            },
            #[cfg(feature = "expect")]
            State::Talking(_) => self.interrupt("connection closed", None),
            State::Lingering { .. } => self.state = State::Closed,
            _ => {}
        }
    }

    /// The step failed; of [`AttemptStep::Connect`], the connection to its address. `cause` is for authorised
    /// readers.
    ///
    /// Once the report is ready it only ends the attempt: a reset after a whole response changes nothing.
    pub fn handle_error(&mut self, now: Instant, error: Kind, cause: impl fmt::Display) {
        self.handle_timeout(now);
        let Some(phase) = self.phase() else {
            self.state = State::Closed;
            return;
        };
        match &mut self.state {
            State::Connecting(connecting) => {
                let to = connecting.newest();
                self.connect_failed(to, error, error.outcome(phase).caused_by(cause));
            }
            State::Sending | State::Reading(_) if !error.is_ours() => {
                self.interrupt(error.phrase(), None);
            }
            #[cfg(feature = "expect")]
            State::Talking(_) if !error.is_ours() => self.interrupt(error.phrase(), None),
            _ => self.end(error.outcome(phase).caused_by(cause)),
        }
    }

    /// Time has passed. Every other `handle_*` does this first; before `until`, nothing happens.
    pub fn handle_timeout(&mut self, now: Instant) {
        // A clock that runs backwards is taken to stand still.
        self.now = self.now.max(now);
        let resolve_until = self.resolve_until();
        match (self.phase(), &mut self.state) {
            (_, State::Resolving { .. }) if self.now >= resolve_until => {
                let outcome = Kind::Resolver.outcome(ProbePhase::Resolve);
                self.end(outcome.caused_by("no answer in time"));
            }
            (Some(phase), State::Connecting(connecting)) if self.now >= self.deadline => {
                let outcome = Kind::Timeout.outcome(phase);
                let outcome = connecting.verdict(outcome);
                self.end(outcome);
            }
            #[cfg(feature = "expect")]
            (Some(phase), State::Talking(talking)) if self.now >= self.deadline => {
                let outcome = talking.cut_short(Kind::Timeout, "timeout", phase);
                self.end(outcome);
            }
            (Some(phase), _) if self.now >= self.deadline => {
                let message = format!("timeout while {phase}");
                self.cut_short(Breach::new(Kind::Timeout, message));
            }
            (_, State::Connecting(connecting)) if self.now >= connecting.until => {
                self.connect_next();
            }
            (_, State::Lingering { until }) if self.now >= *until => self.state = State::Closed,
            _ => {}
        }
    }
}

impl<'p> Attempt<'p> {
    fn server_name(&self) -> &'p str {
        #[cfg(feature = "expect")]
        if let Some(stream) = self.stream {
            return stream.server_name();
        }
        self.http.map_or("", HttpProbe::server_name)
    }

    /// The connection stands, and is secure if it has to be.
    fn begin(&mut self) {
        if self.http.is_some() {
            self.state = State::Sending;
            return;
        }
        #[cfg(feature = "expect")]
        self.begin_talking();
        #[cfg(not(feature = "expect"))]
        self.end(Outcome::success());
    }
}
