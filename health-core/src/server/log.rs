//! The request log: a record of each exchange, for a closure of the daemon's author.
//!
//! Off until [`Service::log_requests`](super::Service::log_requests) is called. The record is written
//! when the response has been written, that of a stream when the stream has ended, and of both when
//! the connection ends before. A response lost to a socket error is not logged: the connection is not
//! told of such errors. Fields and the query often hold secrets, so a record has no field but
//! `X-Request-Id`, and no query.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;

use super::request_id::RequestId;
use super::{CloseReason, PanicGuard, Peer, guard};
use crate::base::{Instant, UnixTime};
use crate::http::{Code, Method, Request, RequestTarget, StatusCode};

/// Which exchanges are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestLog {
    /// Those that [failed](RequestRecord::is_failure). Probes of a healthy daemon are not logged.
    Failures,
    /// All of them, every probe too.
    All,
}

/// One exchange, after its end. Its `Display` is one line of `key=value`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RequestRecord<'a> {
    /// The client.
    pub peer: &'a Peer,
    /// `GET`, `HEAD`, `OPTIONS` or `other`; empty if the request was refused before it was known.
    pub method: &'a str,
    /// At most the first 64 bytes of the path, visible ASCII, without the query. Empty if the
    /// request was refused, or is `OPTIONS *`.
    pub path: &'a str,
    /// The status code of the response.
    pub status: StatusCode,
    /// Bytes of the response, head and body.
    pub bytes: usize,
    /// From the end of the request's head to the last byte of the response, written.
    pub duration: Duration,
    /// The client's `X-Request-Id`, or the one in the response.
    pub request_id: &'a str,
    /// Whether the response was written, as far as this side knows.
    pub delivered: bool,
    /// Why the connection ended after it, if it did.
    pub close: Option<CloseReason>,
}

impl RequestRecord<'_> {
    /// Whether the status was 400 or above, a verdict of 503 included, or was not delivered.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        self.status.as_u16() >= 400 || !self.delivered
    }
}

impl fmt::Display for RequestRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            peer,
            method,
            path,
            bytes,
            request_id,
            delivered,
            ..
        } = self;
        let (status, micros) = (self.status.as_u16(), self.duration.as_micros());
        write!(
            f,
            "peer={peer} method={method} path={path} status={status} bytes={bytes} "
        )?;
        write!(
            f,
            "duration_us={micros} request_id={request_id} delivered={delivered}"
        )?;
        match self.close {
            Some(reason) => write!(f, " close={reason:?}"),
            None => Ok(()),
        }
    }
}

type Sink = dyn Fn(&RequestRecord<'_>) + Send + Sync;

/// The log of a listener.
#[derive(Clone)]
pub(super) struct Log {
    which: RequestLog,
    sink: Arc<Sink>,
    pub(super) guard: PanicGuard,
    /// Requests that have got an id of ours.
    generated: Arc<AtomicUsize>,
}

impl Log {
    pub(super) fn new(
        which: RequestLog,
        sink: impl Fn(&RequestRecord<'_>) + Send + Sync + 'static,
    ) -> Self {
        Self {
            which,
            sink: Arc::new(sink),
            guard: guard::UNGUARDED,
            generated: Arc::default(),
        }
    }

    fn write(&self, record: &RequestRecord<'_>) {
        if self.which == RequestLog::All || record.is_failure() {
            // A panic loses this record and nothing else.
            let _ = guard::call(self.guard, || (self.sink)(record));
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.which.fmt(f)
    }
}

/// What is kept of a connection's exchanges until their records are written.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// The request that is being answered.
    request: LoggedRequest,
    /// Responses that wait to be written; empty if there is no log.
    unsent: Vec<LoggedResponse>,
}

#[derive(Clone, Copy, Debug)]
struct LoggedRequest {
    at: Instant,
    id: RequestId,
    path_len: u8,
    path: [u8; 64],
}

#[derive(Clone, Copy, Debug)]
struct LoggedResponse {
    request: LoggedRequest,
    method: &'static str,
    status: Code,
    bytes: usize,
}

impl Default for LoggedRequest {
    fn default() -> Self {
        Self {
            at: Instant::default(),
            id: RequestId::NONE,
            path_len: 0,
            path: [0; 64],
        }
    }
}

impl Records {
    /// A request has been read, or `None` refused. Its path is kept only for a log.
    pub(super) fn begin(&mut self, now: Instant, has_log: bool, request: Option<&Request<'_>>) {
        let id = request.and_then(|request| request.request_id);
        self.request = LoggedRequest {
            at: now,
            id: id.and_then(RequestId::of_client).unwrap_or(RequestId::NONE),
            ..LoggedRequest::default()
        };
        if let (true, Some(RequestTarget::Path { path, .. })) =
            (has_log, request.map(|it| it.target))
        {
            let len = path.len().min(self.request.path.len());
            self.request.path[..len].copy_from_slice(&path[..len]);
            self.request.path_len = len as u8;
        }
    }

    /// The id of the request, for its response. With a log every request has one.
    pub(super) fn request_id(&mut self, unix: UnixTime, log: Option<&Log>) -> Option<RequestId> {
        let id = &mut self.request.id;
        if let Some(log) = log.filter(|_| id.as_bytes().is_empty()) {
            let count = log.generated.fetch_add(1, Ordering::Relaxed);
            *id = RequestId::generate(unix.as_millis(), count);
        }
        Some(*id).filter(|id| !id.as_bytes().is_empty())
    }

    /// The response was made; it is logged once it has been written.
    pub(super) fn add_response(&mut self, method: Option<Method>, status: Code, bytes: usize) {
        self.unsent.push(LoggedResponse {
            request: self.request,
            method: method.map_or("", Method::name),
            status,
            bytes,
        });
    }

    /// The latest response goes on: it is a stream.
    pub(super) fn add_bytes(&mut self, bytes: usize) {
        if let Some(response) = self.unsent.last_mut() {
            response.bytes += bytes;
        }
    }

    /// All responses that were made have been written, or never will be; the last one ended the
    /// connection if there is a reason for that.
    pub(super) fn write(
        &mut self,
        now: Instant,
        log: &Log,
        peer: &Peer,
        delivered: bool,
        close: Option<CloseReason>,
    ) {
        let last = self.unsent.len().saturating_sub(1);
        for (index, response) in self.unsent.drain(..).enumerate() {
            let LoggedRequest {
                at,
                id,
                path_len,
                path,
            } = &response.request;
            log.write(&RequestRecord {
                peer,
                method: response.method,
                path: core::str::from_utf8(&path[..usize::from(*path_len)]).unwrap_or_default(),
                status: StatusCode(response.status),
                bytes: response.bytes,
                duration: now.duration_since(*at),
                request_id: id.as_str(),
                delivered,
                close: close.filter(|_| index == last),
            });
        }
    }
}
