//! What probers send all day.

/// Requests to the probe paths, each the only one in its read.
pub(crate) const REQUESTS: [&str; 8] = [
    "GET /health HTTP/1.1\r\nHost: 10.0.0.1:9102\r\nUser-Agent: kube-probe/1.31\r\nAccept: */*\r\n\r\n",
    "GET /health/live HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n",
    "GET /health/ready HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /health/startup HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /health/check/link HTTP/1.1\r\nHost: a\r\n\r\n",
    "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
    "OPTIONS / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "GET /readyz?verbose HTTP/1.1\r\nHost: a\r\nAccept: text/plain, */*;q=0.5\r\n\r\n",
];
