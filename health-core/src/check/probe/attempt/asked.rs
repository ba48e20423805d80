//! What an attempt says of itself: what to do next, and what came of it.

use alloc::format;
use core::fmt;

use super::super::http::HttpProbe;
use super::super::report::{ProbePhase, Report};
use super::super::step::AttemptStep;
use super::super::tls::Tls;
use super::{Attempt, State};
use crate::base::Outcome;

impl<'p> Attempt<'p> {
    /// What to do next.
    pub fn step(&self) -> AttemptStep<'p> {
        let until = self.deadline;
        match &self.state {
            State::Resolving { name, port } => AttemptStep::Resolve {
                name,
                port: *port,
                until: self.resolve_until(),
            },
            State::Connecting(connecting) => AttemptStep::Connect {
                to: connecting.newest(),
                until: connecting.until,
            },
            State::Securing => AttemptStep::Secure {
                name: self.server_name(),
                until,
            },
            State::Sending => AttemptStep::Write { until },
            State::Reading(_) => AttemptStep::Read { until },
            #[cfg(feature = "expect")]
            State::Talking(talking) if talking.is_sending => AttemptStep::Write { until },
            #[cfg(feature = "expect")]
            State::Talking(_) => AttemptStep::Read { until },
            State::Lingering { until } => AttemptStep::Linger { until: *until },
            State::Closed => AttemptStep::Close,
        }
    }

    /// The bytes to send.
    #[must_use]
    pub fn request(&self) -> &[u8] {
        #[cfg(feature = "expect")]
        if let Some(hop) = &self.hop {
            return hop.request.as_bytes();
        }
        #[cfg(feature = "expect")]
        if let State::Talking(talking) = &self.state {
            return talking.to_send();
        }
        self.http.map_or(&[], HttpProbe::request)
    }

    /// The settings of TLS, for [`AttemptStep::Secure`].
    #[must_use]
    pub fn tls(&self) -> Option<&'p Tls> {
        #[cfg(feature = "expect")]
        if self.hop.as_ref().is_some_and(|hop| hop.is_secure) {
            return self.tls_of_hop();
        }
        #[cfg(feature = "expect")]
        if let Some(stream) = self.stream {
            return stream.tls();
        }
        self.http.and_then(HttpProbe::tls)
    }

    /// The phase that is running; `None` once the outcome is known.
    #[must_use]
    pub const fn phase(&self) -> Option<ProbePhase> {
        Some(match &self.state {
            State::Resolving { .. } => ProbePhase::Resolve,
            State::Connecting(_) => ProbePhase::Connect,
            State::Securing => ProbePhase::Secure,
            State::Sending => ProbePhase::Send,
            State::Reading(response) if response.status().is_none() => ProbePhase::Head,
            State::Reading(_) => ProbePhase::Body,
            #[cfg(feature = "expect")]
            State::Talking(talking) if talking.is_sending => ProbePhase::Send,
            #[cfg(feature = "expect")]
            State::Talking(_) => ProbePhase::Head,
            State::Lingering { .. } | State::Closed => return None,
        })
    }

    /// The result, as soon as the outcome is known: while lingering and at the end. It does not
    /// change any more.
    #[must_use]
    pub const fn report(&self) -> Option<&Report> {
        match self.state {
            State::Lingering { .. } | State::Closed => Some(&self.report),
            _ => None,
        }
    }

    /// The result. An attempt that is given up before its end says nothing about the target.
    #[must_use]
    pub fn into_report(mut self) -> Report {
        if let Some(phase) = self.phase() {
            self.end(Outcome::indeterminate(format!("cancelled while {phase}")));
        }
        self.report
    }

    /// Bytes of heap held for what the peer sent; never more than 128 KiB, and 64 KiB for each
    /// condition on the body.
    #[cfg(feature = "test-util")]
    #[must_use]
    pub fn buffered(&self) -> usize {
        match &self.state {
            State::Reading(response) => response.buffered(),
            #[cfg(feature = "expect")]
            State::Talking(talking) => talking.buffered(),
            _ => 0,
        }
    }
}

impl fmt::Debug for Attempt<'_> {
    /// Where it stands; nothing of what the peer sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("step", &self.step())
            .field("report", &self.report())
            .finish_non_exhaustive()
    }
}
