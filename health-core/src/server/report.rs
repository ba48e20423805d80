//! What a server can say for itself when it has ended.

use alloc::vec::Vec;

use super::CloseReason;

/// A server's account of its connections, from its start to its end.
///
/// Every connection that was accepted is counted once: in [`closed`](Self::closed),
/// [`cut_off`](Self::cut_off) or [`failed`](Self::failed).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Answers delivered whole, as far as the server's side can tell.
    pub finished: u64,
    /// Connections closed over an answer that was still under way when
    /// [`Limits::stop_timeout`](super::Limits::stop_timeout) was over.
    pub cut_off: u64,
    /// Connections that ended by an error of their socket, such as a reset.
    pub failed: u64,
    /// How often a conversation came to its end, by reason, in the order of first occurrence.
    pub closed: Vec<(CloseReason, u64)>,
}

impl Report {
    /// How many conversations ended for this reason.
    #[must_use]
    pub fn count(&self, reason: CloseReason) -> u64 {
        let found = self.closed.iter().find(|(other, _)| *other == reason);
        found.map_or(0, |(_, count)| *count)
    }

    /// The reasons are few and known, so a list is all the map it takes.
    pub(super) fn add(&mut self, reason: CloseReason) {
        match self.closed.iter_mut().find(|(other, _)| *other == reason) {
            Some((_, count)) => *count += 1,
            None => self.closed.push((reason, 1)),
        }
    }
}
