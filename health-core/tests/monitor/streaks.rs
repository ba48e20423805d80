//! N results in a row take N-1 intervals, whatever makes attempts come more often.

mod settings;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use health_core::check::{CheckConfig, CheckStatus, Mode, OnUnhealthy, Saved};
use health_core::monitor::{Command, Monitor, MonitorConfig, Spread, TargetId, TargetSpec};
use health_core::{Instant, Moment, Outcome, ProbeKind, UnixTime};

use crate::{at, every_10_s, name, nth, plain, plain_with, running, single, status};

const INTERVAL: u64 = 10_000;

/// Each attempt of a target, and when the target turned unhealthy.
struct Run {
    monitor: Monitor,
    id: TargetId,
    /// When each attempt began, and whether it counted.
    attempts: Vec<(u64, bool)>,
    unhealthy_at: Option<u64>,
}

impl Run {
    fn new(config: MonitorConfig, spec: TargetSpec) -> Self {
        let mut monitor = running(config);
        let id = monitor.add(at(0), spec).expect("new");
        Self {
            monitor,
            id,
            attempts: Vec::new(),
            unhealthy_at: None,
        }
    }

    /// Every attempt up to `until` fails at once.
    fn fail_until(&mut self, until: u64) {
        self.answer_until(until, |_| Outcome::failure_with_message("503"));
    }

    fn answer_until(&mut self, until: u64, answer: impl Fn(u64) -> Outcome) {
        while let Some(due) = self.monitor.poll_timeout().map(Instant::as_micros) {
            // Rounded up: the first millisecond at which it is due.
            let now = due.div_ceil(1_000);
            if now > until {
                return;
            }
            self.poll(now, &answer);
        }
    }

    fn poll(&mut self, now: u64, answer: impl Fn(u64) -> Outcome) {
        while let Some(command) = self.monitor.poll(at(now)) {
            let Command::Start { attempt, .. } = command else {
                continue;
            };
            self.monitor.handle_outcome(at(now), attempt, answer(now));
            let check = nth(&self.monitor, self.id, 0);
            let record = check.history().next_back().expect("a result");
            self.attempts.push((now, record.is_counted()));
            if check.status() == CheckStatus::Unhealthy {
                self.unhealthy_at.get_or_insert(now);
            }
        }
    }

    fn counted(&self) -> Vec<u64> {
        let counted = self.attempts.iter().filter(|(_, counted)| *counted);
        counted.map(|(at, _)| *at).collect()
    }
}

fn three_failures() -> CheckConfig {
    let mut config = every_10_s(ProbeKind::Health);
    config.on_unhealthy = OnUnhealthy::Deregister;
    config
}

fn moment(millis: u64) -> Moment {
    Moment {
        now: at(millis),
        unix: UnixTime::from_millis(1_769_169_600_000 + millis),
    }
}

#[test]
fn an_operator_who_checks_again_and_again_makes_nothing_fail_faster() {
    let mut run = Run::new(plain(), single("t", three_failures()));
    for now in (0..30_000).step_by(500) {
        run.monitor.trigger(at(now), run.id);
        run.fail_until(now);
    }
    assert_eq!(run.counted(), [0, INTERVAL, 2 * INTERVAL]);
    assert_eq!(run.unhealthy_at, Some(2 * INTERVAL));
    assert!(run.attempts.len() > 30, "each is made, and shown");
}

#[test]
fn a_first_attempt_before_its_slot_makes_nothing_fail_faster() {
    for number in 0..20 {
        let spread = Spread::EvenFirstAtOnce {
            per_second: NonZeroU32::new(500).expect("not zero"),
        };
        let config = plain_with(|it| it.spread = spread);
        let mut run = Run::new(config, single(&format!("t{number}"), three_failures()));
        run.fail_until(60_000);
        let at = run.unhealthy_at.expect("in a minute");
        assert!((2 * INTERVAL..=3 * INTERVAL).contains(&at), "{at}");
        assert_eq!(run.attempts[0], (0, true));
    }
}

#[test]
fn a_first_failure_and_any_success_count_at_once() {
    let mut run = Run::new(plain(), single("t", three_failures()));
    let answer = |now| match now {
        3_000 => Outcome::failure_with_message("503"),
        _ => Outcome::success(),
    };
    for now in (0..6_000).step_by(1_000) {
        run.monitor.trigger(at(now), run.id);
        run.answer_until(now, answer);
    }
    assert_eq!(run.counted().len(), 6);
    assert_eq!(nth(&run.monitor, run.id, 0).streak().successes(), 2);
}

#[test]
fn successes_in_a_row_take_as_long_to_make_it_healthy() {
    let mut config = three_failures();
    config.success_threshold = 3;
    let mut run = Run::new(plain(), single("t", config));
    for now in (0..20_000).step_by(500) {
        run.monitor.trigger(at(now), run.id);
        run.answer_until(now, |_| Outcome::success());
        assert_eq!(status(&run.monitor, run.id), CheckStatus::Starting);
    }
    run.monitor.trigger(at(20_000), run.id);
    run.answer_until(20_000, |_| Outcome::success());
    assert_eq!(status(&run.monitor, run.id), CheckStatus::Healthy);
}

#[test]
fn the_interval_in_use_is_the_one_that_counts() {
    let mut config = three_failures();
    config.edge_interval = Some(Duration::from_secs(2));
    let mut run = Run::new(plain(), single("t", config));
    run.fail_until(30_000);
    assert_eq!(run.counted(), [0, 2_000, 4_000]);
}

