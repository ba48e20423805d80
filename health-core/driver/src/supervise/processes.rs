//! The operating system as the host of a group.

use std::process::Command;
use std::sync::Arc;
use std::task::Waker;

use health_core::check::Signal;
use health_core::supervise::{EndReason, InstanceId, SpawnFailure};
use rustix::process::Pid;

use super::host::{Host, HostView, ProcessReport};
use super::instances::Instances;
use super::life::Life;
use super::output::{Output, Sink};
use super::program::Program;
use super::rate::LogRate;
use super::spawn::{self, spawn};
use crate::process::{SharedWatcher, Watcher};

/// The thread that watches the processes of all groups of this program. It calls their outputs, which
/// may take their time: commands of checks have another.
static WATCHER: SharedWatcher<Life> = SharedWatcher::new("supervise");

/// The processes of one group.
///
/// Each is the leader of a process group of its own, with `/dev/null` as its standard input, and what it
/// writes goes line by line to an [`Output`]. One thread reads and reaps the processes of all groups.
///
/// An exit is reported after everything that was written before it, and nothing of an instance is
/// written after its [`Exit`](ProcessReport::Exit) without a rest, or its [`Gone`](ProcessReport::Gone).
/// The *rest* of an instance is whoever holds a pipe of its output open. Who has closed both, as
/// a helper with a log file does, is killed without warning when all others have ended; who has left
/// the process group is not followed. When `SIGKILL` has been sent and the process itself has ended,
/// the instance is gone within a second whoever holds the pipe.
///
/// A process whose exit code somebody else takes, as in a program that ignores `SIGCHLD`, is reported
/// to have ended with code 255.
///
/// When it is dropped, whatever still runs is killed.
#[derive(Debug)]
pub struct Processes {
    program: Program,
    instances: Arc<Instances>,
    /// With the first process.
    watcher: Option<Arc<Watcher<Life>>>,
}

impl Processes {
    /// No process yet. `program` is that [of a group](Program::of_group).
    #[must_use]
    pub fn new(program: Program, output: Box<dyn Output>, rate: LogRate) -> Self {
        let replicas = program.replicas();
        let sink = Sink::new(output, rate, replicas);
        Self {
            program,
            instances: Arc::new(Instances::new(sink, replicas)),
            watcher: None,
        }
    }

    fn watcher(&mut self) -> Result<Arc<Watcher<Life>>, SpawnFailure> {
        if let Some(watcher) = &self.watcher {
            return Ok(Arc::clone(watcher));
        }
        let watcher = WATCHER.get().map_err(|_| SpawnFailure::Shortage)?;
        self.watcher = Some(Arc::clone(&watcher));
        Ok(watcher)
    }

    fn run(
        &mut self,
        instance: InstanceId,
        is_command: bool,
        command: Command,
    ) -> Result<(), SpawnFailure> {
        let watcher = self.watcher()?;
        let mut spawned = spawn(command)?;
        let end = watcher.end_of(&mut spawned.child);
        let end = end.map_err(|_| SpawnFailure::Shortage)?;
        self.instances
            .begin(instance, Pid::from_child(&spawned.child));
        let instances = Arc::clone(&self.instances);
        watcher.add(Life::new(instances, instance, is_command, spawned, end));
        Ok(())
    }
}

impl Host for Processes {
    fn start(&mut self, instance: InstanceId) -> Result<(), SpawnFailure> {
        let replica = self.program.replica(instance.replica);
        let command = spawn::instance(&replica, instance.number);
        self.run(instance, false, command)
    }

    fn signal(&mut self, instance: InstanceId, signal: Signal) {
        let number = match signal {
            Signal::Terminate => self.program.signal_to_stop(),
            Signal::Kill => rustix::process::Signal::KILL,
        };
        self.instances.signal(instance, number);
        // What is left of it counts as gone soon.
        let is_kill = number == rustix::process::Signal::KILL;
        if let Some(watcher) = self.watcher.as_ref().filter(|_| is_kill) {
            watcher.look();
        }
    }

    fn restart(&mut self, instance: InstanceId, reason: EndReason, streak: u32) {
        let replica = self.program.replica(instance.replica);
        let command = spawn::restart(&replica, instance.number, reason, streak);
        if self.run(instance, true, command).is_err() {
            let is_ok = false;
            self.instances
                .report(ProcessReport::Restarted { instance, is_ok });
        }
    }

    fn poll_report(&mut self, waker: &Waker) -> Option<ProcessReport> {
        self.instances.poll_report(waker)
    }

    fn view(&self) -> Arc<dyn HostView> {
        Arc::clone(&self.instances) as Arc<dyn HostView>
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.instances.abandon();
        if let Some(watcher) = &self.watcher {
            watcher.look();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Wake;
    use std::thread::{self, Thread};
    use std::time::{Duration, Instant};

    use health_core::check::probe::Exit;

    use super::*;
    use crate::supervise::OutputLine;

    struct Nowhere;

    impl Output for Nowhere {
        fn line(&mut self, _: OutputLine<'_>) {}
    }

    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    /// As on a system without descriptors for processes.
    #[test]
    fn a_thread_waits_where_there_is_no_descriptor() {
        let program = Program::new(["/bin/sh", "-c", "exit $HEALTHD_INSTANCE"]);
        let program = program.expect("a program").of_group("web", 1);
        let mut processes = Processes::new(
            program.expect("a group"),
            Box::new(Nowhere),
            LogRate::default(),
        );
        let watcher = Watcher::new("supervise", false).expect("a thread");
        processes.watcher = Some(Arc::new(watcher));
        let waker = Arc::new(Unpark(thread::current())).into();
        let until = Instant::now() + Duration::from_secs(20);
        for number in 1..=3 {
            let instance = InstanceId { replica: 0, number };
            processes.start(instance).expect("it starts");
            loop {
                match processes.poll_report(&waker) {
                    Some(ProcessReport::Exit {
                        exit, is_rest_left, ..
                    }) => {
                        assert_eq!(exit, Exit::Code(number as i32));
                        // What another test starts just then holds the pipe for a moment.
                        if !is_rest_left {
                            break;
                        }
                    }
                    Some(_) => break,
                    None => {}
                }
                let left = until.saturating_duration_since(Instant::now());
                assert!(!left.is_zero(), "it takes too long");
                thread::park_timeout(left);
            }
            assert_eq!(processes.view().pid(instance), None, "it is reaped");
        }
    }
}
