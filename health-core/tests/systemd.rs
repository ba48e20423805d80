//! What a service manager is told, second by second: in virtual time.

use std::time::Duration;

use health_core::health::{ComponentId, GateId, HeartbeatId};
use health_core::systemd::{Notifications, NotifyConfig, status_text};
use health_core::{ComponentConfig, Instant, Outcome, Registry};

const START: Instant = Instant::from_micros(0);
const EXTENSION: &str = "EXTEND_TIMEOUT_USEC=15000000";

/// A daemon, its service manager, and a clock.
struct World {
    registry: Registry,
    notifications: Notifications,
    now: Instant,
    /// Whether what is sent arrives.
    is_heard: bool,
}

impl World {
    fn new(change: impl FnOnce(&mut NotifyConfig)) -> Self {
        let mut config = NotifyConfig::default();
        config.watchdog = Some(Duration::from_secs(10));
        change(&mut config);
        Self {
            registry: Registry::new("svc", "1", START),
            notifications: Notifications::new(START, config),
            now: START,
            is_heard: true,
        }
    }

    /// One that is ready, and has said so.
    fn ready(change: impl FnOnce(&mut NotifyConfig)) -> Self {
        let mut world = Self::new(change);
        world.registry.set_running(START);
        assert_eq!(world.poll(), ["READY=1", "STATUS=running, healthy"]);
        world
    }

    fn component(&mut self, name: &str) -> ComponentId {
        let config = ComponentConfig::new().retries(1);
        let id = self.registry.component(self.now, name, config);
        id.expect("a name")
    }

    fn heartbeat(&mut self, seconds: u64) -> HeartbeatId {
        let deadline = Duration::from_secs(seconds);
        let id = self.registry.heartbeat(self.now, "control", deadline);
        id.expect("a name")
    }

    fn gate(&mut self) -> GateId {
        self.registry.gate("cache").expect("a name")
    }

    /// What is sent now.
    fn poll(&mut self) -> Vec<String> {
        let snapshot = self.registry.snapshot(self.now);
        let text = status_text(&snapshot);
        let message = self.notifications.poll(self.now, &snapshot, &text);
        if self.is_heard {
            self.notifications.handle_sent(self.now);
        } else {
            self.notifications.handle_unsent(self.now);
        }
        let lines = message.iter().flat_map(|message| message.lines());
        lines.map(str::to_owned).collect()
    }

    /// What is sent until so many seconds from the start, each with its second.
    fn until(&mut self, seconds: u64) -> Vec<(u64, String)> {
        let end = START + Duration::from_secs(seconds);
        let mut sent = Vec::new();
        while let Some(next) = self.notifications.poll_timeout().filter(|at| *at <= end) {
            assert!(next >= self.now, "{next:?} is past");
            self.now = next;
            let second = next.as_micros() / 1_000_000;
            sent.extend(self.poll().into_iter().map(|line| (second, line)));
        }
        self.now = end;
        sent
    }
}

/// The lines that begin in this way, by their seconds.
fn seconds(sent: &[(u64, String)], beginning: &str) -> Vec<u64> {
    let found = sent.iter().filter(|(_, line)| line.starts_with(beginning));
    found.map(|(second, _)| *second).collect()
}

#[test]
fn a_life_from_start_to_end() {
    let mut world = World::new(|_| {});
    let gate = world.gate();
    let starting = "STATUS=starting; cache: waited for";
    assert_eq!(world.poll(), [starting, EXTENSION]);
    assert_eq!(world.until(7), [(5, EXTENSION.to_owned())]);
    // Running is not ready.
    world.registry.set_running(world.now);
    let waiting = "STATUS=running, healthy; cache: waited for";
    assert_eq!(world.poll(), [waiting]);
    world.now = world.now + Duration::from_secs(1);
    world.registry.release(world.now, gate);
    assert_eq!(world.poll(), ["READY=1", "STATUS=running, healthy"]);
    let watchdog = [13, 18, 23].map(|second| (second, "WATCHDOG=1".to_owned()));
    assert_eq!(world.until(25), watchdog);
    world.registry.begin_drain(world.now);
    assert_eq!(world.poll(), ["STOPPING=1", "STATUS=draining"]);
    assert_eq!(world.until(29), [(28, "WATCHDOG=1".to_owned())]);
    world.registry.stop(world.now);
    assert_eq!(world.poll(), ["STATUS=stopped"]);
    assert!(world.notifications.is_over());
    assert_eq!(world.until(1_000), []);
}

