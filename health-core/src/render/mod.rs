//! Writes a [`Snapshot`](crate::health::Snapshot) in each format, into a caller's buffer.
//!
//! All formats are made from the same snapshot, so no two of them can disagree. Our own documents are
//! written straight into the buffer (serde_json without `std` would allocate one of its own); users'
//! values were serialised when they were published.

mod agent;
mod document;
pub(crate) mod events;
mod excluded;
pub(crate) mod exposition;
mod format;
#[cfg(all(feature = "monitor", feature = "supervise"))]
pub(crate) mod groups;
mod health_json;
mod history;
pub(crate) mod json;
mod metrics;
#[cfg(feature = "page")]
mod page;
mod probe;
#[cfg(feature = "monitor")]
pub(crate) mod probes;
mod stats;
#[cfg(feature = "monitor")]
mod targets;
mod text;

pub(crate) use agent::agent_check;
pub(crate) use document::{check, error, health as document, not_acceptable, verdict, version};
pub(crate) use excluded::Excluded;
pub(crate) use format::Format;
pub(crate) use health_json::{check as check_health_json, probe as health_json};
pub(crate) use history::history;
pub(crate) use metrics::metrics;
#[cfg(feature = "page")]
pub(crate) use page::page;
#[cfg(all(feature = "page", feature = "monitor"))]
pub(crate) use page::table;
pub(crate) use probe::{Probe, Watched};
pub(crate) use stats::stats;
#[cfg(feature = "monitor")]
pub(crate) use targets::{TargetList, ready_targets, targets};
pub(crate) use text::{check as check_text, probe as text};
