//! A command in a process group of its own, and the end of all of it.
//!
//! It takes a thread, in every driver: that thread reaps whatever happens to the task that asked, and
//! next to a process it costs nothing.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::{Clock, trouble};
use health_core::Capture;
use health_core::Instant;
use health_core::Outcome;
use health_core::check::probe::{ExecProbe, Exit, ProbePhase, Report, Timings};
use health_core::monitor::Signal;
use rustix::process::{Pid, WaitId, WaitIdOptions, kill_process_group, waitid};

use watch::Watch;

mod limits;
mod watch;

/// From `SIGTERM` to `SIGKILL`, and from there to letting go of a process the kernel does not end.
const GRACE: Duration = Duration::from_secs(1);

/// Runs `command` on this thread; after `timeout`, ends it.
pub fn probe(command: &ExecProbe, group: &Group, timeout: Duration) -> Report {
    let clock = Clock::start();
    let deadline = clock.now() + timeout;
    let mut run = match Run::start(command, group) {
        Ok(run) => run,
        Err(outcome) => return Report::new(outcome, clock.elapsed()),
    };
    let in_time = run.wait(clock, Some(deadline));
    let mut end = in_time;
    for signal in [Signal::Terminate, Signal::Kill] {
        if end.is_none() {
            group.signal(signal);
            end = run.wait(clock, Some(clock.now() + GRACE));
        }
    }
    let report = run.report(command, in_time, clock.elapsed());
    match end {
        Some(end) => run.end(end, group),
        // It hangs in the kernel (a dead network file system). Somebody still has to wait for it.
        None => run.abandon(group),
    }
    report
}

/// Runs `command` until it ends, be it because somebody else told its `group` to: what is left of it
/// is reaped when this returns.
pub fn run_to_end(command: &ExecProbe, group: &Group) -> Report {
    let clock = Clock::start();
    let mut run = match Run::start(command, group) {
        Ok(run) => run,
        Err(outcome) => return Report::new(outcome, clock.elapsed()),
    };
    let end = run.wait(clock, None);
    let report = run.report(command, end, clock.elapsed());
    if let Some(end) = end {
        run.end(end, group);
    }
    report
}

/// Where a command's processes are, for those who want to end them from another thread.
#[derive(Debug, Default)]
pub struct Group(Mutex<GroupState>);

#[derive(Clone, Copy, Debug, Default)]
enum GroupState {
    #[default]
    NotStarted,
    Running(Pid),
    /// Reaped, or never to be started: the number may be somebody else's by now.
    Over,
}

