//! A daemon's own code, called when something happens.

use std::future::poll_fn;
use std::io;
use std::task::{Poll, ready};
use std::thread;

use health_core::health::{Phase, Transition};
use health_driver::{Health, catch_panic};

use crate::reactor::block_on;

/// Calls `hook` for each transition from now on, until the health is stopped, with its number in
/// the history.
///
/// It runs on a thread of its own: a hook that takes long, or panics, affects nothing else. Transitions
/// that the clock alone decides arrive on time while a server runs. In async daemons a task does the same
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
        block_on(poll_fn(|cx| {
            loop {
                match ready!(next(
                    || health.phase(),
                    || transitions.poll_next(cx.waker())
                )) {
                    None => return Poll::Ready(()),
                    // The panic hook has said what there is to say.
                    Some((id, transition)) => catch_panic(&mut || hook(id, &transition)),
                }
            }
        }));
    };
    let thread = thread::Builder::new().name("health-hook".into());
    thread.spawn(call).map(drop)
}

/// The next transition, or `None` if there will be no more.
fn next<T>(phase: impl FnOnce() -> Phase, poll: impl FnOnce() -> Poll<T>) -> Poll<Option<T>> {
    // Before polling: the daemon may stop right behind it, and that is a transition too.
    let is_stopped = phase() == Phase::Stopped;
    match poll() {
        Poll::Pending if is_stopped => Poll::Ready(None),
        polled => polled.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[test]
    fn a_daemon_that_stops_while_it_is_polled_has_its_last_transition_told() {
        let health = Health::new("svc", "1");
        let mut transitions = health.transitions();
        let mut poll = || transitions.poll_next(Waker::noop()).map(|(id, _)| id);
        let stops_meanwhile = || {
            let polled = poll();
            health.stop();
            polled
        };
        assert_eq!(next(|| health.phase(), stops_meanwhile), Poll::Pending);
        let polled = next(|| health.phase(), &mut poll);
        assert!(matches!(polled, Poll::Ready(Some(_))), "{polled:?}");
        assert_eq!(next(|| health.phase(), &mut poll), Poll::Ready(None));
    }
}
