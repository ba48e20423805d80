//! Which address of a target is connected to next, and for how long it is tried.

use alloc::vec::Vec;
use core::mem;
use core::net::SocketAddr;

use super::super::error::ProbeError;
use super::super::report::ProbePhase;
use super::super::step::Destination;
use super::{Attempt, State};
use crate::base::{Kind, Outcome};

impl Attempt<'_> {
    /// Connects to the first of `addresses` that the policy permits.
    pub(super) fn connect(&mut self, addresses: impl IntoIterator<Item = SocketAddr>) {
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
            self.end(Outcome::failure_with_message(message).of_kind(Kind::AddressDenied));
        } else {
            permitted.reverse();
            self.end_phase();
            self.connect_next(permitted, None);
        }
    }

    /// The connection to one address failed with `error`, which alone would be this `outcome`: the
    /// next one is tried, if that can help.
    pub(super) fn handle_connect_error(&mut self, error: ProbeError, outcome: Outcome) {
        let State::Connecting { rest, before, .. } = &mut self.state else {
            return;
        };
        let (rest, before) = (mem::take(rest), before.take());
        if error.is_ours() && error != ProbeError::Ports {
            return self.end(outcome);
        }
        // Without IPv6 here, every IPv6 address fails like this, whatever the target does.
        let weight = |outcome: &Outcome| match outcome.kind {
            Some(Kind::Ports) => 0,
            Some(Kind::Unreachable) => 1,
            _ => 2,
        };
        let outcome = match before {
            Some(before) if weight(&before) > weight(&outcome) => before,
            _ => outcome,
        };
        if rest.is_empty() {
            self.end(outcome);
        } else {
            self.connect_next(rest, Some(outcome));
        }
    }

    /// Connects to the last of `addresses`; called with at least one.
    pub(super) fn connect_next(&mut self, mut rest: Vec<SocketAddr>, before: Option<Outcome>) {
        let share = u32::try_from(rest.len()).unwrap_or(u32::MAX).max(1);
        let Some(to) = rest.pop() else {
            return;
        };
        self.report.address = Some(to);
        let left = self.deadline.duration_since(self.now);
        self.state = State::Connecting {
            to: Destination::Tcp(to),
            rest,
            before,
            until: self.now + left / share,
        };
    }
}