#[test]
fn the_watchdog_stops_with_the_heartbeat_and_comes_back_with_it() {
    let mut world = World::new(|_| {});
    let beat = world.heartbeat(7);
    world.registry.set_running(START);
    assert_eq!(world.poll()[0], "READY=1");
    let sent = world.until(60);
    assert_eq!(seconds(&sent, "WATCHDOG=1"), [5]);
    world.registry.beat(world.now, beat);
    let sent = world.until(62);
    // At the next look, not half of its time later: the service manager's patience is nearly over.
    assert_eq!(seconds(&sent, "WATCHDOG=1"), [61]);
}

/// What depends on others must not restart this one.
#[test]
fn the_watchdog_goes_on_while_the_daemon_is_unhealthy() {
    let mut world = World::new(|_| {});
    let db = world.component("db");
    world.registry.record(START, db, Outcome::success());
    world.registry.set_running(START);
    assert_eq!(world.poll()[0], "READY=1");
    world.now = START + Duration::from_secs(2);
    let refused = Outcome::failure_with_message("refused");
    world.registry.record(world.now, db, refused);
    assert_eq!(world.poll(), ["STATUS=running, unhealthy; db: refused"]);
    let sent = world.until(20);
    assert_eq!(seconds(&sent, "WATCHDOG=1"), [5, 10, 15, 20]);
}

#[test]
fn ready_is_said_once_and_never_of_a_daemon_that_drains_first() {
    let mut world = World::ready(|_| {});
    let db = world.component("db");
    for class in [false, true, false, true] {
        world.now = world.now + Duration::from_secs(1);
        let outcome = if class {
            Outcome::success()
        } else {
            Outcome::failure_with_message("refused")
        };
        world.registry.record(world.now, db, outcome);
        let lines = world.poll();
        assert!(!lines.contains(&"READY=1".to_owned()), "{lines:?}");
    }
    let mut world = World::new(|_| {});
    world.registry.begin_drain(START);
    assert_eq!(world.poll(), ["STOPPING=1", "STATUS=draining"]);
    assert_eq!(world.until(100), []);
}

#[test]
fn a_monitor_is_ready_when_it_runs_however_others_are() {
    let mut world = World::new(|config| config.ready_when_running = true);
    let web = world.component("web");
    let refused = Outcome::failure_with_message("refused");
    world.registry.record(START, web, refused);
    world.registry.set_running(START);
    assert_eq!(world.poll()[0], "READY=1");
}

/// Two that are never up at the same moment; the second time it is live again only later.
#[test]
fn a_supervisor_is_ready_when_each_part_was_ready_once() {
    for (is_by_part, hangs) in [(true, false), (true, true), (false, false)] {
        let mut world = World::new(|config| config.ready_part_by_part = is_by_part);
        let (a, b, gate) = (world.component("a"), world.component("b"), world.gate());
        let beat = world.heartbeat(7);
        world.registry.set_running(START);
        let refused = || Outcome::failure_with_message("refused");
        for (up, down) in [(a, b), (b, a)] {
            world.now = world.now + Duration::from_secs(1);
            world.registry.record(world.now, up, Outcome::success());
            world.registry.record(world.now, down, refused());
            let lines = world.poll();
            assert!(!lines.contains(&"READY=1".to_owned()), "{lines:?}");
        }
        if hangs {
            assert!(seconds(&world.until(20), "READY=1").is_empty());
        }
        world.registry.release(world.now, gate);
        let said = world.poll().contains(&"READY=1".to_owned());
        assert_eq!(said, is_by_part && !hangs);
        world.now = world.now + Duration::from_secs(1);
        world.registry.beat(world.now, beat);
        let later = world.poll().contains(&"READY=1".to_owned());
        assert_eq!(later, is_by_part && hangs);
    }
}

