//! What happened, newest last.

use alloc::vec::Vec;

use super::json;
use crate::health::Snapshot;
use crate::time::Moment;

/// The transitions that are remembered. It shows messages: for readers who may see them.
pub(crate) fn history(moment: Moment, snapshot: &Snapshot, out: &mut Vec<u8>) {
    let history = snapshot.history();
    json::object(out, |o| {
        o.string("service", snapshot.service());
        o.number("capacity", history.capacity() as u64);
        o.number("last_id", history.last_id());
        o.objects("transitions", history.iter(), |o, (id, transition)| {
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
        });
    });
}
