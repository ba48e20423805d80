//! A group of real processes, and what it reports.

use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use health_core::check::Signal;
use health_core::check::probe::Exit;
use health_core::supervise::InstanceId;
use health_driver::supervise::{
    Host, HostView, LogRate, Output, OutputLine, OutputStream, ProcessReport, Processes, Program,
};

pub(crate) const LONG: Duration = Duration::from_secs(20);

/// All lines of a group.
#[derive(Clone, Default)]
pub(crate) struct Kept(Arc<Mutex<Vec<Line>>>);

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) id: InstanceId,
    pub(crate) stream: OutputStream,
    pub(crate) text: String,
}

impl Output for Kept {
    fn line(&mut self, line: OutputLine<'_>) {
        let line = Line {
            id: id(line.replica, line.instance),
            stream: line.stream,
            text: String::from_utf8_lossy(line.bytes).into_owned(),
        };
        self.0.lock().expect("nobody panics").push(line);
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

pub(crate) struct World {
    pub(crate) processes: Processes,
    lines: Kept,
}

pub(crate) const fn id(replica: u16, number: u64) -> InstanceId {
    InstanceId { replica, number }
}

pub(crate) fn sh(line: &str) -> Program {
    Program::new(["/bin/sh", "-c", line]).expect("a program")
}

impl World {
    pub(crate) fn new(program: Program) -> Self {
        Self::with_rate(program, LogRate::default())
    }

    pub(crate) fn with_rate(program: Program, rate: LogRate) -> Self {
        let lines = Kept::default();
        let program = program.of_group("web", 100).expect("a group");
        let processes = Processes::new(program, Box::new(lines.clone()), rate);
        Self { processes, lines }
    }

    /// A line for the shell, with a mark in its environment.
    pub(crate) fn marked(line: &str, mark: &str) -> Self {
        Self::new(sh(line).env("MARK", mark).expect("a variable"))
    }

    pub(crate) fn view(&self) -> Arc<dyn HostView> {
        self.processes.view()
    }

    #[track_caller]
    pub(crate) fn start(&mut self, instance: InstanceId) {
        self.processes.start(instance).expect("it starts");
    }

    pub(crate) fn signal(&mut self, instance: InstanceId, signal: Signal) {
        self.processes.signal(instance, signal);
    }

    #[track_caller]
    pub(crate) fn report(&mut self) -> ProcessReport {
        let waker: Waker = Arc::new(Unpark(thread::current())).into();
        let until = Instant::now() + LONG;
        loop {
            if let Some(report) = self.processes.poll_report(&waker) {
                return report;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "nothing is reported: {:?}", self.lines());
            thread::park_timeout(left);
        }
    }

    /// Runs an instance to its end.
    #[track_caller]
    pub(crate) fn run(&mut self, instance: InstanceId) -> Exit {
        self.start(instance);
        self.exit(instance)
    }

    /// Waits until nothing of it is left. What another test starts just then holds the pipe for a moment,
    /// so something may be.
    #[track_caller]
    pub(crate) fn exit(&mut self, instance: InstanceId) -> Exit {
        let (exit, is_rest_left) = self.exit_of(instance);
        if is_rest_left {
            self.gone(instance);
        }
        exit
    }

    #[track_caller]
    pub(crate) fn exit_of(&mut self, instance: InstanceId) -> (Exit, bool) {
        match self.report() {
            ProcessReport::Exit {
                instance: of,
                exit,
                is_rest_left,
            } if of == instance => (exit, is_rest_left),
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn gone(&mut self, instance: InstanceId) {
        assert_eq!(self.report(), ProcessReport::Gone { instance });
    }

    pub(crate) fn lines(&self) -> Vec<Line> {
        self.lines.0.lock().expect("nobody panics").clone()
    }

    /// Without standard error: a shell says there which signals its children got.
    pub(crate) fn texts(&self) -> Vec<String> {
        let lines = self.lines().into_iter();
        let lines = lines.filter(|line| line.stream == OutputStream::Stdout);
        lines.map(|line| line.text).collect()
    }

    /// Waits until this line was written.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) {
        wait_until(|| self.texts().iter().any(|line| line == text));
    }
}

#[track_caller]
pub(crate) fn wait_until(mut what: impl FnMut() -> bool) {
    let until = Instant::now() + LONG;
    while !what() {
        assert!(Instant::now() < until, "it does not happen");
        thread::sleep(Duration::from_millis(5));
    }
}
