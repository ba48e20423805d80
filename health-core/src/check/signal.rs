//! The signals that end a process group.

/// The signal that ends a process group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// `SIGTERM`: the process may end in its own manner.
    Terminate,
    /// `SIGKILL`: comes once, if something of the group is left when the grace after `SIGTERM` has
    /// passed.
    Kill,
}
