//! The request log: what became of each exchange, told to a closure of the daemon's author.
//!
//! Off until [`Service::log_requests`](super::Service::log_requests) is called. An exchange is told
//! when its answer has been written, a stream when it has ended, either when that can never be; an answer cut off by an error of its
//! socket is told by nobody, for the machine does not hear of those. No field of the request is
//! told but `X-Request-Id`, and never the query: both are where secrets travel.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;

use super::request_id::RequestId;
use super::{CloseReason, PanicGuard, Peer, guard};
use crate::base::{Instant, UnixTime};
use crate::http::{Method, Request, StatusCode, Target};

/// Which exchanges are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestLog {
    /// Those that [failed](Record::is_failure). Probes of a healthy daemon make no noise.
    Failures,
    /// All of them, every probe too.
    All,
}

/// One exchange that is over. Its `Display` is one line of `key=value`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Record<'a> {
    /// Who asked.
    pub peer: &'a Peer,
    /// `GET`, `HEAD`, `OPTIONS` or `other`; empty if the request was refused before it was known.
    pub method: &'a str,
    /// At most the first 64 bytes of the path, visible ASCII, without the query. Empty if the
    /// request was refused, or is `OPTIONS *`.
    pub path: &'a str,
    /// What was answered.
    pub status: StatusCode,
    /// Bytes of the answer, head and body.
    pub bytes: usize,
    /// From the whole request to the whole answer, written out.
    pub duration: Duration,
    /// The client's `X-Request-Id`, or the one that it was told.
    pub request_id: &'a str,
    /// Whether the answer was written, as far as this side can tell.
    pub delivered: bool,
    /// Why the connection ended with it, if it did.
    pub close: Option<CloseReason>,
}

impl Record<'_> {
    /// Whether the answer was 400 or above, a verdict of 503 included, or was not delivered.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        self.status.as_u16() >= 400 || !self.delivered
    }
}

impl fmt::Display for Record<'_> {
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

type Sink = dyn Fn(&Record<'_>) + Send + Sync;

/// Where a listener's exchanges are told.
#[derive(Clone)]
pub(super) struct Log {
    which: RequestLog,
    sink: Arc<Sink>,
    pub(super) guard: PanicGuard,
    /// Requests that have been given a name.
    named: Arc<AtomicUsize>,
}

impl Log {
    pub(super) fn new(
        which: RequestLog,
        sink: impl Fn(&Record<'_>) + Send + Sync + 'static,
    ) -> Self {
        Self {
            which,
            sink: Arc::new(sink),
            guard: guard::UNGUARDED,
            named: Arc::default(),
        }
    }

    fn tell(&self, record: &Record<'_>) {
        if self.which == RequestLog::All || record.is_failure() {
            // One that panics has lost this record, and nothing else.
            let _ = guard::call(self.guard, || (self.sink)(record));
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.which.fmt(f)
    }
}

/// What is to be remembered of a connection's requests: nothing, and then no memory is taken, unless
/// there is a log or the client names its requests.
#[derive(Debug, Default)]
pub(super) struct Notes(Option<Box<Noted>>);

#[derive(Debug)]
struct Noted {
    /// The request that is being answered.
    asked: Asked,
    /// Answers that wait to be written; empty if there is no log.
    unsent: Vec<Answered>,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    at: Instant,
    id: RequestId,
    path_len: u8,
    path: [u8; 64],
}

#[derive(Clone, Copy, Debug)]
struct Answered {
    asked: Asked,
    method: &'static str,
    status: StatusCode,
    bytes: usize,
}

impl Notes {
    /// A request has been read, or `None` refused.
    pub(super) fn handle_request(
        &mut self,
        now: Instant,
        log: Option<&Log>,
        request: Option<&Request<'_>>,
    ) {
        let id = request.and_then(|request| request.request_id);
        if self.0.is_none() && id.is_none() && log.is_none() {
            return;
        }
        let mut asked = Asked {
            at: now,
            id: id.and_then(RequestId::of_client).unwrap_or(RequestId::NONE),
            path_len: 0,
            path: [0; 64],
        };
        if let (Some(_), Some(Target::Path { path, .. })) = (log, request.map(|it| it.target)) {
            let len = path.len().min(asked.path.len());
            asked.path[..len].copy_from_slice(&path[..len]);
            asked.path_len = len as u8;
        }
        match &mut self.0 {
            Some(noted) => noted.asked = asked,
            None => {
                let unsent = Vec::new();
                self.0 = Some(Box::new(Noted { asked, unsent }));
            }
        }
    }

    /// What the request is called in its answer. With a log every request has a name.
    pub(super) fn name(&mut self, unix: UnixTime, log: Option<&Log>) -> Option<RequestId> {
        let asked = &mut self.0.as_mut()?.asked;
        if let Some(log) = log.filter(|_| asked.id.as_bytes().is_empty()) {
            let count = log.named.fetch_add(1, Ordering::Relaxed);
            asked.id = RequestId::generate(unix.as_millis(), count);
        }
        Some(asked.id).filter(|id| !id.as_bytes().is_empty())
    }

    /// The answer was made.
    pub(super) fn handle_answer(
        &mut self,
        log: Option<&Log>,
        method: Option<Method>,
        status: StatusCode,
        bytes: usize,
    ) {
        if let (Some(noted), Some(_)) = (&mut self.0, log) {
            noted.unsent.push(Answered {
                asked: noted.asked,
                method: method.map_or("", Method::name),
                status,
                bytes,
            });
        }
    }

    /// The answer that was made last goes on: it is a stream.
    pub(super) fn handle_more(&mut self, bytes: usize) {
        let last = self.0.as_mut().and_then(|noted| noted.unsent.last_mut());
        if let Some(answered) = last {
            answered.bytes += bytes;
        }
    }

    /// All answers that were made have been written, or never will be; the last one ended the
    /// connection if there is a reason for that.
    pub(super) fn tell(
        &mut self,
        now: Instant,
        log: Option<&Log>,
        peer: &Peer,
        delivered: bool,
        close: Option<CloseReason>,
    ) {
        let (Some(noted), Some(log)) = (&mut self.0, log) else {
            return;
        };
        let last = noted.unsent.len().saturating_sub(1);
        for (place, answered) in noted.unsent.drain(..).enumerate() {
            let Asked {
                at,
                id,
                path_len,
                path,
            } = &answered.asked;
            log.tell(&Record {
                peer,
                method: answered.method,
                path: core::str::from_utf8(&path[..usize::from(*path_len)]).unwrap_or_default(),
                status: answered.status,
                bytes: answered.bytes,
                duration: now.duration_since(*at),
                request_id: id.as_str(),
                delivered,
                close: close.filter(|_| place == last),
            });
        }
    }
}
