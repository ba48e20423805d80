//! What drivers with `std` share beside the machines: who wakes whom.
//!
//! ```text
//!  Health ── revision ──► HealthWatch ┐
//!  Handle ── Control ───► Running ────┼─ waker(key) ─► Wakeups ── wake ─► the server's one task
//!  sockets, alarm clock ──────────────┘                  └─ take: which keys
//! ```
//!
//! There is no I/O in here and no clock: wakers, and locks held for a few instructions. Daemons have
//! no use for it; their driver re-exports what they need.

mod control;
mod drain;
mod wakeups;
mod watch;

pub use control::{Control, Running};
pub use drain::Drain;
pub use wakeups::{Wakeups, Woken};
pub use watch::{HealthWatch, News};
