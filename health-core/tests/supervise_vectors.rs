//! Replays the conformance vectors of the supervisor: a group, what each of its instances does, what is
//! asked of it, and the exact outputs. The format is described in the file's own `about`.
// A test has std, may say what it found and ask where to look; the core has and may not.
#![allow(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core
)]

use health_core::supervise::GroupConfig;
use serde_json::Value;

mod supervised;

use supervised::read::Fields;
use supervised::vectors::named_by;
use supervised::{replay, vectors};

const COMMITTED: &str = include_str!("data/supervise-vectors.json");

#[test]
fn supervise_vectors() {
    run("tests/data/supervise-vectors.json", COMMITTED);
}

/// `HEALTH_SUPERVISE_VECTORS=FILE` replays further vectors of the same format.
#[test]
fn supervise_vectors_named_by_the_environment() {
    for (path, text) in named_by("HEALTH_SUPERVISE_VECTORS") {
        run(&path, &text);
    }
}

/// A replay that finds no difference wherever it is pointed at would prove nothing.
#[test]
fn a_vector_with_another_expectation_fails() {
    let differences = [
        ("events", "/expect/events/2/to", "started", "event 2"),
        ("looks", "/expect/looks/1/health", "1/1 healthy", "look 1"),
        (
            "final",
            "/expect/final/replicas/0/state",
            "started",
            "final state 0",
        ),
    ];
    for (what, pointer, value, place) in differences {
        let mut vector = first();
        assert_eq!(replay(&vector), Ok(()));
        *vector.pointer_mut(pointer).expect(what) = value.into();
        assert!(replay(&vector).unwrap_err().contains(place), "{what}");
    }
    for list in ["events", "looks"] {
        let mut vector = first();
        vector["expect"][list].as_array_mut().unwrap().pop();
        assert!(replay(&vector).unwrap_err().contains("expected nothing"));
    }
}

/// What is not understood is not passed over.
#[test]
fn a_vector_with_an_unknown_field_fails() {
    for parent in [
        "",
        "/config",
        "/instances/0",
        "/control/0",
        "/expect",
        "/expect/events/0",
        "/expect/looks/0",
        "/expect/final",
        "/expect/final/replicas/0",
    ] {
        let mut vector = first();
        let object = vector.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        object.insert("surprise".to_owned(), 1.into());
        let mistake = replay(&vector).unwrap_err();
        assert!(
            mistake.contains("surprise") || mistake.contains("got"),
            "{parent}: {mistake}"
        );
    }
    for (parent, key, value) in [
        ("/config", "replicas", Value::from(0)),
        ("/config", "restart", "sometimes".into()),
        ("/config", "restart", 1.into()),
        ("/config", "budget", 3.into()),
        ("/control/0", "op", "begin".into()),
        ("/control/0", "replica", 0.into()),
        ("/control/0", "at", "0".into()),
        ("/instances/0", "cause", "readiness".into()),
        ("/instances/0", "spawn_error", "other".into()),
        (
            "/instances/0",
            "exit",
            serde_json::json!({"code": 1, "signal": 1}),
        ),
        ("/instances/0", "flaps", serde_json::json!([[1]])),
        ("", "replicas", serde_json::json!({"1": [{}]})),
        ("", "restart_commands", serde_json::json!([{}])),
        ("", "until_ms", (-1).into()),
    ] {
        let mut vector = first();
        let object = vector.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        object.insert(key.to_owned(), value);
        assert!(replay(&vector).is_err(), "{parent} {key}");
    }
}

fn first() -> Value {
    let file: Value = serde_json::from_str(COMMITTED).expect("JSON");
    file["vectors"][0].clone()
}

fn run(path: &str, text: &str) {
    let read = read(text).unwrap_or_else(|error| panic!("{path}: {error}"));
    vectors::run(path, &read, replay);
}

/// The vectors of a file whose format and defaults are known.
fn read(text: &str) -> Result<Vec<Value>, String> {
    let file: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut file = Fields::of("the file", &file)?;
    if let Some(about) = file.take("about") {
        if about["version"] != 1 {
            return Err(format!("version {} of the format", about["version"]));
        }
        let defaults = supervised::script::config(&about["defaults"])?;
        if defaults != GroupConfig::default() {
            return Err(format!("other defaults: {}", about["defaults"]));
        }
    }
    let vectors = file.list("vectors")?;
    file.end()?;
    Ok(vectors)
}
