//! A daemon's own code hears of every transition, and harms nobody.

use std::sync::mpsc;
use std::time::Duration;

use health_blocking::{Health, on_transition};

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn a_hook_hears_every_transition_in_order_and_survives_its_panics() {
    let health = Health::new("svc", "1");
    let (sender, heard) = mpsc::channel();
    let hook = move |id, transition: &health_core::health::Transition| {
        sender.send((id, transition.change().to())).expect("heard");
        assert_ne!(id, 2, "the second one goes wrong");
    };
    on_transition(&health, hook).expect("a thread");
    health.set_running();
    let flag = health.flag("leader").expect("free");
    flag.set(true);
    flag.set(false);
    health.begin_drain();
    health.stop();
    let next = || heard.recv_timeout(PATIENCE).ok();
    let (first, what) = next().expect("a transition");
    assert_eq!(what, "running");
    for (id, what) in (first + 1..).zip(["up", "down", "draining", "stopped"]) {
        assert_eq!(next(), Some((id, what)));
    }
    // With the health it ends, and lets go of what it holds.
    assert_eq!(
        heard.recv_timeout(PATIENCE),
        Err(mpsc::RecvTimeoutError::Disconnected)
    );
}
