//! Which address of a target is connected to next, and for how long it is tried.

use alloc::vec::Vec;
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
            self.end(Outcome::failure(message).of_kind(Kind::AddressDenied));
        } else {
            permitted.reverse();
            self.end_phase();
            self.connect_next(permitted);
        }
    }

    /// Connects to the last of `addresses`; called with at least one.
    pub(super) fn connect_next(&mut self, mut rest: Vec<SocketAddr>) {
        let share = u32::try_from(rest.len()).unwrap_or(u32::MAX).max(1);
        let Some(to) = rest.pop() else {
            return;
        };
        self.report.address = Some(to);
        let left = self.deadline.duration_since(self.now);
        self.state = State::Connecting {
            to: Destination::Tcp(to),
            rest,
            until: self.now + left / share,
        };
    }
}
