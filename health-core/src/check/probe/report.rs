//! The result of one attempt.

#[cfg(feature = "registry")]
use alloc::boxed::Box;
use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;

use super::exit::Exit;
#[cfg(feature = "expect")]
use crate::base::UnixTime;
use crate::base::{Capture, Outcome};

/// The result of one attempt, with the evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Success or failure, and why. Of the target's bytes, only the three digits of an HTTP status
    /// are in its message.
    pub outcome: Outcome,
    /// From the first step until the outcome was known: the response time. Waiting for the server
    /// to close the connection afterwards is not in it.
    pub took: Duration,
    /// How long each phase took.
    pub timings: Timings,
    /// The address that was connected to, or tried last.
    pub address: Option<SocketAddr>,
    /// The status of an HTTP response, if a whole head came.
    pub status: Option<u16>,
    /// Until when the certificates are valid that the server has shown: of the one that expires first.
    #[cfg(feature = "expect")]
    pub certificate_expires: Option<UnixTime>,
    /// How a command ended.
    pub exit: Option<Exit>,
    /// What a command wrote; for authorised readers.
    pub output: Option<Capture>,
    /// `Retry-After` of an HTTP response (RFC 9110 §10.2.3), as it came.
    #[cfg(feature = "registry")]
    pub retry_after: Option<Box<str>>,
    /// `Location` of an HTTP response of status 3xx (RFC 9110 §10.2.2), as it came.
    #[cfg(feature = "registry")]
    pub location: Option<Box<str>>,
}

impl Report {
    /// A report of nothing but an outcome: of a closure, or of an attempt that did not come to its
    /// first step.
    #[must_use]
    pub fn new(outcome: Outcome, took: Duration) -> Self {
        Self {
            outcome,
            took,
            timings: Timings::default(),
            address: None,
            status: None,
            #[cfg(feature = "expect")]
            certificate_expires: None,
            exit: None,
            output: None,
            #[cfg(feature = "registry")]
            retry_after: None,
            #[cfg(feature = "registry")]
            location: None,
        }
    }
}

/// How long the phases of an attempt took. A phase that never began is `None`; the one that was
/// running at the end counts up to the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings([Option<Duration>; 7]);

impl Timings {
    /// How long this phase took.
    ///
    /// [`ProbePhase::Connect`] is over all addresses that were tried, [`ProbePhase::Head`] is from the
    /// end of the request and has interim responses in it, [`ProbePhase::Spawn`] is the whole run of a
    /// command.
    #[must_use]
    pub const fn get(&self, phase: ProbePhase) -> Option<Duration> {
        self.0[phase as usize]
    }

    /// Says that this phase took so long.
    pub const fn set(&mut self, phase: ProbePhase, took: Duration) {
        self.0[phase as usize] = Some(took);
    }

    /// The phases that began, in their order, by name: `dns`, `connect`, `tls`, `send`, `wait` (for
    /// the head of the response), `body`, `run` (a command).
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Duration)> {
        ["dns", "connect", "tls", "send", "wait", "body", "run"]
            .into_iter()
            .zip(self.0)
            .filter_map(|(name, took)| Some((name, took?)))
    }
}

/// A phase of an attempt. Displayed as what the prober is doing: `connecting`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ProbePhase {
    /// The name is being resolved.
    Resolve,
    /// The connection is being made.
    Connect,
    /// The TLS handshake is under way.
    Secure,
    /// The request is being sent.
    Send,
    /// The head of the response has not come, or not all of it.
    Head,
    /// The body of the response has not come, or not all of it.
    Body,
    /// The command is being started.
    Spawn,
}

impl fmt::Display for ProbePhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "resolving the name",
            Self::Connect => "connecting",
            Self::Secure => "in the TLS handshake",
            Self::Send => "sending the request",
            Self::Head => "waiting for the response head",
            Self::Body => "reading the response body",
            Self::Spawn => "starting the command",
        })
    }
}
