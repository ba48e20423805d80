//! A thread that watches processes: what they write, and their end.
//!
//! It sleeps in `poll(2)` over the end of each process, its pipes, and one pipe by which it is woken. It
//! begins with the first process and ends when nobody has a hold on it and no process is left. Where the
//! system has no descriptor for the end of a process, a thread for each waits for it.

use std::io;
use std::os::fd::OwnedFd;
use std::process::Child;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;

use health_core::Instant;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal};

use super::{pidfd, pipe, read, signal_group, wait_for_end};
use crate::Clock;

/// A process that is watched, from its start to its end.
pub(crate) trait Watched: Send + 'static {
    /// What becomes readable when there is something to do.
    fn descriptors(&self) -> impl Iterator<Item = &OwnedFd>;

    /// Whether one of these tells of the process's end, and has not yet.
    fn has_pidfd(&self) -> bool;

    /// When there is something to do though nothing is readable.
    fn due(&self) -> Option<Instant>;

    /// Does what there is to do; false if it is over.
    fn advance(&mut self, now: Instant) -> bool;
}

/// The one watcher of this program for processes of a kind.
pub(crate) struct SharedWatcher<W> {
    name: &'static str,
    watcher: Mutex<Weak<Watcher<W>>>,
}

/// A hold on the thread; without any, it ends.
pub(crate) struct Watcher<W> {
    queue: Arc<Queue<W>>,
    clock: Clock,
    name: &'static str,
    /// Whether ends are waited for by descriptor.
    has_pidfd: bool,
}

/// What the thread is told.
struct Queue<W> {
    state: Mutex<State<W>>,
    wake: OwnedFd,
}

struct State<W> {
    new: Vec<W>,
    /// Something may have happened to any process without a pidfd.
    is_news: bool,
    /// Nobody has a hold any more.
    is_closed: bool,
}

impl<W: Watched> SharedWatcher<W> {
    /// Its thread has this name.
    pub(crate) const fn new(name: &'static str) -> Self {
        let watcher = Mutex::new(Weak::new());
        Self { name, watcher }
    }

    /// A hold on it.
    ///
    /// # Errors
    ///
    /// There are not enough descriptors, or no thread.
    pub(crate) fn get(&self) -> io::Result<Arc<Watcher<W>>> {
        let mut shared = self.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(watcher) = shared.upgrade() {
            return Ok(watcher);
        }
        let watcher = Arc::new(Watcher::new(self.name, true)?);
        *shared = Arc::downgrade(&watcher);
        Ok(watcher)
    }
}

impl<W: Watched> Watcher<W> {
    pub(crate) fn new(name: &'static str, has_pidfd: bool) -> io::Result<Self> {
        let (woken, wake) = pipe()?;
        // Full, it wakes as well as with a byte more.
        rustix::io::ioctl_fionbio(&wake, true)?;
        let state = Mutex::new(State {
            new: Vec::new(),
            is_news: false,
            is_closed: false,
        });
        let queue = Arc::new(Queue { state, wake });
        let clock = Clock::start();
        let mut watch = Watch {
            queue: Arc::clone(&queue),
            woken: Some(woken),
            processes: Vec::new(),
            clock,
        };
        let thread = thread::Builder::new().name(name.into());
        thread.spawn(move || watch.run())?;
        Ok(Self {
            queue,
            clock,
            name,
            has_pidfd,
        })
    }

    /// What its clock shows.
    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// What tells the thread of the end of `child`: its pidfd, or (`None`) a thread that waits.
    ///
    /// # Errors
    ///
    /// Neither can be had. Then `child` is killed and reaped, with its process group.
    pub(crate) fn end_of(&self, child: &mut Child) -> io::Result<Option<OwnedFd>> {
        let leader = Pid::from_child(child);
        if let Some(pidfd) = pidfd(leader).filter(|_| self.has_pidfd) {
            return Ok(Some(pidfd));
        }
        let queue = Arc::clone(&self.queue);
        let wait = move || {
            wait_for_end(leader);
            queue.tell(|state| state.is_news = true);
        };
        let thread = thread::Builder::new().name(format!("{}-wait", self.name));
        match thread.spawn(wait) {
            Ok(_) => Ok(None),
            Err(error) => {
                signal_group(leader, Signal::KILL);
                let _ = child.wait();
                Err(error)
            }
        }
    }

    /// Watches one more process.
    pub(crate) fn add(&self, process: W) {
        self.queue.tell(|state| state.new.push(process));
    }

    /// Has a look at all processes whose leader may have ended, or has.
    #[cfg(feature = "supervise")]
    pub(crate) fn look(&self) {
        self.queue.tell(|state| state.is_news = true);
    }
}

impl<W> Drop for Watcher<W> {
    fn drop(&mut self) {
        self.queue.tell(|state| state.is_closed = true);
    }
}

impl<W> Queue<W> {
    fn tell(&self, change: impl FnOnce(&mut State<W>)) {
        change(&mut self.lock());
        let _ = rustix::io::write(&self.wake, &[0]);
    }

    fn lock(&self) -> MutexGuard<'_, State<W>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W> std::fmt::Debug for Watcher<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watcher")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The thread's own side.
struct Watch<W> {
    queue: Arc<Queue<W>>,
    /// Never at its end: the other side is in the queue.
    woken: Option<OwnedFd>,
    processes: Vec<W>,
    clock: Clock,
}

impl<W: Watched> Watch<W> {
    fn run(&mut self) {
        let mut is_ready = Vec::new();
        loop {
            let (is_news, is_closed) = self.take();
            let now = self.clock.now();
            let mut is_ready_in_turn = is_ready.iter();
            self.processes.retain_mut(|process| {
                // The end of a new one may have been told before it was added.
                let is_ready = is_ready_in_turn.next().is_none_or(|it| *it)
                    || is_news && !process.has_pidfd()
                    || process.due().is_some_and(|due| due <= now);
                !is_ready || process.advance(now)
            });
            if is_closed && self.processes.is_empty() {
                return;
            }
            is_ready = self.wait();
        }
    }

    /// Takes what it was told: whether there is news, and whether nobody has a hold any more.
    fn take(&mut self) -> (bool, bool) {
        read(&mut self.woken, usize::MAX, |_| {});
        let mut state = self.queue.lock();
        self.processes.append(&mut state.new);
        (std::mem::take(&mut state.is_news), state.is_closed)
    }

    /// Waits until there is something to do, and says to which processes something has happened.
    fn wait(&self) -> Vec<bool> {
        let due = self.processes.iter().filter_map(Watched::due).min();
        let limit = due.map(|due| due.duration_since(self.clock.now()));
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        let mut descriptors: Vec<_> = self.woken.iter().map(readable).collect();
        let mut owners = vec![self.processes.len(); descriptors.len()];
        for (index, process) in self.processes.iter().enumerate() {
            descriptors.extend(process.descriptors().map(readable));
            owners.resize(descriptors.len(), index);
        }
        // It fails by a signal, or for lack of memory: then everything is looked at.
        if poll(&mut descriptors, limit.as_ref()).is_err() {
            thread::yield_now();
            return vec![true; self.processes.len()];
        }
        let mut is_ready = vec![false; self.processes.len() + 1];
        for (descriptor, owner) in descriptors.iter().zip(owners) {
            is_ready[owner] |= !descriptor.revents().is_empty();
        }
        is_ready.truncate(self.processes.len());
        is_ready
    }
}

fn readable(descriptor: &OwnedFd) -> PollFd<'_> {
    PollFd::new(descriptor, PollFlags::IN)
}
