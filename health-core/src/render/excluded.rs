//! Names that a client wants left out of a verdict: `?exclude=`, as in Kubernetes' z-pages.

use crate::base::Name;
use crate::base::{ProbeKind, Status};
use crate::health::Snapshot;

/// The names of `?exclude=`, kept inline: a [`Query`](crate::server::Query) borrows nothing
/// and allocates nothing.
///
/// There is room for 79 bytes, a separator after each name. A name that has no room is not
/// excluded, so the verdict is stricter than asked for, never laxer; those that have are listed in
/// the answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Excluded {
    len: u8,
    bytes: [u8; Self::ROOM],
}

impl Excluded {
    const ROOM: usize = 79;
    /// No valid name has it.
    const SEPARATOR: u8 = b' ';

    /// No names.
    pub(crate) const NONE: Self = Self {
        len: 0,
        bytes: [0; Self::ROOM],
    };

    /// Adds a name, if it is one and there is room.
    pub(crate) fn add(&mut self, name: &[u8]) {
        let start = usize::from(self.len);
        let end = start + name.len();
        if Name::is_valid(name) && end < Self::ROOM {
            self.bytes[start..end].copy_from_slice(name);
            self.bytes[end] = Self::SEPARATOR;
            self.len = end as u8 + 1;
        }
    }

    /// Whether nothing is excluded.
    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether `name` is excluded.
    pub(crate) fn contains(&self, name: &Name) -> bool {
        // Most requests exclude nothing.
        !self.is_empty() && self.names().any(|one| one == name.as_str().as_bytes())
    }

    /// The status of `kind` without the parts that are excluded.
    pub(crate) fn status(&self, kind: ProbeKind, snapshot: &Snapshot) -> Status {
        if self.is_empty() {
            snapshot.status(kind)
        } else {
            snapshot.status_among(kind, |name| !self.contains(name))
        }
    }

    fn names(&self) -> impl Iterator<Item = &[u8]> {
        let names = &self.bytes[..usize::from(self.len)];
        names.split(|&byte| byte == Self::SEPARATOR)
    }
}

impl Default for Excluded {
    fn default() -> Self {
        Self::NONE
    }
}

impl core::fmt::Debug for Excluded {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let names = self
            .names()
            .filter_map(|name| core::str::from_utf8(name).ok());
        f.debug_list()
            .entries(names.filter(|name| !name.is_empty()))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_is_not_excluded() {
        let name = |name: &str| Name::new(name).expect("a valid name");
        let long = "x".repeat(64);
        let mut excluded = Excluded::NONE;
        assert!(!excluded.contains(&name("a")));
        excluded.add(b"a");
        excluded.add(b"not a name");
        excluded.add(long.as_bytes());
        excluded.add("y".repeat(64).as_bytes());
        excluded.add(b"bc");
        assert!(excluded.contains(&name("a")) && excluded.contains(&name("bc")));
        assert!(excluded.contains(&name(&long)));
        assert!(!excluded.contains(&name(&"y".repeat(64))));
        assert!(!excluded.contains(&name("b")) && !excluded.contains(&name("not")));
    }
}
