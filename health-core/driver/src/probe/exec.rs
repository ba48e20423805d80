//! Commands as probes: each in a process group of its own, all of which is ended with it.
//!
//! A command is started on a thread that the system may hold up. From then on one thread watches it
//! with all other commands of this program: it reads what they write, ends them in time, and reaps
//! them whatever happens to the task that asked for it.

mod group;
mod limits;
mod run;
mod spawn;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use health_core::check::probe::{ExecProbe, Report};

use crate::Clock;
use crate::process::{SharedWatcher, Watcher};
use run::{Run, not_started};
use spawn::{Spawned, spawn};

pub use group::ProcessGroup;

static WATCHER: SharedWatcher<Run> = SharedWatcher::new("commands");

/// Starts `command` on this thread, with `variables` added to its environment, and has `done` called when
/// it is over, on another thread; on this one if it cannot be started.
///
/// It is over when it has ended by itself or by a signal to its `group`. After a `timeout` it is ended:
/// with `SIGTERM`, a second later with `SIGKILL`. Nothing of it is left then, except for what has left its
/// process group, and, a second after `SIGKILL`, what hangs in the kernel.
pub fn run(
    command: &ExecProbe,
    variables: &[(&str, String)],
    group: &Arc<ProcessGroup>,
    timeout: Option<Duration>,
    done: impl FnOnce(Report) + Send + 'static,
) {
    let spawn = |command: &ExecProbe| spawn(command, variables);
    run_with(WATCHER.get(), command, group, timeout, spawn, done);
}

fn run_with(
    watcher: io::Result<Arc<Watcher<Run>>>,
    command: &ExecProbe,
    group: &Arc<ProcessGroup>,
    timeout: Option<Duration>,
    spawn: impl FnOnce(&ExecProbe) -> io::Result<Spawned>,
    done: impl FnOnce(Report) + Send + 'static,
) {
    let clock = Clock::start();
    let watcher = watcher.map_err(|error| not_started(&error));
    match watcher.and_then(|watcher| Run::start(&watcher, command, group, timeout, spawn)) {
        Ok(run) => run.watch(Box::new(done)),
        Err(outcome) => done(Report::new(outcome, clock.elapsed())),
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::sync::mpsc;
    use std::thread;

    use health_core::check::probe::Exit;
    use health_core::monitor::Signal;
    use health_core::{Class, Kind};
    use rustix::process::Pid;

    use super::run::GRACE;
    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn sleeping() -> ExecProbe {
        ExecProbe::command(["sleep", "600"]).build().expect("valid")
    }

    fn is_there(process: Pid) -> bool {
        rustix::process::test_kill_process(process).is_ok()
    }

    fn report(
        group: &Arc<ProcessGroup>,
        timeout: Duration,
        spawn: impl FnOnce(&ExecProbe) -> io::Result<Spawned>,
    ) -> Report {
        report_of(WATCHER.get(), &sleeping(), group, timeout, spawn)
    }

    fn report_of(
        watcher: io::Result<Arc<Watcher<Run>>>,
        command: &ExecProbe,
        group: &Arc<ProcessGroup>,
        timeout: Duration,
        spawn: impl FnOnce(&ExecProbe) -> io::Result<Spawned>,
    ) -> Report {
        let (done, report) = mpsc::channel();
        run_with(watcher, command, group, Some(timeout), spawn, move |it| {
            done.send(it).expect("it is waited for");
        });
        report.recv_timeout(3 * LONG).expect("it is over")
    }

    /// `execve` hangs if the program is on a dead network file system. Neither the monitor's task, nor
    /// its end, nor a task that drops its probe may hang with it.
    #[test]
    fn a_command_that_hangs_while_it_is_started_can_be_cancelled() {
        let group = Arc::new(ProcessGroup::default());
        let (begun, has_begun) = mpsc::channel();
        let (release, hung) = mpsc::channel::<()>();
        let (signalled, was_signalled) = mpsc::channel();
        let mut leader = None;
        let report = thread::scope(|scope| {
            let (group, leader) = (&group, &mut leader);
            let running = scope.spawn(move || {
                report(group, LONG, |command| {
                    begun.send(()).expect("it is waited for");
                    hung.recv().expect("it is let go");
                    let spawned = spawn(command, &[])?;
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
        let group = Arc::new(ProcessGroup::default());
        let report = report(&group, Duration::from_millis(50), |command| {
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
        let group = Arc::new(ProcessGroup::default());
        group.signal(Signal::Terminate);
        let report = report(&group, LONG, |_| panic!("it was cancelled"));
        assert_eq!(report.outcome.class, Class::Indeterminate);
    }

    /// Without a thread that watches there is no command.
    #[test]
    fn a_command_that_cannot_be_watched_is_not_started() {
        let none = Err(io::Error::from_raw_os_error(24));
        let group = Arc::default();
        let report = report_of(none, &sleeping(), &group, LONG, |_| panic!("it is not"));
        assert_eq!(report.outcome.kind, Some(Kind::Descriptors));
    }

    /// As on a system without descriptors for processes.
    #[test]
    fn a_thread_waits_where_there_is_no_descriptor() {
        let watcher = Arc::new(Watcher::new("commands", false).expect("a thread"));
        let run = |line, timeout| {
            let command = ExecProbe::shell(line).build().expect("valid");
            let watcher = Ok(Arc::clone(&watcher));
            let group = Arc::default();
            report_of(watcher, &command, &group, timeout, |it| spawn(it, &[]))
        };
        for code in 0..3 {
            // Nothing else wakes the thread: the output has come to its end already.
            let report = run(
                format!("echo {code}; exec >&- 2>&-; sleep 0.05; exit {code}"),
                LONG,
            );
            assert_eq!(report.exit, Some(Exit::Code(code)));
            let output = report.output.expect("a command's").to_string();
            assert_eq!(output, format!("{code}\n"));
        }
        let report = run("exec sleep 600".into(), Duration::from_millis(50));
        assert_eq!(report.outcome.kind, Some(Kind::Timeout));
    }
}
