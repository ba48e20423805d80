//! A server to be watched, which can die and come back at the same address.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub(crate) struct Backend {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    response: Arc<str>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    hit: Condvar,
}

#[derive(Default)]
struct State {
    hits: usize,
    is_stopping: bool,
}

impl Backend {
    pub(crate) fn start() -> Self {
        Self::answering("200 OK", "application/json", r#"{"status":"healthy"}"#)
    }

    /// One that always answers with this.
    pub(crate) fn answering(status: &str, content_type: &str, body: &str) -> Self {
        let response = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        );
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let mut backend = Self {
            address: listener.local_addr().expect("an address"),
            shared: Arc::default(),
            thread: None,
            response: response.into(),
        };
        backend.serve(listener);
        backend
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/health", self.address)
    }

    /// Requests answered since it was started last.
    pub(crate) fn hits(&self) -> usize {
        self.shared.state.lock().expect("unpoisoned").hits
    }

    pub(crate) fn wait_for_hits(&self, count: usize) {
        let state = self.shared.state.lock().expect("unpoisoned");
        let limit = Duration::from_secs(30);
        let missing = |state: &mut State| state.hits < count;
        let waited = self.shared.hit.wait_timeout_while(state, limit, missing);
        assert!(
            !waited.expect("unpoisoned").1.timed_out(),
            "{count} requests"
        );
    }

    /// From now on connections are refused.
    pub(crate) fn stop(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        self.shared.state.lock().expect("unpoisoned").is_stopping = true;
        // Wakes the thread.
        let _ = TcpStream::connect(self.address);
        thread.join().expect("the server ends");
    }

    pub(crate) fn start_again(&mut self) {
        *self.shared.state.lock().expect("unpoisoned") = State::default();
        self.serve(TcpListener::bind(self.address).expect("the port again"));
    }

    fn serve(&mut self, listener: TcpListener) {
        let (shared, response) = (Arc::clone(&self.shared), Arc::clone(&self.response));
        self.thread = Some(thread::spawn(move || {
            for stream in listener.incoming() {
                if let Ok(stream) = stream {
                    answer(stream, &response);
                    shared.state.lock().expect("unpoisoned").hits += 1;
                    shared.hit.notify_all();
                }
                if shared.state.lock().expect("unpoisoned").is_stopping {
                    // Who is in the queue would be reset, and not refused.
                    let _ = listener.set_nonblocking(true);
                    while let Ok((stream, _)) = listener.accept() {
                        answer(stream, &response);
                    }
                    return;
                }
            }
        }));
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.stop();
    }
}

fn answer(mut stream: TcpStream, response: &str) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let mut request = Vec::new();
    let mut bytes = [0; 1_024];
    while !request.windows(4).any(|it| it == b"\r\n\r\n") {
        match stream.read(&mut bytes) {
            Ok(0) | Err(_) => return,
            Ok(count) => request.extend_from_slice(&bytes[..count]),
        }
    }
    let _ = stream.write_all(response.as_bytes());
}
