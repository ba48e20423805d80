//! The example that mounts the endpoint answers as the endpoint does.

#[path = "../../health-core/driver/tests/mount/mod.rs"]
mod mount;

#[path = "../examples/tiny_http.rs"]
#[expect(dead_code, reason = "its `main` takes a fixed port")]
mod tiny_http_example;

use std::net::TcpListener;
use std::thread;

use health_blocking::Server;

#[test]
fn mounted_in_tiny_http_it_answers_the_same() {
    let (service, health) = mount::endpoint();
    let own = Server::bind("127.0.0.1:0", &health).expect("a free port");
    let own = own.service(service.clone()).spawn().expect("a thread");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let mounted = listener.local_addr().expect("it is bound");
    // It serves until the test's process ends.
    thread::spawn(move || tiny_http_example::serve(listener, &service, &health));
    mount::compare(own.local_addr().expect("it is bound"), mounted);
}
