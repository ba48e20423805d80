//! A registry in memory behind the monitor of every driver: what one life has seen counts in the next.

use std::future::{Future, poll_fn};
use std::net::TcpListener;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use health_core::Name;
use health_core::check::probe::Probe;
use health_core::check::{CheckConfig, OnUnhealthy};
use health_core::monitor::registry::{Batch, Definition, TargetStore};
use health_driver::monitor::{MonitorControl, Target};

#[path = "../../../tests/support/memory_store.rs"]
mod memory_store;

use memory_store::MemoryStore;

/// `spawn` begins a monitor without targets on a thread of its own.
pub(crate) fn three_lives(spawn: impl Fn() -> MonitorControl) {
    let name = |text| Name::new(text).expect("a name");
    let (target, check) = (name("web-1"), name("tcp"));
    let mut store = MemoryStore::default();
    let definition = Definition {
        name: target.clone(),
        checks: vec![check.clone()],
        text: nobody().to_string().into(),
    };
    store.put(&[definition]).expect("kept");
    // A failure counts an interval after the last one, whichever life that was in.
    let mut config = CheckConfig::default();
    config.interval = Duration::from_millis(200);
    config.on_unhealthy = OnUnhealthy::Deregister;
    let config = Arc::new(config);
    for life in 1..=3 {
        let controls = spawn();
        controls.enable_journal();
        let kept = store.load().expect("loaded");
        let probe: Probe = kept[0].text.parse().expect("a probe");
        let saved = kept[0].saved(&check);
        let watched = Target::named(target.clone());
        let watched = watched.restored_probe(check.clone(), Arc::clone(&config), probe, saved);
        controls.add(watched).expect("added");
        while store.load().expect("loaded")[0]
            .saved(&check)
            .streak
            .failures()
            < life
        {
            let batch = next_batch(&controls).expect("it runs");
            store.write(&batch).expect("kept");
            controls.handle_stored(true);
        }
        controls.begin_stop();
        while let Some(batch) = next_batch(&controls) {
            store.write(&batch).expect("kept");
            controls.handle_stored(true);
        }
    }
    assert!(store.load().expect("loaded")[0].saved(&check).deregistered);
    let changes = store.transitions().iter().map(|it| it.change.words().0);
    assert_eq!(changes.collect::<Vec<_>>(), ["status", "deregistered"]);
}

/// A port where nobody listens.
fn nobody() -> Probe {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    Probe::tcp("127.0.0.1", port).expect("a probe")
}

fn next_batch(controls: &MonitorControl) -> Option<Arc<Batch>> {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut next = pin!(poll_fn(|cx| controls.poll_batch(cx.waker())));
    loop {
        match next.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(batch) => return batch,
            Poll::Pending => thread::park(),
        }
    }
}
