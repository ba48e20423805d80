//! The life of a server, from bind to report: the same tests on every driver.
//!
//! A driver's test file includes this one by `#[path]` and gives it a module `driver`: the driver's
//! names, and functions that hide whether one has to `.await` ([`serve`](super::driver::serve),
//! `shutdown`, `drain`, `starve`). A test's name then says which driver failed.
//!
//! Nothing here sleeps for a while and hopes: a test waits for the event itself, with far more
//! patience than any event needs. Nothing is timed.

mod access;
mod client;
mod dialects;
mod drain;
mod history;
mod stale;
mod starved;
#[cfg(unix)]
mod unix;

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use super::driver::{self, CloseReason, Handle, Health, Limits, Server, ServerReport, Service};
pub(crate) use starved::Hang;

use client::{Client, LIVE, READY, eventually, get};

const PATIENCE: Duration = Duration::from_secs(20);

fn running() -> Health {
    let health = Health::new("lifecycle", "1.2.3");
    health.set_running();
    health
}

fn spawn(health: &Health, change: impl FnOnce(&mut Limits)) -> Handle {
    let mut limits = Limits::default();
    change(&mut limits);
    let server = Server::bind("127.0.0.1:0", health).expect("a free port");
    let server = server.service(Service::new().limits(limits));
    server.spawn().expect("a thread")
}

fn connect(handle: &Handle) -> Client {
    Client::connect(handle.local_addr().expect("it is bound"))
}

fn shutdown(handle: &Handle) -> ServerReport {
    driver::shutdown(handle, PATIENCE).expect("it ends")
}

#[test]
fn a_port_in_use_is_an_error_that_names_it() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it is bound");
    let error = Server::bind(address, &running()).expect_err("it is taken");
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[test]
fn port_0_reads_back_as_the_real_one() {
    let server = Server::bind("127.0.0.1:0", &running()).expect("a free port");
    let address = server.local_addr().expect("a port");
    assert_ne!(address.port(), 0);
    let handle = server.spawn().expect("a thread");
    assert_eq!(handle.local_addr(), Some(address));
    assert_eq!(get(address, LIVE).code, 200);
}

/// Nobody takes them out of the queue; one that finds no place in it would wait for a second, and
/// that is when a prober behind a flood gives up.
#[cfg(target_os = "linux")]
#[test]
fn five_hundred_clients_find_a_place_in_the_queue() {
    let server = Server::bind("127.0.0.1:0", &running()).expect("a free port");
    let address = server.local_addr().expect("a port");
    let connect = |_| TcpStream::connect_timeout(&address, Duration::from_millis(900));
    let clients: Result<Vec<_>, _> = (0..500).map(connect).collect();
    assert!(clients.is_ok(), "{clients:?}");
}

#[test]
fn a_listener_from_elsewhere_is_served() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    // It is inherited as it is, blocking and with clients in its queue.
    let mut early = Client::connect(address);
    early.send(LIVE);
    let server = Server::from_std(listener, &running()).expect("a listener");
    let _handle = server.spawn().expect("a thread");
    assert_eq!(early.answer().code, 200);
}

#[test]
fn stopping_twice_gives_the_same_report() {
    let handle = spawn(&running(), |_| {});
    let address = handle.local_addr().expect("it is bound");
    assert_eq!(get(address, LIVE).code, 200);
    let report = shutdown(&handle);
    assert_eq!(report.finished, 1);
    assert_eq!(shutdown(&handle), report);
    assert!(!handle.is_running());
    assert_eq!(handle.local_addr(), None);
}

#[test]
fn after_a_stop_it_can_be_started_on_the_same_port() {
    let health = running();
    let handle = spawn(&health, |_| {});
    let address = handle.local_addr().expect("it is bound");
    // A kept connection is no obstacle.
    let mut kept = connect(&handle);
    kept.send(LIVE);
    assert_eq!(kept.answer().code, 200);
    shutdown(&handle);
    kept.expect_end();
    let handle = Server::bind(address, &health)
        .and_then(Server::spawn)
        .expect("the port is free");
    assert_eq!(get(address, LIVE).code, 200);
    shutdown(&handle);
}

#[test]
fn a_health_stopped_before_the_start_ends_the_server_and_may_begin_anew() {
    let health = running();
    health.stop();
    let server = Server::bind("127.0.0.1:0", &health).expect("a free port");
    let report = driver::serve(server).expect("nothing to serve");
    assert_eq!(report, ServerReport::default());
    health.set_running();
    let handle = spawn(&health, |_| {});
    let address = handle.local_addr().expect("it is bound");
    assert_eq!(get(address, READY).code, 200);
}

