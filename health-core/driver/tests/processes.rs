//! Processes of a group: how they end, what they leave, what they write.
#![cfg(unix)]

#[path = "processes/world.rs"]
mod world;

#[path = "processes/ends.rs"]
mod ends;
#[path = "processes/many.rs"]
mod many;
#[path = "processes/output.rs"]
mod output;
#[path = "probing/procs.rs"]
mod procs;
#[path = "processes/restarts.rs"]
mod restarts;
