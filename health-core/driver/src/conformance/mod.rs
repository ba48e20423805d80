//! Tests a driver with the conformance table: what every server of this project does with every kind
//! of input.
//!
//! A driver that passes answers as all others do, so no client can tell which one serves a daemon.
//! The table has more than 800 cases; most of them run three ways: their input in one piece, byte by
//! byte, and with another request behind it.
//!
//! A driver of your own is tested by a program `tests/conformance.rs` of its package:
//!
//! ```no_run
//! use std::net::{SocketAddr, TcpListener};
//! use std::process::ExitCode;
//! use std::thread;
//!
//! use health_driver::Health;
//! use health_driver::conformance::Loopback;
//! use health_core::server::Service;
//!
//! # fn serve(_: TcpListener, _: Service, _: Health) {}
//! /// Starts the driver under test and returns where it listens.
//! fn start(service: Service, health: &Health) -> SocketAddr {
//!     let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
//!     let address = listener.local_addr().expect("it is bound");
//!     let health = health.clone();
//!     thread::spawn(move || serve(listener, service, health)); // your driver
//!     address
//! }
//!
//! fn main() -> ExitCode {
//!     Loopback::new(start).run()
//! }
//! ```
//!
//! It is a program of its own, not one of `#[test]` functions, and its manifest says so:
//!
//! ```toml
//! [dev-dependencies]
//! health-driver = { version = "0.1", features = ["conformance"] }
//!
//! [[test]]
//! name = "conformance"
//! harness = false
//! ```
//!
//! The feature `monitor` adds the cases of `/targets`, `registry` those of one target. Cases that wait for a default deadline, which
//! is seconds or minutes long, run on the bare core in virtual time only ([`run_bare`]).
//!
//! # How it is made
//!
//! A case is data (`case.rs`). A harness (`peer.rs`) knows how to reach one server: the bare core in
//! virtual time (`bare.rs`), or a driver over sockets (`socket.rs`). A case is added as one row in the
//! file of its group under `table/`. It states one behaviour, with one status: where the RFCs leave a
//! choice, the table says which one is ours.

mod answer;
#[cfg(feature = "registry")]
mod asked;
mod bare;
mod case;
mod peer;
mod response;
mod socket;
mod stream;
mod table;
#[cfg(feature = "monitor")]
mod watched;

pub use socket::{Loopback, Start};
#[cfg(feature = "monitor")]
pub use watched::{watched, watched_by};

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};

use case::{Case, Script};
use peer::{Conversation, Harness, Way};

/// Runs the table on the bare core, without any driver: the whole way from bytes to bytes, in virtual
/// time. The exit code is for `main` to return.
#[must_use]
pub fn run_bare() -> ExitCode {
    run(bare::Bare)
}

/// Runs the whole table on one harness and reports as `cargo test` does.
///
/// Each way of a parse case is a test of its own, such as
/// `conformance::target::fragment_is_400 [bytes]`.
fn run(harness: impl Harness) -> ExitCode {
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
