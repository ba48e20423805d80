//! The supervisor's conformance vectors through a driver's group: its loop, its wake-ups, its handle, in
//! virtual time. Processes and checks are those of the core's own replay.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::task::{Poll, Waker};
use std::time::Duration;

use health_core::Instant;
use health_core::check::Signal;
use health_core::supervise::{EndReason, InstanceId, SpawnFailure};
use health_driver::monitor::ManualClock;
use health_driver::supervise::{GroupControl, Host, ProcessReport, Program};
use serde_json::Value;

use crate::clock::idle;
use crate::driver::group::{Group, Running};
use supervised::processes::{Checks, Processes, Report};
use supervised::read::Fields;
use supervised::script::{self, Control, Script};
use supervised::show;
use supervised::vectors::compare;

#[path = "../../../tests/supervised/mod.rs"]
mod supervised;

const LIMIT: Duration = Duration::from_secs(20);
const COMMITTED: &str = include_str!("../../../tests/data/supervise-vectors.json");

#[test]
fn supervise_vectors_through_this_driver() {
    let path = "supervise-vectors.json through this driver";
    supervised::vectors::run(path, &vectors(), replay);
}

/// A replay that never finds a difference would prove nothing.
#[test]
fn a_group_with_another_expectation_fails() {
    for (pointer, value, place) in [
        ("/expect/events/2/to", "started", "event 2"),
        ("/expect/looks/1/health", "1/1 healthy", "look 1"),
        ("/expect/final/replicas/0/state", "started", "final state 0"),
    ] {
        let mut vector = vectors().swap_remove(0);
        *vector.pointer_mut(pointer).expect(pointer) = value.into();
        assert!(replay(&vector).is_err_and(|it| it.contains(place)));
    }
}

fn vectors() -> Vec<Value> {
    let mut file: Value = serde_json::from_str(COMMITTED).expect("JSON");
    serde_json::from_value(file["vectors"].take()).expect("a list of vectors")
}

fn replay(vector: &Value) -> Result<(), String> {
    let mut fields = Fields::of("vector", vector)?;
    for key in ["id", "title", "why"] {
        fields.text(key)?;
    }
    let expect = fields.value("expect")?;
    let mut world = World::new(script::read(fields)?);
    world.run();
    compare("event", &expect["events"], &world.events)?;
    compare("look", &expect["looks"], &world.looks)?;
    compare("final state", &expect["final"], &[world.final_state()])?;
    world.end();
    Ok(())
}

/// What the test sees of a group that plays a script.
struct World {
    script: Script,
    clock: ManualClock,
    stage: Stage,
    group: Running,
    events: Vec<Value>,
    looks: Vec<Value>,
    /// When the group has something to do by itself.
    next: Option<Instant>,
}

impl World {
    fn new(mut script: Script) -> Self {
        let clock = ManualClock::new();
        let stage = Stage::new(&mut script, &clock);
        let program = if script.config.is_external {
            Program::external("true")
        } else {
            Program::new(["true"])
        };
        let group = Group::new("group", program.expect("a program")).expect("a name");
        let group = group.config(script.config.clone());
        let group = Running::run(group.clock(&clock).host(stage.clone()), |control| {
            control.script_checks();
            assert!(stage.control.set(control.clone()).is_ok());
        });
        Self {
            script,
            clock,
            stage,
            group,
            events: Vec::new(),
            looks: Vec::new(),
            next: None,
        }
    }

    fn run(&mut self) {
        loop {
            self.next = idle(&self.clock);
            self.drain();
            let timer = self.next.map(|at| at.as_micros().div_ceil(1_000));
            let next = [self.stage.next(), timer].into_iter().flatten().min();
            let next = next.map(|next| self.script.after_stalls(next.max(millis(&self.clock))));
            let next = next.filter(|_| self.group.is_running());
            let Some(next) = next.filter(|next| *next <= self.script.until) else {
                break;
            };
            self.look(next);
            self.clock.advance_to(Instant::from_micros(next * 1_000));
        }
        self.look(u64::MAX);
    }

    fn look(&mut self, now: u64) {
        while self.script.looks.front().is_some_and(|at| *at < now) {
            let at = self.script.looks.pop_front().expect("just seen");
            self.looks.push(show::look(at, &self.group.summary()));
        }
    }

    fn drain(&mut self) {
        while let Poll::Ready(Some(event)) = self.group.poll_event(Waker::noop()) {
            self.events.push(show::event(&event));
        }
    }

