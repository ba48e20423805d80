//! Which of the targets are asked for.

use super::route::InlineName;
use crate::monitor::TargetStatus;

/// The query of [`Route::Targets`](super::Route::Targets). Parameters we do not know are ignored;
/// the last of several wins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    after: Option<InlineName>,
    status: Option<TargetStatus>,
    flaw: Option<Flaw>,
}

/// What a question is answered 400 for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    After,
    Status,
}

impl Listing {
    /// Those whose names come after this one: `?after=`.
    #[must_use]
    pub fn after(&self) -> Option<&str> {
        self.after.as_ref().map(InlineName::as_str)
    }

    /// Those of this status: `?status=`.
    #[must_use]
    pub const fn status(&self) -> Option<TargetStatus> {
        self.status
    }

    /// What is allowed, if the question is not; it is answered 400.
    #[must_use]
    pub const fn flaw(&self) -> Option<&'static str> {
        match self.flaw {
            Some(Flaw::After) => {
                Some("after is the name of a target: 1 to 64 characters of A-Z a-z 0-9 _ . : -")
            }
            Some(Flaw::Status) => {
                Some("status is one of: healthy, degraded, unhealthy, unknown, inactive")
            }
            None => None,
        }
    }

    pub(super) fn parse(query: &[u8]) -> Self {
        let mut listing = Self::default();
        for parameter in query.split(|&byte| byte == b'&') {
            if let Some(name) = parameter.strip_prefix(b"after=") {
                listing.after = InlineName::new(name);
                if listing.after.is_none() {
                    listing.flaw = Some(Flaw::After);
                }
            }
            if let Some(word) = parameter.strip_prefix(b"status=") {
                let word = core::str::from_utf8(word).unwrap_or_default();
                listing.status = TargetStatus::from_word(word);
                if listing.status.is_none() {
                    listing.flaw = Some(Flaw::Status);
                }
            }
        }
        listing
    }
}
