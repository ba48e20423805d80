//! The machine in the words of the model.

use health_core::check;
use health_core::{Instant, Moment};

use super::model::{Check, What};

/// An event of a check in the words of the model.
pub(super) fn what(event: &check::Event) -> What {
    match event {
        check::Event::Cancelled { attempt, reason } => What::Cancelled {
            attempt: *attempt,
            reason: *reason,
        },
        check::Event::Reaped { attempt } => What::Reaped { attempt: *attempt },
        check::Event::Recorded(record) => What::Recorded {
            attempt: record.attempt(),
            begin: record.begin().as_micros(),
            end: record.end().as_micros(),
            class: record.class(),
            kind: record.kind(),
            counted: record.is_counted(),
        },
        check::Event::Status { from, to } => What::Status {
            from: *from,
            to: *to,
        },
        check::Event::RestartRequested => What::RestartRequested,
        check::Event::Deregistered => What::Deregistered,
        check::Event::ActionSuppressed => What::ActionSuppressed,
        check::Event::ProberImpaired => What::ProberImpaired,
        check::Event::Stopped => What::Stopped,
        check::Event::AnswersAgain => What::AnswersAgain,
        other => panic!("no word for {other:?}"),
    }
}

/// Both read the same from outside.
pub(super) fn look_alike(check: &check::Check, expected: &Check) {
    assert_eq!(check.mode(), expected.mode());
    assert_eq!(check.status(), expected.status);
    let streak = (check.streak().failures(), check.streak().successes());
    assert_eq!(streak, (expected.failures, expected.successes));
    assert!(streak.0 == 0 || streak.1 == 0, "P2");
    assert_eq!(check.has_started(), expected.started);
    assert_eq!(check.is_degraded(), expected.degraded);
    assert_eq!(
        check.is_stale(),
        expected.stale,
        "stale in {:?}",
        check.mode()
    );
    let next = check.next_due().map(Instant::as_micros);
    assert_eq!(next, expected.next_due());
    assert_eq!(check.attempts(), expected.attempts);
    assert_eq!(check.skipped_slots(), expected.skipped);
    assert_eq!(
        check.judged_at().map(Instant::as_micros),
        expected.judged_at
    );
    let answers_since = check.saved(Moment::default()).answers_since;
    assert_eq!(answers_since.is_some(), expected.answers);
    assert_eq!(check.history().len(), expected.kept);
}
