//! The end in order, and what those hear of it who follow.

use std::io::Read;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::client::{Client, LIVE, READY, eventually, get};
use super::driver::{self, CloseReason, Limits, Server, Service};
use super::{connect, running, spawn};

const EVENTS: &str = "GET /health/events HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Reads on until this has come.
#[track_caller]
fn read_until(client: &mut Client, wanted: &str) -> String {
    let mut text = String::new();
    while !text.contains(wanted) {
        let mut bytes = [0; 4096];
        let count = client.stream.read(&mut bytes).expect("more events");
        assert_ne!(count, 0, "the end instead of {wanted:?} behind {text}");
        text.push_str(std::str::from_utf8(&bytes[..count]).expect("text"));
    }
    text
}

#[test]
fn drain_waits_for_work_and_closes_the_server_last() {
    let health = running();
    let work = health.in_flight();
    let handle = Arc::new(spawn(&health, |limits| {
        limits.drain_timeout = super::PATIENCE;
    }));
    let address = handle.local_addr().expect("it is bound");
    let draining = thread::spawn({
        let handle = Arc::clone(&handle);
        move || driver::drain(&handle)
    });
    eventually("it refuses readiness", || get(address, READY).code == 503);
    assert_eq!(get(address, LIVE).code, 200);
    assert!(!draining.is_finished());
    drop(work);
    let report = draining.join().expect("no panic").expect("an account");
    assert_eq!((report.cut_off, report.failed), (0, 0));
    assert!(!handle.is_running());
}

#[test]
fn drain_gives_up_work_that_takes_too_long() {
    let health = running();
    let _work = health.in_flight();
    let handle = spawn(&health, |limits| {
        limits.drain_delay = Duration::from_millis(2);
        limits.drain_timeout = Duration::from_millis(5);
    });
    assert!(driver::drain(&handle).is_some());
    assert!(!handle.is_running());
    // Again, it is over.
    assert!(driver::drain(&handle).is_some());
}

#[test]
fn drain_ends_a_stream_with_a_last_event() {
    let health = running();
    let handle = spawn(&health, |_| {});
    let mut client = connect(&handle);
    client.send(EVENTS);
    read_until(&mut client, "\"status\":\"healthy\"");
    health.begin_drain();
    let text = read_until(&mut client, "\r\n0\r\n\r\n");
    assert!(text.contains("\"to\":\"draining\""), "{text}");
    assert!(
        text.contains("event: end\ndata: {\"phase\":\"draining\"}"),
        "{text}"
    );
    client.expect_end();
    let report = super::shutdown(&handle);
    assert_eq!(report.count(CloseReason::Draining), 1, "{report:?}");
}

#[test]
fn a_missed_heartbeat_is_told_when_it_is_due_though_nobody_asks() {
    let health = running();
    let handle = spawn(&health, |_| {});
    let mut client = connect(&handle);
    client.send(EVENTS);
    read_until(&mut client, "\"status\":\"healthy\"");
    let _stuck = health
        .heartbeat("loop", Duration::from_millis(300))
        .expect("a free name");
    let text = read_until(&mut client, "\"stalled\":[\"loop\"]");
    assert!(
        text.contains("\"what\":\"heartbeat\",\"name\":\"loop\""),
        "{text}"
    );
}

/// It has what it came for, and those who have a place keep it for a minute.
#[test]
fn one_stream_too_many_is_told_to_come_back_later() {
    let health = running();
    let handle = spawn(&health, |limits| limits.streams = 2);
    let follow = || {
        let mut client = connect(&handle);
        client.send(EVENTS);
        read_until(&mut client, "\"status\":\"healthy\"");
        client
    };
    let (mut first, mut second) = (follow(), follow());
    let mut third = connect(&handle);
    third.send(EVENTS);
    let text = read_until(&mut third, "\r\n0\r\n\r\n");
    let (_, last) = text.rsplit_once("retry: ").expect("when to come back");
    let (pause, _) = last.split_once('\n').expect("a line");
    let pause: u64 = pause.parse().expect("milliseconds");
    assert!((60_000..120_000).contains(&pause), "{text}");
    assert!(last.contains("event: end\n"), "{text}");
    third.expect_end();
    for client in [&mut first, &mut second] {
        health.begin_drain();
        read_until(client, "\"phase\":\"draining\"}");
    }
    let report = super::shutdown(&handle);
    assert_eq!(report.count(CloseReason::Evicted), 1, "{report:?}");
    assert_eq!(report.count(CloseReason::Draining), 2, "{report:?}");
}

/// The next one often comes in the turn in which a stream was begun, before the runtime knows of it.
#[test]
fn a_stream_that_loses_its_place_is_told_when_to_come_back() {
    let handle = spawn(&running(), |limits| limits.connections = 1);
    let follow = || {
        let mut client = connect(&handle);
        client.send(EVENTS);
        read_until(&mut client, "\"status\":\"healthy\"");
        client
    };
    let mut placed = follow();
    for _ in 0..200 {
        let mut evicted = std::mem::replace(&mut placed, follow());
        let text = read_until(&mut evicted, "\r\n0\r\n\r\n");
        assert!(text.contains("retry: "), "{text}");
        evicted.expect_end();
    }
}

/// HAProxy's `agent-check` connects and says nothing.
#[test]
fn an_agent_says_its_line_and_closes() {
    let health = running();
    let server = Server::bind("127.0.0.1:0", &health).expect("a free port");
    let server = server.service(Service::new().limits(Limits::default()).agent_check());
    let handle = server.spawn().expect("a thread");
    let line = || {
        let mut text = String::new();
        let mut client = connect(&handle);
        client.stream.read_to_string(&mut text).expect("a line");
        text
    };
    assert_eq!(line(), "ready up\n");
    let gate = health.gate("cache").expect("a free name");
    assert_eq!(line(), "ready down #pending cache\n");
    gate.release();
    health.begin_drain();
    assert_eq!(line(), "drain\n");
    let report = super::shutdown(&handle);
    assert_eq!(report.finished, 3);
}
