//! How a check is carried out: by a probe, or by a closure or future of the daemon's author.
//!
//! A panic of the author's code, in its drop too, is a failure of that check: it ends neither the
//! monitor's task nor a thread of it.

use std::fmt;
use std::future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use health_core::check::probe::{Endpoint, Probe};
use health_core::{Kind, Outcome};

use crate::guard::{Panicked, catch};

/// How a check is carried out.
pub enum Job {
    /// By a probe of something outside this process.
    Probe(Probe),
    /// By nothing for now: this probe lacks something of the prober's own. Each attempt ends at once, with
    /// this outcome.
    Lacking(Box<(Probe, Outcome)>),
    /// By a closure, called on a thread that may block.
    Call(SelfCheck),
    /// By a future, polled in the monitor's task.
    Future(AsyncSelfCheck),
}

/// A check of this process, by a closure.
pub struct SelfCheck(Box<dyn Fn() -> Outcome + Send + Sync>);

/// A check of this process, by a future.
pub struct AsyncSelfCheck(Box<dyn Fn() -> Answer + Send + Sync>);

/// One attempt of an [`AsyncSelfCheck`], as a future. `None` once it was ready.
pub struct AsyncAttempt(Option<Answer>);

type Answer = Pin<Box<dyn Future<Output = Outcome> + Send>>;

impl Job {
    /// Whether an attempt that is given up leaves something behind that has to end first: a process, or
    /// a thread in a closure. Sockets and futures are just dropped.
    #[must_use]
    pub const fn needs_reap(&self) -> bool {
        match self {
            Self::Probe(probe) => probe.needs_reap(),
            Self::Lacking(lacking) => lacking.0.needs_reap(),
            Self::Call(_) => true,
            Self::Future(_) => false,
        }
    }

    const fn probe(&self) -> Option<&Probe> {
        match self {
            Self::Probe(probe) => Some(probe),
            Self::Lacking(lacking) => Some(&lacking.0),
            Self::Call(_) | Self::Future(_) => None,
        }
    }

    pub(super) const fn is_http(&self) -> bool {
        matches!(self.probe(), Some(Probe::Http(_)))
    }

    pub(super) fn needs_tls(&self) -> bool {
        match self.probe() {
            Some(Probe::Http(http)) => http.tls().is_some(),
            #[cfg(feature = "expect")]
            Some(Probe::Stream(stream)) => stream.tls().is_some(),
            _ => false,
        }
    }

    /// Where it connects to, if that is a host and a port.
    pub(super) fn endpoint(&self) -> Option<&Endpoint> {
        self.probe()?.endpoint()
    }
}

impl SelfCheck {
    pub(super) fn new(check: impl Fn() -> Outcome + Send + Sync + 'static) -> Self {
        Self(Box::new(check))
    }

    /// Calls the closure. A panic is a failure; what it says is the private cause.
    #[must_use]
    pub fn call(&self) -> Outcome {
        catch(&self.0).unwrap_or_else(failure)
    }
}

impl AsyncSelfCheck {
    pub(super) fn new<F>(check: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        Self(Box::new(move || Box::pin(check())))
    }

    /// Begins an attempt. It does nothing before it is polled, except for what the closure itself does.
    #[must_use]
    pub fn begin(&self) -> AsyncAttempt {
        let failed = |panicked| Box::pin(future::ready(failure(panicked))) as Answer;
        AsyncAttempt(Some(catch(&self.0).unwrap_or_else(failed)))
    }
}

impl Future for AsyncAttempt {
    type Output = Outcome;

    /// A panic is a failure, also in the drop of the author's future, which follows its last poll; what
    /// it says is the private cause.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let Some(answer) = &mut self.0 else {
            return Poll::Pending;
        };
        let polled = match catch(|| answer.as_mut().poll(cx)) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(outcome)) => Ok(outcome),
            Err(panicked) => Err(panicked),
        };
        let dropped = drop_caught(self.0.take());
        let outcome = polled.and_then(|outcome| dropped.map(|()| outcome));
        Poll::Ready(outcome.unwrap_or_else(failure))
    }
}

