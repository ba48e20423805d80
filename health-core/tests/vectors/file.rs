//! The vectors of a file, and those of the project itself.

use serde_json::Value;

#[path = "../support/vectors.rs"]
pub(crate) mod vectors;

pub(crate) use vectors::compare;

/// The vectors of the project itself.
pub(crate) const COMMITTED: &str = include_str!("../data/probe-vectors.json");

/// Replays each vector of `text`, which comes from `path`.
pub(crate) fn run(path: &str, text: &str, replay: fn(&Value) -> Result<(), String>) {
    let file: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{path}: {error}"));
    let all = file["vectors"].as_array().expect("a list of vectors");
    vectors::run(path, all, replay);
}

/// A replay that never finds a difference would prove nothing.
pub(crate) fn check_that_differences_are_found(replay: fn(&Value) -> Result<(), String>) {
    let mut vectors: Value = serde_json::from_str(COMMITTED).expect("JSON");
    let vector = &mut vectors["vectors"][0];
    assert_eq!(replay(vector), Ok(()));
    vector["expect"]["events"][2]["to"] = "unhealthy".into();
    assert!(replay(vector).is_err_and(|it| it.contains("event 2")));
}
