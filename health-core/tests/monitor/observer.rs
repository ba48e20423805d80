//! Watches a monitor from outside and objects to what must never happen.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use health_core::Class;
use health_core::Instant;
use health_core::check::{self, CheckConfig, CheckStatus};
use health_core::monitor::{
    AttemptId, CheckId, Command, Monitor, MonitorEvent, Signal, Summary, TargetId,
};

#[derive(Default)]
pub(crate) struct Observer {
    checks: BTreeMap<CheckId, Seen>,
    /// P11: restarts asked for, of the instance.
    restarts: BTreeMap<TargetId, u32>,
    /// Told to end, and not reaped; whether killed.
    dying: BTreeMap<AttemptId, (Instant, bool)>,
    execs: BTreeSet<AttemptId>,
}

/// What is known of one check.
struct Seen {
    config: CheckConfig,
    status: CheckStatus,
    running: Option<u64>,
    /// P8: the start of the check, begins since, and begins allowed beyond the grid's.
    origin: Instant,
    begun: u64,
    extra: u64,
    /// P5: the start of the instance, and whether it has succeeded.
    since: Instant,
    started: bool,
    /// P4: counted failures without a success between.
    failures: u32,
}

impl Observer {
    pub(crate) fn added(&mut self, now: Instant, check: CheckId, config: CheckConfig) {
        let seen = Seen {
            config,
            status: CheckStatus::Unknown,
            running: None,
            origin: now,
            begun: 0,
            extra: 0,
            since: now,
            started: false,
            failures: 0,
        };
        self.checks.insert(check, seen);
    }

    /// Something was asked that may move the grid.
    pub(crate) fn asked(&mut self, check: CheckId) {
        if let Some(seen) = self.checks.get_mut(&check) {
            seen.extra += 1;
        }
    }

    pub(crate) fn new_instance(&mut self, now: Instant, check: CheckId) {
        self.asked(check);
        self.restarts.remove(&check.target());
        if let Some(seen) = self.checks.get_mut(&check) {
            (seen.since, seen.started, seen.failures) = (now, false, 0);
        }
    }

    pub(crate) fn resumed(&mut self, check: CheckId) {
        self.asked(check);
        if let Some(seen) = self.checks.get_mut(&check) {
            seen.failures = 0;
        }
    }

    pub(crate) fn reaped(&mut self, attempt: AttemptId) {
        self.dying.remove(&attempt);
        self.execs.remove(&attempt);
        self.asked(attempt.check());
    }

    pub(crate) fn answered(&mut self, attempt: AttemptId) {
        if !self.dying.contains_key(&attempt) {
            self.execs.remove(&attempt);
        }
    }

    pub(crate) fn dying(&self) -> impl Iterator<Item = AttemptId> {
        self.dying.keys().copied()
    }

    pub(crate) fn command(&mut self, now: Instant, command: Command, monitor: &Monitor) {
        match command {
            Command::Start {
                attempt,
                due,
                deadline,
            } => {
                let seen = self.checks.get(&attempt.check()).expect("known");
                assert_eq!(deadline, now + seen.config.timeout);
                assert!(due <= now, "begun before it was due");
                let config = monitor.config();
                assert!(monitor.in_flight() <= config.max_in_flight, "P12");
                // P12: nobody waits in the same queue who has been due for longer.
                let needs_reap = seen.config.needs_reap;
                for (id, _) in self
                    .checks
                    .iter()
                    .filter(|(_, it)| it.config.needs_reap == needs_reap)
                {
                    let check = monitor
                        .check(*id)
                        .filter(|it| it.mode() == check::Mode::Idle);
                    let waiting = check.and_then(check::Check::next_due);
                    assert!(
                        waiting.is_none_or(|other| (other, *id) > (due, attempt.check())),
                        "P12"
                    );
                }
                if needs_reap {
                    self.execs.insert(attempt);
                    assert!(self.execs.len() <= config.max_exec, "too many processes");
                }
            }
            Command::Cancel { attempt, signal } => match signal {
                Signal::Terminate => {
                    if self.execs.contains(&attempt) {
                        self.dying.insert(attempt, (now, false));
                    }
                }
                Signal::Kill => {
                    let (told, killed) = self.dying.get_mut(&attempt).expect("told before");
                    assert!(!*killed && now >= *told + monitor.config().kill_after);
                    *killed = true;
                }
            },
            _ => panic!("unknown {command:?}"),
        }
    }

