//! Names to addresses, with a time limit that the system's resolver does not have.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use health_core::check::probe::{Part, Trouble};

use super::error;

/// Lookups under way at once, those included that nobody waits for any more.
const MOST: usize = 16;

/// What a lookup came to.
pub(super) enum Lookup {
    Found(Vec<SocketAddr>),
    Failed(Trouble, io::Error),
    TimedOut,
}

/// Looks `name` up on a thread of its own, which is left behind if it takes longer than `limit`:
/// `getaddrinfo` cannot be told to stop, and may take half a minute over a dead resolver.
pub(super) fn lookup(name: &str, port: u16, limit: Duration) -> Lookup {
    let until = Instant::now() + limit;
    let Some(place) = Place::take(until) else {
        let busy = io::Error::other("lookups that hang take all places");
        return Lookup::Failed(Trouble::Resolver, busy);
    };
    let (answer, answered) = mpsc::sync_channel(1);
    let name = name.to_owned();
    let thread = thread::Builder::new().name("health-dns".into());
    let spawned = thread.spawn(move || {
        let found = (name.as_str(), port).to_socket_addrs();
        drop(place);
        // Nobody may wait any more.
        let _ = answer.send(found.map(Iterator::collect));
    });
    if let Err(error) = spawned {
        return Lookup::Failed(error::trouble(&error, Part::Spawn), error);
    }
    match answered.recv_timeout(until.saturating_duration_since(Instant::now())) {
        Ok(Ok(addresses)) => Lookup::Found(addresses),
        Ok(Err(error)) => Lookup::Failed(trouble(&error), error),
        Err(RecvTimeoutError::Timeout) => Lookup::TimedOut,
        Err(RecvTimeoutError::Disconnected) => {
            Lookup::Failed(Trouble::Resolver, io::Error::other("the lookup panicked"))
        }
    }
}

fn trouble(error: &io::Error) -> Trouble {
    // A number is there only if the resolver failed by the system: it had no descriptor, say.
    match error.raw_os_error() {
        Some(number) if Trouble::from_errno(number, Part::Resolve).is_ours() => {
            Trouble::from_errno(number, Part::Resolve)
        }
        _ => Trouble::from_resolver(&error.to_string()),
    }
}

/// The right to one lookup.
struct Place;

static TAKEN: Mutex<usize> = Mutex::new(0);
static FREED: Condvar = Condvar::new();

impl Place {
    fn take(until: Instant) -> Option<Self> {
        let taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = until.saturating_duration_since(Instant::now());
        let (mut taken, _) = FREED
            .wait_timeout_while(taken, limit, |taken| *taken >= MOST)
            .unwrap_or_else(PoisonError::into_inner);
        (*taken < MOST).then(|| {
            *taken += 1;
            Self
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        FREED.notify_one();
    }
}
