//! A group whose checks probe servers of the test and whose processes are scripted.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;
use std::time::{Duration, Instant as StdInstant};

use health_core::check::probe::Exit;
use health_core::check::{CheckConfig, Signal};
use health_core::supervise::{EndReason, GroupConfig, GroupEvent, InstanceId, SpawnFailure};
use health_core::{Instant, ProbeKind};
use health_driver::monitor::ManualClock;
use health_driver::supervise::{Host, ProcessReport, Program};

use crate::clock::idle;
use crate::driver::group::{Group, Running};
use crate::peer;

pub(crate) const LIMIT: Duration = Duration::from_secs(20);

pub(crate) fn config(replicas: u16) -> GroupConfig {
    let mut config = GroupConfig::default();
    config.replicas = replicas;
    config
}

/// Every 3 s; the first failure is a verdict.
pub(crate) fn check(kind: ProbeKind) -> CheckConfig {
    let mut check = CheckConfig::default();
    check.kind = kind;
    check.interval = Duration::from_secs(3);
    check.timeout = Duration::from_secs(2);
    check.retries = 1;
    check
}

pub(crate) struct World {
    pub(crate) clock: ManualClock,
    pub(crate) host: Fake,
    pub(crate) apps: Vec<App>,
    pub(crate) group: Running,
}

impl World {
    pub(crate) fn new(replicas: u16, kind: ProbeKind, change: impl FnOnce(&mut Group)) -> Self {
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
    pub(crate) fn exit(&self, replica: u16, number: u64, exit: Exit) {
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

    pub(crate) fn ignore_term(&self) {
        self.0.lock().expect("nobody panics").ignore_term = true;
    }

    pub(crate) fn exit(&self, instance: InstanceId, exit: Exit) {
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
