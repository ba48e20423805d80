//! Which addresses of a target are connected to, when, and what their failures say together.

use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;

use super::super::report::ProbePhase;
use super::super::step::Destination;
use super::{Attempt, State};
use crate::base::Instant;
use crate::base::{Class, Kind, Outcome};

/// The connections that are being made: at least one.
pub(super) struct Connecting<'p> {
    /// Those under way, then those not begun; those that have failed are not among them.
    destinations: Vec<Destination<'p>>,
    /// How many of them are under way.
    begun: usize,
    /// What the connections that failed say together.
    failure: Option<Outcome>,
    /// When the next one is begun; the deadline if there is none.
    pub(super) until: Instant,
}

impl<'p> Connecting<'p> {
    /// The connection that was begun last.
    pub(super) fn newest(&self) -> Destination<'p> {
        self.destinations[self.begun - 1]
    }

    pub(super) fn is_under_way(&self, to: Destination<'_>) -> bool {
        self.destinations[..self.begun].contains(&to)
    }

    /// What the failures say together, the last of which is this.
    ///
    /// Without IPv6 here, every IPv6 address fails alike, whatever the target does. A shortage of
    /// ours kept us from trying what may well have answered.
    pub(super) fn verdict(&mut self, last: Outcome) -> Outcome {
        let weight = |outcome: &Outcome| match outcome.kind {
            Some(Kind::Ports) => 0,
            Some(Kind::Unreachable) => 1,
            _ if outcome.class != Class::Indeterminate => 2,
            _ => 3,
        };
        match self.failure.take() {
            Some(first) if weight(&first) >= weight(&last) => first,
            _ => last,
        }
    }
}

/// What is said of a name that has only addresses of the other family.
const NO_FAMILY: &str = "name has no address of the IP family that is wanted";

impl<'p> Attempt<'p> {
    /// How long one address is tried alone (RFC 8305 §5).
    const STAGGER: Duration = Duration::from_millis(250);

    /// The connection to this address failed, which was being tried. `cause` is for authorised readers.
    pub fn handle_connect_error(
        &mut self,
        now: Instant,
        to: Destination<'_>,
        error: Kind,
        cause: impl fmt::Display,
    ) {
        self.handle_timeout(now);
        let outcome = error.outcome(ProbePhase::Connect).caused_by(cause);
        self.connect_failed(to, error, outcome);
    }

    /// Connects to those of `addresses` that the policy permits.
    pub(super) fn connect(&mut self, addresses: impl IntoIterator<Item = SocketAddr>) {
        let (mut is_empty, mut is_of_family) = (true, false);
        let mut permitted = Vec::new();
        for address in addresses {
            is_empty = false;
            let to = Destination::Tcp(address);
            #[cfg(feature = "expect")]
            if !self.family.has(address.ip()) {
                continue;
            }
            is_of_family = true;
            if self.policy.permits(address.ip()) && !permitted.contains(&to) {
                permitted.push(to);
            }
        }
        if is_empty {
            self.end(Kind::NameNotFound.outcome(ProbePhase::Resolve));
        } else if !is_of_family {
            self.end(Outcome::failure_with_message(NO_FAMILY).of_kind(Kind::NameNotFound));
        } else if permitted.is_empty() {
            let message = "address denied by policy";
            self.end(Outcome::failure_with_message(message).of_kind(Kind::AddressDenied));
        } else {
            self.end_phase();
            self.connect_to(permitted);
        }
    }

    /// Connects to the first of these, of which there is at least one.
    pub(super) fn connect_to(&mut self, destinations: Vec<Destination<'p>>) {
        self.state = State::Connecting(Connecting {
            destinations,
            begun: 0,
            failure: None,
            until: self.deadline,
        });
        self.connect_next();
    }

    /// Begins one more connection, if there is another address.
    pub(super) fn connect_next(&mut self) {
        let State::Connecting(connecting) = &mut self.state else {
            return;
        };
        let to_begin = connecting.destinations.len() - connecting.begun;
        connecting.until = self.deadline;
        if to_begin == 0 {
            return;
        }
        connecting.begun += 1;
        if to_begin > 1 {
            let left = self.deadline.duration_since(self.now);
            let share = left / u32::try_from(to_begin).unwrap_or(u32::MAX);
            connecting.until = self.now + share.min(Self::STAGGER);
        }
        if let Destination::Tcp(address) = connecting.newest() {
            self.report.address = Some(address);
        }
    }

    /// The connection to one address failed with `error`, which alone would be this `outcome`.
    pub(super) fn connect_failed(&mut self, to: Destination<'_>, error: Kind, outcome: Outcome) {
        let State::Connecting(connecting) = &mut self.state else {
            return;
        };
        let mut under_way = connecting.destinations[..connecting.begun].iter();
        let Some(at) = under_way.position(|it| *it == to) else {
            return;
        };
        let was_newest = at + 1 == connecting.begun;
        connecting.destinations.remove(at);
        connecting.begun -= 1;
        // The next address would meet the same shortage.
        if error.is_ours() && error != Kind::Ports {
            connecting.destinations.truncate(connecting.begun);
            connecting.until = self.deadline;
        }
        let outcome = connecting.verdict(outcome);
        if connecting.destinations.is_empty() {
            return self.end(outcome);
        }
        connecting.failure = Some(outcome);
        if was_newest || connecting.begun == 0 {
            self.connect_next();
        }
    }

    /// When a name that is not resolved is given up: a driver can still say so before its own
    /// deadline, and nothing could be done with an address any more.
    pub(super) fn resolve_until(&self) -> Instant {
        const MOST: Duration = Duration::from_millis(200);
        let all = self.deadline.duration_since(self.began);
        self.began + (all - (all / 10).min(MOST))
    }
}
