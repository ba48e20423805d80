//! What one check does when its time has come.

use std::any::Any;
use std::fmt;
use std::panic;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

use health_core::check::probe::{Endpoint, Probe};
use health_core::{Kind, Outcome};

/// What carries out a check.
pub enum Job {
    /// Looks at something outside this process.
    Probe(Probe),
    /// Calls a closure, on a thread that may wait.
    Call(SelfCheck),
    /// Polls a future.
    Future(AsyncSelfCheck),
}

/// A check of this process, by a closure.
pub struct SelfCheck(Box<dyn Fn() -> Outcome + Send + Sync>);

/// A check of this process, by a future.
pub struct AsyncSelfCheck(Box<dyn Fn() -> Answer + Send + Sync>);

/// One attempt of an [`AsyncSelfCheck`].
pub struct Attending(Result<Answer, Option<Outcome>>);

type Answer = Pin<Box<dyn Future<Output = Outcome> + Send>>;

impl Job {
    /// Whether an attempt that was given up leaves something to wait for: a process, or a thread in a
    /// closure. Sockets and futures are dropped.
    #[must_use]
    pub const fn needs_reap(&self) -> bool {
        match self {
            Self::Probe(probe) => probe.needs_reap(),
            Self::Call(_) => true,
            Self::Future(_) => false,
        }
    }

    pub(super) const fn is_http(&self) -> bool {
        matches!(self, Self::Probe(Probe::Http(_)))
    }

    /// Where it connects to, if that is a host and a port.
    pub(super) fn endpoint(&self) -> Option<&Endpoint> {
        match self {
            Self::Probe(probe) => probe.endpoint(),
            Self::Call(_) | Self::Future(_) => None,
        }
    }
}

impl SelfCheck {
    pub(super) fn new(look: impl Fn() -> Outcome + Send + Sync + 'static) -> Self {
        Self(Box::new(look))
    }

    /// Calls it. A panic is a failure; what it says is the private cause.
    #[must_use]
    pub fn call(&self) -> Outcome {
        caught(&self.0).unwrap_or_else(|failure| failure)
    }
}

impl AsyncSelfCheck {
    pub(super) fn new<F>(look: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        Self(Box::new(move || Box::pin(look())))
    }

    /// An attempt; nothing of it happens before it is polled, but what the closure does by itself.
    #[must_use]
    pub fn begin(&self) -> Attending {
        Attending(caught(&self.0).map_err(Some))
    }
}

impl Future for Attending {
    type Output = Outcome;

    /// A panic is a failure; what it says is the private cause.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let polled = match &mut self.0 {
            Ok(answer) => caught(|| answer.as_mut().poll(cx)),
            Err(failure) => Err(failure.take().unwrap_or_else(Outcome::success)),
        };
        match polled {
            Ok(polled) => polled,
            Err(failure) => {
                // A future that has panicked must not be polled again.
                self.0 = Err(None);
                Poll::Ready(failure)
            }
        }
    }
}

fn caught<R>(act: impl FnOnce() -> R) -> Result<R, Outcome> {
    panic::catch_unwind(AssertUnwindSafe(act)).map_err(|payload| panicked(payload.as_ref()))
}

fn panicked(payload: &(dyn Any + Send)) -> Outcome {
    let outcome = Outcome::failure("the check panicked").of_kind(Kind::Panicked);
    let text = payload.downcast_ref::<&str>().copied();
    match text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)) {
        Some(text) => outcome.caused_by(text),
        None => outcome,
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Probe(probe) => probe.fmt(f),
            Self::Call(_) | Self::Future(_) => f.write_str("self-check"),
        }
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Probe(probe) => probe.fmt(f),
            Self::Call(call) => call.fmt(f),
            Self::Future(call) => call.fmt(f),
        }
    }
}

impl fmt::Debug for SelfCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SelfCheck")
    }
}

impl fmt::Debug for AsyncSelfCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AsyncSelfCheck")
    }
}

impl fmt::Debug for Attending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attending")
    }
}
