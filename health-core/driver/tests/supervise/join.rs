//! Checks and processes of one group together: the checks probe a real server, the processes are
//! scripted, and the clock stands still unless it is moved.

pub(crate) mod world;

use std::time::Duration;

use health_core::check::probe::Exit;
use health_core::check::{CheckStatus, Mode};
use health_core::supervise::{EndReason, GroupEvent, ReplicaState, RestartCause};
use health_core::{Instant, ProbeKind, Status};
use health_driver::Health;
use health_driver::supervise::Program;

use crate::driver::group::Group;
use world::{LIMIT, World, config};

#[test]
fn a_verdict_restarts() {
    let world = World::new(1, ProbeKind::Health, |_| ());
    world.apps[0].set_well(false);
    world.run_until(0.9);
    assert_eq!(world.attempts(0), 0, "not before it counts as up");
    assert_eq!(world.group.views()[0].state, ReplicaState::Starting);
    world.run_until(1.5);
    let view = &world.group.views()[0];
    assert_eq!((view.instance, view.restarts), (2, 1));
    let end = view.last_end().expect("the first instance");
    assert_eq!((end.instance, end.reason), (1, EndReason::Liveness));
    assert_eq!(end.exit, Some(Exit::Signal(15)));
    assert_eq!(end.uptime, Duration::from_secs(1));
    assert_eq!(
        world.host.deeds(),
        ["start 0.1", "Terminate 0.1", "start 0.2"]
    );
    let is_planned = |event: &GroupEvent| {
        matches!(
            event,
            GroupEvent::Planned {
                cause: RestartCause::Liveness,
                streak: 1,
                ..
            }
        )
    };
    assert!(world.events().iter().any(is_planned));
    world.apps[0].set_well(true);
    world.run_until(30.0);
    assert_eq!(world.group.summary().to_string(), "1/1 healthy");
    world.end();
}

#[test]
fn what_failed_is_kept_with_the_instance_that_ended() {
    let world = World::new(1, ProbeKind::Liveness, |_| ());
    world.apps[0].set_well(false);
    world.run_until(1.5);
    world.apps[0].set_well(true);
    // The second instance is well, and exits by itself.
    world.run_until(4.0);
    world.exit(0, 2, Exit::Code(3));
    world.run_until(20.0);
    let view = &world.group.views()[0];
    assert!(view.failing.is_empty());
    let [first, second] = &view.ended[..] else {
        panic!("{:?}", view.ended);
    };
    assert_eq!(first.reason, EndReason::Liveness);
    let [failed] = &first.failed[..] else {
        panic!("{first:?}");
    };
    assert_eq!(failed.name.as_str(), "health");
    assert_eq!(failed.kind, ProbeKind::Liveness);
    assert_eq!(
        (failed.status, failed.failures),
        (CheckStatus::Unhealthy, 1)
    );
    assert!(failed.last.message().starts_with("HTTP 503 "), "{failed:?}");
    let at = Instant::default() + Duration::from_secs(1);
    assert_eq!(failed.last.begin(), at);
    assert!(second.failed.is_empty(), "{second:?}");
    world.end();
}

#[test]
fn what_failed_before_an_exit_is_kept_as_well() {
    let world = World::new(1, ProbeKind::Readiness, |_| ());
    world.run_until(2.0);
    world.apps[0].set_well(false);
    world.run_until(7.0);
    let failing = &world.group.views()[0].failing;
    assert_eq!(failing.len(), 1);
    assert_eq!(failing[0].failures, 2, "at 4 s and 7 s");
    world.exit(0, 1, Exit::Code(3));
    let view = &world.group.views()[0];
    let end = view.last_end().expect("the first instance");
    assert_eq!((end.reason, end.failed.len()), (EndReason::Exit, 1));
    assert_eq!(end.failed[0].kind, ProbeKind::Readiness);
    assert_eq!(end.failed[0].failures, 2);
    assert!(view.failing.is_empty(), "the second has not been checked");
    world.end();
}

