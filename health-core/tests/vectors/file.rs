//! Runs the vectors of a file, and fails with the differences of all of them.

use serde_json::Value;

/// The vectors of the project itself.
pub(crate) const COMMITTED: &str = include_str!("../data/probe-vectors.json");

/// Replays each vector of `text`, which comes from `path`, and prints how many passed.
pub(crate) fn run(path: &str, text: &str, replay: fn(&Value) -> Result<(), String>) {
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

/// A replay that never finds a difference would prove nothing.
pub(crate) fn check_that_differences_are_found(replay: fn(&Value) -> Result<(), String>) {
    let mut vectors: Value = serde_json::from_str(COMMITTED).expect("JSON");
    let vector = &mut vectors["vectors"][0];
    assert_eq!(replay(vector), Ok(()));
    vector["expect"]["events"][2]["to"] = "unhealthy".into();
    assert!(replay(vector).is_err_and(|it| it.contains("event 2")));
}
