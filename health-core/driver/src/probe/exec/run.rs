//! One command from its start to its report, as the watching thread sees it.
//!
//! ```text
//!            its time is over     a second later      a second later
//! Terminate ────────────────► Kill ────────────► Lose ────────────► lost: reported, and reaped when the
//!     │          SIGTERM        │     SIGKILL      │                kernel ends it at last
//!     └─────────────────────────┴──────────────────┴─ it ends ────► reaped and reported
//! ```

use std::io;
use std::os::fd::OwnedFd;
use std::process::Child;
use std::sync::Arc;
use std::time::Duration;

use health_core::check::probe::{ExecProbe, ProbePhase, Report};
use health_core::monitor::Signal;
use health_core::{Capture, Instant, Outcome};
use rustix::process::Pid;

use super::group::ProcessGroup;
use super::limits;
use super::spawn::Spawned;
use crate::guard::catch;
use crate::probe_error;
use crate::process::{End, Watched, Watcher, has_ended, read, signal_group};

/// From `SIGTERM` to `SIGKILL`, and from there to giving up on a process that the kernel does not end.
pub(super) const GRACE: Duration = Duration::from_secs(1);
/// The most bytes that are taken from a pipe before the others have their turn: a pipe full.
const PIECE: usize = 64 * 1024;

/// Called with the report.
pub(super) type Done = Box<dyn FnOnce(Report) + Send>;

/// A command that runs.
pub(super) struct Run {
    /// The thread ends with the last command.
    watcher: Arc<Watcher<Self>>,
    command: ExecProbe,
    group: Arc<ProcessGroup>,
    child: Child,
    /// Readable when the leader has ended; taken away then.
    end: Option<OwnedFd>,
    pipe: Option<OwnedFd>,
    output: Capture,
    began: Instant,
    /// Why it must not run.
    refusal: Option<Outcome>,
    next: Next,
    /// When that comes.
    until: Option<Instant>,
    /// Taken with the report.
    done: Option<Done>,
}

/// What becomes of a command that does not end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Terminate,
    Kill,
    Lose,
}

impl Run {
    /// Starts the command by `spawn`, to be ended after `timeout`.
    pub(super) fn start(
        watcher: &Arc<Watcher<Self>>,
        command: &ExecProbe,
        group: &Arc<ProcessGroup>,
        timeout: Option<Duration>,
        spawn: impl FnOnce(&ExecProbe) -> io::Result<Spawned>,
    ) -> Result<Self, Outcome> {
        const CANCELLED: &str = "cancelled before it was started";
        if !group.begin() {
            return Err(Outcome::indeterminate(CANCELLED));
        }
        let began = watcher.now();
        // Without the group's lock: this may hang, and who cancels the command must not hang with it.
        let spawned = spawn(command).and_then(|(mut child, pipe)| {
            let end = watcher.end_of(&mut child)?;
            Ok((child, pipe, end))
        });
        let (child, pipe, end) = spawned.map_err(|error| {
            group.end(|| {});
            not_started(&error)
        })?;
        let leader = Pid::from_child(&child);
        let is_wanted = group.started(leader);
        let refusal = match limits::apply(leader, command.limits()) {
            Ok(()) if is_wanted => None,
            Ok(()) => Some(Outcome::indeterminate(CANCELLED)),
            Err(error) => {
                let outcome = Outcome::indeterminate("prober cannot limit the command");
                Some(outcome.caused_by(&error))
            }
        };
        let mut run = Self {
            watcher: Arc::clone(watcher),
            command: command.clone(),
            group: Arc::clone(group),
            child,
            end,
            pipe: Some(pipe),
            output: Capture::new(),
            began,
            refusal,
            next: Next::Terminate,
            until: timeout.map(|timeout| began + timeout),
            done: None,
        };
        if run.refusal.is_some() {
            run.kill(watcher.now());
        }
        Ok(run)
    }

    /// Leaves it to the watching thread, which calls `done`.
    pub(super) fn watch(mut self, done: Done) {
        self.done = Some(done);
        let watcher = Arc::clone(&self.watcher);
        watcher.add(self);
    }

    fn read(&mut self) {
        let Self { pipe, output, .. } = self;
        read(pipe, PIECE, |bytes| output.push(bytes));
    }

    /// It has not ended, and something is due.
    fn overdue(&mut self, now: Instant) {
        match self.next {
            Next::Terminate => {
                self.group.signal(Signal::Terminate);
                self.next = Next::Kill;
                self.until = Some(now + GRACE);
            }
            Next::Kill => self.kill(now),
            Next::Lose => {
                self.until = None;
                self.pipe = None;
                // Nobody waits for it any more.
                self.group.end(|| {});
                self.report(now, None);
            }
        }
    }

    fn kill(&mut self, now: Instant) {
        self.group.signal(Signal::Kill);
        self.next = Next::Lose;
        self.until = Some(now + GRACE);
    }

    /// Kills what the leader has left behind, and reaps the leader, which has ended.
    fn reap(&mut self, end: End) {
        let Self { group, child, .. } = self;
        group.end(|| {
            if matches!(end, End::By(_)) {
                signal_group(Pid::from_child(child), rustix::process::Signal::KILL);
            }
            let _ = child.wait();
        });
    }

    fn report(&mut self, now: Instant, end: Option<End>) {
        let Some(done) = self.done.take() else {
            return;
        };
        let took = now.duration_since(self.began);
        let report = match self.refusal.take() {
            Some(outcome) => Report::new(outcome, took),
            None => self.judge(took, end.filter(|_| self.next == Next::Terminate)),
        };
        // A panic of who is told must not end the thread.
        let _ = catch(|| done(report));
    }

    /// What is reported of it; `in_time`: its end, if that came before its time was over.
    fn judge(&self, took: Duration, in_time: Option<End>) -> Report {
        let outcome = match in_time {
            Some(End::By(exit)) => self.command.judge(exit, &self.output),
            Some(End::Unseen) => Outcome::indeterminate("prober is not told how its commands end"),
            None => self.command.timed_out(&self.output),
        };
        let mut report = Report::new(outcome, took);
        report.timings.set(ProbePhase::Spawn, took);
        report.exit = match in_time {
            Some(End::By(exit)) => Some(exit),
            _ => None,
        };
        report.output = Some(self.output.clone());
        report
    }
}

impl Watched for Run {
    /// The output alone does not do: a grandchild that left the group may hold the pipe for ever.
    fn descriptors(&self) -> impl Iterator<Item = &OwnedFd> {
        self.end.iter().chain(&self.pipe)
    }

    fn has_pidfd(&self) -> bool {
        self.end.is_some()
    }

    fn due(&self) -> Option<Instant> {
        self.until
    }

    fn advance(&mut self, now: Instant) -> bool {
        self.read();
        let Some(end) = has_ended(Pid::from_child(&self.child)) else {
            if self.until.is_some_and(|until| until <= now) {
                self.overdue(now);
            }
            return true;
        };
        // Once more: what it wrote last may have come between the two calls.
        self.read();
        self.reap(end);
        self.report(now, Some(end));
        false
    }
}

/// What a command comes to that could not be started, or not be watched.
pub(super) fn not_started(error: &io::Error) -> Outcome {
    let class = probe_error(error, ProbePhase::Spawn);
    class.outcome(ProbePhase::Spawn).caused_by(error)
}