#[test]
fn each_instance_is_checked_afresh() {
    let world = World::new(1, ProbeKind::Health, |_| ());
    world.run_until(7.0);
    assert_eq!(world.attempts(0), 3, "at 1 s, 4 s and 7 s");
    world.exit(0, 1, Exit::Code(3));
    world.run_until(7.9);
    let target = world.group.monitor().target("web-0").expect("its target");
    let check = &target.checks[0];
    assert_eq!((check.attempts, check.streak.successes()), (3, 0));
    assert_eq!(world.group.views()[0].instance, 2);
    world.run_until(8.0);
    assert_eq!(world.attempts(0), 4, "a second after its begin");
    world.end();
}

#[test]
fn readiness_restarts_nothing() {
    let world = World::new(1, ProbeKind::Readiness, |_| ());
    world.apps[0].set_well(false);
    world.run_until(100.0);
    assert_eq!(
        world.group.summary().to_string(),
        "0/1 healthy, 1/1 starting"
    );
    world.apps[0].set_well(true);
    world.run_until(110.0);
    assert_eq!(world.group.summary().to_string(), "1/1 healthy");
    world.apps[0].set_well(false);
    world.run_until(1_000.0);
    assert_eq!(
        world.group.summary().to_string(),
        "0/1 healthy, 1/1 unready"
    );
    assert_eq!(world.host.deeds(), ["start 0.1"]);
    world.end();
}

#[test]
fn who_recovers_before_the_turn_is_not_restarted() {
    let world = World::new(1, ProbeKind::Liveness, |_| ());
    world.apps[0].set_well(false);
    // The first restart is at once, the second would come 10 s after the verdict at 2 s.
    world.run_until(4.0);
    let view = &world.group.views()[0];
    assert_eq!((view.instance, view.state), (2, ReplicaState::Backoff));
    assert_eq!(view.next_in, Some(Duration::from_secs(8)));
    world.apps[0].set_well(true);
    world.run_until(100.0);
    let view = &world.group.views()[0];
    assert_eq!((view.instance, view.state), (2, ReplicaState::Ready));
    let is_dropped = |event: &GroupEvent| matches!(event, GroupEvent::Dropped { replica: 0, .. });
    assert!(world.events().iter().any(is_dropped));
    world.end();
}

#[test]
fn what_is_being_stopped_is_not_probed() {
    let world = World::new(2, ProbeKind::Health, |_| ());
    world.host.ignore_term();
    world.run_until(5.0);
    let before = [world.attempts(0), world.attempts(1)];
    world.apps[1].set_well(false);
    world.group.begin_stop();
    world.run_until(14.0);
    assert_eq!([world.attempts(0), world.attempts(1)], before);
    for name in ["web-0", "web-1"] {
        let target = world.group.monitor().target(name).expect("its target");
        assert_eq!(target.checks[0].mode, Mode::OnHold);
    }
    assert_eq!(
        world.group.summary().to_string(),
        "0/2 healthy, 2/2 stopping"
    );
    world.run_until(15.0);
    let deeds = world.host.deeds();
    assert_eq!(deeds[2..4], ["Terminate 0.1", "Terminate 1.1"]);
    assert_eq!(deeds[4..], ["Kill 0.1", "Kill 1.1"]);
    assert!(world.group.stop(LIMIT));
    assert_eq!(
        world.group.ended().map(|end| (end.code, end.left)),
        Some((0, 0))
    );
    assert!(!world.group.monitor().is_running());
    let reasons: Vec<_> = world
        .group
        .views()
        .iter()
        .map(|it| it.last_end().map(|it| it.reason))
        .collect();
    assert_eq!(reasons, [Some(EndReason::Stop); 2]);
}

#[test]
fn a_stop_of_the_monitor_stops_the_group() {
    let world = World::new(1, ProbeKind::Health, |_| ());
    world.run_until(5.0);
    world.group.monitor().begin_stop();
    world.run_until(5.0);
    assert!(world.group.stop(LIMIT));
    assert_eq!(world.host.deeds(), ["start 0.1", "Terminate 0.1"]);
}

