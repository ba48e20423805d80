//! What came of one attempt.

use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;

use super::judge::Exit;
use crate::base::Capture;
use crate::base::Outcome;
use crate::check::exchange;

/// The result of one attempt, with the evidence.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// What it counts as, and what is said about it.
    pub outcome: Outcome,
    /// All of it, from the first step to the verdict.
    pub took: Duration,
    /// The parts of it.
    pub timings: Timings,
    /// The address that was connected to, or tried last.
    pub address: Option<SocketAddr>,
    /// The status of an HTTP answer.
    pub status: Option<u16>,
    /// How a command ended.
    pub exit: Option<Exit>,
    /// What a command wrote; for authorised readers.
    pub output: Option<Capture>,
}

impl Report {
    /// A report that says no more than its outcome: of a closure, or of an attempt that did not
    /// come to its first step.
    #[must_use]
    pub fn new(outcome: Outcome, took: Duration) -> Self {
        Self {
            outcome,
            took,
            timings: Timings::default(),
            address: None,
            status: None,
            exit: None,
            output: None,
        }
    }
}

/// How long the parts of an attempt took. A part that never began is `None`; the one that was
/// running at the end counts up to the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timings {
    /// Resolving the name.
    pub dns: Option<Duration>,
    /// Until the connection stood, over all addresses that were tried.
    pub connect: Option<Duration>,
    /// The TLS handshake.
    pub tls: Option<Duration>,
    /// Sending the request.
    pub send: Option<Duration>,
    /// From there until the whole head of the answer had come.
    pub wait: Option<Duration>,
    /// From there until the end of the body, or to where it was cut.
    pub body: Option<Duration>,
    /// Running the command.
    pub run: Option<Duration>,
}

impl Timings {
    /// Those of a command.
    #[must_use]
    pub fn of_run(took: Duration) -> Self {
        Self {
            run: Some(took),
            ..Self::default()
        }
    }

    /// The parts that began, in their order, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Duration)> {
        [
            ("dns", self.dns),
            ("connect", self.connect),
            ("tls", self.tls),
            ("send", self.send),
            ("wait", self.wait),
            ("body", self.body),
            ("run", self.run),
        ]
        .into_iter()
        .filter_map(|(name, took)| Some((name, took?)))
    }
}

/// A part of an attempt. Displayed as what one is doing: `connecting`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProbePhase {
    /// The name is being resolved.
    Resolve,
    /// The connection is being made.
    Connect,
    /// The TLS handshake is under way.
    Secure,
    /// The HTTP exchange is under way.
    Exchange(exchange::ProbePhase),
    /// The command is being started.
    Spawn,
}

impl fmt::Display for ProbePhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolve => f.write_str("resolving the name"),
            Self::Connect => f.write_str("connecting"),
            Self::Secure => f.write_str("in the TLS handshake"),
            Self::Exchange(part) => part.fmt(f),
            Self::Spawn => f.write_str("starting the command"),
        }
    }
}
