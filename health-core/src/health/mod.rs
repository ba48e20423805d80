//! A daemon's own state: the registry that records it, and the snapshot that is served.
//!
//! ```text
//! success, failure, beat, release, set ─► Registry ── snapshot(now) ─► Snapshot ─► status(kind)
//!                                            │
//!                                            ├─ revision()       has anything changed?
//!                                            └─ poll_timeout()   when will time alone change something?
//! ```
//!
//! **Contract**
//!
//! 1. Every status is computed from the time: a heartbeat past its deadline or a result past its
//!    validity counts as failed in the next snapshot, whether or not anybody reported it.
//! 2. A snapshot never changes, but for counters and gauges, which are read when shown. Taking one
//!    runs no user code and, unless the state is being changed while an older snapshot is still
//!    held, allocates nothing.
//! 3. What is removed is gone: its id names nothing any more, and never anything else.
//! 4. Names are unique over components, heartbeats, gates and flags: one name, one meaning, in
//!    every view.

mod component;
mod declare;
mod entries;
mod heartbeat;
mod history;
mod metric;
mod phase;
mod registry;
mod revision;
mod serialize;
mod snapshot;
mod state;
mod table;
mod verdict;

pub use component::{ComponentConfig, ComponentState};
pub use heartbeat::HeartbeatState;
pub use history::{Change, History, Transition};
pub use metric::{Counter, Gauge};
pub use phase::Phase;
pub use registry::{ComponentId, FlagId, GateId, HeartbeatId, Registry, StatId};
pub use revision::Revision;
pub use snapshot::Snapshot;

use crate::base::{ProbeKind, Status};

pub(crate) use entries::{FlagState, GateState, StatState};
pub(crate) use metric::{MetricState, MetricValue};
