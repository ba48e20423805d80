//! The sockets and timers of one thread, and the wakers of the futures that wait for them.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use health_driver::runtime::Direction;
use mio::Events;
use mio::event::Event;

/// What is known of a socket that has had an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Readiness {
    /// The peer has sent its last byte, so that a short read does not empty the socket.
    pub(crate) is_read_closed: bool,
}

/// A deadline, and a number that makes it unique.
pub(super) type TimerKey = (Instant, usize);

/// The registered sockets and timers.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    sockets: Vec<Option<Socket>>,
    free: Vec<u32>,
    /// Sorted by deadline, the next one last: adding and removing it moves little and allocates nothing.
    timers: Vec<(TimerKey, Waker)>,
    timer_keys: usize,
}

/// The events of a socket, and the waker of the task that waits for them.
#[derive(Debug, Default)]
struct Socket {
    /// Of the task that waited last.
    waker: Option<Waker>,
    /// Events that were not used yet.
    readable: bool,
    writable: bool,
    /// Never reset.
    read_closed: bool,
}

impl Waiting {
    /// Adds a socket; returns its key.
    pub(super) fn insert_socket(&mut self) -> u32 {
        let socket = Some(Socket::default());
        if let Some(key) = self.free.pop() {
            self.sockets[key as usize] = socket;
            return key;
        }
        // A process has fewer descriptors than that.
        let key = u32::try_from(self.sockets.len()).unwrap_or(u32::MAX);
        self.sockets.push(socket);
        key
    }

    pub(super) fn remove_socket(&mut self, key: u32) {
        self.sockets[key as usize] = None;
        self.free.push(key);
    }

    /// Takes an event of the socket; if there is none, `waker` is woken by the next one.
    pub(super) fn poll_socket(
        &mut self,
        key: u32,
        direction: Direction,
        waker: &Waker,
    ) -> Poll<Readiness> {
        let Some(Some(socket)) = self.sockets.get_mut(key as usize) else {
            return Poll::Pending;
        };
        let event = match direction {
            Direction::Read => &mut socket.readable,
            Direction::Write => &mut socket.writable,
        };
        if std::mem::take(event) {
            return Poll::Ready(Readiness {
                is_read_closed: socket.read_closed,
            });
        }
        match &mut socket.waker {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        Poll::Pending
    }

    pub(super) fn has_no_sockets(&self) -> bool {
        self.free.len() == self.sockets.len()
    }

    /// Adds a timer; returns its key.
    pub(super) fn insert_timer(&mut self, deadline: Instant, waker: &Waker) -> TimerKey {
        self.timer_keys += 1;
        let key = (deadline, self.timer_keys);
        let (Ok(index) | Err(index)) = self.find_timer(key);
        self.timers.insert(index, (key, waker.clone()));
        key
    }

    pub(super) fn remove_timer(&mut self, key: TimerKey) {
        if let Ok(index) = self.find_timer(key) {
            self.timers.remove(index);
        }
    }

    /// Ready when the deadline of the timer has passed, which removes it; else `waker` is woken then.
    pub(super) fn poll_timer(&mut self, key: TimerKey, waker: &Waker) -> Poll<()> {
        match self.find_timer(key) {
            Ok(index) => {
                self.timers[index].1.clone_from(waker);
                Poll::Pending
            }
            Err(_) => Poll::Ready(()),
        }
    }

    /// The index of a timer, or the one where it would be inserted.
    fn find_timer(&self, key: TimerKey) -> Result<usize, usize> {
        self.timers.binary_search_by(|(other, _)| key.cmp(other))
    }

    /// The time until the next deadline.
    pub(super) fn time_left(&self) -> Option<Duration> {
        let ((deadline, _), _) = self.timers.last()?;
        Some(deadline.saturating_duration_since(Instant::now()))
    }

    /// Wakes the tasks whose deadlines have passed.
    pub(super) fn wake_due(&mut self) {
        if self.timers.is_empty() {
            return;
        }
        let now = Instant::now();
        let later = self
            .timers
            .partition_point(|((deadline, _), _)| *deadline > now);
        let due = self.timers.drain(later..);
        due.for_each(|(_, waker)| waker.wake());
    }

    /// Stores events, and wakes the tasks that wait for their sockets.
    pub(super) fn wake_ready(&mut self, events: &Events) {
        for event in events {
            if let Some(Some(socket)) = self.sockets.get_mut(event.token().0) {
                socket.note(event);
                socket.wake();
            }
        }
    }

    /// Wakes all tasks as if there were events: each socket then returns its own error, or works.
    pub(super) fn wake_all(&mut self) {
        for socket in self.sockets.iter_mut().flatten() {
            (socket.readable, socket.writable) = (true, true);
            socket.wake();
        }
    }
}

impl Socket {
    fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }

    fn note(&mut self, event: &Event) {
        self.read_closed |= event.is_read_closed();
        self.readable |= event.is_readable() || event.is_read_closed() || event.is_error();
        self.writable |= event.is_writable() || event.is_write_closed() || event.is_error();
    }
}

/// Sockets and timers are those of health-driver's tasks, whose wakers run no user code and take no
/// lock of ours: they may be woken under it. A poisoned lock does not matter: the state is never half changed.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
