//! Names to addresses, by the system's resolver: one lookup for one attempt.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::OnceLock;
use std::task::{Poll, Waker};

use health_core::Instant;
use health_core::Kind;
use health_core::check::probe::{Attempt, ProbePhase};

use super::names::Names;
use crate::pool::{Progress, Wait};
use crate::probe_error;

/// A lookup of a name, for one attempt. Dropped, it leaves the lookup's thread behind: `getaddrinfo`
/// cannot be interrupted, and may take half a minute over a dead resolver.
#[derive(Debug)]
pub struct Lookup {
    wait: Wait<Answer>,
    port: u16,
}

/// The port is 0: attempts that share a lookup may have different ones. An `io::Error` cannot be cloned;
/// its class and text can.
type Answer = Result<Vec<SocketAddr>, (Kind, String)>;

impl Lookup {
    /// Begins to ask the system for the addresses of `name`, or joins a lookup that is under way.
    #[must_use]
    pub fn begin(name: &str, port: u16) -> Self {
        static NAMES: OnceLock<Names<Answer>> = OnceLock::new();
        let names = NAMES.get_or_init(|| Names::new(look_up));
        let wait = names.request(name);
        Self { wait, port }
    }

    /// Ready when there is an answer; else `waker` is woken when there is.
    pub fn poll(&self, waker: &Waker) -> Poll<()> {
        self.wait.poll_over(waker)
    }

    /// Gives the attempt the addresses, or the error if there are none by now.
    pub fn finish(self, attempt: &mut Attempt<'_>, now: Instant) {
        match self.wait.progress() {
            Progress::Done(Ok(mut addresses)) => {
                addresses
                    .iter_mut()
                    .for_each(|address| address.set_port(self.port));
                attempt.handle_resolved(now, addresses);
            }
            Progress::Done(Err((error, cause))) => attempt.handle_error(now, error, cause),
            Progress::Failed(error) => {
                attempt.handle_error(now, probe_error(&error, ProbePhase::Spawn), error);
            }
            // The resolver does not answer, or not to so many names at once.
            Progress::Queued | Progress::Running => attempt.handle_timeout(now),
        }
    }
}

fn look_up(name: &str) -> Answer {
    match (name, 0).to_socket_addrs() {
        Ok(found) => Ok(found.collect()),
        Err(error) => Err((resolver_error(&error), error.to_string())),
    }
}

fn resolver_error(error: &io::Error) -> Kind {
    // A number is there only if the resolver failed by the system: it had no descriptor, say.
    match error.raw_os_error() {
        Some(number) if Kind::from_errno(number, ProbePhase::Resolve).is_ours() => {
            Kind::from_errno(number, ProbePhase::Resolve)
        }
        _ => Kind::from_resolver(&error.to_string()),
    }
}
