//! Probes of targets that are slow, broken, hostile or well.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use health_core::check::probe::{AddressPolicy, HttpProbe, Probe, ProbePhase, Report};
use health_core::{Class, Kind};

use crate::driver;
use crate::peer::{answering, nobody, server};

/// A deadline that passes; what is to happen before it has happened by then, however busy the machine.
const SHORT: Duration = Duration::from_millis(1_500);
const LONG: Duration = Duration::from_secs(20);

#[track_caller]
fn run(target: &str, timeout: Duration) -> Report {
    let target: Probe = target.parse().expect(target);
    probe(&target, timeout)
}

fn probe(target: &Probe, timeout: Duration) -> Report {
    driver::probe(AddressPolicy::new(), target, timeout)
}

#[track_caller]
fn says(report: &Report, class: Class, kind: Option<Kind>, message: &str) {
    let outcome = &report.outcome;
    assert_eq!(outcome.message.as_str(), message, "{outcome:?}");
    assert_eq!((outcome.class, outcome.kind), (class, kind));
}

#[test]
fn a_server_that_is_well() {
    let address = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let report = run(&format!("http://{address}/health"), LONG);
    says(&report, Class::Success, None, "");
    assert_eq!((report.status, report.address), (Some(200), Some(address)));
    let parts: Vec<_> = report.timings.iter().map(|(name, _)| name).collect();
    assert_eq!(parts, ["connect", "send", "wait", "body"]);
    assert!(report.took < LONG);
}

#[test]
fn a_server_that_is_not() {
    let address = answering(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");
    let report = run(&format!("http://{address}"), LONG);
    let message = "HTTP 500 Internal Server Error (accepted: 200-399)";
    says(&report, Class::Failure, Some(Kind::BadStatus), message);
}

/// Most machines have two addresses for it, and most servers one.
#[test]
fn localhost_is_found_whatever_it_is() {
    let address = answering(b"HTTP/1.1 204 No Content\r\n\r\n");
    let report = run(&format!("http://localhost:{}", address.port()), LONG);
    says(&report, Class::Success, None, "");
    assert_eq!(report.address, Some(address));
    assert!(report.timings.get(ProbePhase::Resolve).is_some());
}

/// The zone of a link-local address is the system's to know. This machine may have no such address, but
/// its loopback interface has the zone.
#[cfg(target_os = "linux")]
#[test]
fn an_address_with_a_zone() {
    let report = run("tcp://[fe80::1%25lo]:9", SHORT);
    let Some(std::net::SocketAddr::V6(address)) = report.address else {
        panic!("{report:?}");
    };
    assert_eq!(address.scope_id(), 1);
    let report = run("tcp://[fe80::1%25nowhere]:9", LONG);
    assert_eq!(report.outcome.kind, Some(Kind::NameNotFound), "{report:?}");
}

#[test]
fn nobody_there() {
    let report = run(&format!("tcp://{}", nobody()), LONG);
    let message = "connection refused while connecting";
    says(&report, Class::Failure, Some(Kind::Refused), message);
}

#[test]
fn no_such_name() {
    let report = run("http://no-such-name.invalid/", LONG);
    // Where the resolver is not to be reached that is what is said; it is never the target's fault.
    let kind = report.outcome.kind;
    match report.outcome.class {
        Class::Failure => assert_eq!(kind, Some(Kind::NameNotFound)),
        Class::Indeterminate => assert_eq!(kind, Some(Kind::Resolver)),
        class => panic!("{class:?}"),
    }
}

#[test]
fn a_connection_that_is_never_accepted() {
    // One place in the queue, and that is taken. A listener never refuses, it stops answering.
    let listener = rustix::net::socket(
        rustix::net::AddressFamily::INET,
        rustix::net::SocketType::STREAM,
        None,
    )
    .expect("a socket");
    let any: std::net::SocketAddr = "127.0.0.1:0".parse().expect("an address");
    rustix::net::bind(&listener, &any).expect("a port");
    rustix::net::listen(&listener, 0).expect("a listener");
    let address = TcpListener::from(listener.try_clone().expect("a copy")).local_addr();
    let address = address.expect("its address");
    let fill = || std::net::TcpStream::connect_timeout(&address, Duration::from_millis(300));
    let filled: Vec<_> = (0..4).filter_map(|_| fill().ok()).collect();
    assert!(filled.len() < 4, "the queue has room for everybody");
    let report = run(&format!("http://{address}"), SHORT);
    let message = "timeout while connecting";
    says(&report, Class::Failure, Some(Kind::Timeout), message);
}

#[test]
fn an_answer_that_does_not_come() {
    let address = server(std::mem::forget);
    let report = run(&format!("http://{address}"), SHORT);
    let message = "timeout while waiting for the response head";
    says(&report, Class::Failure, Some(Kind::Timeout), message);
}

#[test]
fn a_deadline_is_never_early() {
    let address = server(std::mem::forget);
    let target: Probe = format!("http://{address}").parse().expect("a target");
    let began = Instant::now();
    let report = probe(&target, Duration::from_millis(2_100));
    assert!(began.elapsed() >= Duration::from_millis(2_100));
    assert_eq!(report.outcome.kind, Some(Kind::Timeout));
}

#[test]
fn a_head_that_comes_byte_by_byte() {
    let address = server(|mut stream| {
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: "
            .iter()
            .chain(std::iter::repeat(&b'x'))
        {
            if stream.write_all(&[*byte]).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
    });
    let report = run(&format!("http://{address}"), SHORT);
    let message = "timeout while waiting for the response head";
    says(&report, Class::Failure, Some(Kind::Timeout), message);
}

#[test]
fn a_body_that_does_not_end() {
    let address = server(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
        std::mem::forget(stream);
    });
    // The head alone would do; the answer is still wanted whole.
    let target: Probe = format!("http://{address}").parse().expect("a target");
    let report = probe(&target, SHORT);
    let message = "timeout while reading the response body";
    says(&report, Class::Failure, Some(Kind::Timeout), message);
    assert_eq!(report.status, Some(200));
}

#[test]
fn an_answer_that_is_cut() {
    let address = answering(b"HTTP/1.1 200 OK\r\nContent-Le");
    let report = run(&format!("http://{address}"), LONG);
    // The request may be unread when the server closes: then it is a reset.
    assert_eq!(report.outcome.class, Class::Failure);
    assert_eq!(report.outcome.kind, Some(Kind::Reset));
}

#[test]
fn a_reset() {
    let address = server(|stream| {
        // Closed over unread bytes.
        let _ = stream.peek(&mut [0]);
        drop(stream);
    });
    let report = run(&format!("http://{address}"), LONG);
    says(
        &report,
        Class::Failure,
        Some(Kind::Reset),
        "connection reset while waiting for the response head",
    );
}

#[test]
fn something_else_than_http() {
    let address = answering(b"SSH-2.0-OpenSSH_9.2\r\n");
    let report = run(&format!("http://{address}"), LONG);
    assert_eq!(report.outcome.kind, Some(Kind::BadResponse));
}

#[test]
fn a_unix_socket() {
    let directory = tempdir();
    let path = format!("{directory}/app.sock");
    let listener = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 1024];
            let count = stream.read(&mut request).unwrap_or(0);
            let asked =
                request[..count].starts_with(b"GET /health HTTP/1.1\r\nHost: localhost\r\n");
            let status = if asked { "204 Yes" } else { "400 No" };
            let _ = write!(stream, "HTTP/1.1 {status}\r\n\r\n");
        }
    });
    let report = run(&format!("unix:{path}:/health"), LONG);
    says(&report, Class::Success, None, "");
    let report = run(&format!("unix:{directory}/none.sock:/"), LONG);
    let message = "connection refused while connecting";
    says(&report, Class::Failure, Some(Kind::Refused), message);
    std::fs::remove_dir_all(directory).expect("ours");
}

