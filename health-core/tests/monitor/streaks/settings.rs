//! Settings that are replaced while a check is running.

use super::*;

/// Each setting of a check, and of its target, that is not the address.
#[test]
fn settings_that_change_again_and_again_make_nothing_fail_faster() {
    type Change = fn(&mut CheckConfig, u64);
    let changes: [(&str, Change); 9] = [
        ("nothing", |_, _| {}),
        ("timeout", |it, n| {
            it.timeout = Duration::from_millis(900 + n % 100);
        }),
        ("history", |it, n| it.history = 3 + (n % 2) as u8),
        ("indeterminate_limit", |it, n| {
            it.indeterminate_limit = 5 + n as u32;
        }),
        ("start_period", |it, n| {
            it.start_period = Duration::from_millis(n % 2);
        }),
        ("unhealthy_interval", |it, n| {
            it.unhealthy_interval = Some(Duration::from_secs(20 + n));
        }),
        ("lag_tolerance", |it, n| {
            it.lag_tolerance = Some(Duration::from_secs(n));
        }),
        ("kind", |it, n| {
            it.kind = [ProbeKind::Readiness, ProbeKind::Health][n as usize % 2];
        }),
        ("interval", |it, n| {
            it.interval = Duration::from_millis(10_000 + n % 2);
        }),
    ];
    for (what, change) in changes {
        let mut run = Run::new(plain(), single("t", three_failures()));
        let mut n = 0;
        let mut slots = 0;
        while run.unhealthy_at.is_none() {
            run.fail_until(n * 100);
            let mut config = three_failures();
            change(&mut config, n);
            let mut spec = single("t", config);
            if n % 2 == 0 {
                spec = spec.group(name("web"));
            }
            n += 1;
            assert!(n < 400, "{what}: {:?}", run.attempts);
            let id = run
                .monitor
                .replace(at(n * 100 - 50), spec)
                .expect("replaced");
            assert_eq!(id, run.id, "{what}");
            slots = run.attempts.len();
        }
        let counted = run.counted();
        assert_eq!(counted.len(), 3, "{what}");
        assert!(
            counted[2] - counted[0] >= 2 * INTERVAL,
            "{what}: {counted:?}"
        );
        // A slot may come a moment before an interval that has just become longer.
        let slack = if what == "interval" { INTERVAL } else { 0 };
        assert!(
            counted[2] <= 2 * INTERVAL + slack + 300,
            "{what}: {counted:?}"
        );
        assert!(slots <= 4, "{what}: none but in its slot");
    }
}

#[test]
fn what_runs_when_settings_change_is_made_again_in_the_same_slot() {
    let mut run = Run::new(plain(), single("t", three_failures()));
    run.fail_until(0);
    let first = run.monitor.poll(at(INTERVAL)).expect("a slot");
    let id = run
        .monitor
        .replace(at(INTERVAL + 500), single("t", three_failures()));
    assert_eq!(id, Ok(run.id));
    let Command::Start { attempt, .. } = first else {
        panic!("{first:?}");
    };
    let cancelled = run.monitor.poll(at(INTERVAL + 500)).expect("cancelled");
    assert!(matches!(cancelled, Command::Cancel { attempt: it, .. } if it == attempt));
    run.fail_until(2 * INTERVAL);
    assert_eq!(run.counted(), [0, INTERVAL + 500, 2 * INTERVAL]);
}

/// What was known of the target stays, and what is new begins.
#[test]
fn checks_that_stay_go_on_beside_others_that_come_and_go() {
    let both = || single("t", three_failures()).check(name("old"), Arc::new(three_failures()));
    let mut run = Run::new(plain(), both());
    run.fail_until(INTERVAL);
    let history = nth(&run.monitor, run.id, 0).history().len();
    let spec = TargetSpec::new(name("t"))
        .check(name("new"), Arc::new(every_10_s(ProbeKind::Health)))
        .check(name("check"), Arc::new(three_failures()));
    run.id = run
        .monitor
        .replace(at(INTERVAL + 5_000), spec)
        .expect("replaced");
    assert_eq!(run.monitor.targets(None).count(), 1);
    let check = |run: &Run, index| {
        let check = nth(&run.monitor, run.id, index);
        (check.streak().failures(), check.next_due(), check.mode())
    };
    assert_eq!(check(&run, 0), (0, Some(at(INTERVAL + 5_000)), Mode::Idle));
    assert_eq!(check(&run, 1), (2, Some(at(2 * INTERVAL)), Mode::Idle));
    assert_eq!(nth(&run.monitor, run.id, 1).history().len(), history);
    run.fail_until(2 * INTERVAL);
    assert_eq!(check(&run, 1).2, Mode::Inactive);
}

/// It stays off the list, and a shorter interval does not wait for the rest of a longer one.
#[test]
fn what_rests_rests_on_and_a_shorter_interval_begins_soon() {
    let mut run = Run::new(plain(), single("t", three_failures()));
    run.fail_until(2 * INTERVAL);
    let _ = run
        .monitor
        .replace(at(25_000), single("t", every_10_s(ProbeKind::Health)));
    assert_eq!(nth(&run.monitor, run.id, 0).mode(), Mode::Inactive);
    assert_eq!(run.monitor.poll_timeout(), None);

    let mut hourly = three_failures();
    hourly.interval = Duration::from_secs(3_600);
    let mut run = Run::new(plain(), single("t", hourly));
    run.fail_until(0);
    run.monitor
        .replace(at(1_000), single("t", three_failures()))
        .expect("replaced");
    run.fail_until(60_000);
    assert_eq!(run.counted(), [0, 11_000, 21_000]);
}

#[test]
fn a_target_that_is_not_there_is_registered() {
    let mut monitor = running(plain());
    let id = monitor
        .replace(at(0), single("t", three_failures()))
        .expect("new");
    assert_eq!(monitor.find("t"), Some(id));
    let mut wrong = three_failures();
    wrong.retries = 0;
    assert!(monitor.replace(at(1), single("t", wrong)).is_err());
    assert_eq!(nth(&monitor, id, 0).config().retries, 3);
}
