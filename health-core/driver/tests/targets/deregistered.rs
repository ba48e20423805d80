//! Targets that are off the list, as readers see them.

use super::*;

/// A monitor whose targets `down-…` fail, and are deregistered at once, while `is_up` is false.
pub(crate) fn deregistering(
    clock: &ManualClock,
    names: &[&str],
    is_up: &Arc<AtomicBool>,
) -> (MonitorDriver, MonitorControl) {
    let mut config = MonitorConfig::default();
    config.mass_failure = None;
    config.reactivate_command = Some("healthd reactivate");
    let (driver, monitor) = MonitorDriver::new(config, None, clock.into());
    for name in names {
        let mut config = CheckConfig::default();
        config.retries = 1;
        config.on_unhealthy = OnUnhealthy::Deregister;
        config.recheck_interval = Some(Duration::from_secs(300));
        let (is_up, is_down) = (Arc::clone(is_up), name.starts_with("down"));
        let look = move || match is_down && !is_up.load(Ordering::Relaxed) {
            true => Outcome::failure_with_message("HTTP 500"),
            false => Outcome::success(),
        };
        let target = Target::new(name)
            .expect("a name")
            .self_check("look", config, look);
        monitor.add(target.expect("a name")).expect("a free name");
    }
    (driver, monitor)
}

/// Carries out what is due, and what is due a second later: not all begin at once.
pub(crate) fn look(driver: &mut MonitorDriver, clock: &ManualClock) {
    let end = clock.now() + Duration::from_secs(1);
    loop {
        match driver.poll(Waker::noop()) {
            MonitorAction::Start(attempt) => {
                let job = attempt.job();
                let Job::Call(check) = &*job else {
                    panic!("a self-check")
                };
                let outcome = check.call();
                attempt.answer(outcome);
            }
            MonitorAction::Cancel { .. } => {}
            MonitorAction::Wait { .. } if clock.now() < end => clock.advance_to(end),
            MonitorAction::Wait { .. } | MonitorAction::Stopped => return,
        }
    }
}

#[test]
fn one_that_is_deregistered_comes_first_with_reason_and_since() {
    let (clock, is_up) = (ManualClock::new(), Arc::default());
    let (mut driver, monitor) = deregistering(&clock, &["alive", "down-1", "zoo"], &is_up);
    let service = Service::new().targets(&monitor);
    look(&mut driver, &clock);
    let document = list(&service, "");
    assert_eq!(names(&document), ["down-1", "alive", "zoo"]);
    let counts = |document: &Value| {
        [
            "total",
            "healthy",
            "unhealthy",
            "inactive",
            "deregistered",
            "answers_again",
        ]
        .map(|name| document[name].as_u64())
    };
    assert_eq!(counts(&document), [3, 2, 0, 1, 1, 0].map(Some));
    let gone = &document["targets"][0];
    let since = &gone["checks"][0]["deregistered_at"];
    assert!(since.is_string());
    for (name, wanted) in [
        ("status", &json!("deregistered")),
        ("active", &json!(false)),
        ("deregistered_at", since),
        ("reason", &json!("HTTP 500")),
        ("answers_since", &Value::Null),
        ("reactivate", &json!("healthd reactivate down-1")),
    ] {
        assert_eq!(&gone[name], wanted, "{name}");
    }
    for (query, wanted) in [
        ("?status=deregistered", &["down-1"][..]),
        ("?status=inactive", &["down-1"]),
        ("?status=answers-again", &[]),
    ] {
        assert_eq!(names(&list(&service, query)), wanted, "{query}");
    }
    let (_, health) = get(&service, "/health");
    assert_eq!(health["targets"], json!({"total": 3, "healthy": 2}));
    assert_eq!(schema::problems("health", &health), [""; 0]);
    let text = metrics(&service);
    for line in [
        r#"health_target_status{target="down-1",health_target_status="deregistered"} 1"#,
        r#"health_target_status{target="zoo",health_target_status="deregistered"} 0"#,
        r#"health_monitor_targets{status="deregistered"} 1"#,
        r#"health_monitor_targets{status="answers-again"} 0"#,
        r#"health_monitor_targets{status="inactive"} 0"#,
    ] {
        assert!(text.lines().any(|it| it == line), "no {line} in\n{text}");
    }

    // It answers again.
    is_up.store(true, Ordering::Relaxed);
    clock.advance_to(clock.now() + Duration::from_secs(300));
    look(&mut driver, &clock);
    let document = list(&service, "?status=answers-again");
    assert_eq!(counts(&document), [3, 2, 0, 1, 1, 1].map(Some));
    let back = &document["targets"][0];
    assert_eq!(
        (&back["status"], &back["active"]),
        (&json!("answers-again"), &json!(false))
    );
    assert!(
        back["answers_since"].is_string()
            && back["answers_since"].as_str() > back["deregistered_at"].as_str()
    );
    assert_eq!(list(&service, "?status=deregistered")["targets"], json!([]));
    let text = metrics(&service);
    let line = r#"health_target_status{target="down-1",health_target_status="answers-again"} 1"#;
    assert!(text.lines().any(|it| it == line), "no {line} in\n{text}");

    monitor.reactivate("down-1");
    look(&mut driver, &clock);
    let document = list(&service, "");
    assert_eq!(names(&document), ["alive", "down-1", "zoo"]);
    assert_eq!(document.get("deregistered"), None);
}

/// Among the thousand targets with metrics of their own are those that were deregistered.
#[test]
fn one_that_is_deregistered_has_metrics_however_many_there_are() {
    let (clock, is_up) = (ManualClock::new(), Arc::default());
    let mut names: Vec<_> = (0..1_500).map(|it| format!("a-{it:04}")).collect();
    names.push("down-1".to_owned());
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let (mut driver, monitor) = deregistering(&clock, &names, &is_up);
    for _ in 0..5 {
        look(&mut driver, &clock);
    }
    let text = metrics(&Service::new().targets(&monitor));
    let line = r#"health_target_status{target="down-1",health_target_status="deregistered"} 1"#;
    assert!(text.lines().any(|it| it == line), "no {line}");
    assert_eq!(text.matches("health_check_stale{").count(), 1_000);
    assert!(text.contains("health_monitor_targets_omitted 501\n"));
}
