//! Checks and processes of one group together: the checks probe a real server, the processes are
//! scripted, and the clock stands still unless it is moved.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;
use std::time::{Duration, Instant as StdInstant};

use health_core::check::probe::Exit;
use health_core::check::{CheckConfig, Mode, Signal};
use health_core::supervise::{
    EndReason, GroupConfig, GroupEvent, InstanceId, ReplicaState, RestartCause, SpawnFailure,
};
use health_core::{Instant, ProbeKind, Status};
use health_driver::Health;
use health_driver::monitor::ManualClock;
use health_driver::supervise::{Host, ProcessReport, Program};

use crate::clock::idle;
use crate::driver::group::{Group, Running};
use crate::peer;

const LIMIT: Duration = Duration::from_secs(20);

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

/// The message and the status of the group's component.
fn component(health: &Health) -> (String, Status) {
    let snapshot = health.snapshot();
    let mut components = snapshot.components().iter();
    let component = components.find(|it| it.name().as_str() == "web");
    let component = component.expect("declared");
    (component.message().as_str().to_owned(), component.status())
}

pub(crate) fn check(kind: ProbeKind) -> CheckConfig {
    let mut check = CheckConfig::default();
    check.kind = kind;
    check.interval = Duration::from_secs(3);
    check.timeout = Duration::from_secs(2);
    check.retries = 1;
    check
}

fn config(replicas: u16) -> GroupConfig {
    let mut config = GroupConfig::default();
    config.replicas = replicas;
    config
}

fn take(group: &mut Group) -> Group {
    let program = Program::new(["true"]).expect("a program");
    std::mem::replace(group, Group::new("none", program).expect("a name"))
}

pub(crate) struct World {
    clock: ManualClock,
    pub(crate) host: Fake,
    pub(crate) apps: Vec<App>,
    pub(crate) group: Running,
}

impl World {
    fn new(replicas: u16, kind: ProbeKind, change: impl FnOnce(&mut Group)) -> Self {
        Self::with_check(replicas, check(kind), change)
    }

    pub(crate) fn with_check(
        replicas: u16,
        check: CheckConfig,
        change: impl FnOnce(&mut Group),
    ) -> Self {
        let (clock, host) = (ManualClock::new(), Fake::default());
        let apps: Vec<App> = (0..replicas).map(|_| App::start()).collect();
        let addresses: Vec<SocketAddr> = apps.iter().map(|app| app.address).collect();
        let program = Program::new(["true"]).expect("a program");
        let group = Group::new("web", program).expect("a name");
        let group = group.check("health", check, move |replica| {
            let address = addresses[usize::from(replica.index())];
            Ok(format!("http://{address}/").parse()?)
        });
        let group = group.expect("a name").config(config(replicas));
        let mut group = group.clock(&clock).host(host.clone());
        change(&mut group);
        let group = Running::run(group, |_| ());
        Self {
            clock,
            host,
            apps,
            group,
        }
    }

    /// Lets the time pass until then, with everything that happens in it.
    pub(crate) fn run_until(&self, seconds: f64) {
        let until = Instant::default() + Duration::from_secs_f64(seconds);
        loop {
            let next = self.rest().filter(|next| *next <= until);
            self.clock.advance_to(next.unwrap_or(until));
            if next.is_none() {
                self.rest();
                return;
            }
        }
    }

    /// Waits until every attempt that was begun is over and the group has nothing to do, and says when
    /// it has.
    fn rest(&self) -> Option<Instant> {
        let limit = StdInstant::now() + LIMIT;
        loop {
            idle(&self.clock);
            if self.group.monitor().status().in_flight == 0 {
                // An answer may have come since.
                return idle(&self.clock);
            }
            assert!(StdInstant::now() < limit, "an attempt has no end");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// The instance ends by itself.
    fn exit(&self, replica: u16, number: u64, exit: Exit) {
        self.host.exit(InstanceId { replica, number }, exit);
        // The clock has the group look.
        self.clock.advance_to(self.clock.now());
        self.rest();
    }

    pub(crate) fn attempts(&self, replica: usize) -> u64 {
        let target = self.group.monitor().target(&format!("web-{replica}"));
        target.expect("its target").checks[0].attempts
    }

    pub(crate) fn events(&self) -> Vec<GroupEvent> {
        let next = || match self.group.poll_event(Waker::noop()) {
            Poll::Ready(event) => event,
            Poll::Pending => None,
        };
        std::iter::from_fn(next).collect()
    }

    pub(crate) fn end(self) {
        self.group.force();
        self.rest();
        assert!(self.group.stop(LIMIT));
    }
}

/// A server that answers 200 or 503.
pub(crate) struct App {
    address: SocketAddr,
    is_well: Arc<AtomicBool>,
}

impl App {
    fn start() -> Self {
        let is_well = Arc::new(AtomicBool::new(true));
        let answers_well = Arc::clone(&is_well);
        let address = peer::server(move |mut stream| {
            let status = match answers_well.load(Ordering::SeqCst) {
                true => "200 OK",
                false => "503 Service Unavailable",
            };
            let answer =
                format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        });
        Self { address, is_well }
    }

    pub(crate) fn set_well(&self, is_well: bool) {
        self.is_well.store(is_well, Ordering::SeqCst);
    }
}

/// Processes that end when they are asked to, and write down what was done to them.
#[derive(Clone, Default)]
pub(crate) struct Fake(Arc<Mutex<Processes>>);

#[derive(Default)]
struct Processes {
    deeds: Vec<String>,
    reports: VecDeque<ProcessReport>,
    ignore_term: bool,
}

impl Fake {
    pub(crate) fn deeds(&self) -> Vec<String> {
        self.0.lock().expect("nobody panics").deeds.clone()
    }

    fn ignore_term(&self) {
        self.0.lock().expect("nobody panics").ignore_term = true;
    }

    fn exit(&self, instance: InstanceId, exit: Exit) {
        let mut processes = self.0.lock().expect("nobody panics");
        processes.report_exit(instance, exit);
    }
}

impl Processes {
    fn note(&mut self, deed: &str, instance: InstanceId) {
        let InstanceId { replica, number } = instance;
        self.deeds.push(format!("{deed} {replica}.{number}"));
    }

    fn report_exit(&mut self, instance: InstanceId, exit: Exit) {
        self.reports.push_back(ProcessReport::Exit {
            instance,
            exit,
            is_rest_left: false,
        });
    }
}

impl Host for Fake {
    fn start(&mut self, instance: InstanceId) -> Result<(), SpawnFailure> {
        self.0
            .lock()
            .expect("nobody panics")
            .note("start", instance);
        Ok(())
    }

    fn signal(&mut self, instance: InstanceId, signal: Signal) {
        let mut processes = self.0.lock().expect("nobody panics");
        processes.note(&format!("{signal:?}"), instance);
        match signal {
            Signal::Terminate if processes.ignore_term => {}
            Signal::Terminate => processes.report_exit(instance, Exit::Signal(15)),
            Signal::Kill => processes.report_exit(instance, Exit::Signal(9)),
        }
    }

    fn restart(&mut self, instance: InstanceId, reason: EndReason, streak: u32) {
        let mut processes = self.0.lock().expect("nobody panics");
        processes.note(
            &format!("restart for {} {streak}", reason.as_str()),
            instance,
        );
    }

    fn poll_report(&mut self, _: &Waker) -> Option<ProcessReport> {
        self.0.lock().expect("nobody panics").reports.pop_front()
    }
}
