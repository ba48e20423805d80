//! A daemon's own code, called when something happens.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::task::{Poll, Wake, Waker};
use std::thread::{self, Thread};

use health_core::health::{Phase, Transition};
use health_driver::Health;

/// Wakes a thread that is parked.
pub(crate) struct Unpark(Thread);

impl Unpark {
    /// Wakes this thread.
    pub(crate) fn this_thread() -> Waker {
        Arc::new(Self(thread::current())).into()
    }
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Calls `hook` for each transition from now on, until the health is stopped, with its number in
/// the history.
///
/// It has a thread of its own: a hook that takes long, or panics, harms nobody but itself. What the
/// clock alone decides is told on time while a server runs. In async daemons a task does the same
/// over [`Health::transitions`].
///
/// ```no_run
/// use health_blocking::{Health, on_transition};
///
/// let health = Health::new("steering", "1.4.0");
/// on_transition(&health, |id, transition| {
///     let name = transition.name().map_or("daemon", |name| name.as_str());
///     eprintln!("{id}: {name} is {} now", transition.change().to());
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If the system gives no thread.
pub fn on_transition(
    health: &Health,
    mut hook: impl FnMut(u64, &Transition) + Send + 'static,
) -> io::Result<()> {
    let health = health.clone();
    let mut transitions = health.transitions();
    let call = move || {
        let waker = Unpark::this_thread();
        loop {
            match transitions.poll_next(&waker) {
                Poll::Ready((id, transition)) => {
                    let call = AssertUnwindSafe(|| hook(id, &transition));
                    // The panic hook has said what there is to say.
                    let _ = panic::catch_unwind(call);
                }
                Poll::Pending if health.phase() == Phase::Stopped => return,
                Poll::Pending => thread::park(),
            }
        }
    };
    let thread = thread::Builder::new().name("health-hook".into());
    thread.spawn(call).map(drop)
}
