//! Views of a snapshot, appended to a caller's buffer.
//!
//! Every view is made from the same [`Snapshot`](crate::health::Snapshot), so no two of them can
//! disagree. Our own documents are written straight into the buffer (serde_json without `std` would
//! allocate one of its own); users' values were serialised when they were published.

mod agent;
mod document;
pub(crate) mod events;
mod excluded;
pub(crate) mod exposition;
mod format;
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

pub use agent::agent_check;
pub use excluded::Excluded;
pub use format::Format;
pub use probe::Probe;
pub(crate) use probe::Watched;

use alloc::vec::Vec;

use crate::base::ProbeKind;

/// Appends an answer. A format that has no verdicts, such as metrics, gets the native document.
pub fn probe(format: Format, probe: &Probe<'_>, out: &mut Vec<u8>) {
    match (format, probe.kind) {
        (Format::Text, _) => text::probe(probe, out),
        (Format::HealthJson, _) => health_json::probe(probe, out),
        #[cfg(feature = "page")]
        (Format::Html, _) => page::page(probe, out),
        (_, ProbeKind::Health) => document::health(probe, out),
        (_, _) => document::verdict(probe, out),
    }
}

pub(crate) use document::{check, error, not_acceptable, version};
pub(crate) use health_json::check as check_health_json;
pub(crate) use history::history;
pub(crate) use metrics::metrics;
pub(crate) use stats::stats;
#[cfg(feature = "monitor")]
pub(crate) use targets::{ready_targets, targets};
pub(crate) use text::check as check_text;
