//! The rows, one file per group, and what must hold of the table as a whole.

mod access;
#[cfg(feature = "registry")]
mod asked;
mod basic;
mod both;
mod chunked;
mod clients;
mod connection;
mod content_length;
mod cross_origin;
mod default_deadlines;
mod delivery;
mod eof_and_timeouts;
mod events;
mod expect;
mod foreign;
mod headers;
mod host;
mod http_1_0;
mod limits;
mod line_endings;
mod methods;
#[cfg(feature = "registry")]
mod one_target;
mod pipelining;
mod rebinding;
mod request_ids;
mod request_line;
mod response_format;
mod smuggling;
mod target;
#[cfg(feature = "monitor")]
mod targets;
mod transfer_encoding;
mod version;
#[cfg(feature = "registry")]
mod waiting;

use std::collections::{BTreeMap, BTreeSet};

use super::answer::Then;
use super::case::{Case, Script};

/// Every group with its cases.
pub(crate) fn groups() -> Vec<(&'static str, Vec<Case>)> {
    vec![
        ("basic", basic::cases()),
        ("request_line", request_line::cases()),
        ("target", target::cases()),
        ("version", version::cases()),
        ("headers", headers::cases()),
        ("line_endings", line_endings::cases()),
        ("host", host::cases()),
        ("content_length", content_length::cases()),
        ("transfer_encoding", transfer_encoding::cases()),
        ("both", both::cases()),
        ("chunked", chunked::cases()),
        ("smuggling", smuggling::cases()),
        ("expect", expect::cases()),
        ("connection", connection::cases()),
        ("http_1_0", http_1_0::cases()),
        ("methods", methods::cases()),
        ("limits", limits::cases()),
        ("pipelining", pipelining::cases()),
        ("delivery", delivery::cases()),
        ("foreign", foreign::cases()),
        ("eof_and_timeouts", eof_and_timeouts::cases()),
        ("events", events::cases()),
        ("response_format", response_format::cases()),
        ("access", access::cases()),
        ("rebinding", rebinding::cases()),
        ("cross_origin", cross_origin::cases()),
        ("request_ids", request_ids::cases()),
        #[cfg(feature = "monitor")]
        ("targets", targets::cases()),
        #[cfg(feature = "registry")]
        ("one_target", one_target::cases()),
        #[cfg(feature = "registry")]
        ("asked", asked::cases()),
        #[cfg(feature = "registry")]
        ("waiting", waiting::cases()),
    ]
}

/// The table has not shrunk, no name stands twice, no case sends what another one sends.
pub(crate) fn check() -> Result<(), String> {
    const LEAST: usize = 800;

    let mut problems = Vec::new();
    let mut names = BTreeSet::new();
    let mut inputs = BTreeMap::new();
    for (group, cases) in groups() {
        if cases.len() < 10 {
            problems.push(format!("group {group} has only {} cases", cases.len()));
        }
        for case in cases {
            let name = case.name;
            let word = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
            if !name.bytes().all(word) || !names.insert(name) {
                problems.push(format!("{name} stands twice, or is not in snake case"));
            }
            let Script::Parse { input, answers } = case.script else {
                continue;
            };
            // The runner has to know how the conversation ends, and only the last may end it.
            let before_last = &answers[..answers.len().saturating_sub(1)];
            if answers.is_empty() || before_last.iter().any(|it| it.then == Then::Close) {
                problems.push(format!("{name} has an answer after the end, or none"));
            }
            if case.service.is_some() || case.limits.is_some() {
                continue;
            }
            if let Some(other) = inputs.insert((case.daemon, input), name) {
                problems.push(format!("{name} sends what {other} sends"));
            }
        }
    }
    if names.len() < LEAST {
        problems.push(format!("{} cases are left of {LEAST}", names.len()));
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems.join("\n"))
    }
}