impl Drop for AsyncAttempt {
    /// An attempt that is given up is dropped in the monitor's own task.
    fn drop(&mut self) {
        let _ = drop_caught(self.0.take());
    }
}

impl Drop for SelfCheck {
    /// The last attempt of a target that was removed drops it, in the monitor's own task or thread.
    fn drop(&mut self) {
        let _ = drop_caught(mem::replace(&mut self.0, Box::new(Outcome::success)));
    }
}

impl Drop for AsyncSelfCheck {
    /// As for [`SelfCheck`].
    fn drop(&mut self) {
        let empty = || Box::pin(future::ready(Outcome::success())) as Answer;
        let _ = drop_caught(mem::replace(&mut self.0, Box::new(empty)));
    }
}

fn drop_caught<T>(value: T) -> Result<(), Panicked> {
    catch(|| drop(value))
}

fn failure(panicked: Panicked) -> Outcome {
    let outcome = Outcome::failure_with_message("the check panicked").of_kind(Kind::Panicked);
    match panicked.0 {
        Some(text) => outcome.caused_by(text),
        None => outcome,
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Probe(probe) => probe.fmt(f),
            Self::Lacking(lacking) => lacking.0.fmt(f),
            Self::Call(_) | Self::Future(_) => f.write_str("self-check"),
        }
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Probe(probe) => probe.fmt(f),
            Self::Lacking(lacking) => lacking.fmt(f),
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

impl fmt::Debug for AsyncAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AsyncAttempt")
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::Waker;

    use super::*;

    /// Ready at once or never, and panics when it is dropped.
    struct Bad {
        is_ready: bool,
    }

    impl Future for Bad {
        type Output = Outcome;

        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Outcome> {
            if self.is_ready {
                Poll::Ready(Outcome::success())
            } else {
                Poll::Pending
            }
        }
    }

    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("dropped badly");
        }
    }

    fn poll(attempt: Pin<&mut AsyncAttempt>) -> Poll<Outcome> {
        attempt.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_panic_in_the_drop_of_a_future_that_is_ready_is_a_failure() {
        let check = AsyncSelfCheck::new(|| Bad { is_ready: true });
        let mut attempt = pin!(check.begin());
        let Poll::Ready(outcome) = poll(attempt.as_mut()) else {
            panic!("it is ready");
        };
        assert_eq!(outcome.kind, Some(Kind::Panicked));
        assert_eq!(outcome.cause.expect("its text").reveal(), "dropped badly");
    }

    #[test]
    fn a_panic_in_the_drop_of_a_future_that_is_given_up_ends_there() {
        let check = AsyncSelfCheck::new(|| Bad { is_ready: false });
        {
            let mut attempt = pin!(check.begin());
            assert!(poll(attempt.as_mut()).is_pending());
        }
        drop(check.begin());
    }

    #[test]
    fn a_panic_in_the_drop_of_what_a_panic_carries_ends_there() {
        let check = AsyncSelfCheck::new(|| async {
            if true {
                std::panic::panic_any(Bad { is_ready: true });
            }
            Outcome::success()
        });
        let mut attempt = pin!(check.begin());
        let Poll::Ready(outcome) = poll(attempt.as_mut()) else {
            panic!("it is ready");
        };
        assert_eq!(outcome.kind, Some(Kind::Panicked));
    }

    #[test]
    fn a_panic_in_the_drop_of_a_closure_ends_there() {
        let bad = Bad { is_ready: true };
        drop(SelfCheck::new(move || {
            let _ = &bad;
            Outcome::success()
        }));
        let bad = Bad { is_ready: true };
        drop(AsyncSelfCheck::new(move || {
            let _ = &bad;
            async { Outcome::success() }
        }));
    }
}
