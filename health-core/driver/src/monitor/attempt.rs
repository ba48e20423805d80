//! One attempt, from its start to its report.

use std::sync::Arc;
use std::time::Duration;

use super::job::Job;
use super::shared::Shared;
use health_core::check::probe::Report;
use health_core::monitor::AttemptId;
use health_core::{Class, Instant, Outcome};

/// An attempt that is carried out. Dropped without a report, it reports that the attempt was cancelled
/// and that nothing is left of it, so that no attempt is lost.
#[derive(Debug)]
#[must_use = "dropped, the attempt counts as cancelled"]
pub struct AttemptGuard {
    shared: Arc<Shared>,
    attempt: AttemptId,
    job: Arc<Job>,
    began: Instant,
    deadline: Instant,
    variables: Vec<(&'static str, String)>,
    is_over: bool,
}

impl AttemptGuard {
    pub(super) const fn new(
        shared: Arc<Shared>,
        attempt: AttemptId,
        job: Arc<Job>,
        began: Instant,
        deadline: Instant,
    ) -> Self {
        Self {
            shared,
            attempt,
            job,
            began,
            deadline,
            variables: Vec::new(),
            is_over: false,
        }
    }

    /// Which attempt.
    #[must_use]
    pub const fn attempt(&self) -> AttemptId {
        self.attempt
    }

    /// What carries it out.
    #[must_use]
    pub fn job(&self) -> Arc<Job> {
        Arc::clone(&self.job)
    }

    /// What a command sees besides its own environment.
    #[must_use]
    pub fn variables(&self) -> &[(&'static str, String)] {
        &self.variables
    }

    #[cfg(feature = "supervise")]
    pub(crate) fn set_variables(&mut self, variables: Vec<(&'static str, String)>) {
        self.variables = variables;
    }

    /// How long the attempt may take from now on, if it ends itself.
    ///
    /// The monitor's own verdict at the deadline cannot name the part of the attempt that was running.
    /// So the attempt's time runs out first: by 10 to 20 ms, since timers are late,
    /// but by no more than a tenth of what is left.
    #[must_use]
    pub fn limit(&self) -> Duration {
        limit(self.deadline.duration_since(self.shared.clock.now()))
    }

    /// The attempt is over, and nothing is left of it.
    ///
    /// What the prober itself lacked was known at the attempt's [`limit`](Self::limit), however late it is
    /// said: a prober that stood still meanwhile must not make the target's timeout of it.
    pub fn finish(mut self, report: Report) {
        let now = self.shared.clock.now();
        let at = match report.outcome.class {
            Class::Indeterminate => now.min(self.last_moment()),
            _ => now,
        };
        self.report(at, report);
    }

    /// A closure or future has come to an outcome, and nothing is left of it.
    pub fn answer(mut self, outcome: Outcome) {
        self.report_outcome(outcome);
    }

    fn report_outcome(&mut self, outcome: Outcome) {
        let now = self.shared.clock.now();
        let took = now.duration_since(self.began);
        self.report(now, Report::new(outcome, took));
    }

    /// The last one before the deadline.
    fn last_moment(&self) -> Instant {
        Instant::from_micros(self.deadline.as_micros().saturating_sub(1))
    }

    /// The attempt was over at `now`.
    fn report(&mut self, now: Instant, report: Report) {
        self.is_over = true;
        let attempt = self.attempt;
        let replaced = self.shared.change(|state| {
            // One of these two is ignored: which one depends on whether the attempt was cancelled.
            let outcome = report.outcome.clone();
            state.monitor.handle_outcome(now, attempt, outcome);
            state.monitor.handle_reaped(now, attempt);
            let work = state.work_mut(attempt.check())?;
            work.report.replace(Arc::new(report))
        });
        drop(replaced);
    }
}

impl Drop for AttemptGuard {
    fn drop(&mut self) {
        if !self.is_over {
            self.report_outcome(Outcome::indeterminate("cancelled"));
        }
    }
}

fn limit(left: Duration) -> Duration {
    const LEAST: Duration = Duration::from_millis(10);
    const MOST: Duration = Duration::from_millis(20);
    left - (left / 50).clamp(LEAST, MOST).min(left / 10)
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use health_core::Kind;
    use health_core::check::CheckConfig;
    use health_core::monitor::MonitorConfig;

    use super::*;
    use crate::monitor::{ManualClock, MonitorAction, MonitorDriver, Target};

    /// The prober stands still from before an attempt's limit until behind its deadline.
    #[test]
    fn what_the_prober_lacks_is_no_timeout_however_late_it_is_said() {
        let ours = Outcome::indeterminate("resolver").of_kind(Kind::Resolver);
        let theirs = Outcome::failure_with_message("refused").of_kind(Kind::Refused);
        for (outcome, kind, failures) in [(ours, Kind::Resolver, 0), (theirs, Kind::Timeout, 1)] {
            let clock = ManualClock::new();
            let config = MonitorConfig::default();
            let (mut driver, monitor) = MonitorDriver::new(config, None, (&clock).into());
            let probe = "tcp://db.example:80".parse().expect("a probe");
            let target = Target::new("db").expect("a name");
            let target = target.probe("tcp", CheckConfig::default(), probe);
            monitor.add(target.expect("a name")).expect("added");
            let MonitorAction::Start(attempt) = driver.poll(Waker::noop()) else {
                panic!("it is due");
            };
            clock.set(clock.now() + CheckConfig::default().timeout + Duration::from_millis(5));
            attempt.finish(Report::new(outcome, Duration::ZERO));
            let _ = driver.poll(Waker::noop());
            let check = &monitor.target("db").expect("there").checks[0];
            let last = check.history.last().expect("a result");
            assert_eq!(last.kind(), Some(kind));
            assert_eq!(check.streak.failures(), failures);
        }
    }

    #[test]
    fn an_attempt_ends_a_little_before_its_deadline() {
        for (left, expected) in [(0, 0), (50, 45), (100, 90), (900, 882), (10_000, 9_980)] {
            let left = Duration::from_millis(left);
            assert_eq!(limit(left), Duration::from_millis(expected), "{left:?}");
        }
    }
}
