//! The notices about a deregistered target.

use health_core::check::{CheckConfig, CheckStatus};
use health_core::monitor::Monitor;
use health_core::monitor::registry::{CheckChange, Notice, NoticeKind, Notices, TransitionRow};
use health_core::{Moment, Streak, UnixTime};

use super::{reactivated, rechecked};
use crate::{at, fail, name, plain, running, single, starts, succeed};

/// A monitor, and what its transitions make people hear.
struct Heard {
    monitor: Monitor,
    notices: Notices,
}

impl Heard {
    fn new(config: CheckConfig) -> Self {
        let mut monitor = running(plain());
        monitor.enable_journal();
        monitor.add(at(0), single("a", config)).expect("new");
        let notices = Notices::default();
        Self { monitor, notices }
    }

    /// Every attempt that begins now fails or succeeds at once; what is heard a second later.
    fn check(&mut self, now: u64, is_up: bool) -> Vec<Notice> {
        let begun = starts(&mut self.monitor, now);
        assert_eq!(begun.len(), 1, "{now}");
        if is_up {
            succeed(&mut self.monitor, now, &begun);
        } else {
            fail(&mut self.monitor, now, &begun);
        }
        self.listen(now)
    }

    fn listen(&mut self, now: u64) -> Vec<Notice> {
        let moment = Moment {
            now: at(now),
            ..Moment::default()
        };
        while let Some(batch) = self.monitor.poll_batch(moment) {
            self.notices.observe(at(now), &batch.transitions, false);
            self.monitor.handle_stored(at(now), true);
        }
        let mut heard = Vec::new();
        while let Some(due) = self.notices.poll_timeout() {
            heard.extend(core::iter::from_fn(|| self.notices.poll(due)));
        }
        heard
    }
}

fn kinds(notices: &[Notice]) -> Vec<NoticeKind> {
    notices.iter().map(|it| it.kind).collect()
}

#[test]
fn one_notice_says_that_it_answers_and_one_that_it_has_recovered() {
    let mut heard = Heard::new(rechecked());
    let gone = heard.check(0, false);
    assert_eq!(kinds(&gone), [NoticeKind::Deregistered]);
    // Unhealthy and deregistered in one step: whoever reads only of the one gets that.
    let unhealthy = gone[0].as_unhealthy().expect("it was well before");
    assert_eq!(unhealthy.kind, NoticeKind::Unhealthy);
    assert_eq!(unhealthy.transitions[0].target, name("a"));
    assert_eq!(heard.check(100_000, false), []);
    let back = heard.check(200_000, true);
    assert_eq!(kinds(&back), [NoticeKind::AnswersAgain]);
    assert!(back[0].as_unhealthy().is_none());
    // Once, whatever it does until it is reactivated.
    for (now, is_up) in [(300_000, true), (400_000, false), (500_000, true)] {
        assert_eq!(heard.check(now, is_up), []);
    }
    let id = heard.monitor.find("a").expect("there");
    heard.monitor.reactivate(at(500_001), id);
    assert_eq!(heard.listen(500_001), []);
    let well = heard.check(500_001, true);
    assert_eq!(kinds(&well), [NoticeKind::Recovered]);
    // From the beginning.
    let gone = heard.check(510_001, false);
    assert_eq!(kinds(&gone), [NoticeKind::Deregistered]);
}

#[test]
fn one_that_is_reactivated_by_itself_has_only_recovered() {
    let mut heard = Heard::new(reactivated());
    assert_eq!(kinds(&heard.check(0, false)), [NoticeKind::Deregistered]);
    let begun = starts(&mut heard.monitor, 100_000);
    succeed(&mut heard.monitor, 100_000, &begun);
    assert_eq!(kinds(&heard.check(100_000, true)), [NoticeKind::Recovered]);
}

/// A monitor whose guard held the deregistration back has said before that it is unhealthy.
#[test]
fn who_was_said_to_be_unhealthy_is_said_so_once() {
    let row = |change| TransitionRow {
        target: name("a"),
        check: name("check"),
        at: UnixTime::default(),
        change,
        streak: Streak::of_failures(3),
        record: None,
    };
    let status = |from, to| row(CheckChange::Status { from, to });
    let down = status(CheckStatus::Healthy, CheckStatus::Unhealthy);
    let mut notices = Notices::default();
    notices.observe(at(0), &[down], false);
    let said = notices.poll(at(1_000)).expect("due");
    assert_eq!(said.kind, NoticeKind::Unhealthy);
    notices.observe(at(2_000), &[row(CheckChange::Deregistered)], false);
    let said = notices.poll(at(3_000)).expect("due");
    assert_eq!(said.kind, NoticeKind::Deregistered);
    assert_eq!(said.as_unhealthy(), None);
}

/// What an earlier process has sent is not sent again, and what follows from it is.
#[test]
fn notices_go_on_over_a_restart() {
    let row = |check: &str, change| TransitionRow {
        target: name("a"),
        check: name(check),
        at: UnixTime::default(),
        change,
        streak: Streak::of_failures(3),
        record: None,
    };
    let status = |check: &str, from, to| row(check, CheckChange::Status { from, to });
    let (starting, healthy) = (CheckStatus::Starting, CheckStatus::Healthy);
    for (sent, answers) in [
        (vec![row("x", CheckChange::Deregistered)], true),
        (vec![row("x", CheckChange::AnswersAgain)], false),
        (
            vec![
                row("x", CheckChange::Deregistered),
                row("x", CheckChange::AnswersAgain),
            ],
            false,
        ),
    ] {
        let mut notices = Notices::default();
        notices.restore(sent, false);
        notices.observe(at(0), &[row("x", CheckChange::AnswersAgain)], false);
        let said = core::iter::from_fn(|| notices.poll(at(1_000)));
        let kinds: Vec<_> = said.map(|it| it.kind).collect();
        let expected = answers.then_some(NoticeKind::AnswersAgain);
        assert_eq!(kinds, Vec::from_iter(expected));
        // Reactivated: one of its checks is well, then the other, which had it deregistered.
        let afresh = [
            status("x", CheckStatus::Unhealthy, starting),
            status("y", healthy, starting),
            status("y", starting, healthy),
        ];
        notices.observe(at(2_000), &afresh, false);
        assert_eq!(notices.poll(at(3_000)), None);
        notices.observe(at(4_000), &[status("x", starting, healthy)], false);
        let said = notices.poll(at(5_000)).map(|it| it.kind);
        assert_eq!(said, Some(NoticeKind::Recovered));
    }
}
