//! The targets of a group that are down, as the cause of its component's status.

use alloc::collections::BTreeSet;
use alloc::string::String;
use core::fmt;

use super::status::TargetStatus;
use super::target::Target;
use crate::base::Instant;
use crate::base::Name;
use crate::check::{CheckStatus, Record};

/// Which targets of a group are down, the worst first, and why the first of them is: a text for
/// authorised readers, as the cause of [`Summary::outcome`](super::Summary::outcome).
///
/// `b (deregistered): connection refused; also down: c, d and 7 more`. It names at most ten.
#[derive(Clone, Debug, Default)]
pub struct Down {
    /// The worst so far.
    named: BTreeSet<Rank>,
    total: usize,
    /// Of the first.
    reason: String,
}

/// The place of a target in lists, those that are worst first; `None` for one that is not down.
pub(super) type Rank = (usize, Name);

/// The most names in the text.
const NAMED: usize = 10;

pub(super) fn rank(status: TargetStatus, name: &Name) -> Option<Rank> {
    let is_down = status.is_deregistered() || status == TargetStatus::Unhealthy;
    is_down.then(|| (status.place(), name.clone()))
}

impl Down {
    /// Counts a target, if it is down at `now`.
    pub fn add(&mut self, now: Instant, target: &Target) {
        let Some(rank) = rank(target.status_at(now), target.name()) else {
            return;
        };
        self.total += 1;
        if self.named.first().is_none_or(|first| rank < *first) {
            self.reason = reason_of(target);
        }
        self.named.insert(rank);
        if self.named.len() > NAMED {
            self.named.pop_last();
        }
    }

    /// The first target, if it is not known why it is down: after a restart, only what was stored says so.
    #[cfg(feature = "registry")]
    #[must_use]
    pub fn lacks_reason(&self) -> Option<&Name> {
        let first = self.named.first().filter(|_| self.reason.is_empty());
        first.map(|(_, name)| name)
    }

    /// Why the first target is down.
    #[cfg(feature = "registry")]
    pub fn set_reason(&mut self, reason: &str) {
        self.reason = reason.into();
    }

    /// The first of `ranks`, whose first target is `first`, of so many.
    pub(super) fn of<'a>(
        first: Option<&Target>,
        ranks: impl Iterator<Item = &'a Rank>,
        total: usize,
    ) -> Self {
        Self {
            named: ranks.take(NAMED).cloned().collect(),
            total,
            reason: first.map(reason_of).unwrap_or_default(),
        }
    }
}

/// What the check says that made its target unhealthy, or another one of its checks that failed; empty if
/// no failure is kept. `checks`: the status and the last error of each.
pub(super) fn reason<'a>(checks: impl Iterator<Item = (CheckStatus, Option<&'a str>)>) -> &'a str {
    let errors = checks.filter_map(|(status, error)| Some((status, error?)));
    // The first of those that are equal.
    let worst = errors.min_by_key(|(status, _)| *status != CheckStatus::Unhealthy);
    worst.map_or("", |(_, error)| error)
}

fn reason_of(target: &Target) -> String {
    let checks = target.each();
    reason(checks.map(|check| (check.status(), check.last_error().map(Record::message)))).into()
}

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut named = self.named.iter();
        let Some((place, name)) = named.next() else {
            return Ok(());
        };
        write!(f, "{name}")?;
        f.write_str(match TargetStatus::ALL[*place] {
            TargetStatus::Deregistered => " (deregistered)",
            TargetStatus::AnswersAgain => " (deregistered, answers again)",
            _ => "",
        })?;
        if !self.reason.is_empty() {
            write!(f, ": {}", self.reason)?;
        }
        for (index, (_, name)) in named.enumerate() {
            let before = if index == 0 { "; also down: " } else { ", " };
            write!(f, "{before}{name}")?;
        }
        match self.total - self.named.len() {
            0 => Ok(()),
            rest => write!(f, " and {rest} more"),
        }
    }
}
