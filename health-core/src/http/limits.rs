//! How much of everything a client may use.

use core::time::Duration;

use super::request::MOST_FIELDS;
#[cfg(feature = "test-util")]
use super::{Fault, HeadScan, Request};

/// Bounds of the endpoint: each is set, and each bounds what a client can cost.
///
/// ```
/// use std::time::Duration;
/// use health_core::server::Limits;
///
/// let mut limits = Limits::default();
/// limits.connections = 64;
/// limits.idle_timeout = Duration::from_secs(30);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a request line without its CRLF. Default 8,192; beyond it 414 (RFC 9112 §3).
    pub request_line: usize,
    /// Bytes of a head, empty lines in front and at its end included. Default 16,384; beyond it 431.
    pub head: usize,
    /// Field lines of a head. Default 100, which is also the most; beyond it 431.
    pub fields: usize,
    /// Bytes a request may announce as its body. Default 65,536; beyond it 413. No body is read.
    pub body: u64,
    /// From accept, or from the first byte on a kept connection, to a complete head. Default 10 s.
    pub head_timeout: Duration,
    /// Between requests. Default 75 s: longer than the usual scrape interval of a minute.
    pub idle_timeout: Duration,
    /// For one batch of responses. Default 10 s.
    pub write_timeout: Duration,
    /// For the client to read a last response that it did not expect. Default 1 s.
    pub finish_timeout: Duration,
    /// Bytes discarded while it does. Default 65,536.
    pub finish_bytes: usize,
    /// From the beginning of a drain until anything ends: load balancers have to notice that
    /// readiness is refused. Default 0.
    pub drain_delay: Duration,
    /// For the [work](crate::health::Registry::begin_work) that a drain waits for, if there is any.
    /// Default 20 s.
    pub drain_timeout: Duration,
    /// For responses under way when the server stops. Default 5 s.
    pub stop_timeout: Duration,
    /// Connections held at once. Default 512; 0 counts as 1. One more evicts another, it is never
    /// refused.
    pub connections: usize,
    /// Connections among them that follow `/health/events`. Default 16; one
    /// more evicts the oldest of them if that has been open for 60 s, and else is the one that ends; 0
    /// switches streams off.
    pub streams: usize,
    /// Bytes that the system holds of the responses to one client that does not take them, its own
    /// bookkeeping included. Default 256 KiB; 0 leaves it to the system, which may hold several MiB. It
    /// concerns connections over TCP to our own servers. On Linux what the system holds is discarded,
    /// with the connection, when the client has taken nothing of it for
    /// [`write_timeout`](Self::write_timeout).
    pub send_buffer: usize,
    /// The longest time without an event on a stream: then a comment is sent. Default 15 s.
    pub stream_heartbeat: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_line: 8 * 1024,
            head: 16 * 1024,
            fields: MOST_FIELDS,
            body: 64 * 1024,
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            write_timeout: Duration::from_secs(10),
            finish_timeout: Duration::from_secs(1),
            finish_bytes: 64 * 1024,
            drain_delay: Duration::ZERO,
            drain_timeout: Duration::from_secs(20),
            stop_timeout: Duration::from_secs(5),
            connections: 512,
            streams: 16,
            send_buffer: 256 * 1024,
            stream_heartbeat: Duration::from_secs(15),
        }
    }
}

#[cfg(feature = "test-util")]
impl Limits {
    /// Reads the request head at the beginning of `bytes` as a [`Connection`](crate::server::Connection)
    /// does: the request and how long its head is, or `None` if more bytes are needed.
    ///
    /// ```
    /// use health_core::http::{Fault, Method};
    /// use health_core::server::Limits;
    ///
    /// let limits = Limits::default();
    /// let bytes = b"HEAD /health HTTP/1.0\r\n\r\nGET";
    /// let (request, length) = limits.read_head(bytes)?.expect("a whole head");
    /// assert_eq!(request.method, Method::Head);
    /// assert_eq!(&bytes[length..], b"GET");
    /// assert!(limits.read_head(b"GET /health HT")?.is_none());
    /// assert_eq!(limits.read_head(b"GET\t").err(), Some(Fault::ControlByte));
    /// # Ok::<(), Fault>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What is wrong with the head, as soon as that is certain.
    pub fn read_head<'a>(&self, bytes: &'a [u8]) -> Result<Option<(Request<'a>, usize)>, Fault> {
        let Some(head) = HeadScan::default().advance(bytes, self)? else {
            return Ok(None);
        };
        let request = Request::parse(bytes, &head, self.body)?;
        Ok(Some((request, head.end)))
    }
}
