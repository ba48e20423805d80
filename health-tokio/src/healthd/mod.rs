//! The registry of targets as a program.

mod config;
mod store;