    pub(crate) fn event(&mut self, event: &MonitorEvent, monitor: &Monitor) {
        match event {
            MonitorEvent::Started { at, attempt, .. } => {
                let seen = self.checks.get_mut(&attempt.check()).expect("known");
                assert_eq!(seen.running, None, "P1");
                seen.running = Some(attempt.number());
                seen.begun += 1;
                let age = at.duration_since(seen.origin).as_micros();
                let slots = age / shortest_interval(&seen.config).as_micros();
                assert!(
                    u128::from(seen.begun) <= slots + 1 + u128::from(seen.extra),
                    "P8"
                );
            }
            MonitorEvent::Check { check, event, .. } => self.check_event(*check, event, monitor),
            MonitorEvent::Target {
                target,
                started,
                ready,
                ..
            } => {
                assert!(
                    *started || !ready,
                    "ready without having started: {target:?}"
                );
            }
            MonitorEvent::Stopped { .. } => {}
            _ => panic!("unknown {event:?}"),
        }
    }

    fn check_event(&mut self, id: CheckId, event: &check::Event, monitor: &Monitor) {
        let seen = self.checks.get_mut(&id).expect("known");
        match event {
            check::Event::Cancelled { attempt, reason } => {
                assert_eq!(seen.running, Some(*attempt), "only what runs is cancelled");
                if *reason != check::CancelReason::Timeout {
                    seen.running = None;
                }
            }
            check::Event::Recorded(record) => {
                if let Some(attempt) = record.attempt() {
                    assert_eq!(seen.running.take(), Some(attempt));
                }
                match record.class() {
                    Class::Success | Class::Warning => (seen.started, seen.failures) = (true, 0),
                    Class::Failure if record.is_counted() => {
                        let age = record.begin().duration_since(seen.since);
                        assert!(seen.started || age >= seen.config.start_period, "P5");
                        seen.failures += 1;
                    }
                    _ => {}
                }
                let check = monitor.check(id);
                let next = check.and_then(check::Check::next_due);
                assert!(next.is_none_or(|next| next > record.end()), "P6");
            }
            check::Event::Status { from, to } => {
                assert!(*from == seen.status && from != to, "P3");
                seen.status = *to;
                if *to == CheckStatus::Unhealthy {
                    assert!(seen.failures >= seen.config.retries, "P4");
                }
            }
            check::Event::RestartRequested => {
                let restarts = self.restarts.entry(id.target()).or_default();
                *restarts += 1;
                assert_eq!(*restarts, 1, "P11");
            }
            _ => {}
        }
    }

    /// What holds whenever the monitor rests.
    pub(crate) fn at_rest(&self, now: Instant, monitor: &mut Monitor) {
        let running = self
            .checks
            .values()
            .filter(|it| it.running.is_some())
            .count();
        assert_eq!(running, monitor.in_flight());
        assert!(running <= monitor.config().max_in_flight, "P12");
        // Otherwise a driver would spin.
        assert!(
            monitor.poll_timeout().is_none_or(|at| at > now),
            "asks to be called again"
        );
        // The sums are those of a walk.
        let status = super::numbers(monitor, now);
        let targets = monitor.targets(None);
        let walked: Summary = targets.map(|(_, it)| it.status_at(now)).collect();
        assert_eq!(status.summary, walked);
        let mut demand = 0.0;
        for (_, target) in monitor.targets(None) {
            for (_, check) in target.checks() {
                let config = check.config();
                demand += (config.timeout.as_secs_f64() / config.interval.as_secs_f64()).min(1.0);
            }
        }
        assert!((status.demand as f64 - demand).abs() < 1.000_001);
        for (_, target) in monitor.targets(None) {
            for (_, check) in target.checks() {
                let streak = check.streak();
                assert!(streak.failures() == 0 || streak.successes() == 0, "P2");
            }
        }
    }
}

fn shortest_interval(config: &CheckConfig) -> Duration {
    let mut shortest = config.interval;
    if !config.start_period.is_zero() {
        let start = config.start_interval.unwrap_or(Duration::from_secs(5));
        shortest = shortest.min(start);
    }
    let others = [
        config.edge_interval,
        config.unhealthy_interval,
        config.recheck_interval,
    ];
    let others = others
        .into_iter()
        .flatten()
        .chain(config.unhealthy_interval_max);
    others.fold(shortest, Duration::min)
}
