//! Replays conformance vectors: a configuration, what the target answers, what is asked of the
//! machine, and the exact outputs. The format is described in the file's own `about`.
// A test has std, may say what it found and ask where to look; the core has and may not.
#![allow(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core
)]

use std::path::Path;
use std::{env, fs};

use serde_json::Value;

mod vectors;

use vectors::replay;

const COMMITTED: &str = include_str!("data/probe-vectors.json");

#[test]
fn committed_vectors() {
    run("tests/data/probe-vectors.json", COMMITTED);
}

/// `HEALTH_PROBE_VECTORS=FILE` replays further vectors of the same format. A relative path is taken
/// from the workspace, where cargo was called, or from the package, where it runs tests.
#[test]
fn vectors_named_by_the_environment() {
    if let Ok(path) = env::var("HEALTH_PROBE_VECTORS") {
        let in_workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(&path);
        let path = if in_workspace.exists() {
            in_workspace.display().to_string()
        } else {
            path
        };
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        run(&path, &text);
    }
}

/// A replay that finds no difference wherever it is pointed at would prove nothing.
#[test]
fn a_vector_with_another_expectation_fails() {
    let mut vectors: Value = serde_json::from_str(COMMITTED).unwrap();
    let vector = &mut vectors["vectors"][0];
    assert_eq!(replay(vector), Ok(()));
    vector["expect"]["events"][2]["to"] = "unhealthy".into();
    assert!(replay(vector).unwrap_err().contains("event 2"));
}

fn run(path: &str, text: &str) {
    let file: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{path}: {error}"));
    let vectors = file["vectors"].as_array().expect("a list of vectors");
    let mut failures = String::new();
    let mut failed = 0;
    for vector in vectors {
        if let Err(difference) = replay(vector) {
            failed += 1;
            let (id, title) = (&vector["id"], &vector["title"]);
            failures.push_str(&format!("{id} {title}\n{difference}\n"));
        }
    }
    let passed = vectors.len() - failed;
    println!("{path}: {passed} passed, {failed} failed");
    assert!(
        failed == 0 && passed > 0,
        "{passed} passed, {failed} failed\n{failures}"
    );
}
