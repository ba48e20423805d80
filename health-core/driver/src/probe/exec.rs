//! Commands as probes: each in a process group of its own, all of which is ended with it.
//!
//! A command takes a thread, in every driver: that thread reaps it whatever happens to the task that
//! asked for it, and beside a process a thread costs nothing.

mod group;
mod limits;
mod spawn;
mod watch;

use std::io;
use std::process::Child;
use std::thread;
use std::time::Duration;

use health_core::check::probe::{ExecProbe, ProbePhase, Report};
use health_core::monitor::Signal;
use health_core::{Capture, Instant, Outcome};
use rustix::process::Pid;

use crate::process::{End, has_ended, signal_group};
use crate::{Clock, probe_error};
use spawn::{Spawned, spawn};
use watch::Watch;

pub use group::ProcessGroup;

/// From `SIGTERM` to `SIGKILL`, and from there to giving up on a process that the kernel does not end.
const GRACE: Duration = Duration::from_secs(1);

/// Runs `command` on this thread, and ends it after `timeout`: with `SIGTERM`, a second later with
/// `SIGKILL`. Nothing of it is left when this returns, except for what has left its process group
/// and for what hangs in the kernel.
pub fn probe(command: &ExecProbe, group: &ProcessGroup, timeout: Duration) -> Report {
    probe_with(command, group, timeout, spawn)
}

