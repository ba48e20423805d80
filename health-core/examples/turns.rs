//! One turn of the endpoint, N times: for counting instructions, which noise does not move.
//!
//! ```text
//! cargo build --profile slim -p health-core --example turns
//! valgrind --tool=callgrind target/slim/examples/turns kubelet 1000
//! ```
//!
//! The difference between two values of N, divided by the difference of the N, is one turn.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use health_core::health::Registry;
use health_core::server::{Connection, Peer, Service, Step};
use health_core::{Instant, Moment, UnixTime};
use serde_json::json;

const KUBELET: &str = "GET /health HTTP/1.1\r\nHost: 10.244.1.17:9102\r\n\
    User-Agent: kube-probe/1.31\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n";
const BROWSER: &str = "GET /health HTTP/1.1\r\nHost: status.example.com\r\n\
    X-Request-Id: 6f1c2b3a4d5e6f708192a3b4c5d6e7f8\r\nX-Real-IP: 192.0.2.17\r\n\
    X-Forwarded-For: 192.0.2.17, 198.51.100.2\r\nX-Forwarded-Host: status.example.com\r\n\
    X-Forwarded-Port: 443\r\nX-Forwarded-Proto: https\r\nX-Scheme: https\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
    Accept: application/json,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
    Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\nDNT: 1\r\n\
    Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nUpgrade-Insecure-Requests: 1\r\n\
    Cache-Control: max-age=0\r\n\r\n";
const STATS: &str = "GET /stats HTTP/1.1\r\nHost: a\r\n\r\n";

fn main() {
    let mut arguments = std::env::args().skip(1);
    let case = arguments.next().unwrap_or_default();
    let turns = arguments
        .next()
        .and_then(|turns| turns.parse().ok())
        .unwrap_or(1_000);
    let request = match case.as_str() {
        "browser" => BROWSER,
        "stats" => STATS,
        _ => KUBELET,
    };

    let mut now = Instant::default();
    let mut registry = Registry::new("trading", "1.4.0", now);
    for name in [
        "registry",
        "pool",
        "router",
        "workers",
        "lifecycle",
        "recycler",
    ] {
        let component = registry
            .component(now, name, Default::default())
            .expect("a free name");
        registry.success(now, component);
    }
    registry
        .heartbeat(now, "loop", Duration::from_secs(3_600))
        .expect("a free name");
    let counters: serde_json::Map<_, _> = (0..60)
        .map(|n| (format!("counter_of_something_{n}"), json!(n * 1_234_567)))
        .collect();
    let stat = registry.stat("counters").expect("a free name");
    registry
        .set_stat(now, stat, &counters)
        .expect("strings are keys");
    registry.set_running(now);

    let mut connection = Connection::new(Arc::new(Service::new().open()), Peer::Unknown, now);
    let mut out = Vec::with_capacity(8 * 1024);
    for _ in 0..turns {
        now = now + Duration::from_micros(1);
        connection.handle_input(now, black_box(request.as_bytes()));
        assert_eq!(connection.step(), Step::Respond);
        let moment = Moment {
            now,
            unix: UnixTime::from_millis(1_769_164_200_123),
        };
        connection.respond(moment, &registry.snapshot(now), &mut out);
        black_box(&out);
        out.clear();
        connection.handle_sent(now);
    }
}