    fn final_state(&self) -> Value {
        let replicas = self
            .group
            .views()
            .into_iter()
            .map(|view| show::replica(view.state, view.instance, view.restarts, view.streak));
        let is_ended = self.group.ended().is_some();
        show::final_state(replicas.collect(), self.next, is_ended)
    }

    /// Everything is killed, and the loop ends.
    fn end(&self) {
        self.group.force();
        while self.group.is_running() {
            if let Some(at) = idle(&self.clock) {
                self.clock.advance_to(at);
            }
        }
        assert!(self.group.stop(LIMIT));
    }
}

/// The world of a script, as the host of its group: it says what is due when it is asked.
#[derive(Clone)]
struct Stage {
    clock: ManualClock,
    control: Arc<OnceLock<GroupControl>>,
    script: Arc<Mutex<Acts>>,
}

struct Acts {
    processes: Processes,
    control: VecDeque<(u64, Control)>,
}

impl Stage {
    fn new(script: &mut Script, clock: &ManualClock) -> Self {
        let acts = Acts {
            processes: Processes::new(script),
            control: std::mem::take(&mut script.control),
        };
        Self {
            clock: clock.clone(),
            control: Arc::default(),
            script: Arc::new(Mutex::new(acts)),
        }
    }

    fn next(&self) -> Option<u64> {
        let acts = self.acts();
        let control = acts.control.front().map(|(at, _)| *at);
        control.into_iter().chain(acts.processes.next()).min()
    }

    fn acts(&self) -> MutexGuard<'_, Acts> {
        self.script.lock().expect("no test panics under it")
    }

    fn group(&self) -> &GroupControl {
        self.control.get().expect("it is set before the group runs")
    }

    fn take_control(&self, now: u64) -> Option<Control> {
        let mut acts = self.acts();
        let is_due = acts.control.front().is_some_and(|(at, _)| *at <= now);
        is_due.then(|| acts.control.pop_front())?.map(|it| it.1)
    }

    fn ask(&self, control: Control) {
        match control {
            // It starts when it runs.
            Control::Start => {}
            Control::Stop => self.group().begin_stop(),
            Control::Force => self.group().force(),
            Control::Restart(replica) => self.group().restart(replica),
            Control::Reactivate(replica) => self.group().reactivate(replica),
        }
    }

    fn notice(&self, now: u64) {
        let instances = (0..).map_while(|replica| self.group().instance(replica));
        let instances: Vec<_> = instances.collect();
        self.acts().processes.notice(now, instances.into_iter());
    }

    fn tell(&self, instance: InstanceId, checks: Checks) {
        self.group().report_checks(|group, now| match checks {
            Checks::Target { is_ready } => group.handle_target(now, instance, true, is_ready),
            Checks::Unhealthy(kind) => group.handle_unhealthy(now, instance, kind),
            Checks::Recovered => group.handle_recovered(now, instance),
        });
    }
}

impl Host for Stage {
    fn start(&mut self, instance: InstanceId) -> Result<(), SpawnFailure> {
        let now = millis(&self.clock);
        self.acts().processes.start(now, instance)
    }

    fn signal(&mut self, instance: InstanceId, signal: Signal) {
        let now = millis(&self.clock);
        self.acts().processes.signal(now, instance, signal);
    }

    fn restart(&mut self, instance: InstanceId, _: EndReason, _: u32) {
        let now = millis(&self.clock);
        self.acts().processes.restart(now, instance);
    }

    fn poll_report(&mut self, _: &Waker) -> Option<ProcessReport> {
        let now = millis(&self.clock);
        loop {
            self.notice(now);
            if let Some(control) = self.take_control(now) {
                self.ask(control);
                continue;
            }
            // Whoever moves the clock wakes the group.
            let (instance, report) = self.acts().processes.take(now)?;
            match report {
                Report::Checks(checks) => self.tell(instance, checks),
                Report::Exit { exit, is_rest_left } => {
                    return Some(ProcessReport::Exit {
                        instance,
                        exit,
                        is_rest_left,
                    });
                }
                Report::Gone => return Some(ProcessReport::Gone { instance }),
                Report::Restarted { is_ok } => {
                    return Some(ProcessReport::Restarted { instance, is_ok });
                }
                Report::NotSpawned(_) => unreachable!("a start says so itself"),
            }
        }
    }
}

fn millis(clock: &ManualClock) -> u64 {
    clock.now().as_micros().div_ceil(1_000)
}
