//! From an answer to an outcome.

use alloc::format;
use alloc::string::String;
use core::ops::RangeInclusive;

use super::body::Body;
use super::condition::{Breach, Condition};
use super::head::Head;
use super::probe::HttpProbe;
use super::reason::reason;
use super::report::FailureKind;
use crate::base::Capture;
use crate::base::Outcome;

/// The first breach of each severity so far.
#[derive(Default)]
pub(super) struct Verdict {
    hard: Option<Breach>,
    soft: Option<Breach>,
}

impl Verdict {
    /// Judges a head: the status, then the conditions on headers in their order.
    pub(super) fn of_head(probe: &HttpProbe, head: &Head<'_>) -> Self {
        let mut verdict = Self::default();
        if !probe.accepted_status().contains(&head.status()) {
            let message = not_accepted(head.status(), probe.accepted_status());
            verdict.hard = Some(Breach::new(FailureKind::Status, message));
        }
        verdict.judge(probe, |condition| condition.check_head(head));
        verdict
    }

    /// Whether the content of the body can still change anything.
    pub(super) fn needs_body(&self, probe: &HttpProbe) -> bool {
        probe.captures_body()
            || (self.hard.is_none() && probe.conditions().iter().any(Condition::is_on_body))
    }

    /// Judges the body of an answer that came whole, or was cut at the limit.
    pub(super) fn judge_body(&mut self, probe: &HttpProbe, body: &Body, truncated: bool) {
        self.judge(probe, |condition| {
            condition.check_body(body.content(), truncated)
        });
    }

    /// The exchange was cut short by this. It is the breach, unless the head has shown one: that
    /// an answer of 500 was not complete is the lesser news.
    pub(super) fn cut_short(&mut self, by: Breach) {
        match &mut self.hard {
            Some(hard) if hard.detail.is_none() => hard.detail = Some(by.message),
            Some(_) => {}
            None => self.hard = Some(by),
        }
    }

    /// The outcome, and the kind of a failure. `body` is what may be shown in private.
    pub(super) fn into_outcome(self, body: Option<&[u8]>) -> (Outcome, Option<FailureKind>) {
        let (breach, outcome, kind): (_, fn(String) -> Outcome, _) = match (self.hard, self.soft) {
            (Some(hard), _) => {
                let kind = hard.kind;
                (hard, Outcome::failure, Some(kind))
            }
            (None, Some(soft)) => (soft, Outcome::warning, None),
            (None, None) => return (Outcome::success(), None),
        };
        let outcome = outcome(breach.message);
        let excerpt = body.filter(|body| !body.is_empty()).map(|body| {
            let mut capture = Capture::new();
            capture.push(body);
            format!("body: {capture}")
        });
        let outcome = match (breach.detail, excerpt) {
            (Some(detail), Some(excerpt)) => outcome.caused_by(format_args!("{detail}\n{excerpt}")),
            (Some(only), None) | (None, Some(only)) => outcome.caused_by(only),
            (None, None) => outcome,
        };
        (outcome, kind)
    }

    fn judge(&mut self, probe: &HttpProbe, check: impl Fn(&Condition) -> Result<(), Breach>) {
        for condition in probe.conditions() {
            let place = if condition.is_soft() {
                &mut self.soft
            } else {
                &mut self.hard
            };
            if place.is_none() {
                *place = check(condition).err();
            }
        }
    }
}

/// `HTTP 500 Internal Server Error (accepted: 200-399)`.
fn not_accepted(status: u16, accepted: &RangeInclusive<u16>) -> String {
    let (first, last) = (accepted.start(), accepted.end());
    let mut text = format!("HTTP {status}");
    if let Some(name) = reason(status) {
        text.extend([" ", name]);
    }
    if first == last {
        text + &format!(" (accepted: {first})")
    } else {
        text + &format!(" (accepted: {first}-{last})")
    }
}
