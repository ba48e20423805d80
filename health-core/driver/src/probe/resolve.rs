//! Names to addresses, on threads: the system's resolver knows no deadline.

use std::io;
use std::mem;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Poll, Waker};

use crate::trouble;
use health_core::Instant;
use health_core::check::probe::{Attempt, ProbeError, ProbePhase};

use crate::pool::Pool;

/// Lookups under way at once, those included that nobody waits for any more.
const MOST: usize = 16;

/// A name that is being looked up. Dropped, its thread is left behind: `getaddrinfo` cannot be told
/// to stop, and may take half a minute over a dead resolver.
#[derive(Debug)]
pub struct Lookup {
    shared: Arc<Mutex<Shared>>,
    asked: Instant,
}

#[derive(Debug, Default)]
struct Shared {
    state: State,
    waker: Option<Waker>,
}

#[derive(Debug, Default)]
enum State {
    /// All threads are busy with others.
    #[default]
    Queued,
    Asking,
    Answered(io::Result<Vec<SocketAddr>>),
    /// The system gave no thread.
    Refused(io::Error),
    GivenUp,
}

impl Lookup {
    /// Begins to ask the system for the addresses of `name`.
    #[must_use]
    pub fn begin(name: &str, port: u16, now: Instant) -> Self {
        static THREADS: OnceLock<Pool> = OnceLock::new();
        let shared = Arc::<Mutex<Shared>>::default();
        let (of_thread, name) = (Arc::clone(&shared), name.to_owned());
        let threads = THREADS.get_or_init(|| Pool::new("health-dns", MOST));
        threads.submit(move |had_thread| {
            if let Err(error) = had_thread {
                set(&of_thread, State::Refused(error));
            } else if set(&of_thread, State::Asking) {
                let found = (name.as_str(), port).to_socket_addrs();
                set(&of_thread, State::Answered(found.map(Iterator::collect)));
            }
        });
        Self { shared, asked: now }
    }

    /// Ready when there is an answer.
    pub fn poll(&self, waker: &Waker) -> Poll<()> {
        let mut shared = lock(&self.shared);
        if let State::Queued | State::Asking = shared.state {
            shared.waker = Some(waker.clone());
            return Poll::Pending;
        }
        Poll::Ready(())
    }

    /// Tells the attempt what has come of it by now.
    pub fn tell(self, attempt: &mut Attempt<'_>, now: Instant) {
        let state = mem::replace(&mut lock(&self.shared).state, State::GivenUp);
        match state {
            State::Answered(Ok(addresses)) => attempt.handle_resolved(now, addresses),
            State::Answered(Err(error)) => {
                attempt.handle_error(now, whose(&error), &error);
            }
            State::Refused(error) => {
                attempt.handle_error(now, trouble(&error, ProbePhase::Spawn), &error);
            }
            // It was so from the beginning. At the deadline it would be the target's timeout.
            State::Queued => {
                let cause = "lookups that hang take all places";
                attempt.handle_error(self.asked, ProbeError::Resolver, cause);
            }
            State::Asking | State::GivenUp => attempt.handle_timeout(now),
        }
    }
}

impl Drop for Lookup {
    fn drop(&mut self) {
        lock(&self.shared).state = State::GivenUp;
    }
}

/// False if nobody waits for it any more.
fn set(shared: &Mutex<Shared>, state: State) -> bool {
    let mut shared = lock(shared);
    if matches!(shared.state, State::GivenUp) {
        return false;
    }
    let is_over = !matches!(state, State::Asking);
    shared.state = state;
    let waker = if is_over { shared.waker.take() } else { None };
    drop(shared);
    waker.into_iter().for_each(Waker::wake);
    true
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn whose(error: &io::Error) -> ProbeError {
    // A number is there only if the resolver failed by the system: it had no descriptor, say.
    match error.raw_os_error() {
        Some(number) if ProbeError::from_errno(number, ProbePhase::Resolve).is_ours() => {
            ProbeError::from_errno(number, ProbePhase::Resolve)
        }
        _ => ProbeError::from_resolver(&error.to_string()),
    }
}
