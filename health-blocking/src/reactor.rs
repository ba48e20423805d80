//! Runs a future on the thread that calls, and waits for its sockets, timers and wake-ups.
//!
//! ```text
//!  block_on ─► poll the future ─► sleep until an event, a deadline or a wake-up ─┐
//!      ▲                                                                         │
//!      └───────────────── wake whoever waits for it ◄────────────────────────────┘
//! ```
//!
//! Each thread has one reactor, which its sockets and timers find when they are polled. It sleeps in
//! the system's selector (epoll, kqueue) while it knows sockets, and parks the thread while it knows
//! none: a wait for a command, or for another thread, costs no descriptor and cannot fail.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use health_driver::runtime::Wish;
use mio::event::{Event, Source};
use mio::{Events, Interest, Token};

/// Events taken from the system at a time.
const MOST_EVENTS: usize = 256;
/// Before everybody tries again where the system cannot wait.
const PAUSE: Duration = Duration::from_millis(10);
/// The token of wake-ups by other threads.
const WAKEUP: Token = Token(usize::MAX);

/// Runs `future` to its end on this thread. May be called inside of a future that it runs.
pub(crate) fn block_on<R>(future: impl Future<Output = R>) -> R {
    HERE.with(|here| {
        let output = here.run(future);
        here.leave();
        output
    })
}

/// A socket's place in the reactor of the thread that waits for it; given back when dropped.
#[derive(Debug)]
pub(crate) struct Registration {
    waiting: Arc<Mutex<Waiting>>,
    key: usize,
    interest: Interest,
}

/// What is known of a socket that has had an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Readiness {
    /// The peer has sent its last byte, so that a short read does not empty the socket.
    pub(crate) is_read_closed: bool,
}

/// A timer, as [`health_driver::runtime::Timer`] describes it.
#[derive(Debug, Default)]
pub struct Timer {
    /// `None` is never.
    rings_at: Option<Instant>,
    place: Option<TimerPlace>,
}

/// A timer's place in the reactor of the thread that waits for it.
#[derive(Debug)]
struct TimerPlace {
    waiting: Arc<Mutex<Waiting>>,
    key: (Instant, usize),
}

thread_local!(static HERE: Reactor = Reactor::new());

/// What one thread waits with.
struct Reactor {
    bell: Arc<Bell>,
    /// Shared with the places of sockets and timers, which may be dropped anywhere.
    waiting: Arc<Mutex<Waiting>>,
    /// There is one while there are sockets.
    selector: RefCell<Option<Selector>>,
}

struct Selector {
    poll: mio::Poll,
    events: Events,
}

/// Who waits for what.
#[derive(Debug, Default)]
struct Waiting {
    sockets: Vec<Option<Socket>>,
    free: Vec<usize>,
    /// The next one is the last: setting and taking it moves little, and allocates nothing.
    timers: Vec<((Instant, usize), Waker)>,
    timer_keys: usize,
}

/// What is known of a socket, and who waits for it.
#[derive(Debug, Default)]
struct Socket {
    /// The last one who has waited.
    waker: Option<Waker>,
    /// Events that nobody has asked for yet.
    readable: bool,
    writable: bool,
    /// For ever, once it is.
    read_closed: bool,
}

/// Wakes a reactor's thread, with a system call only if it sleeps.
struct Bell {
    state: AtomicU8,
    thread: Thread,
    /// Of the selector, while there is one.
    waker: Mutex<Option<mio::Waker>>,
}

/// States of a bell: nobody has rung since the future was last polled; somebody has; the thread
/// sleeps, and nobody has.
const AWAKE: u8 = 0;
const RUNG: u8 = 1;
const ASLEEP: u8 = 2;

impl Registration {
    /// Makes a socket known to the system.
    pub(crate) fn new(source: &mut dyn Source, wish: Wish) -> io::Result<Self> {
        HERE.with(|here| here.register(source, wish))
    }