#[test]
fn a_dropped_handle_leaves_the_server_running() {
    let health = running();
    let handle = spawn(&health, |_| {});
    let address = handle.local_addr().expect("it is bound");
    drop(handle);
    assert_eq!(get(address, LIVE).code, 200);
    health.stop();
    eventually("the port is free", || TcpListener::bind(address).is_ok());
}

#[test]
fn serve_ends_with_the_health_and_accounts_for_it() {
    let health = running();
    let server = Server::bind("127.0.0.1:0", &health).expect("a free port");
    let address = server.local_addr().expect("a port");
    let serving = thread::spawn(move || driver::serve(server));
    assert_eq!(get(address, LIVE).code, 200);
    assert_eq!(get(address, READY).code, 200);
    health.stop();
    let report = serving.join().expect("no panic").expect("it served");
    assert_eq!(report.finished, 2);
    assert_eq!(report.count(CloseReason::Answered), 2);
    assert_eq!((report.cut_off, report.failed), (0, 0));
}

#[test]
fn a_bind_is_tried_until_the_port_is_free() {
    // An address that no other test uses: on 127.0.0.1 one of them may get the port when it is free.
    let local = if cfg!(target_os = "linux") {
        "127.0.0.2:0"
    } else {
        "127.0.0.1:0"
    };
    let taken = TcpListener::bind(local).expect("a free port");
    let address = taken.local_addr().expect("it is bound");
    let server = Server::retry(address, &running(), Duration::from_millis(5));
    assert_eq!(server.local_addr(), None);
    let handle = server.spawn().expect("a thread");
    assert!(handle.is_running());
    assert_eq!(handle.local_addr(), None);
    drop(taken);
    eventually("it is bound", || handle.local_addr() == Some(address));
    assert_eq!(get(address, LIVE).code, 200);
    shutdown(&handle);
}

#[test]
fn a_server_that_was_never_bound_can_be_stopped() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it is bound");
    let server = Server::retry(address, &running(), Duration::from_secs(3600));
    let handle = server.spawn().expect("a thread");
    assert_eq!(shutdown(&handle), ServerReport::default());
}

#[test]
fn a_full_house_evicts_and_answers_the_newcomer() {
    let handle = spawn(&running(), |limits| limits.connections = 4);
    let mut idle = connect(&handle);
    idle.send(LIVE);
    assert_eq!(idle.answer().code, 200);
    // Half a request each: they ask, and less than a second.
    let mut asking: Vec<_> = (0..3).map(|_| connect(&handle)).collect();
    asking.iter_mut().for_each(|client| client.send(&LIVE[..9]));
    let mut newcomer = connect(&handle);
    newcomer.send(LIVE);
    assert_eq!(newcomer.answer().code, 200);
    idle.expect_end();
    // However many come and stay, each is answered, at the price of who has been idle for longest.
    let answered = |_| {
        let mut client = connect(&handle);
        client.send(LIVE);
        assert_eq!(client.answer().code, 200);
        client
    };
    let _stay: Vec<_> = (0..20).map(answered).collect();
    let report = shutdown(&handle);
    assert_eq!(report.finished, 22);
    assert_eq!(report.count(CloseReason::Evicted), 21, "{report:?}");
    assert_eq!(report.count(CloseReason::Draining), 4, "{report:?}");
}

#[test]
fn draining_refuses_readiness_closes_the_idle_and_finishes_the_rest() {
    let health = running();
    let handle = spawn(&health, |_| {});
    let address = handle.local_addr().expect("it is bound");
    let mut idle = connect(&handle);
    idle.send(LIVE);
    assert_eq!(idle.answer().code, 200);
    let mut asking = connect(&handle);
    // In one segment: when the answer is there, the beginning of the next request was read too.
    asking.send(&[LIVE, &LIVE[..9]].concat());
    assert_eq!(asking.answer().code, 200);
    let mut silent = connect(&handle);
    // Connections are accepted in order: when a later one is answered, this one is known.
    assert_eq!(get(address, READY).code, 200);

    health.begin_drain();
    idle.expect_end();
    let ready = get(address, READY);
    assert_eq!(ready.code, 503);
    assert!(ready.head.contains("Retry-After: "), "{}", ready.head);
    assert_eq!(get(address, LIVE).code, 200);
    asking.send(&LIVE[9..]);
    let last = asking.answer();
    assert_eq!(last.code, 200);
    assert!(last.head.contains("Connection: close"), "{}", last.head);
    asking.expect_end();
    // It has not asked anything yet, so it is no idle one: its question may be whether to kill us.
    silent.send(LIVE);
    assert_eq!(silent.answer().code, 200);
    silent.expect_end();
    assert!(handle.is_running(), "the health listener closes last");

    health.stop();
    eventually("it has ended", || !handle.is_running());
    let report = shutdown(&handle);
    assert_eq!(report.count(CloseReason::Draining), 3, "{report:?}");
    assert_eq!((report.cut_off, report.failed), (0, 0));
}