impl Group {
    /// Sends `signal` to all of it; a command that was not started yet will not be.
    pub fn signal(&self, signal: Signal) {
        let mut state = self.lock();
        match *state {
            GroupState::NotStarted => *state = GroupState::Over,
            // Until the leader is reaped, which takes the lock, its number is nobody else's.
            GroupState::Running(leader) => kill(leader, signal),
            GroupState::Over => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, GroupState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a command came to its end.
#[derive(Clone, Copy)]
enum End {
    By(Exit),
    /// Somebody else reaped it: a host that ignores `SIGCHLD`, or waits for any child.
    Unseen,
}

/// A command that runs.
struct Run {
    child: Child,
    leader: Pid,
    output: Capture,
    watch: Watch,
}

impl Run {
    fn start(command: &ExecProbe, group: &Group) -> Result<Self, Outcome> {
        let mut state = group.lock();
        if matches!(*state, GroupState::Over) {
            return Err(Outcome::indeterminate("cancelled before it was started"));
        }
        let (child, pipe) = match spawn(command) {
            Ok(spawned) => spawned,
            Err(error) => {
                *state = GroupState::Over;
                let outcome = trouble(&error, ProbePhase::Spawn).outcome(ProbePhase::Spawn);
                return Err(outcome.caused_by(&error));
            }
        };
        let leader = Pid::from_child(&child);
        let mut run = Self {
            child,
            leader,
            output: Capture::new(),
            watch: Watch::new(leader, pipe),
        };
        if let Err(error) = limits::apply(leader, command.limits()) {
            kill(leader, Signal::Kill);
            let _ = run.child.wait();
            *state = GroupState::Over;
            let outcome = Outcome::indeterminate("prober cannot limit the command");
            return Err(outcome.caused_by(&error));
        }
        *state = GroupState::Running(leader);
        Ok(run)
    }

    /// Waits until the leader has ended or `until` has come, taking what is written meanwhile.
    fn wait(&mut self, clock: Clock, until: Option<Instant>) -> Option<End> {
        loop {
            self.watch.read(&mut self.output);
            if let Some(end) = self.has_ended() {
                // Once more: what it wrote last may have come between the two calls.
                self.watch.read(&mut self.output);
                return Some(end);
            }
            let left = match until {
                Some(until) => Some(clock.left(until)?),
                None => None,
            };
            self.watch.wait(left);
        }
    }

    /// Whether the leader has ended, without reaping it: as long as it is there, its number, which is
    /// the group's, cannot become another's.
    fn has_ended(&self) -> Option<End> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        match waitid(WaitId::Pid(self.leader), options) {
            Ok(status) => {
                let status = status?;
                let signal = status.terminating_signal().map(Exit::Signal);
                let exit = signal.or_else(|| status.exit_status().map(Exit::Code));
                exit.map(End::By)
            }
            Err(rustix::io::Errno::INTR) => None,
            Err(_) => Some(End::Unseen),
        }
    }

    fn report(&self, command: &ExecProbe, end: Option<End>, took: Duration) -> Report {
        let outcome = match end {
            Some(End::By(exit)) => command.judge(exit, &self.output),
            Some(End::Unseen) => Outcome::indeterminate("prober is not told how its commands end"),
            None => command.timed_out(&self.output),
        };
        let mut report = Report::new(outcome, took);
        report.timings = Timings::of_run(took);
        report.exit = match end {
            Some(End::By(exit)) => Some(exit),
            _ => None,
        };
        report.output = Some(self.output.clone());
        report
    }

    /// Ends what the leader left behind, and reaps the leader.
    fn end(mut self, end: End, group: &Group) {
        let mut state = group.lock();
        if matches!(end, End::By(_)) {
            kill(self.leader, Signal::Kill);
        }
        let _ = self.child.wait();
        *state = GroupState::Over;
    }

    /// Leaves the reaping to a thread of its own.
    fn abandon(self, group: &Group) {
        let Self { mut child, .. } = self;
        *group.lock() = GroupState::Over;
        let reaper = thread::Builder::new().name("health-reaper".into());
        // Without a thread it stays a zombie, when it dies at last.
        let _ = reaper.spawn(move || child.wait());
    }
}

fn kill(leader: Pid, signal: Signal) {
    let signal = match signal {
        Signal::Terminate => rustix::process::Signal::TERM,
        Signal::Kill => rustix::process::Signal::KILL,
    };
    // All of it may be gone already.
    let _ = kill_process_group(leader, signal);
}

fn spawn(probe: &ExecProbe) -> io::Result<(Child, OwnedFd)> {
    // One pipe for both streams keeps the order in which they were written.
    let (ours, theirs) = pipe()?;
    rustix::io::ioctl_fionbio(&ours, true)?;
    let mut command = Command::new(probe.program());
    command
        .args(probe.argv().skip(1))
        .env_clear()
        .envs(probe.env())
        .current_dir(probe.dir())
        .stdin(Stdio::null())
        .stdout(theirs.try_clone()?)
        .stderr(theirs)
        .process_group(0);
    if let Some(uid) = probe.uid() {
        command.uid(uid);
    }
    if let Some(gid) = probe.gid() {
        command.gid(gid);
    }
    Ok((command.spawn()?, ours))
}

/// A pipe that no other child inherits.
#[cfg(not(target_vendor = "apple"))]
fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    use rustix::pipe::{PipeFlags, pipe_with};

    Ok(pipe_with(PipeFlags::CLOEXEC)?)
}

/// There it takes two calls; a child that is started in between keeps the pipe, and holds nobody up.
#[cfg(target_vendor = "apple")]
fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (ours, theirs) = rustix::pipe::pipe()?;
    for end in [&ours, &theirs] {
        rustix::io::fcntl_setfd(end, rustix::io::FdFlags::CLOEXEC)?;
    }
    Ok((ours, theirs))
}
