//! What a registry of targets needs besides the monitor: state that outlives the process, and notices
//! of what has changed.
//!
//! ```text
//!   Monitor ── state, results, transitions ──► Journal ── Batch ──► TargetStore (file, database)
//!      ▲                                          │  ▲                   │           │
//!      │                                          │  └── handle_stored ──┘           │
//!      │                                          └── transitions ──► Notices ── Notice ──► Outbox ──► people
//!      └──── TargetSpec::restored_check ◄── StoredTarget ◄── load ───────────────────┘
//! ```
//!
//! A monitor whose [journal](super::Monitor::enable_journal) is on gathers the state of each check that
//! changes, its results, and every [`TransitionRow`] into [batches](Batch). The writer takes one by
//! [`poll_batch`](super::Monitor::poll_batch), has a [`TargetStore`] write it, and says by
//! [`handle_stored`](super::Monitor::handle_stored) whether it did. A transition is due at once, a
//! result within a second: no transition, and at most a second of results, is lost with the process.
//! While the store fails, [`poll_unstored`](super::Monitor::poll_unstored) gives what happens, so that
//! it can be reported all the same. At the next start, what the store has of a check goes into
//! [`TargetSpec::restored_check`](super::TargetSpec::restored_check).
//!
//! A transition is stored before its notice is made, and a [`Notice`] is kept, once for each receiver,
//! until the receiver has taken it or it is too old: so nothing is lost with a process that ends, at
//! whatever moment. [`Notices`] and [`Outbox`] decide what is sent and when; both go on from what a store
//! has kept.
//!
//! [`Quiet`] says which targets people have paused or silenced: the notices about those are held back,
//! and their results are marked.

mod batch;
mod first_results;
mod flapping;
mod journal;
mod notice;
mod notices;
mod notified;
mod outbox;
mod pending;
mod quiet;
mod store;
mod writer;

pub use batch::{Batch, CheckChange, CheckRow, ResultRow, TransitionRow};
pub use first_results::FirstResults;
pub(super) use first_results::FirstShare;
pub use flapping::{Flapping, FlappingChange};
pub(super) use journal::Journal;
pub use notice::{Notice, NoticeKind};
pub use notices::{NoticeConfig, Notices, Told};
pub use outbox::{DeliveryFailure, Outbox};
pub use quiet::{Quiet, QuietReason, QuietScope};
pub use store::{Definition, StoredCheck, StoredTarget, TargetStore};
pub use writer::JournalStats;