#[test]
fn an_answer_under_way_at_the_end_of_patience_is_cut_off_and_counted() {
    let health = running();
    // Larger than what a full socket still takes when some of it has been acknowledged meanwhile.
    let stats = health.stats("large").expect("a free name");
    stats.set(&"x".repeat(1 << 20)).expect("a string");
    let handle = spawn(&health, |limits| {
        limits.stop_timeout = Duration::from_millis(10);
    });
    let mut deaf = connect(&handle);
    deaf.send_until_stuck("GET /stats HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let report = shutdown(&handle);
    assert_eq!(report.cut_off, 1, "{report:?}");
    assert_eq!(report.closed, []);
}

/// Bytes that the system holds of what was sent on connections accepted at `address`, of each of them,
/// also after their end.
#[cfg(target_os = "linux")]
fn unsent(address: std::net::SocketAddr) -> Vec<usize> {
    let port = format!(":{:04X}", address.port());
    let table = std::fs::read_to_string("/proc/net/tcp").expect("the system's connections");
    let rows = table.lines().skip(1).filter_map(|row| {
        let mut columns = row.split_ascii_whitespace().skip(1);
        let (local, _, state) = (columns.next()?, columns.next()?, columns.next()?);
        let (unsent, _) = columns.next()?.split_once(':')?;
        let is_listener = state == "0A";
        (local.ends_with(&port) && !is_listener)
            .then(|| usize::from_str_radix(unsent, 16).expect("a number"))
    });
    rows.collect()
}

/// Three of them held 4 MB each, and after their deadline the system held that for minutes.
#[test]
#[cfg(target_os = "linux")]
fn of_what_a_client_does_not_take_the_system_holds_little_and_not_for_long() {
    for send_buffer in [256 * 1024, 64 * 1024] {
        let health = running();
        let stats = health.stats("large").expect("a free name");
        stats.set(&"x".repeat(8 << 20)).expect("a string");
        let handle = spawn(&health, |limits| {
            limits.send_buffer = send_buffer;
            limits.write_timeout = Duration::from_secs(2);
        });
        let address = handle.local_addr().expect("it is bound");
        let mut clients: Vec<_> = (0..3).map(|_| connect(&handle)).collect();
        for client in &mut clients {
            client.send("GET /stats HTTP/1.1\r\nHost: localhost\r\n\r\n");
        }
        let is_full = || unsent(address).iter().filter(|bytes| **bytes > 0).count() == 3;
        eventually("their buffers are full", is_full);
        let held = unsent(address);
        assert!(held.iter().all(|bytes| *bytes <= send_buffer), "{held:?}");
        eventually("nothing is held any more", || unsent(address).is_empty());
        let report = shutdown(&handle);
        assert_eq!(report.finished, 0, "{report:?}");
    }
}

/// It fits into the system's buffer, so the server takes it for sent.
#[test]
#[cfg(target_os = "linux")]
fn a_response_that_is_not_taken_is_discarded_at_the_deadline() {
    let health = running();
    let stats = health.stats("some").expect("a free name");
    // More than the client's system takes.
    stats.set(&"x".repeat(160_000)).expect("a string");
    let handle = spawn(&health, |limits| {
        limits.write_timeout = Duration::from_secs(2);
    });
    let address = handle.local_addr().expect("it is bound");
    let mut client = connect(&handle);
    client.send("GET /stats HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let is_held = || unsent(address).iter().any(|bytes| *bytes > 0);
    eventually("the response waits to be taken", is_held);
    eventually("the connection is over", || unsent(address).is_empty());
    shutdown(&handle);
}