    /// Ready when there is something new of the kind `wish`. Else the task of `cx` is woken at the
    /// next event, of whatever kind.
    pub(crate) fn poll(
        &mut self,
        source: &mut dyn Source,
        wish: Wish,
        cx: &Context<'_>,
    ) -> Poll<io::Result<Readiness>> {
        let interest = self.interest | interest(wish);
        if interest != self.interest {
            self.ask_for(source, interest)?;
        }
        self.poll_event(wish, cx).map(Ok)
    }

    /// Asks the system for further events. Interest in writing stays once it was there: events that
    /// nobody needs are cheap.
    fn ask_for(&mut self, source: &mut dyn Source, interest: Interest) -> io::Result<()> {
        HERE.with(|here| match &*here.selector.borrow() {
            Some(selector) => {
                let registry = selector.poll.registry();
                registry.reregister(source, Token(self.key), interest)
            }
            None => Err(io::ErrorKind::NotConnected.into()),
        })?;
        self.interest = interest;
        Ok(())
    }

    fn poll_event(&self, wish: Wish, cx: &Context<'_>) -> Poll<Readiness> {
        let mut waiting = lock(&self.waiting);
        let Some(Some(socket)) = waiting.sockets.get_mut(self.key) else {
            return Poll::Pending;
        };
        let event = match wish {
            Wish::Read => &mut socket.readable,
            Wish::Write => &mut socket.writable,
        };
        if std::mem::take(event) {
            return Poll::Ready(Readiness {
                is_read_closed: socket.read_closed,
            });
        }
        match &mut socket.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut waiting = lock(&self.waiting);
        waiting.sockets[self.key] = None;
        waiting.free.push(self.key);
    }
}

impl health_driver::runtime::Timer for Timer {
    fn set(&mut self, after: Duration) {
        self.place = None;
        self.rings_at = Instant::now().checked_add(after);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match (&self.place, self.rings_at) {
            (Some(place), _) => place.poll(cx),
            (None, Some(rings_at)) if rings_at > Instant::now() => {
                self.place = Some(HERE.with(|here| here.wake_at(rings_at, cx.waker())));
                Poll::Pending
            }
            (None, Some(_)) => Poll::Ready(()),
            (None, None) => Poll::Pending,
        }
    }
}

impl TimerPlace {
    /// It is there until it has rung.
    fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        let mut waiting = lock(&self.waiting);
        match waiting.find_timer(self.key) {
            Ok(index) => {
                waiting.timers[index].1.clone_from(cx.waker());
                Poll::Pending
            }
            Err(_) => Poll::Ready(()),
        }
    }
}

impl Drop for TimerPlace {
    fn drop(&mut self) {
        let mut waiting = lock(&self.waiting);
        if let Ok(index) = waiting.find_timer(self.key) {
            waiting.timers.remove(index);
        }
    }
}

impl Reactor {
    fn new() -> Self {
        Self {
            bell: Arc::new(Bell {
                state: AtomicU8::new(AWAKE),
                thread: thread::current(),
                waker: Mutex::new(None),
            }),
            waiting: Arc::default(),
            selector: RefCell::new(None),
        }
    }

