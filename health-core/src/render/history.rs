//! Writes the history of transitions, newest last.

use alloc::vec::Vec;

use super::json::{self, Object};
use crate::base::Moment;
use crate::health::{Snapshot, Transition};

/// The transitions that are remembered, or those among them that came `after` a number. It shows
/// messages: for readers who may see them.
pub(crate) fn history(after: Option<u64>, moment: Moment, snapshot: &Snapshot, out: &mut Vec<u8>) {
    let history = snapshot.history();
    // A client that has missed transitions gets all of them.
    let lost = after.is_some_and(|after| history.has_lost(after));
    let seen = after.filter(|_| !lost).unwrap_or(0);
    json::object(out, |o| {
        o.string("service", snapshot.service());
        o.number("capacity", history.capacity() as u64);
        o.number("last_id", history.last_id());
        if after.is_some() {
            o.bool("reset", lost);
        }
        o.objects("transitions", history.after(seen), |o, (id, entry)| {
            transition(moment, id, entry, o);
        });
    });
}

/// One of them.
pub(super) fn transition(moment: Moment, id: u64, transition: &Transition, o: &mut Object<'_>) {
    o.number("id", id);
    o.word("time", moment.unix_at(transition.at()).rfc3339());
    o.word("what", transition.change().what());
    if let Some(name) = transition.name() {
        o.word("name", name.as_str());
    }
    o.word("from", transition.change().from());
    o.word("to", transition.change().to());
    if !transition.message().is_empty() {
        o.string("message", transition.message());
    }
}
