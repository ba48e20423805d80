//! A client that waits for what must come.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::PATIENCE;

pub(super) const LIVE: &str = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
pub(super) const READY: &str = "GET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// One connection.
pub(super) struct Client<S = TcpStream> {
    pub(super) stream: S,
    received: Vec<u8>,
}

/// An answer with its body.
pub(super) struct Answer {
    pub(super) code: u16,
    pub(super) head: String,
    pub(super) body: String,
}

/// Waits until it is so.
#[track_caller]
pub(super) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(
            begin.elapsed() < PATIENCE,
            "not within {PATIENCE:?}: {what}"
        );
        thread::sleep(Duration::from_millis(1));
    }
}

/// One request on a connection of its own, which is closed behind it.
#[track_caller]
pub(super) fn get(address: SocketAddr, request: &str) -> Answer {
    let mut client = Client::connect(address);
    client.send(&request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
    let answer = client.answer();
    client.expect_end();
    answer
}

impl Client {
    #[track_caller]
    pub(super) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        Self::new(stream)
    }

    /// Asks again and again without ever reading, until nobody takes it any more.
    #[track_caller]
    pub(super) fn send_until_stuck(&mut self, request: &str) {
        let many = request.repeat(1000);
        let stuck = Some(Duration::from_secs(1));
        self.stream.set_write_timeout(stuck).expect("a socket");
        let begin = Instant::now();
        while self.stream.write_all(many.as_bytes()).is_ok() {
            assert!(begin.elapsed() < PATIENCE, "it takes everything");
        }
    }
}

impl<S: Read + Write> Client<S> {
    pub(super) const fn new(stream: S) -> Self {
        Self {
            stream,
            received: Vec::new(),
        }
    }

    #[track_caller]
    pub(super) fn send(&mut self, bytes: &str) {
        self.stream.write_all(bytes.as_bytes()).expect("it reads");
    }

    /// The next answer, as long as its `Content-Length` says.
    #[track_caller]
    pub(super) fn answer(&mut self) -> Answer {
        loop {
            if let Some(answer) = self.take() {
                return answer;
            }
            let mut bytes = [0; 4096];
            let count = self.stream.read(&mut bytes).expect("an answer");
            assert_ne!(count, 0, "the end instead of an answer");
            self.received.extend_from_slice(&bytes[..count]);
        }
    }

    /// The server has closed, and said nothing more.
    #[track_caller]
    pub(super) fn expect_end(&mut self) {
        assert_eq!(self.received, b"");
        match self.stream.read(&mut [0]) {
            Ok(0) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            other => panic!("{other:?} instead of the end"),
        }
    }

    fn take(&mut self) -> Option<Answer> {
        let text = std::str::from_utf8(&self.received).expect("text");
        let (head, rest) = text.split_once("\r\n\r\n")?;
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length:"));
        let length = length.expect("a length").trim().parse().expect("a number");
        let answer = Answer {
            code: head[9..12].parse().expect("a code"),
            head: head.into(),
            body: rest.get(..length)?.into(),
        };
        let used = head.len() + 4 + length;
        self.received.drain(..used);
        Some(answer)
    }
}
