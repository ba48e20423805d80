//! What drivers with `std` share beside the machines: who wakes whom.
//!
//! ```text
//!  Health ── revision ──► HealthWatch ┐
//!  Handle ── Control ───► Running ────┼─ waker(key) ─► Wakeups ── wake ─► the server's one task
//!  sockets, alarm clock ──────────────┘                  └─ take: which keys
//! ```
//!
//! There is no I/O in here: wakers, and locks held for a few instructions. Daemons have no use for
//! it; their driver re-exports what they need.

mod control;
mod drain;
#[cfg(feature = "monitor")]
mod error;
#[cfg(feature = "monitor")]
pub mod monitor;
#[cfg(feature = "monitor")]
mod tasks;
mod wakeups;
mod watch;

pub use crate::shared::clock::Clock;
pub use control::{Control, Running};
pub use drain::Drain;
#[cfg(feature = "monitor")]
pub use error::trouble;
#[cfg(feature = "monitor")]
pub use tasks::Tasks;
pub use wakeups::{Wakeups, Woken};
pub use watch::{HealthWatch, News};
