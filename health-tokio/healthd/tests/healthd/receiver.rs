//! A server that takes webhooks, or refuses them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Answers until the end of the test.
pub(crate) struct Receiver {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    refuses: bool,
    taken: Vec<Taken>,
    refused: usize,
}

/// A notice, and the key that it came with.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) key: String,
    pub(crate) notice: Value,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        Self::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    }

    /// One that answers so when it has taken a notice.
    pub(crate) fn answering(taken: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let receiver = Self {
            address: listener.local_addr().expect("an address"),
            shared: Arc::default(),
        };
        let shared = Arc::clone(&receiver.shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut reader = BufReader::new(stream);
                let (mut key, mut length) = (String::new(), 0);
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                        break;
                    }
                    let (name, value) = line.split_once(':').unwrap_or_default();
                    match &*name.to_ascii_lowercase() {
                        "idempotency-key" => key = value.trim().to_owned(),
                        "content-length" => length = value.trim().parse().unwrap_or(0),
                        _ => {}
                    }
                }
                let mut body = vec![0; length];
                if reader.read_exact(&mut body).is_err() {
                    continue;
                }
                let answer = {
                    let mut shared = shared.lock().expect("unpoisoned");
                    if shared.refuses {
                        shared.refused += 1;
                        "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
                    } else {
                        let notice = serde_json::from_slice(&body).expect("JSON");
                        shared.taken.push(Taken { key, notice });
                        taken
                    }
                };
                let _ = reader.get_mut().write_all(answer.as_bytes());
            }
        });
        receiver
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// From now on every notice is answered by 500, or taken.
    pub(crate) fn refuse(&self, refuses: bool) {
        self.shared.lock().expect("unpoisoned").refuses = refuses;
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.shared.lock().expect("unpoisoned").taken.clone()
    }

    pub(crate) fn events(&self) -> Vec<String> {
        let taken = self.taken().into_iter();
        let events = taken.map(|it| it.notice["event"].as_str().map(str::to_owned));
        events.map(|it| it.expect("an event")).collect()
    }

    /// The notices, once there are so many.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<Taken> {
        wait(
            || self.taken().len() >= count,
            || format!("{count} notices"),
        );
        self.taken()
    }

    pub(crate) fn wait_for_refused(&self, count: usize) {
        let refused = || self.shared.lock().expect("unpoisoned").refused;
        wait(|| refused() >= count, || format!("{count} refusals"));
    }
}

fn wait(is_so: impl Fn() -> bool, what: impl Fn() -> String) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "no {}", what());
        thread::sleep(Duration::from_millis(20));
    }
}
