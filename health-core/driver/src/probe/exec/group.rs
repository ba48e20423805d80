//! The process group of one command, and signals to it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use health_core::monitor::Signal;
use rustix::process::Pid;

use crate::process::signal_group;

/// The process group of one command, for those who end the command from another thread.
///
/// Its lock is held for a moment only, never while a command is started or waited for.
#[derive(Debug, Default)]
pub struct ProcessGroup(Mutex<State>);

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    NotStarted,
    /// It has no number yet.
    Starting {
        is_cancelled: bool,
    },
    Running(Pid),
    /// Reaped, or never to be started: the number may be another process's by now.
    Over,
}

impl ProcessGroup {
    /// Sends `signal` to the whole group. A command that was not started yet will not be; one that is
    /// being started is killed as soon as it runs.
    pub fn signal(&self, signal: Signal) {
        let mut state = self.lock();
        match *state {
            State::NotStarted => *state = State::Over,
            State::Starting { .. } => *state = State::Starting { is_cancelled: true },
            // Until the leader is reaped, which takes the lock, no other process has its number.
            State::Running(leader) => signal_group(leader, number(signal)),
            State::Over => {}
        }
    }

    /// Begins to start the command; false if it must not be.
    pub(super) fn begin(&self) -> bool {
        let mut state = self.lock();
        let may_begin = matches!(*state, State::NotStarted);
        if may_begin {
            let is_cancelled = false;
            *state = State::Starting { is_cancelled };
        }
        may_begin
    }

    /// The command runs; false if it was cancelled while it was started.
    pub(super) fn started(&self, leader: Pid) -> bool {
        let mut state = self.lock();
        let is_cancelled = matches!(*state, State::Starting { is_cancelled: true });
        *state = State::Running(leader);
        !is_cancelled
    }

    /// The command is over. `reap` waits for a leader that has ended: from then on nobody may signal
    /// its number.
    pub(super) fn end(&self, reap: impl FnOnce()) {
        let mut state = self.lock();
        reap();
        *state = State::Over;
    }

    /// No user code runs under the lock, so a poisoned one holds a state as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn number(signal: Signal) -> rustix::process::Signal {
    match signal {
        Signal::Terminate => rustix::process::Signal::TERM,
        Signal::Kill => rustix::process::Signal::KILL,
    }
}
