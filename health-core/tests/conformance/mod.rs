//! The conformance table: what every server of this project does with every kind of input.
//!
//! A case is data ([`case::Case`]); a harness ([`peer::Harness`]) knows how to reach one server. The
//! same table runs on the bare core in virtual time ([`bare`]) and, over loopback sockets, on each
//! driver ([`socket`]), so that a driver cannot drift from the machine it carries. The core's tests
//! own the table because it is the core's contract; a driver includes it by `#[path]`.
//!
//! A case is added as one row in the file of its group under `table/`. It states one behaviour, with
//! one status: where the RFCs leave a choice, the table says which one is ours.
#![allow(
    dead_code,
    reason = "each program that includes the table uses its own harness"
)]

mod answer;
pub(crate) mod bare;
mod case;
mod peer;
mod response;
pub(crate) mod socket;
mod stream;
mod table;
#[cfg(feature = "monitor")]
#[path = "../support/watched.rs"]
mod watched;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};

use case::{Case, Script};
use peer::{Conversation, Harness, Way};

/// Runs the whole table on one harness and reports as `cargo test` does.
///
/// Each way of a parse case is a test of its own, such as
/// `conformance::target::fragment_is_400 [bytes]`, so a filter selects a group, a case or a way.
pub(crate) fn run(harness: impl Harness) -> ExitCode {
    let harness = Arc::new(harness);
    let mut trials = vec![Trial::test("conformance::table_is_sound", || {
        table::check().map_err(Failed::from)
    })];
    for (group, cases) in table::groups() {
        for case in cases {
            let name = format!("conformance::{group}::{}", case.name);
            add_trials(&mut trials, &harness, &name, case);
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn add_trials<H: Harness>(trials: &mut Vec<Trial>, harness: &Arc<H>, name: &str, case: Case) {
    let case = Arc::new(case);
    let ways: &[_] = match case.script {
        _ if !harness.runs(&case) => &[],
        Script::Steps(_) => &[(Way::Whole, "")],
        Script::Parse { .. } => &[
            (Way::Whole, " [whole]"),
            (Way::Bytes, " [bytes]"),
            (Way::Trailing, " [trailing]"),
        ],
    };
    for &(way, suffix) in ways {
        let (harness, case) = (Arc::clone(harness), Arc::clone(&case));
        trials.push(Trial::test(format!("{name}{suffix}"), move || {
            let conversation = Conversation::new(harness.open(&case));
            let result = match &case.script {
                Script::Parse { input, answers } => conversation.parse(input, answers, way),
                Script::Steps(ops) => conversation.steps(ops),
            };
            result.map_err(Failed::from)
        }));
    }
}
