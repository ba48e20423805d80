//! Runs a future on the calling thread, and waits for its sockets, timers and wake-ups.
//!
//! ```text
//!  block_on ─► poll the future ─► sleep until an event, a deadline or a wake-up ─┐
//!      ▲                                                                         │
//!      └───────────────── wake the futures concerned ◄────────────────────────────┘
//! ```
//!
//! Each thread has one reactor, which its sockets and timers find when they are polled. It sleeps in
//! the system's selector (epoll, kqueue) while it knows sockets, and parks the thread while it knows
//! none: a wait for a command, or for another thread, costs no descriptor and cannot fail.

mod notifier;
mod timer;
mod waiting;

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker, ready};
use std::thread;
use std::time::Duration;

use health_driver::runtime::Direction;
use mio::event::Source;
use mio::{Events, Interest, Token};

use notifier::Notifier;
pub use timer::Timer;
use waiting::{Waiting, lock};

/// Events taken from the system at a time.
const MAX_EVENTS: usize = 256;
/// How long to wait before all sockets are tried again, if the system's selector fails.
const PAUSE: Duration = Duration::from_millis(10);
/// The token of wake-ups by other threads.
const WAKEUP: Token = Token(usize::MAX);

/// Runs `future` to its end on this thread. May be called inside of a future that it runs.
pub(crate) fn block_on<R>(future: impl Future<Output = R>) -> R {
    REACTOR.with(|reactor| {
        let output = reactor.run(future);
        reactor.leave();
        output
    })
}

/// What is known of a socket, and its registration in the reactor of the thread that waits for it, which
/// ends when dropped.
///
/// Two words: there is one for each connection.
#[derive(Debug)]
pub(crate) struct Registration {
    /// `None` before it has waited: most connections are answered and gone before they are ever registered.
    waiting: Option<Arc<Mutex<Waiting>>>,
    key: u32,
    interest: Interest,
    /// There may be bytes, or connections.
    pub(crate) is_ready: bool,
    /// The peer has sent its last byte, so that a short read does not empty the socket.
    pub(crate) is_read_closed: bool,
}

thread_local!(static REACTOR: Reactor = Reactor::new());

/// Waits for everything that the futures of one thread wait for.
struct Reactor {
    notifier: Arc<Notifier>,
    /// Shared with the registrations of sockets and timers, which may be dropped on any thread.
    waiting: Arc<Mutex<Waiting>>,
    /// There is one while there are sockets.
    selector: RefCell<Option<Selector>>,
}

struct Selector {
    poll: mio::Poll,
    events: Events,
}

impl Registration {
    /// Of a socket that was not waited for yet.
    pub(crate) const fn new(is_ready: bool) -> Self {
        Self {
            waiting: None,
            key: 0,
            interest: Interest::READABLE,
            is_ready,
            is_read_closed: false,
        }
    }

    /// Makes a socket known to the system.
    pub(crate) fn register(
        &mut self,
        source: &mut dyn Source,
        direction: Direction,
    ) -> io::Result<()> {
        self.interest = interest(direction);
        REACTOR.with(|reactor| reactor.register(source, self))
    }

    /// Ready when there was a new event in this direction. Else the task of `cx` is woken at the next
    /// event in either direction.
    pub(crate) fn poll(
        &mut self,
        source: &mut dyn Source,
        direction: Direction,
        cx: &Context<'_>,
    ) -> Poll<io::Result<()>> {
        let interest = self.interest | interest(direction);
        if self.waiting.is_none() {
            self.register(source, direction)?;
        } else if interest != self.interest {
            self.ask_for(source, interest)?;
        }
        let Some(waiting) = &self.waiting else {
            return Poll::Pending;
        };
        let polled = lock(waiting).poll_socket(self.key, direction, cx.waker());
        self.is_read_closed = ready!(polled).is_read_closed;
        self.is_ready |= matches!(direction, Direction::Read);
        Poll::Ready(Ok(()))
    }

    /// Asks the system for further events. Interest in writing stays once it was there: unused events
    /// are cheap.
    fn ask_for(&mut self, source: &mut dyn Source, interest: Interest) -> io::Result<()> {
        REACTOR.with(|reactor| match &*reactor.selector.borrow() {
            Some(selector) => {
                let registry = selector.poll.registry();
                registry.reregister(source, token(self.key), interest)
            }
            None => Err(io::ErrorKind::NotConnected.into()),
        })?;
        self.interest = interest;
        Ok(())
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        if let Some(waiting) = &self.waiting {
            lock(waiting).remove_socket(self.key);
        }
    }
}

impl Reactor {
    fn new() -> Self {
        Self {
            notifier: Arc::new(Notifier::new()),
            waiting: Arc::default(),
            selector: RefCell::new(None),
        }
    }

    fn run<R>(&self, future: impl Future<Output = R>) -> R {
        let waker = Waker::from(Arc::clone(&self.notifier));
        let mut future = pin!(future);
        loop {
            self.notifier.reset();
            match future.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(output) => return output,
                Poll::Pending => self.wait(),
            }
        }
    }

    /// Ends a run.
    fn leave(&self) {
        // The notification may have been for the future that this one was run in.
        self.notifier.end_sleep();
        if lock(&self.waiting).has_no_sockets() {
            self.notifier.set_waker(None);
            *self.selector.borrow_mut() = None;
        }
    }

    /// Waits for an event, a deadline or a notification, and wakes the futures concerned.
    fn wait(&self) {
        let limit = if self.notifier.begin_sleep() {
            lock(&self.waiting).time_left()
        } else {
            Some(Duration::ZERO)
        };
        let is_idle = match &mut *self.selector.borrow_mut() {
            Some(selector) => {
                let waited = selector.poll.poll(&mut selector.events, limit);
                self.notifier.end_sleep();
                match waited {
                    Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                        thread::sleep(PAUSE);
                        lock(&self.waiting).wake_all();
                    }
                    _ => lock(&self.waiting).wake_ready(&selector.events),
                }
                selector.events.is_empty()
            }
            None => {
                match limit {
                    None => thread::park(),
                    Some(limit) if limit.is_zero() => {}
                    Some(limit) => thread::park_timeout(limit),
                }
                self.notifier.end_sleep();
                true
            }
        };
        // After an event, timers are looked at in the next round.
        if is_idle || limit == Some(Duration::ZERO) {
            lock(&self.waiting).wake_due();
        }
    }

    fn register(&self, source: &mut dyn Source, of: &mut Registration) -> io::Result<()> {
        let mut selector = self.selector.borrow_mut();
        let selector = match &mut *selector {
            Some(selector) => selector,
            none => none.insert(self.open_selector()?),
        };
        let key = lock(&self.waiting).insert_socket();
        let registry = selector.poll.registry();
        if let Err(error) = registry.register(source, token(key), of.interest) {
            lock(&self.waiting).remove_socket(key);
            return Err(error);
        }
        (of.waiting, of.key) = (Some(Arc::clone(&self.waiting)), key);
        Ok(())
    }

    fn open_selector(&self) -> io::Result<Selector> {
        let poll = mio::Poll::new()?;
        let waker = mio::Waker::new(poll.registry(), WAKEUP)?;
        self.notifier.set_waker(Some(waker));
        let events = Events::with_capacity(MAX_EVENTS);
        Ok(Selector { poll, events })
    }
}

const fn token(key: u32) -> Token {
    Token(key as usize)
}

/// A future that waits to write will read afterwards.
fn interest(direction: Direction) -> Interest {
    match direction {
        Direction::Read => Interest::READABLE,
        Direction::Write => Interest::READABLE | Interest::WRITABLE,
    }
}
