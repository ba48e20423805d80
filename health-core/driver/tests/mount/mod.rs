//! An endpoint mounted in somebody else's server answers as our own server does.
//!
//! A driver's test file includes this one by `#[path]`, runs both servers over one service and one
//! health, and compares them here. Fields that are a server's own (`Date`, `Connection`, `Server`)
//! are left out; every other one, the code and the body must be the same bytes.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use health_core::health::ComponentConfig;
use health_core::server::Service;
use health_driver::Health;

const PATIENCE: Duration = Duration::from_secs(20);
const TOKEN: &str = "Authorization: Bearer s3cret\r\n";
/// One list in two lines (RFC 9110 §5.3).
const ACCEPTS: &str = "Accept: image/png\r\nAccept: text/plain\r\n";
const TARGETS: [&str; 13] = [
    "/",
    "/health",
    "/health?verbose",
    "/health/live",
    "/health/ready",
    "/health/ready?exclude=db",
    "/health/ready?format=text",
    "/health/check/db",
    "/health/check/nobody",
    "/health?format=nonsense",
    "/stats",
    "/version",
    "/nowhere",
];

/// A daemon that runs and is not ready, with details behind a token.
pub(crate) fn endpoint() -> (Service, Health) {
    let health = Health::new("mounted", "1.2.3");
    let db = health.component_with("db", ComponentConfig::default());
    let db = db.expect("a free name");
    (0..3).for_each(|_| db.failure("refused"));
    health.set_running();
    (Service::new().token("s3cret"), health)
}

/// Asks both everything, and demands the same answers.
pub(crate) fn compare(own: SocketAddr, mount: SocketAddr) {
    let mut codes = BTreeMap::<u16, usize>::new();
    for method in ["GET", "HEAD", "OPTIONS", "POST"] {
        for target in TARGETS {
            for fields in ["", TOKEN, "Accept: text/plain\r\n", ACCEPTS] {
                let request = format!("{method} {target} HTTP/1.1\r\nHost: a\r\n{fields}");
                *codes.entry(same(own, mount, &request)).or_default() += 1;
            }
        }
    }
    same(own, mount, "OPTIONS * HTTP/1.1\r\nHost: a\r\n");
    let codes: Vec<_> = codes.into_keys().collect();
    assert_eq!(codes, [200, 401, 404, 405, 406, 503]);
}

/// The code of both.
fn same(own: SocketAddr, mount: SocketAddr, request: &str) -> u16 {
    let (own, mount) = (ask(own, request), ask(mount, request));
    assert_eq!(own, mount, "{request}");
    own.code
}

#[derive(Debug, PartialEq)]
struct Answer {
    code: u16,
    fields: Vec<(String, String)>,
    body: String,
}

/// One request on a connection of its own.
fn ask(address: SocketAddr, request: &str) -> Answer {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let request = format!("{request}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let mut lines = head.split("\r\n");
    let status = lines.next().expect("a status line");
    let code = status[9..12].parse().expect("a code");
    let fields = lines.map(|line| line.split_once(':').expect("a field"));
    let fields = fields.map(|(name, value)| (name.to_ascii_lowercase(), value.trim()));
    let mut fields: Vec<_> = fields
        .filter(|(name, _)| !matches!(name.as_str(), "date" | "connection" | "server"))
        // tiny_http sends one with 204 too, against RFC 9110 §8.6.
        .filter(|(name, _)| code != 204 || name != "content-length")
        .map(|(name, value)| match name.as_str() {
            "content-length" if !body.is_empty() => {
                assert_eq!(value, body.len().to_string(), "{answer}");
                (name, "as it should be".to_owned())
            }
            // What tells the time may be longer a moment later.
            "content-length" if value != "0" => (name, "not none".to_owned()),
            _ => (name, value.to_owned()),
        })
        .collect();
    fields.sort();
    Answer {
        code,
        fields,
        body: timeless(body),
    }
}

/// Two answers are not given at the same time: what tells the time is left out.
fn timeless(body: &str) -> String {
    let mut text = body.to_owned();
    for name in ["timestamp", "uptime_seconds", "since", "started", "age_ms"] {
        let pattern = format!("\"{name}\":");
        let mut from = 0;
        while let Some(at) = text[from..].find(&pattern) {
            let value = from + at + pattern.len();
            let end = text[value..].find([',', '}']).expect("an object");
            text.replace_range(value..value + end, "…");
            from = value;
        }
    }
    text
}
