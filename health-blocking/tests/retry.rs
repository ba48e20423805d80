//! A server that waits for its port.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use health_blocking::runtime::Mio;
use health_blocking::{Health, Service};
use health_driver::Lifecycle;
use health_driver::listen::Source;
use health_driver::task::ServerTask;

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn a_port_in_use_is_waited_for_and_not_tried_again_at_once() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it is bound");
    let every = Duration::ZERO;
    let (health, (running, _control)) = (Health::new("svc", "1"), Lifecycle::new());
    let source = Source::Later { address, every };
    let server = ServerTask::<Mio>::new(source, health, Service::new(), running);
    let woken = Arc::<Woken>::default();
    let waker = Waker::from(Arc::clone(&woken));
    let mut server = server.expect("nothing is bound yet");
    let polled = server.poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
    assert!(!woken.0.load(Ordering::SeqCst), "it polls without a pause");
}
