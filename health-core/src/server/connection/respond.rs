//! Answers the request that is due.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Connection;
use crate::base::{Instant, Moment, UnixTime};
use crate::health::Snapshot;
use crate::http::response::Persistence;
use crate::http::{Code, Head, Method, Version};
use crate::render;
use crate::server::answer::Body;
use crate::server::request_id::RequestId;
#[cfg(feature = "registry")]
use crate::server::requests::AskedHead;
use crate::server::state::{CloseMode, Pending, State, Writing};
use crate::server::stream::Stream;
use crate::server::{Query, Service};

/// When a batch of responses to pipelined requests is large enough to be written. For a client that
/// never reads we hold one, and one read of its requests, until the write deadline.
const BATCH: usize = 8 * 1024;

impl Connection {
    /// Appends the response that is due, or the latest events of a stream: nothing, perhaps.
    /// `moment` is now, `snapshot` the daemon's state.
    ///
    /// # Misuse
    ///
    /// Does nothing unless `step` says `Respond`.
    pub fn respond(&mut self, moment: Moment, snapshot: &Snapshot, out: &mut Vec<u8>) {
        let id = self.request_id(moment.unix);
        let State::Responding {
            ref pending,
            unsent_since,
        } = self.state
        else {
            debug_assert!(false, "respond in {:?}", self.state);
            return;
        };
        let writing = self.writing(unsent_since, moment.now);
        let (service, start) = (&*self.service, out.len());
        let (method, status, close) = match pending {
            Pending::AgentCheck => {
                render::agent_check(snapshot, out);
                (None, Code::Ok, Some(CloseMode::ANSWERED))
            }
            Pending::Events => return self.write_events(writing, moment, snapshot, out),
            #[cfg(feature = "registry")]
            Pending::Answer => return self.look_for_answer(unsent_since, moment, snapshot, out),
            &Pending::Reject { fault, method } => {
                let status = fault.code();
                service.counters().count_reject(status);
                Head::new(status).write(
                    method,
                    moment.unix,
                    Persistence::Close,
                    out,
                    |out| write_id(id, out),
                    |out| render::error(fault.reason(), out),
                );
                (method, status, Some(CloseMode::rejected(fault)))
            }
            Pending::Query {
                query,
                version,
                close,
            } => {
                let answer = service.decide(moment.now, query, snapshot);
                let rare = |out: &mut Vec<u8>| write_rare(service, query, id, out);
                let method = query.method;
                #[cfg(feature = "registry")]
                if let Body::Asked = answer.body {
                    let head = AskedHead {
                        query: *query,
                        version: *version,
                        close: *close,
                    };
                    return self.ask(head, unsent_since, moment, snapshot, out);
                }
                if let Body::Events = answer.body {
                    let is_chunked = *version == Version::Http11;
                    (answer.head).write_stream(moment.unix, is_chunked, out, rare);
                    self.stream = (method != Method::Head)
                        .then(|| Box::new(Stream::new(query, is_chunked, moment.now)));
                    self.reader.discard();
                    self.add_response(Some(method), Code::Ok, out.len() - start);
                    return self.write_events(writing, moment, snapshot, out);
                }
                let close = close.or_else(|| self.close_mode(snapshot));
                let persistence = Persistence::of(*version, close.is_some());
                (answer.head).write(Some(method), moment.unix, persistence, out, rare, |out| {
                    service.write_body(&answer, query, moment, snapshot, out);
                });
                (Some(method), answer.head.status.0, close)
            }
        };
        let response = (method, status, out.len() - start);
        self.go_on_behind(moment.now, writing, response, close, out);
    }

    /// A response of so many bytes was appended: writes it, or makes the next one first.
    pub(in crate::server) fn go_on_behind(
        &mut self,
        now: Instant,
        writing: Writing,
        (method, status, bytes): (Option<Method>, Code, usize),
        close: Option<CloseMode>,
        out: &[u8],
    ) {
        self.add_response(method, status, bytes);
        self.state = State::Writing { writing, close };
        if close.is_some() {
            self.reader.discard();
        } else if out.len() < BATCH && !self.reader.is_empty() {
            let next = (self.reader).next(&self.service, &self.peer, now, &[]);
            if let Some(pending) = next {
                self.state = State::Responding {
                    pending,
                    unsent_since: Some(writing.since),
                };
            }
        }
    }

    /// Since when, and until when, what is appended now is written: from the first of a batch on.
    pub(in crate::server) fn writing(
        &self,
        unsent_since: Option<Instant>,
        now: Instant,
    ) -> Writing {
        let since = unsent_since.unwrap_or(now);
        let until = since + self.limits().write_timeout;
        Writing { since, until }
    }

    /// The id for the response to the request that is due, if it gets one.
    pub(in crate::server) fn request_id(&mut self, unix: UnixTime) -> Option<RequestId> {
        let (records, log) = (self.reader.records.as_mut(), self.service.log.as_ref());
        records.and_then(|records| records.request_id(unix, log))
    }

    /// A response was made.
    fn add_response(&mut self, method: Option<Method>, status: Code, bytes: usize) {
        self.has_answered = true;
        self.unsent += 1;
        if let (Some(records), Some(_)) = (&mut self.reader.records, &self.service.log) {
            records.add_response(method, status, bytes);
        }
    }
}

/// Appends the fields that few responses have.
pub(in crate::server) fn write_rare(
    service: &Service,
    query: &Query,
    id: Option<RequestId>,
    out: &mut Vec<u8>,
) {
    let key_header = service.policy.key_header();
    service.cors.write(query.cross_origin, key_header, out);
    write_id(id, out);
}

fn write_id(id: Option<RequestId>, out: &mut Vec<u8>) {
    if let Some(id) = id {
        out.extend_from_slice(b"X-Request-Id: ");
        out.extend_from_slice(id.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}
