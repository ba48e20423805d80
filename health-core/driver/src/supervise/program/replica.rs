//! What one replica runs.

use std::fmt;

/// What one replica runs: a [`Program`](super::Program) with everything filled in.
#[derive(Clone)]
pub struct ReplicaProgram {
    pub(super) name: String,
    pub(super) index: u16,
    pub(super) port: Option<u16>,
    pub(super) argv: Vec<String>,
    pub(super) restart_command: Option<String>,
    pub(super) variables: Vec<(String, String)>,
}

impl ReplicaProgram {
    /// The name of the replica: that of the group, `-`, and the index.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The index of the replica, from 0 on.
    #[must_use]
    pub const fn index(&self) -> u16 {
        self.index
    }

    /// Its port.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// The program and its arguments; empty if the instances belong to somebody else.
    #[must_use]
    pub fn argv(&self) -> &[String] {
        &self.argv
    }

    /// The line that restarts an instance of somebody else's.
    #[must_use]
    pub fn restart_command(&self) -> Option<&str> {
        self.restart_command.as_deref()
    }

    /// What its processes see besides what they inherit: `HEALTHD_NAME` (of the group),
    /// `HEALTHD_REPLICA` (the index), `HEALTHD_REPLICAS`, `PORT` if there is one, and what was
    /// [added](super::Program::env). A process of an instance also has `HEALTHD_INSTANCE`.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.variables.iter();
        all.map(|(name, value)| (&**name, &**value))
    }
}

impl fmt::Debug for ReplicaProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplicaProgram")
            .field("name", &self.name)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}
