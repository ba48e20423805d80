//! Replays conformance vectors: a configuration, what the target answers, what is asked of the
//! machine, and the exact outputs. The format is described in the file's own `about`.
// A test has std, may say what it found and ask where to look; the core has and may not.
#![allow(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core
)]

mod vectors;

use vectors::{file, replay};

#[test]
fn committed_vectors() {
    file::run("tests/data/probe-vectors.json", file::COMMITTED, replay);
}

/// `HEALTH_PROBE_VECTORS=FILE` replays further vectors of the same format.
#[test]
fn vectors_named_by_the_environment() {
    for (path, text) in file::vectors::named_by("HEALTH_PROBE_VECTORS") {
        file::run(&path, &text, replay);
    }
}

#[test]
fn a_vector_with_another_expectation_fails() {
    file::check_that_differences_are_found(replay);
}
