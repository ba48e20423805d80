//! How often a registry has changed.

/// Counts the changes of a registry: statuses, phase, gates, flags and what is declared; and, apart
/// from these, the values published and the answers that were given later. Beats and results that change no status are not counted.
///
/// It is the only notification: the owner of the registry compares it before and after a call, and
/// wakes what waits for a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision {
    pub(super) changes: u64,
    pub(super) published: u64,
    #[cfg(feature = "registry")]
    pub(super) answers: u64,
}

impl Revision {
    /// The number of changes so far, published values aside.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.changes
    }

    /// The number of values published so far.
    #[must_use]
    pub const fn published(self) -> u64 {
        self.published
    }

    /// The number of [answers](super::Registry::note_answer) so far.
    #[cfg(feature = "registry")]
    #[must_use]
    pub const fn answers(self) -> u64 {
        self.answers
    }
}
