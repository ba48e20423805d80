//! The thread that watches the processes of all groups of this program.
//!
//! It sleeps in `poll(2)` over three descriptors per process (its end and its two pipes) and one pipe
//! by which it is woken. It begins with the first process and ends when there is neither a process nor a
//! group. Where the system has no descriptor for the end of a process, a thread for each waits for it.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;

use health_core::supervise::SpawnFailure;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Pid;

use super::life::Life;
use crate::Clock;
use crate::process::{pidfd, pipe, read, wait_for_end};

/// The one that the groups of this program share.
static SHARED: Mutex<Weak<Watcher>> = Mutex::new(Weak::new());

/// A hold on the thread; without any, it ends.
#[derive(Debug)]
pub(super) struct Watcher {
    queue: Arc<Queue>,
    /// Whether ends are waited for by descriptor.
    has_pidfd: bool,
}

/// What the thread is told.
#[derive(Debug)]
struct Queue {
    state: Mutex<State>,
    wake: OwnedFd,
}

#[derive(Default)]
struct State {
    new: Vec<Life>,
    /// Something may have happened to any process without a pidfd.
    is_news: bool,
    /// No group is left.
    is_closed: bool,
}

impl Watcher {
    /// The one that all groups share.
    ///
    /// # Errors
    ///
    /// There are not enough descriptors, or no thread.
    pub(super) fn shared() -> io::Result<Arc<Self>> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(watcher) = shared.upgrade() {
            return Ok(watcher);
        }
        let watcher = Arc::new(Self::new(true)?);
        *shared = Arc::downgrade(&watcher);
        Ok(watcher)
    }

    pub(super) fn new(has_pidfd: bool) -> io::Result<Self> {
        let (woken, wake) = pipe()?;
        // Full, it wakes as well as with a byte more.
        rustix::io::ioctl_fionbio(&wake, true)?;
        let state = Mutex::default();
        let queue = Arc::new(Queue { state, wake });
        let mut watch = Watch {
            queue: Arc::clone(&queue),
            woken: Some(woken),
            lives: Vec::new(),
            clock: Clock::start(),
        };
        let thread = thread::Builder::new().name("supervise".into());
        thread.spawn(move || watch.run())?;
        Ok(Self { queue, has_pidfd })
    }

    /// What tells the thread of the end of `leader`: its pidfd, or (`None`) a thread that waits.
    ///
    /// # Errors
    ///
    /// Neither can be had.
    pub(super) fn end_of(&self, leader: Pid) -> Result<Option<OwnedFd>, SpawnFailure> {
        if let Some(pidfd) = pidfd(leader).filter(|_| self.has_pidfd) {
            return Ok(Some(pidfd));
        }
        let queue = Arc::clone(&self.queue);
        let wait = move || {
            wait_for_end(leader);
            queue.tell(|state| state.is_news = true);
        };
        let thread = thread::Builder::new().name("supervise-wait".into());
        match thread.spawn(wait) {
            Ok(_) => Ok(None),
            Err(_) => Err(SpawnFailure::Shortage),
        }
    }

    /// Watches one more process.
    pub(super) fn add(&self, life: Life) {
        self.queue.tell(|state| state.new.push(life));
    }

    /// Has a look at all processes whose leader may have ended, or has.
    pub(super) fn look(&self) {
        self.queue.tell(|state| state.is_news = true);
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.queue.tell(|state| state.is_closed = true);
    }
}

impl Queue {
    fn tell(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        let _ = rustix::io::write(&self.wake, &[0]);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("new", &self.new.len())
            .field("is_closed", &self.is_closed)
            .finish_non_exhaustive()
    }
}

/// The thread's own side.
struct Watch {
    queue: Arc<Queue>,
    /// Never at its end: the other side is in the queue.
    woken: Option<OwnedFd>,
    lives: Vec<Life>,
    clock: Clock,
}

impl Watch {
    fn run(&mut self) {
        let mut is_ready = Vec::new();
        loop {
            let (is_news, is_closed) = self.take();
            let now = self.clock.now();
            let mut is_ready_in_turn = is_ready.iter();
            self.lives.retain_mut(|life| {
                // The end of a new one may have been told before it was added.
                let is_ready = is_ready_in_turn.next().is_none_or(|it| *it)
                    || is_news && !life.has_pidfd()
                    || life.due().is_some_and(|due| due <= now);
                !is_ready || life.advance(now)
            });
            if is_closed && self.lives.is_empty() {
                return;
            }
            is_ready = self.wait();
        }
    }

    /// Takes what it was told: whether there is news, and whether no group is left.
    fn take(&mut self) -> (bool, bool) {
        read(&mut self.woken, usize::MAX, |_| {});
        let mut state = self.queue.lock();
        self.lives.append(&mut state.new);
        (std::mem::take(&mut state.is_news), state.is_closed)
    }

    /// Waits until there is something to do, and says to which processes something has happened.
    fn wait(&self) -> Vec<bool> {
        let due = self.lives.iter().filter_map(Life::due).min();
        let limit = due.map(|due| due.duration_since(self.clock.now()));
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        let mut descriptors: Vec<_> = self.woken.iter().map(readable).collect();
        let mut owners = vec![self.lives.len(); descriptors.len()];
        for (index, life) in self.lives.iter().enumerate() {
            descriptors.extend(life.descriptors().map(readable));
            owners.resize(descriptors.len(), index);
        }
        // It fails by a signal, or for lack of memory: then everything is looked at.
        if poll(&mut descriptors, limit.as_ref()).is_err() {
            thread::yield_now();
            return vec![true; self.lives.len()];
        }
        let mut is_ready = vec![false; self.lives.len() + 1];
        for (descriptor, owner) in descriptors.iter().zip(owners) {
            is_ready[owner] |= !descriptor.revents().is_empty();
        }
        is_ready.truncate(self.lives.len());
        is_ready
    }
}

fn readable(descriptor: &OwnedFd) -> PollFd<'_> {
    PollFd::new(descriptor, PollFlags::IN)
}
