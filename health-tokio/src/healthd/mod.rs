//! The registry of targets as a program.

mod store;
