//! Runs conformance vectors, and compares what they expect with what happened.
#![allow(
    dead_code,
    clippy::disallowed_macros,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    reason = "a test has std and says what it found; a driver runs the committed ones only"
)]

use std::path::Path;
use std::{env, fs};

use serde_json::Value;

/// Replays each of the vectors, which come from `path`, prints how many passed, and fails with the
/// differences of all of them.
pub(crate) fn run(path: &str, vectors: &[Value], replay: fn(&Value) -> Result<(), String>) {
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

/// The paths and the texts of the files that a variable names; several are separated as in `PATH`. A
/// relative path is taken from the workspace, where cargo was called, or from the package, where it runs
/// tests.
pub(crate) fn named_by(variable: &str) -> Vec<(String, String)> {
    let paths = env::var_os(variable).unwrap_or_default();
    let paths = env::split_paths(&paths).filter(|path| !path.as_os_str().is_empty());
    let read = paths.map(|path| {
        let in_workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(&path);
        let path = if in_workspace.exists() {
            in_workspace
        } else {
            path
        };
        let path = path.display().to_string();
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        (path, text)
    });
    read.collect()
}

/// `Err` names the first place where the two differ.
pub(crate) fn compare(what: &str, expected: &Value, actual: &[Value]) -> Result<(), String> {
    let expected = match expected {
        Value::Array(list) => list.as_slice(),
        one => core::slice::from_ref(one),
    };
    let first = (0..expected.len().max(actual.len()))
        .find(|&index| expected.get(index) != actual.get(index));
    let Some(index) = first else {
        return Ok(());
    };
    let or_none = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
    Err(format!(
        "  {what} {index}\n    expected {}\n    got      {}",
        or_none(expected.get(index)),
        or_none(actual.get(index)),
    ))
}
