//! Checks: what is probed, and how an attempt is judged.

pub mod exchange;