#[test]
fn the_component_says_the_words() {
    let health = Health::new("web", "1");
    let world = World::new(2, ProbeKind::Health, |group| {
        *group = take(group).component(&health).expect("a free name");
    });
    for app in &world.apps {
        app.set_well(false);
    }
    world.run_until(1.5);
    assert_eq!(
        component(&health),
        ("0/2 healthy, 2/2 restarting".to_owned(), Status::Unhealthy)
    );
    for app in &world.apps {
        app.set_well(true);
    }
    world.run_until(60.0);
    assert_eq!(
        component(&health),
        ("2/2 healthy".to_owned(), Status::Healthy)
    );
    world.end();
    assert_eq!(component(&health).0, "0/2 healthy, 2/2 stopped");
}

#[test]
fn the_daemon_is_ready_while_enough_replicas_are() {
    for (min_ready, is_ready_with_one) in [(1, true), (2, false)] {
        let health = Health::new("web", "1");
        health.set_running();
        let is_ready = || health.snapshot().status(ProbeKind::Readiness) != Status::Unhealthy;
        let world = World::new(2, ProbeKind::Readiness, |group| {
            let mut config = config(2);
            config.min_ready = min_ready;
            let with = take(group).config(config);
            *group = with.component(&health).expect("a free name");
        });
        world.run_until(0.5);
        assert!(!is_ready(), "nobody is up");
        world.run_until(1.5);
        assert!(is_ready());
        world.apps[0].set_well(false);
        world.run_until(5.0);
        assert_eq!(is_ready(), is_ready_with_one, "{min_ready}");
        world.apps[0].set_well(true);
        world.run_until(10.0);
        assert!(is_ready());
        world.host.ignore_term();
        world.group.begin_stop();
        world.run_until(10.0);
        assert!(!is_ready(), "from the begin of the stop on");
        world.end();
    }
}

#[test]
fn what_happens_to_replicas_stands_in_the_history() {
    let health = Health::new("web", "1");
    let world = World::new(1, ProbeKind::Health, |group| {
        *group = take(group).component(&health).expect("a free name");
    });
    world.run_until(0.5);
    world.exit(0, 1, Exit::Code(3));
    world.run_until(5.0);
    world.exit(0, 2, Exit::Code(4));
    world.run_until(16.0);
    world.apps[0].set_well(false);
    world.run_until(19.0);
    world.apps[0].set_well(true);
    world.run_until(60.0);
    world.group.restart(None);
    world.run_until(70.0);
    world.group.begin_stop();
    world.run_until(70.0);
    assert!(world.group.stop(LIMIT));
    let snapshot = health.snapshot();
    let told = snapshot.history().iter().filter_map(|(_, it)| {
        let (change, name) = (it.change(), it.name()?.as_str());
        let is_it = change.what() == "replica" && name == "web-0" && !it.message().is_empty();
        is_it.then(|| format!("{} → {}: {}", change.from(), change.to(), it.message()))
    });
    let told: Vec<_> = told.collect();
    let expected = [
        "starting → starting: R9: exit, code 3; restart 1 in a row at once",
        "ready → backoff: R9: exit, code 4; restart 2 in a row in 10s",
        "backoff → starting: R9: begun again after exit, code 4",
        "ready → backoff: R10: check health: HTTP 503 Service Unavailable (accepted: 200-399); \
         restart 3 in a row in 20s",
        "backoff → ready: R11: healthy again before its turn",
        "ready → stopping: R20: requested",
        "stopping → starting: R20: begun again after requested, signal 15",
        "ready → stopping: R18: stop",
        "stopping → stopped: stop, signal 15",
    ];
    assert_eq!(told, expected, "{told:#?}");
}

/// The message and the status of the group's component.
fn component(health: &Health) -> (String, Status) {
    let snapshot = health.snapshot();
    let mut components = snapshot.components().iter();
    let component = components.find(|it| it.name().as_str() == "web");
    let component = component.expect("declared");
    (component.message().as_str().to_owned(), component.status())
}

fn take(group: &mut Group) -> Group {
    let program = Program::new(["true"]).expect("a program");
    std::mem::replace(group, Group::new("none", program).expect("a name"))
}
