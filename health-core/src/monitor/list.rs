//! The list of targets: found by handle in one step, and by name.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Bound;

use super::add_error::{AddError, AddFault};
use super::id::{CheckId, TargetId};
use super::target::Target;
use crate::base::Instant;
use crate::base::{Name, NameError, NameFault};
use crate::check::{Check, Wake};

#[derive(Debug, Default)]
pub(super) struct Targets {
    places: Vec<Option<Target>>,
    free: Vec<u32>,
    /// Values are places.
    by_name: BTreeMap<Name, u32>,
    registered: u64,
}

impl Targets {
    pub(super) fn add(&mut self, target: Target) -> Result<TargetId, AddError> {
        if self.by_name.contains_key(target.name()) {
            let name = target.name().clone();
            return Err(AddError(AddFault::Name(NameError(NameFault::Duplicate(
                name,
            )))));
        }
        let serial = target.serial;
        self.registered = serial + 1;
        let name = target.name().clone();
        let place = match self.free.pop() {
            Some(place) => {
                self.places[place as usize] = Some(target);
                place
            }
            None => {
                self.places.push(Some(target));
                (self.places.len() - 1) as u32
            }
        };
        self.by_name.insert(name, place);
        Ok(TargetId { serial, place })
    }

    /// The number of the next target.
    pub(super) const fn next_serial(&self) -> u64 {
        self.registered
    }

    pub(super) fn remove(&mut self, id: TargetId) -> Option<Target> {
        self.get(id)?;
        let target = self.places[id.place as usize].take()?;
        self.by_name.remove(target.name());
        self.free.push(id.place);
        Some(target)
    }

    pub(super) fn get(&self, id: TargetId) -> Option<&Target> {
        let target = self.places.get(id.place as usize)?.as_ref()?;
        (target.serial == id.serial).then_some(target)
    }

    pub(super) fn get_mut(&mut self, id: TargetId) -> Option<&mut Target> {
        let target = self.places.get_mut(id.place as usize)?.as_mut()?;
        (target.serial == id.serial).then_some(target)
    }

    /// The target at a place.
    pub(super) fn at_mut(&mut self, place: u32) -> Option<&mut Target> {
        self.places.get_mut(place as usize)?.as_mut()
    }

    pub(super) fn check(&self, id: CheckId) -> Option<&Check> {
        let (_, check) = self.get(id.target())?.checks.get(id.index())?;
        Some(check)
    }

    /// Whether the check still wants to be called at `at` for its clock.
    pub(super) fn wants_timeout(&self, at: Instant, id: CheckId) -> bool {
        self.wake(id) == Some(Wake::Timeout(at))
    }

    /// Whether an attempt of the check is still due at `at`.
    pub(super) fn wants_start(&self, at: Instant, id: CheckId) -> bool {
        self.wake(id) == Some(Wake::Start(at))
    }

    pub(super) fn find(&self, name: &str) -> Option<TargetId> {
        let name = Name::new(name).ok()?;
        let &place = self.by_name.get(&name)?;
        self.at(place).map(|(id, _)| id)
    }

    /// Those whose names come after one, in the order of names.
    pub(super) fn after(&self, name: Option<&Name>) -> impl Iterator<Item = (TargetId, &Target)> {
        let begin = name.map_or(Bound::Unbounded, Bound::Excluded);
        let places = self.by_name.range::<Name, _>((begin, Bound::Unbounded));
        places.filter_map(|(_, &place)| self.at(place))
    }

    /// In the order of registration, which is that of starts and events at one time.
    pub(super) fn in_order(&self) -> Vec<TargetId> {
        let mut ids: Vec<_> = self.after(None).map(|(id, _)| id).collect();
        ids.sort_unstable();
        ids
    }

    fn at(&self, place: u32) -> Option<(TargetId, &Target)> {
        let target = self.places.get(place as usize)?.as_ref()?;
        let serial = target.serial;
        Some((TargetId { serial, place }, target))
    }

    fn wake(&self, id: CheckId) -> Option<Wake> {
        self.check(id)?.wake()
    }
}
