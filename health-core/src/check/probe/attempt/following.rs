//! What comes of a response beyond its status and conditions: redirects, and limits on time.

use alloc::boxed::Box;
use core::net::SocketAddr;

use super::super::redirect::{Hop, Location};
use super::super::step::Destination;
use super::super::tls::{Tls, Trust};
use super::super::url::Address;
use super::Attempt;
use crate::base::Outcome;

/// Those of a target that redirects from HTTP to HTTPS.
static DEFAULT_TLS: Tls = Tls {
    trust: Trust::System,
    server_name: None,
    identity: None,
    certificate: None,
};

impl<'p> Attempt<'p> {
    /// Goes where the response leads to, or ends.
    pub(super) fn follow(&mut self, location: &Location) {
        let Some(http) = self.http else {
            return;
        };
        let status = self.report.status.unwrap_or_default();
        let hop = match Hop::behind(self.hop.as_deref(), http, status, location) {
            Ok(hop) => hop,
            Err(breach) => return self.finish(breach.into_outcome()),
        };
        let to = match (http.address(), self.report.address) {
            (Address::Unix(path), _) => Destination::Unix(path),
            (Address::Tcp(_), Some(mut address)) => {
                SocketAddr::set_port(&mut address, hop.port);
                Destination::Tcp(address)
            }
            // There was no response without a connection.
            (Address::Tcp(_), None) => return,
        };
        self.hop = Some(Box::new(hop));
        self.report.status = None;
        self.connect_to([to].into());
    }

    pub(super) fn tls_of_hop(&self) -> Option<&'p Tls> {
        let own = self.http.and_then(|http| http.tls());
        own.or(Some(&DEFAULT_TLS))
    }

    /// The outcome of a whole response, with the time that it took.
    pub(super) fn judge_latency(&self, outcome: Outcome) -> Outcome {
        let took = self.now.duration_since(self.began);
        match self.http {
            Some(http) => http.limits().judge(outcome, took),
            None => outcome,
        }
    }
}
