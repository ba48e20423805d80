//! Groups in virtual time: what their processes do is written down, and the supervisor decides.
#![allow(dead_code, reason = "each test takes of the world what it needs")]

pub(crate) mod observer;
pub(crate) mod processes;
pub(crate) mod random;
pub(crate) mod read;
#[path = "../support/rng.rs"]
pub(crate) mod rng;
pub(crate) mod script;
pub(crate) mod show;
#[path = "../support/vectors.rs"]
pub(crate) mod vectors;
pub(crate) mod world;

use serde_json::Value;

use read::Fields;
use world::World;

/// Runs the vector and compares everything; `Err` is the first mistake or difference, for people.
pub(crate) fn replay(vector: &Value) -> Result<(), String> {
    let mut vector = Fields::of("vector", vector)?;
    for key in ["id", "title", "why"] {
        vector.text(key)?;
    }
    let mut expect = Fields::of("expect", &vector.value("expect")?)?;
    let script = script::read(vector)?;
    let mut world = World::new(script)?;
    world.run()?;
    vectors::compare("event", &expect.value("events")?, &world.events())?;
    let looks = expect.value("looks")?;
    vectors::compare("look", &looks, &world.looks)?;
    let expected = expect.value("final")?;
    vectors::compare("final state", &expected, &[world.final_state()])?;
    expect.end()
}
