//! A daemon's own code, called when something happens.

use std::io;
use std::thread;

use health_core::health::Transition;
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
    let mut transitions = health.transitions();
    let call = move || {
        block_on(async {
            while let Some((id, transition)) = transitions.next().await {
                // The panic hook has said what there is to say.
                catch_panic(&mut || hook(id, &transition));
            }
        });
    };
    let thread = thread::Builder::new().name("health-hook".into());
    thread.spawn(call).map(drop)
}
