//! Requests as `tracing` sees them: which are told, at which level, with which fields.

use std::fmt::{Debug, Write as _};
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use health_core::server::RequestLog;
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber, span};

use super::driver::{Health, Server, Service, trace_request};

/// Sends each event as one line.
struct Lines(Sender<String>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // How long it took is the one thing that nobody knows before.
        let name = field.name();
        if name != "duration_us" {
            let _ = write!(self.0, " {name}={value:?}");
        }
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "health::request"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        let _ = self.0.send(line.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

fn ask(server: Server, requests: &str) {
    let handle = server.spawn().expect("a thread");
    let address = handle.local_addr().expect("it listens");
    let mut client = TcpStream::connect(address).expect("it listens");
    client.write_all(requests.as_bytes()).expect("it reads");
    let mut answers = Vec::new();
    client
        .read_to_end(&mut answers)
        .expect("it answers and closes");
}

/// A failure is told, a probe is not; with a log of all both are.
#[test]
fn requests_are_events() {
    let (sender, lines) = channel();
    tracing::subscriber::set_global_default(Lines(sender)).expect("the first one");
    let health = Health::new("traced", "1.0.0");
    health.set_running();
    let requests = "GET /health?token=s3cret HTTP/1.1\r\nHost: a\r\n\r\n\
        GET /nowhere HTTP/1.1\r\nHost: a\r\nX-Request-Id: 7\r\nCookie: s3cret\r\n\
        Connection: close\r\n\r\n";
    for (which, count) in [(RequestLog::Failures, 1), (RequestLog::All, 2)] {
        let server = Server::bind("127.0.0.1:0", &health).expect("a free port");
        let service = Service::new().log_requests(which, trace_request);
        ask(server.service(service), requests);
        let patience = Duration::from_secs(20);
        let next = |_| lines.recv_timeout(patience).expect("an event");
        let told: Vec<_> = (0..count).map(next).collect();
        let failed = told.last().expect("an event");
        assert_eq!(
            failed,
            "WARN peer=127.0.0.1 method=\"GET\" path=\"/nowhere\" status=404 bytes=238 \
             request_id=\"7\" delivered=true close=Answered",
        );
        if let [probe, _] = &told[..] {
            let start = "INFO peer=127.0.0.1 method=\"GET\" path=\"/health\" status=200 bytes=";
            assert!(probe.starts_with(start), "{probe}");
            assert!(
                !probe.contains("s3cret") && probe.ends_with("delivered=true"),
                "{probe}"
            );
        }
    }
    assert!(lines.try_recv().is_err(), "nothing else");
}