fn probe_with(
    command: &ExecProbe,
    group: &ProcessGroup,
    timeout: Duration,
    spawn: impl FnOnce(&ExecProbe) -> io::Result<Spawned>,
) -> Report {
    let clock = Clock::start();
    let deadline = clock.now() + timeout;
    let mut run = match Run::start(command, group, spawn) {
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
    run.finish(end, group);
    report
}

/// Runs `command` on this thread until it ends, by itself or by a signal to its `group`. Nothing of it
/// is left when this returns, except for what has left its process group.
pub fn run_to_end(command: &ExecProbe, group: &ProcessGroup) -> Report {
    let clock = Clock::start();
    let mut run = match Run::start(command, group, spawn) {
        Ok(run) => run,
        Err(outcome) => return Report::new(outcome, clock.elapsed()),
    };
    let end = run.wait(clock, None);
    let report = run.report(command, end, clock.elapsed());
    run.finish(end, group);
    report
}

/// A command that runs.
struct Run {
    child: Child,
    leader: Pid,
    output: Capture,
    watch: Watch,
}

impl Run {
    fn start(
        command: &ExecProbe,
        group: &ProcessGroup,
        spawn: impl FnOnce(&ExecProbe) -> io::Result<Spawned>,
    ) -> Result<Self, Outcome> {
        const CANCELLED: &str = "cancelled before it was started";
        if !group.begin() {
            return Err(Outcome::indeterminate(CANCELLED));
        }
        // Without the group's lock: this may hang, and who cancels the command must not hang with it.
        let (child, pipe) = spawn(command).map_err(|error| {
            group.end(|| {});
            let class = probe_error(&error, ProbePhase::Spawn);
            class.outcome(ProbePhase::Spawn).caused_by(&error)
        })?;
        let leader = Pid::from_child(&child);
        let mut run = Self {
            child,
            leader,
            output: Capture::new(),
            watch: Watch::new(leader, pipe),
        };
        let is_wanted = group.started(leader);
        let outcome = match limits::apply(leader, command.limits()) {
            Ok(()) if is_wanted => return Ok(run),
            Ok(()) => Outcome::indeterminate(CANCELLED),
            Err(error) => {
                Outcome::indeterminate("prober cannot limit the command").caused_by(&error)
            }
        };
        group.signal(Signal::Kill);
        let clock = Clock::start();
        let end = run.wait(clock, Some(clock.now() + GRACE));
        run.finish(end, group);
        Err(outcome)
    }

    /// Waits until the leader has ended or `until` has come, and reads the output meanwhile.
    fn wait(&mut self, clock: Clock, until: Option<Instant>) -> Option<End> {
        loop {
            self.watch.read(&mut self.output);
            if let Some(end) = has_ended(self.leader) {
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

    fn report(&self, command: &ExecProbe, end: Option<End>, took: Duration) -> Report {
        let outcome = match end {
            Some(End::By(exit)) => command.judge(exit, &self.output),
            Some(End::Unseen) => Outcome::indeterminate("prober is not told how its commands end"),
            None => command.timed_out(&self.output),
        };
        let mut report = Report::new(outcome, took);
        report.timings.set(ProbePhase::Spawn, took);
        report.exit = match end {
            Some(End::By(exit)) => Some(exit),
            _ => None,
        };
        report.output = Some(self.output.clone());
        report
    }

    /// Kills what the leader has left behind, and reaps the leader. One that has not ended hangs in the
    /// kernel (a dead network file system): a thread of its own waits for it.
    fn finish(self, end: Option<End>, group: &ProcessGroup) {
        let Self {
            mut child, leader, ..
        } = self;
        group.end(|| match end {
            Some(end) => {
                if matches!(end, End::By(_)) {
                    signal_group(leader, rustix::process::Signal::KILL);
                }
                let _ = child.wait();
            }
            None => {
                let reaper = thread::Builder::new().name("health-reaper".into());
                // Without a thread it stays a zombie, when it dies at last.
                let _ = reaper.spawn(move || child.wait());
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::sync::mpsc;

    use health_core::{Class, Kind};

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn sleeping() -> ExecProbe {
        ExecProbe::command(["sleep", "600"]).build().expect("valid")
    }

    fn is_there(process: Pid) -> bool {
        rustix::process::test_kill_process(process).is_ok()
    }

    /// `execve` hangs if the program is on a dead network file system. Neither the monitor's task, nor
    /// its end, nor a task that drops its probe may hang with it.
    #[test]
    fn a_command_that_hangs_while_it_is_started_can_be_cancelled() {
        let group = ProcessGroup::default();
        let (begun, has_begun) = mpsc::channel();
        let (release, hung) = mpsc::channel::<()>();
        let (signalled, was_signalled) = mpsc::channel();
        let mut leader = None;
        let report = thread::scope(|scope| {
            let (group, leader) = (&group, &mut leader);
            let running = scope.spawn(move || {
                probe_with(&sleeping(), group, LONG, |command| {
                    begun.send(()).expect("it is waited for");
                    hung.recv().expect("it is let go");
                    let spawned = spawn(command)?;
                    *leader = Some(Pid::from_child(&spawned.0));
                    Ok(spawned)
                })
            });
            has_begun.recv().expect("it begins");
            scope.spawn(move || {
                group.signal(Signal::Terminate);
                group.signal(Signal::Kill);
                signalled.send(()).expect("it is waited for");
            });
            let in_time = was_signalled.recv_timeout(LONG);
            release.send(()).expect("it is waited for");
            in_time.expect("signals do not wait for the command");
            running.join().expect("it does not panic")
        });
        assert_eq!(report.outcome.class, Class::Indeterminate);
        assert!(!is_there(leader.expect("it was started")), "and is reaped");
        assert!(report.output.is_none(), "it counts as never started");
    }

    /// The leader is not in its own group, as if it had joined its parent's.
    #[test]
    fn a_command_that_leaves_its_group_is_ended() {
        let mut leader = None;
        let group = ProcessGroup::default();
        let report = probe_with(&sleeping(), &group, Duration::from_millis(50), |command| {
            let (ours, theirs) = crate::process::pipe()?;
            let mut sleeping = Command::new(command.program());
            let sleeping = sleeping.args(command.argv().skip(1)).stdout(theirs);
            let child = sleeping.stdin(Stdio::null()).spawn()?;
            leader = Some(Pid::from_child(&child));
            Ok((child, ours))
        });
        assert_eq!(report.outcome.kind, Some(Kind::Timeout));
        assert!(report.took < GRACE, "by the first signal");
        assert!(!is_there(leader.expect("it was started")), "and is reaped");
    }

    #[test]
    fn a_command_that_was_cancelled_is_not_started() {
        let group = ProcessGroup::default();
        group.signal(Signal::Terminate);
        let report = probe_with(&sleeping(), &group, LONG, |_| panic!("it was cancelled"));
        assert_eq!(report.outcome.class, Class::Indeterminate);
    }
}
