//! A connection on a thread of the daemon's own.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use health_blocking::{CloseReason, Component, Health, Peer, Service, Stream, serve_connection};

const PATIENCE: Duration = Duration::from_secs(20);

/// A stream of this test's own.
trait Script {
    /// What the client sends next, now that it has got all of `sent`.
    fn say(&mut self, sent: &str) -> io::Result<Vec<u8>>;
}

/// It sends what it was given when it is told to, and none of its reads waits.
struct Scripted<S> {
    script: S,
    taken: Vec<u8>,
    sent: Vec<u8>,
}

impl<S: Script> Scripted<S> {
    fn serve(script: S, health: &Health) -> (io::Result<CloseReason>, String) {
        let (taken, sent) = Default::default();
        let mut stream = Self {
            script,
            taken,
            sent,
        };
        let service = Arc::new(Service::new());
        let reason = serve_connection(&mut stream, Peer::Unix, &service, health);
        (reason, String::from_utf8_lossy(&stream.sent).into_owned())
    }
}

impl<S: Script> Read for Scripted<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let said = self.script.say(&String::from_utf8_lossy(&self.sent))?;
        buffer[..said.len()].copy_from_slice(&said);
        Ok(said.len())
    }
}

impl<S> Write for Scripted<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.taken.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sent.append(&mut self.taken);
        Ok(())
    }
}

impl<S: Script> Stream for Scripted<S> {
    fn set_read_timeout(&mut self, _: Duration) -> io::Result<()> {
        Ok(())
    }

    fn set_write_timeout(&mut self, _: Duration) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A client that asks once.
struct Once(Option<&'static str>);

impl Script for Once {
    fn say(&mut self, _: &str) -> io::Result<Vec<u8>> {
        Ok(self.0.take().unwrap_or_default().into())
    }
}

#[test]
fn a_stream_that_buffers_sends_the_answer() {
    let client = Once(Some("GET /health/live HTTP/1.1\r\nHost: me\r\n\r\n"));
    let (reason, sent) = Scripted::serve(client, &Health::new("svc", "1"));
    assert!(matches!(reason, Ok(CloseReason::PeerClosed)), "{reason:?}");
    assert!(sent.starts_with("HTTP/1.1 200 OK\r\n"), "{sent}");
}

/// A client that follows and never stops sending.
struct Chatty {
    health: Health,
    db: Component,
    begin: Instant,
}

impl Script for Chatty {
    fn say(&mut self, sent: &str) -> io::Result<Vec<u8>> {
        if sent.is_empty() {
            return Ok(b"GET /health/events HTTP/1.1\r\nHost: me\r\n\r\n".into());
        }
        if self.begin.elapsed() > PATIENCE {
            return Err(io::Error::other("nobody has looked at the clock"));
        }
        if sent.contains("event: transition") {
            self.health.stop();
        } else {
            self.db.failure("down");
        }
        Ok(b"x".into())
    }
}

#[test]
fn a_follower_that_never_stops_sending_hears_of_changes_and_ends_with_the_daemon() {
    let health = Health::new("svc", "1");
    let db = health.component("db").expect("free");
    db.success();
    health.set_running();
    let client = Chatty {
        health: health.clone(),
        db,
        begin: Instant::now(),
    };
    let (reason, sent) = Scripted::serve(client, &health);
    assert!(sent.contains("event: transition"), "{sent}");
    assert!(matches!(reason, Ok(CloseReason::Draining)), "{reason:?}");
}
