//! Views of a snapshot, appended to a caller's buffer.
//!
//! Every view is made from the same [`Snapshot`], so no two of them can
//! disagree. Our own documents are written straight into the buffer (serde_json without `std` would
//! allocate one of its own); users' values were serialised when they were published.

mod document;
mod format;
pub(crate) mod json;
mod text;

pub use format::Format;

use alloc::vec::Vec;

use crate::health::{ProbeKind, Snapshot};
use crate::time::Moment;

/// Appends the answer to `kind`; with `verbose` every part of it, and why.
///
/// `verbose` shows messages and private causes: it is for readers who may see them.
pub fn probe(
    format: Format,
    kind: ProbeKind,
    verbose: bool,
    moment: Moment,
    snapshot: &Snapshot,
    healthy: bool,
    out: &mut Vec<u8>,
) {
    match (format, kind) {
        (Format::Json, ProbeKind::Health) => {
            document::health(moment, snapshot, healthy, verbose, out);
        }
        (Format::Json, _) => document::verdict(kind, snapshot, out),
        (Format::Text, _) => text::probe(kind, verbose, healthy, snapshot, out),
    }
}

pub(crate) use document::{check, error, stats, version};
pub(crate) use text::check as check_text;
