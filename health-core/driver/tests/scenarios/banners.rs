//! What a server says over TCP: Redis, and a mail server by its script.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

use health_core::check::probe::{AddressPolicy, Probe, Report, StreamProbe, StreamProbeBuilder};
use health_core::{Class, Kind};

use super::LIMIT;
use super::services::Redis;
use crate::driver;

fn probe(address: &str, build: fn(StreamProbeBuilder) -> StreamProbeBuilder) -> Report {
    within(address, LIMIT, build)
}

fn within(
    address: &str,
    limit: Duration,
    build: fn(StreamProbeBuilder) -> StreamProbeBuilder,
) -> Report {
    let built = build(StreamProbe::builder(format!("tcp://{address}"))).build();
    let probe = Probe::from(built.expect("a probe"));
    driver::probe(AddressPolicy::new(), &probe, limit)
}

#[test]
fn a_redis_that_is_asked() {
    let Some(redis) = Redis::start(None) else {
        return;
    };
    let address = format!("127.0.0.1:{}", redis.port);
    let report = probe(&address, |it| it.send("PING\r\n").expect("+PONG\r\n"));
    assert_eq!(report.outcome.class, Class::Success, "{report:?}");
    // It stays connected, so only the deadline ends the wait.
    let limit = Duration::from_secs(2);
    let report = within(&address, limit, |it| it.send("PIN\r\n").expect("+PONG"));
    let outcome = report.outcome;
    assert_eq!(outcome.kind, Some(Kind::BadResponse), "{outcome:?}");
    let message = "what came does not begin with \"+PONG\" (timeout)";
    assert_eq!(outcome.message.as_str(), message);
    let came = outcome.cause.expect("what came");
    assert!(came.reveal().starts_with("received: -ERR unknown command"));
}

/// Greets with this, answers each line by the next of the answers, and closes.
fn mail(greeting: &'static str, answers: &'static [&'static str]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    thread::spawn(move || {
        let (mut socket, _) = listener.accept().expect("a client");
        let lines = BufReader::new(socket.try_clone().expect("the same")).lines();
        socket.write_all(greeting.as_bytes()).expect("sent");
        for (answer, _) in answers.iter().zip(lines.map_while(Result::ok)) {
            socket.write_all(answer.as_bytes()).expect("sent");
        }
    });
    address
}

#[test]
fn a_mail_server_that_is_talked_to() {
    let all = |it: StreamProbeBuilder| {
        let it = it.expect("220 ").send("EHLO me\r\n").expect("250 ");
        it.send("QUIT\r\n").expect("221 ")
    };
    let greeting = "220-mail.example\r\n220 ready\r\n";
    let address = mail(greeting, &["250-mail\r\n250 SIZE\r\n", "221 bye\r\n"]);
    let report = probe(&address.to_string(), all);
    assert_eq!(report.outcome.class, Class::Success, "{report:?}");

    // A server whose script is over closes.
    let busy: &[&str] = &[];
    for (greeting, answers, kind, message) in [
        (
            "421 too busy, 220 connections\r\n",
            busy,
            Kind::BadResponse,
            "what came does not begin with \"220 \" (connection closed)",
        ),
        (
            "220 ready\r\n",
            &["500 what?\r\n"],
            Kind::BadResponse,
            "what came does not begin with \"250 \" (connection closed)",
        ),
        (
            "",
            busy,
            Kind::Reset,
            "connection closed while waiting for \"220 \"",
        ),
    ] {
        let address = mail(greeting, answers);
        let outcome = probe(&address.to_string(), all).outcome;
        assert_eq!(outcome.message.as_str(), message);
        assert_eq!((outcome.class, outcome.kind), (Class::Failure, Some(kind)));
    }
}