    fn run<R>(&self, future: impl Future<Output = R>) -> R {
        let waker = Waker::from(Arc::clone(&self.bell));
        let mut future = pin!(future);
        loop {
            self.bell.state.swap(AWAKE, Ordering::AcqRel);
            match future.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(output) => return output,
                Poll::Pending => self.wait(),
            }
        }
    }

    /// Ends a run.
    fn leave(&self) {
        // Whatever has rung may have meant the future that this one was run in.
        self.bell.state.store(RUNG, Ordering::Release);
        if lock(&self.waiting).has_no_sockets() {
            *lock(&self.bell.waker) = None;
            *self.selector.borrow_mut() = None;
        }
    }

    /// Waits until something happens, and wakes whoever waits for that.
    fn wait(&self) {
        let sleeps =
            self.bell
                .state
                .compare_exchange(AWAKE, ASLEEP, Ordering::AcqRel, Ordering::Acquire);
        let limit = match sleeps {
            Ok(_) => lock(&self.waiting).left(),
            Err(_) => Some(Duration::ZERO),
        };
        let is_idle = match &mut *self.selector.borrow_mut() {
            Some(selector) => {
                let waited = selector.poll.poll(&mut selector.events, limit);
                self.bell.state.store(RUNG, Ordering::Release);
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
                self.bell.state.store(RUNG, Ordering::Release);
                true
            }
        };
        // Behind an event there is time enough for timers in the next round.
        if is_idle || limit == Some(Duration::ZERO) {
            lock(&self.waiting).wake_due();
        }
    }

    fn register(&self, source: &mut dyn Source, wish: Wish) -> io::Result<Registration> {
        let mut selector = self.selector.borrow_mut();
        let selector = match &mut *selector {
            Some(selector) => selector,
            none => none.insert(self.open_selector()?),
        };
        let interest = interest(wish);
        let key = lock(&self.waiting).insert();
        // Dropped, it gives the place back.
        let registration = Registration {
            waiting: Arc::clone(&self.waiting),
            key,
            interest,
        };
        let registry = selector.poll.registry();
        registry.register(source, Token(key), interest)?;
        Ok(registration)
    }

    fn open_selector(&self) -> io::Result<Selector> {
        let poll = mio::Poll::new()?;
        let waker = mio::Waker::new(poll.registry(), WAKEUP)?;
        *lock(&self.bell.waker) = Some(waker);
        let events = Events::with_capacity(MOST_EVENTS);
        Ok(Selector { poll, events })
    }

    fn wake_at(&self, rings_at: Instant, waker: &Waker) -> TimerPlace {
        let mut waiting = lock(&self.waiting);
        waiting.timer_keys += 1;
        let key = (rings_at, waiting.timer_keys);
        let (Ok(index) | Err(index)) = waiting.find_timer(key);
        waiting.timers.insert(index, (key, waker.clone()));
        drop(waiting);
        let waiting = Arc::clone(&self.waiting);
        TimerPlace { waiting, key }
    }
}

impl Waiting {
    fn insert(&mut self) -> usize {
        let key = self.free.pop().unwrap_or(self.sockets.len());
        if key == self.sockets.len() {
            self.sockets.push(None);
        }
        self.sockets[key] = Some(Socket::default());
        key
    }

    fn has_no_sockets(&self) -> bool {
        self.free.len() == self.sockets.len()
    }

    /// Where a timer is, or would be.
    fn find_timer(&self, key: (Instant, usize)) -> Result<usize, usize> {
        self.timers.binary_search_by(|(other, _)| key.cmp(other))
    }

    /// What is left until the next timer rings.
    fn left(&self) -> Option<Duration> {
        let ((rings_at, _), _) = self.timers.last()?;
        Some(rings_at.saturating_duration_since(Instant::now()))
    }

    /// Wakes those whose timers ring.
    fn wake_due(&mut self) {
        if self.timers.is_empty() {
            return;
        }
        let now = Instant::now();
        let later = self
            .timers
            .partition_point(|((rings_at, _), _)| *rings_at > now);
        let due = self.timers.drain(later..);
        due.for_each(|(_, waker)| waker.wake());
    }

    /// Notes events, and wakes those who wait for their sockets.
    fn wake_ready(&mut self, events: &Events) {
        for event in events {
            if let Some(Some(socket)) = self.sockets.get_mut(event.token().0) {
                socket.note(event);
                socket.wake();
            }
        }
    }

    /// As if all had events: each socket shows its own error, or goes on.
    fn wake_all(&mut self) {
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

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.state.swap(RUNG, Ordering::AcqRel) == ASLEEP {
            match &*lock(&self.waker) {
                // It fails only where the selector is gone, and then nobody sleeps in it.
                Some(waker) => drop(waker.wake()),
                None => self.thread.unpark(),
            }
        }
    }
}

/// Whoever waits to write reads afterwards.
fn interest(wish: Wish) -> Interest {
    match wish {
        Wish::Read => Interest::READABLE,
        Wish::Write => Interest::READABLE | Interest::WRITABLE,
    }
}

/// Sockets and timers are those of health-driver's tasks, whose wakers run no user code and take no
/// lock of ours: they may be woken under it. A poisoned one holds a state as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