#[test]
fn a_denied_address_gets_no_packet() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    listener.set_nonblocking(true).expect("a listener");
    let policy = AddressPolicy::new().deny(AddressPolicy::THIS_HOST);
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let target: Probe = format!("http://{host}:{}", address.port())
            .parse()
            .expect("one");
        let report = driver::probe(policy.clone(), &target, LONG);
        let message = "address denied by policy";
        says(&report, Class::Failure, Some(Kind::AddressDenied), message);
    }
    let accepted = listener.accept().map_err(|error| error.kind());
    assert_eq!(accepted.err(), Some(std::io::ErrorKind::WouldBlock));
}

/// A proxy would be asked for the target by its whole URL; the target is asked for a path.
#[test]
fn what_is_sent_goes_to_the_target() {
    let address = server(|mut stream| {
        let mut request = [0; 4096];
        let count = stream.read(&mut request).unwrap_or(0);
        let text = String::from_utf8_lossy(&request[..count]).into_owned();
        let well = text.starts_with("GET /x?y HTTP/1.1\r\n")
            && text.contains("\r\nConnection: close\r\n")
            && text.contains("\r\nAuthorization: Bearer t\r\n");
        let status = if well { 200 } else { 400 };
        let _ = write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
    });
    let http = HttpProbe::builder(format!("http://{address}/x?y"));
    let http = http.header("Authorization", "Bearer t").build();
    let report = probe(&http.expect("a probe").into(), LONG);
    says(&report, Class::Success, None, "");
}

fn tempdir() -> String {
    let path = std::env::temp_dir().join(format!("health-probe-{}", std::process::id()));
    std::fs::create_dir_all(&path).expect("a directory");
    path.to_str().expect("a name").to_owned()
}
