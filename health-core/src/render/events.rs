//! Writes server-sent events (WHATWG HTML §9.2).
//!
//! [`Service`](crate::server::Service) documents them.

use alloc::vec::Vec;
use core::time::Duration;

use super::{Probe, history, json};
use crate::base::Moment;
use crate::base::decimal;
use crate::health::{History, Phase, Snapshot, Transition};

/// How long the client waits before it comes back. An event follows at once.
pub(crate) fn retry(pause: Duration, out: &mut Vec<u8>) {
    out.extend_from_slice(b"retry: ");
    decimal(out, pause.as_millis() as u64);
    out.push(b'\n');
}

/// The stream is alive.
pub(crate) fn comment(out: &mut Vec<u8>) {
    out.extend_from_slice(b": \n\n");
}

/// Transitions that the client has not seen are lost.
pub(crate) fn reset(after: u64, history: &History, out: &mut Vec<u8>) {
    event("reset", None, out, |out| {
        json::object(out, |o| {
            // Beyond that JavaScript has no numbers, and no id of ours is (RFC 8259 §6).
            if after < 1 << 53 {
                o.number("after", after);
            }
            if let Some((first, _)) = history.iter().next() {
                o.number("first_id", first);
            }
            o.number("last_id", history.last_id());
        });
    });
}

/// A transition.
pub(crate) fn transition(moment: Moment, id: u64, transition: &Transition, out: &mut Vec<u8>) {
    event("transition", Some(id), out, |out| {
        json::object(out, |o| history::transition(moment, id, transition, o));
    });
}

/// The whole state.
pub(crate) fn snapshot(probe: &Probe<'_>, out: &mut Vec<u8>) {
    let last_id = probe.snapshot.history().last_id();
    event("snapshot", Some(last_id), out, |out| {
        super::document::health(probe, out);
    });
}

/// Published values, if there are any.
pub(crate) fn stats(verbose: bool, snapshot: &Snapshot, out: &mut Vec<u8>) {
    if !(snapshot.stats().is_empty() && snapshot.metrics().is_empty()) {
        event("stats", None, out, |out| {
            super::stats::stats(verbose, snapshot, out);
        });
    }
}

/// Nothing more will come. A daemon that has stopped was draining just before: which of the two a server
/// comes to see first is chance, and no client is to depend on it.
pub(crate) fn end(phase: Phase, out: &mut Vec<u8>) {
    let phase = if phase.is_ending() {
        Phase::Draining
    } else {
        phase
    };
    event("end", None, out, |out| {
        json::object(out, |o| o.word("phase", phase.as_str()));
    });
}

fn event(name: &str, id: Option<u64>, out: &mut Vec<u8>, data: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    if let Some(id) = id {
        out.extend_from_slice(b"\nid: ");
        decimal(out, id);
    }
    out.extend_from_slice(b"\ndata: ");
    let start = out.len();
    data(out);
    // A value that serialises itself may be laid out in lines. In JSON these are white space
    // (RFC 8259 §2); here they would end the field.
    for byte in &mut out[start..] {
        if matches!(*byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    out.extend_from_slice(b"\n\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_stays_on_one_line() {
        let mut out = Vec::new();
        event("stats", None, &mut out, |out| {
            out.extend_from_slice(b"{\n\"a\":\r\n1}");
        });
        assert_eq!(out, b"event: stats\ndata: { \"a\":  1}\n\n");
    }
}