/// One that was up while it started, and is down when it runs, was up.
#[test]
fn a_part_that_was_never_up_is_waited_for() {
    let mut world = World::new(|config| config.ready_part_by_part = true);
    let a = world.component("a");
    world.registry.record(START, a, Outcome::success());
    let _ = world.component("b");
    assert!(!world.poll().contains(&"READY=1".to_owned()));
    world.registry.set_running(START);
    assert!(!world.poll().contains(&"READY=1".to_owned()));
    assert!(seconds(&world.until(100), "READY=1").is_empty());
    world.registry.begin_drain(world.now);
    assert_eq!(world.poll(), ["STOPPING=1", "STATUS=draining"]);
}

#[test]
fn the_start_is_extended_only_so_long_and_only_while_it_is_live() {
    let mut world = World::new(|config| config.start_limit = Duration::from_secs(12));
    assert!(world.poll().contains(&EXTENSION.to_owned()));
    let sent = world.until(60);
    assert_eq!(seconds(&sent, EXTENSION), [5, 10]);

    let mut world = World::new(|config| config.start_limit = Duration::ZERO);
    assert_eq!(world.poll(), ["STATUS=starting"]);

    let mut world = World::new(|_| {});
    world.heartbeat(7);
    assert!(world.poll().contains(&EXTENSION.to_owned()));
    let sent = world.until(30);
    assert_eq!(seconds(&sent, EXTENSION), [5]);
}

#[test]
fn a_text_is_sent_at_most_once_a_second_and_only_when_it_differs() {
    let mut world = World::ready(|config| config.watchdog = None);
    let db = world.component("db");
    for millis in (0..3_000).step_by(100) {
        world.now = START + Duration::from_millis(millis);
        let outcome = Outcome::failure_with_message(format!("after {millis} ms"));
        world.registry.record(world.now, db, outcome);
        let lines = world.poll();
        assert_eq!(lines.len(), usize::from(matches!(millis, 1_000 | 2_000)));
    }
    let sent = world.until(60);
    let last = "STATUS=running, unhealthy; db: after 2900 ms".to_owned();
    assert_eq!(sent, [(3, last)]);
}

#[test]
fn without_a_watchdog_nothing_wakes_a_daemon_that_is_ready() {
    let world = World::ready(|config| config.watchdog = None);
    assert_eq!(world.notifications.poll_timeout(), None);
}

#[test]
fn what_could_not_be_sent_is_tried_again_less_and_less_often() {
    let mut world = World::new(|_| {});
    world.is_heard = false;
    world.registry.set_running(START);
    assert_eq!(world.poll()[0], "READY=1");
    // A change does not bring it forward.
    assert_eq!(world.poll(), [""; 0]);
    let sent = world.until(200);
    assert_eq!(seconds(&sent, "READY=1"), [1, 3, 7, 15, 31, 63, 123, 183]);
    world.is_heard = true;
    let sent = world.until(260);
    assert_eq!(seconds(&sent, "READY=1"), [243]);
    assert_eq!(seconds(&sent, "WATCHDOG=1"), [248, 253, 258]);
    // The end is not put off.
    world.is_heard = false;
    world.registry.begin_drain(world.now);
    assert_eq!(world.poll()[0], "STOPPING=1");
    world.registry.stop(world.now);
    assert_eq!(world.poll()[0], "STOPPING=1");
    assert!(world.notifications.is_over());
}

#[test]
fn a_text_of_the_daemons_own_cannot_add_a_message() {
    let mut world = World::new(|_| {});
    let snapshot = world.registry.snapshot(START);
    let text = "1/2 healthy\nREADY=1";
    let message = world.notifications.poll(START, &snapshot, text);
    let expected = format!("STATUS=1/2 healthy READY=1\n{EXTENSION}");
    assert_eq!(message, Some(expected));
}
