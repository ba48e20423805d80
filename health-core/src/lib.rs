//! Health of daemons and of what they depend on, as pure state machines.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod check;
#[cfg(feature = "monitor")]
pub mod monitor;
pub mod name;
pub mod outcome;
pub mod streak;
pub mod time;
