//! Who sees what, on sockets: each listener has its own rules for one daemon.

use super::client::{Client, get};
use super::driver::{Health, Server, Service};
use super::running;

const SECRET: &str = "hunter2";

/// A daemon with the secret wherever a careless one would put it.
fn careless() -> Health {
    let health = running();
    let link = health.component("link").expect("a free name");
    (0..3).for_each(|_| link.failure(format!("postgres://app:{SECRET}@db refused")));
    let pool = health.stats("pool").expect("a free name");
    pool.set(&SECRET).expect("a string");
    health
}

fn request(path: &str, field: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{field}\r\n")
}

const DETAILS: [&str; 5] = [
    "/health?verbose",
    "/health/check/link?verbose",
    "/stats",
    "/metrics",
    "/health/history",
];

/// A pod's address for the orchestrator, and a file for the operators.
#[cfg(unix)]
#[test]
fn one_listener_shows_verdicts_and_another_one_details() {
    use super::unix::{Folder, connect};

    let health = careless();
    let public = Server::bind("127.0.0.1:0", &health).expect("a free port");
    let public = public.service(Service::new().verdicts_only());
    let public = public.spawn().expect("a thread");
    let folder = Folder::new("access");
    let detailed = Server::bind_unix(folder.socket(), 0o600, &health).expect("a free path");
    let _detailed = detailed.spawn().expect("a thread");

    let address = public.local_addr().expect("it is bound");
    assert_eq!(get(address, &request("/ready", "")).code, 503);
    assert_eq!(get(address, &request("/livez", "")).code, 200);
    let mut operator = connect(&folder.socket());
    for path in DETAILS {
        let answer = get(address, &request(path, ""));
        let expected = if path.contains("verbose") { 503 } else { 403 };
        assert_eq!(answer.code, expected, "{path}");
        assert!(
            !answer.head.contains(SECRET) && !answer.body.contains(SECRET),
            "{path}"
        );
        operator.send(&request(path, ""));
        let answer = operator.answer();
        assert!(matches!(answer.code, 200 | 503), "{path}");
        // Metrics are numbers, and history tells no causes.
        let tells_causes = path.contains("verbose") || path == "/stats";
        assert_eq!(answer.body.contains(SECRET), tells_causes, "{path}");
    }
}

#[test]
fn leak_of_a_secret_over_a_socket() {
    let health = careless();
    let server = Server::bind("127.0.0.1:0", &health).expect("a free port");
    let server = server.service(Service::new().token("t0ken"));
    let handle = server.spawn().expect("a thread");
    let mut public = Client::connect(handle.local_addr().expect("it is bound"));
    let wrong = format!("X-API-Key: {SECRET}\r\nAuthorization: Bearer {SECRET}\r\n");
    for path in DETAILS
        .into_iter()
        .chain(["/", "/readyz?verbose", "/version", "/nowhere"])
    {
        for format in ["", "&format=text", "&format=health%2Bjson"] {
            let mark = if path.contains('?') { "" } else { "?x" };
            public.send(&request(&format!("{path}{mark}{format}"), &wrong));
            let answer = public.answer();
            let shown = answer.head.contains(SECRET) || answer.body.contains(SECRET);
            assert!(!shown, "{path} {format}: {}{}", answer.head, answer.body);
        }
    }
    public.send(&request("/stats", "X-API-Key: t0ken\r\n"));
    assert!(
        public.answer().body.contains(SECRET),
        "who may see it sees it"
    );
}
