//! The interface of what carries out the commands of a group: the operating system, or a test.

use std::fmt;
use std::sync::Arc;
use std::task::Waker;

use health_core::check::Signal;
use health_core::check::probe::Exit;
use health_core::supervise::{EndReason, InstanceId, ProcessOutput, SpawnFailure};

/// What carries the commands of a group out: the operating system, or the world of a test.
///
/// Its methods are called by the group's loop, one at a time, and must not block it.
pub trait Host {
    /// Starts the process of this instance.
    ///
    /// # Errors
    ///
    /// It could not be started.
    fn start(&mut self, instance: InstanceId) -> Result<(), SpawnFailure>;

    /// Sends the signal to the instance's process group, or to that of its restart command.
    fn signal(&mut self, instance: InstanceId, signal: Signal);

    /// Runs the restart command for this instance, the restart being the `streak`-th in a row.
    fn restart(&mut self, instance: InstanceId, reason: EndReason, streak: u32);

    /// What happened next; `None`: nothing yet, and the waker is woken when something has.
    fn poll_report(&mut self, waker: &Waker) -> Option<ProcessReport>;

    /// What it knows of its processes. By default nothing.
    fn view(&self) -> Arc<dyn HostView> {
        Arc::new(())
    }
}

/// What happened to the process of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessReport {
    /// It has exited.
    Exit {
        /// Whose process.
        instance: InstanceId,
        /// How.
        exit: Exit,
        /// Others of its process group are left; [`Gone`](Self::Gone) follows.
        is_rest_left: bool,
    },
    /// Nothing is left of its process group.
    Gone {
        /// Whose.
        instance: InstanceId,
    },
    /// The restart command has ended.
    Restarted {
        /// For which instance it was run.
        instance: InstanceId,
        /// Whether with success.
        is_ok: bool,
    },
}

/// What a [`Host`] knows of its processes, for any thread.
pub trait HostView: Send + Sync {
    /// The process that was started for this instance, while it has not been reaped.
    fn pid(&self, instance: InstanceId) -> Option<u32>;

    /// What the instance has written so far. Kept of the current instance and of the last five.
    fn output(&self, instance: InstanceId) -> Option<ProcessOutput>;

    /// How many lines of this replica were dropped because it wrote too many.
    fn dropped_lines(&self, replica: u16) -> u64;

    /// Sends the signal of this number to the process of the instance, if it is there, and to nobody else.
    fn signal_leader(&self, instance: InstanceId, signal: i32);
}

/// Knows nothing.
impl HostView for () {
    fn pid(&self, _: InstanceId) -> Option<u32> {
        None
    }

    fn output(&self, _: InstanceId) -> Option<ProcessOutput> {
        None
    }

    fn dropped_lines(&self, _: u16) -> u64 {
        0
    }

    fn signal_leader(&self, _: InstanceId, _: i32) {}
}

impl fmt::Debug for dyn HostView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostView").finish_non_exhaustive()
    }
}

impl<H: Host + ?Sized> Host for Box<H> {
    fn start(&mut self, instance: InstanceId) -> Result<(), SpawnFailure> {
        (**self).start(instance)
    }

    fn signal(&mut self, instance: InstanceId, signal: Signal) {
        (**self).signal(instance, signal);
    }

    fn restart(&mut self, instance: InstanceId, reason: EndReason, streak: u32) {
        (**self).restart(instance, reason, streak);
    }

    fn poll_report(&mut self, waker: &Waker) -> Option<ProcessReport> {
        (**self).poll_report(waker)
    }

    fn view(&self) -> Arc<dyn HostView> {
        (**self).view()
    }
}
