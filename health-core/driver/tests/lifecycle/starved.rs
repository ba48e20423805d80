//! An endpoint on its own thread answers while the daemon's own workers all hang, and tells on them.

use std::sync::mpsc;
use std::time::Duration;

use super::client::{LIVE, eventually, get};
use super::driver::{self, Health};
use super::spawn;

/// Keeps whoever waits from going on, until it is dropped.
pub(crate) struct Latch(Option<mpsc::Sender<()>>);

/// Where a worker hangs.
pub(crate) type Hang = Box<dyn FnOnce() + Send>;

impl Latch {
    /// A latch, and a place to hang at for each of so many workers, who say that they do.
    pub(crate) fn new(workers: usize) -> (Self, Vec<Hang>, mpsc::Receiver<()>) {
        let (hanging, hung) = mpsc::channel();
        let (latch, open) = mpsc::channel::<()>();
        let open = std::sync::Arc::new(std::sync::Mutex::new(open));
        let hang = |_| -> Hang {
            let (open, hanging) = (open.clone(), hanging.clone());
            Box::new(move || {
                hanging.send(()).expect("the test waits for it");
                // Fails as soon as the latch is dropped; nothing is ever sent.
                let _ = open.lock().map(|open| open.recv());
            })
        };
        let places = (0..workers).map(hang).collect();
        (Self(Some(latch)), places, hung)
    }
}

#[test]
fn a_starved_runtime_does_not_silence_the_endpoint_which_tells_on_it() {
    let health = Health::new("lifecycle", "1.2.3");
    let deadline = Duration::from_millis(50);
    let heartbeat = health.heartbeat("control", deadline).expect("a name");
    health.set_running();
    let handle = spawn(&health, |_| {});
    let address = handle.local_addr().expect("it is bound");

    let (latch, hangs, hung) = Latch::new(driver::WORKERS);
    let workers = driver::starve(hangs, Box::new(move || heartbeat.beat()));
    for _ in 0..driver::WORKERS {
        hung.recv().expect("every worker hangs");
    }
    for _ in 0..50 {
        let answer = get(address, LIVE);
        assert!(matches!(answer.code, 200 | 503), "{}", answer.head);
    }
    eventually("liveness names the loop that stopped", || {
        let answer = get(address, LIVE);
        answer.code == 503 && answer.body.contains("control")
    });
    assert!(latch.0.is_some(), "all that while the latch was shut");
    drop(latch);
    driver::join(workers);
}