/// A slot that an attempt has waited for, or that the clock has slept through, is a slot.
#[test]
fn an_attempt_that_begins_late_counts_by_its_slot() {
    let mut run = Run::new(plain(), single("t", three_failures()));
    for now in [0, 19_000, 20_000] {
        run.poll(now, |_| Outcome::failure_with_message("503"));
    }
    assert_eq!(run.counted(), [0, 19_000, 20_000]);
}

/// One monitor after the other on what the last one has left, each for `life` and away for `pause`.
fn lives(life: u64, pause: u64, spread: Spread) -> (Vec<(u64, bool)>, u64) {
    let mut saved = Saved::default();
    let mut all = Vec::new();
    let mut begin = 0;
    while !saved.deregistered {
        assert!(begin < 300_000, "never deregistered: {all:?}");
        let mut monitor = running(plain_with(|it| it.spread = spread));
        let config = Arc::new(three_failures());
        let spec = TargetSpec::new(name("t")).restored_check(name("check"), config, saved);
        let wall = |now: u64| Moment {
            now: at(now),
            ..moment(begin + now)
        };
        let id = monitor.add_at(wall(0), spec).expect("new");
        let mut run = Run {
            monitor,
            id,
            attempts: Vec::new(),
            unhealthy_at: None,
        };
        run.fail_until(life);
        saved = nth(&run.monitor, run.id, 0).saved(wall(life));
        all.extend(
            run.attempts
                .iter()
                .map(|(at, counted)| (begin + at, *counted)),
        );
        begin += life + pause;
    }
    let last = all.last().expect("attempts").0;
    (all, last)
}

#[test]
fn a_prober_that_is_restarted_again_and_again_makes_nothing_fail_faster() {
    let at_once = Spread::EvenFirstAtOnce {
        per_second: NonZeroU32::new(500).expect("not zero"),
    };
    for spread in [Spread::AsConfigured, Spread::Even, at_once] {
        for (life, pause) in [
            (1_000, 0),
            (700, 300),
            (10, 90),
            (4_000, 3_000),
            (100, 30_000),
        ] {
            let first = match spread {
                Spread::Even => 30_000,
                _ => life,
            };
            let (all, last) = lives(life.max(first), pause, spread);
            let counted: Vec<_> = all.iter().filter(|(_, counted)| *counted).collect();
            assert_eq!(counted.len(), 3, "{all:?}");
            let took = last - counted[0].0;
            assert!(took >= 2 * INTERVAL, "{spread:?} {life} {pause}: {all:?}");
        }
    }
}

/// A streak that goes on keeps its slot: the restart costs nothing either.
#[test]
fn a_restart_delays_no_verdict() {
    let (all, last) = lives(1_000, 0, Spread::AsConfigured);
    assert!(last <= 2 * INTERVAL + 2_000, "{all:?}");
}

/// A wall clock that was set back says nothing about how long ago that was.
#[test]
fn a_clock_that_was_set_back_makes_nothing_fail_faster() {
    let mut saved = Saved::default();
    saved.status = CheckStatus::Healthy;
    saved.streak = health_core::Streak::of_failures(2);
    saved.counted_at = Some(moment(3_600_000).unix);
    let mut monitor = running(plain());
    let spec = TargetSpec::new(name("t"));
    let spec = spec.restored_check(name("check"), Arc::new(three_failures()), saved);
    let id = monitor.add_at(moment(0), spec).expect("new");
    let mut run = Run {
        monitor,
        id,
        attempts: Vec::new(),
        unhealthy_at: None,
    };
    run.monitor.trigger(at(1), id);
    run.fail_until(2 * INTERVAL);
    assert_eq!(run.unhealthy_at, Some(INTERVAL + 1));
}

#[test]
fn a_restart_is_not_requested_again_after_the_prober_was_restarted() {
    let mut config = every_10_s(ProbeKind::Liveness);
    config.on_unhealthy = OnUnhealthy::Restart;
    let requests = |run: &mut Run| {
        let events = crate::actions(&mut run.monitor);
        let restart = health_core::check::Event::RestartRequested;
        events.into_iter().filter(|it| *it == restart).count()
    };
    let mut run = Run::new(plain(), single("t", config.clone()));
    run.fail_until(60_000);
    assert_eq!(requests(&mut run), 1);
    let saved = nth(&run.monitor, run.id, 0).saved(moment(60_000));
    assert!(saved.restart_requested);

    let mut monitor = running(plain());
    let spec = TargetSpec::new(name("t"));
    let spec = spec.restored_check(name("check"), Arc::new(config), saved);
    let id = monitor.add_at(moment(90_000), spec).expect("new");
    let (attempts, unhealthy_at) = (Vec::new(), None);
    let mut run = Run {
        monitor,
        id,
        attempts,
        unhealthy_at,
    };
    run.fail_until(150_000);
    assert_eq!(requests(&mut run), 0);
    // It is kept for the next prober, too.
    assert!(
        nth(&run.monitor, id, 0)
            .saved(moment(200_000))
            .restart_requested
    );
    // A new instance, and one that has recovered, is restarted again.
    run.monitor.instance_changed(at(160_000), id);
    run.fail_until(300_000);
    assert_eq!(requests(&mut run), 1);
}
