//! Entries that come and go, under keys that never come to mean something else.

use alloc::vec::Vec;
use core::ops::{Deref, DerefMut};

/// What is declared, in the order of declaration.
///
/// Keys count up and are never given out twice, so the key of an entry that was removed names
/// nothing, for ever. Since they ascend, they are found by bisection, and without it as long as
/// nothing has been removed.
#[derive(Clone, Debug)]
pub(super) struct Table<T> {
    keys: Vec<u64>,
    entries: Vec<T>,
    next: u64,
}

impl<T> Table<T> {
    pub(super) const fn new() -> Self {
        Self {
            keys: Vec::new(),
            entries: Vec::new(),
            next: 0,
        }
    }

    pub(super) fn push(&mut self, entry: T) -> u64 {
        let key = self.next;
        self.next += 1;
        self.keys.push(key);
        self.entries.push(entry);
        key
    }

    pub(super) fn find(&self, key: u64) -> Option<&T> {
        self.entries.get(self.index(key)?)
    }

    pub(super) fn find_mut(&mut self, key: u64) -> Option<&mut T> {
        let index = self.index(key)?;
        self.entries.get_mut(index)
    }

    pub(super) fn remove(&mut self, key: u64) -> Option<T> {
        let index = self.index(key)?;
        self.keys.remove(index);
        Some(self.entries.remove(index))
    }

    /// The key of the first entry that `is` the one.
    pub(super) fn key_of(&self, is: impl FnMut(&T) -> bool) -> Option<u64> {
        let index = self.entries.iter().position(is)?;
        self.keys.get(index).copied()
    }

    fn index(&self, key: u64) -> Option<usize> {
        // No entry is ever behind its key's own place.
        match usize::try_from(key) {
            Ok(place) if self.keys.get(place) == Some(&key) => Some(place),
            _ => self.keys.binary_search(&key).ok(),
        }
    }
}

impl<T> Deref for Table<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.entries
    }
}

impl<T> DerefMut for Table<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removed_key_names_nothing_for_ever() {
        let mut table = Table::new();
        let keys = ["a", "b", "c"].map(|entry| table.push(entry));
        assert_eq!(table.remove(keys[1]), Some("b"));
        assert_eq!(table.remove(keys[1]), None);
        let late = table.push("d");
        assert_eq!(table.find(keys[1]), None);
        assert_eq!(table.find(keys[0]), Some(&"a"));
        assert_eq!(table.find(keys[2]), Some(&"c"));
        assert_eq!(table.find_mut(late), Some(&mut "d"));
        assert_eq!(table.key_of(|entry| *entry == "c"), Some(keys[2]));
        assert_eq!(&*table, ["a", "c", "d"]);
    }
}
