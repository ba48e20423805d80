//! How long a response may take, and how far an attempt follows redirects.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::time::Duration;

use crate::base::{Class, ConfigError, Kind, Outcome};

/// Limits of an HTTP probe. Default: none on time, and no redirect is followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) soft_latency: Option<Duration>,
    pub(super) hard_latency: Option<Duration>,
    pub(super) redirects: u8,
}

/// The most redirects that are followed.
const MOST_REDIRECTS: u8 = 10;

impl Limits {
    /// Checks them; `None` if nothing is limited.
    pub(super) fn checked(self) -> Result<Option<Box<Self>>, ConfigError> {
        let limits = [
            ("latency", self.hard_latency),
            ("soft latency", self.soft_latency),
        ];
        for (field, limit) in limits {
            if limit == Some(Duration::ZERO) {
                return Err(ConfigError::of_number(field, 0, "allowed is more than 0"));
            }
        }
        if let (Some(soft), Some(hard)) = (self.soft_latency, self.hard_latency) {
            if soft >= hard {
                let (field, value) = ("soft latency", format!("{soft:?}"));
                let allowed = "allowed is less than the limit that makes it a failure";
                return Err(ConfigError::of_number(field, value, allowed));
            }
        }
        if self.redirects > MOST_REDIRECTS {
            let allowed = "allowed is 0 to 10";
            return Err(ConfigError::of_number("redirects", self.redirects, allowed));
        }
        Ok((self != Self::default()).then(|| Box::new(self)))
    }

    /// What becomes of the outcome of a whole response that took so long.
    pub(super) fn judge(&self, outcome: Outcome, took: Duration) -> Outcome {
        let exceeded = |limit: Option<Duration>| limit.filter(|limit| took > *limit);
        let (hard, soft) = (exceeded(self.hard_latency), exceeded(self.soft_latency));
        let detail = || format!("the response took {took:?}");
        match (outcome.class, hard, soft) {
            (Class::Success | Class::Warning, Some(hard), _) => {
                let outcome = Outcome::failure_with_message(too_slow(hard));
                outcome.of_kind(Kind::TooSlow).caused_by(detail())
            }
            (Class::Success, None, Some(soft)) => {
                let outcome = Outcome::warning(too_slow(soft));
                outcome.of_kind(Kind::SoftLimit).caused_by(detail())
            }
            _ => outcome,
        }
    }
}

fn too_slow(limit: Duration) -> String {
    format!("response took longer than {limit:?}")
}
