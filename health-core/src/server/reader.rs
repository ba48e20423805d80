//! From input to questions: what has been taken and not yet consumed, and the next thing to answer.

use alloc::vec::Vec;

use super::answer::Ending;
use super::log::Notes;
use super::{Peer, Query, Service};
use crate::base::Instant;
use crate::http::{HeadScan, Method, Reject, Request, Version};

/// What is to be answered.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reply {
    Query {
        ask: Query,
        version: Version,
        /// Set if nothing may follow on this connection.
        last: Option<Ending>,
    },
    /// HAProxy's line: nobody has to ask for it.
    Agent,
    /// What is new, to somebody who follows.
    News,
    Reject {
        reject: Reject,
        /// Known if the request came that far: a refused `HEAD` gets no body either.
        method: Option<Method>,
    },
}

/// The input side of a connection. Input is parsed where the caller has it; only an unfinished rest
/// is kept, at most one head and one read, and what is kept is freed when it has been used up.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// From `consumed` on, the beginning of the next request.
    rest: Vec<u8>,
    consumed: usize,
    scan: HeadScan,
    pub(super) notes: Notes,
}

/// Whose requests are read, and when.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    service: &'a Service,
    peer: &'a Peer,
    now: Instant,
}

impl Service {
    pub(super) const fn at<'a>(&'a self, peer: &'a Peer, now: Instant) -> Context<'a> {
        let service = self;
        Context { service, peer, now }
    }
}

impl Reader {
    /// Takes `input`, all of it, and looks for the next request.
    pub(super) fn take(&mut self, context: Context<'_>, input: &[u8]) -> Option<Reply> {
        if !self.rest.is_empty() {
            self.rest.drain(..core::mem::take(&mut self.consumed));
            self.rest.extend_from_slice(input);
            return self.next(context);
        }
        let found = self.parse(context, input);
        let used = found.map_or(0, |(_, used)| used);
        let reply = found.map(|(reply, _)| reply);
        if may_go_on(reply.as_ref()) {
            self.rest.extend_from_slice(&input[used..]);
        }
        reply
    }

    /// Looks for the next request in what is kept.
    pub(super) fn next(&mut self, context: Context<'_>) -> Option<Reply> {
        if self.rest.is_empty() {
            return None;
        }
        let rest = core::mem::take(&mut self.rest);
        let found = self.parse(context, &rest[self.consumed..]);
        let reply = found.map(|(reply, _)| reply);
        self.consumed += found.map_or(0, |(_, used)| used);
        if self.consumed < rest.len() && may_go_on(reply.as_ref()) {
            self.rest = rest;
            if reply.is_none() && !self.has_begun() {
                // It may stay for as long as a connection is idle.
                self.rest.drain(..core::mem::take(&mut self.consumed));
                self.rest.shrink_to_fit();
            }
        } else {
            self.consumed = 0;
        }
        reply
    }

    /// Whether nothing is kept.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Whether a head is under way: what is kept is more than empty lines.
    pub(super) fn has_begun(&self) -> bool {
        self.scan.has_begun(&self.rest[self.consumed..])
    }

    /// Bytes of heap held.
    pub(super) fn buffered(&self) -> usize {
        self.rest.capacity()
    }

    /// Lets go of what is kept: it will not be answered.
    pub(super) fn discard(&mut self) {
        self.rest = Vec::new();
        self.consumed = 0;
    }

    /// The refusal of the request under way.
    pub(super) fn refuse(&mut self, context: Context<'_>, reject: Reject) -> Reply {
        let Context { service, now, .. } = context;
        self.notes.handle_request(now, service.log.as_ref(), None);
        Reply::Reject {
            reject,
            method: self.scan.method(),
        }
    }

    /// Looks for a request at the beginning of `input`, and for how many bytes it takes up.
    fn parse(&mut self, context: Context<'_>, input: &[u8]) -> Option<(Reply, usize)> {
        let Context { service, peer, now } = context;
        let limits = service.bounds();
        let head = match self.scan.advance(input, &limits.head_limits()) {
            Ok(head) => head?,
            Err(reject) => return Some((self.refuse(context, reject), input.len())),
        };
        let reply = match Request::parse(input, &head, limits.body) {
            Ok(request) => {
                let log = service.log.as_ref();
                self.notes.handle_request(now, log, Some(&request));
                Reply::Query {
                    ask: service.ask_request(peer, &request),
                    version: request.version,
                    last: Ending::behind(&request, input.len() > head.end),
                }
            }
            Err(reject) => self.refuse(context, reject),
        };
        self.scan = HeadScan::default();
        Some((reply, head.end))
    }
}

/// Whether there may be requests behind `reply`. Nothing behind a refused or a last one is ever
/// looked at.
const fn may_go_on(reply: Option<&Reply>) -> bool {
    match reply {
        None => true,
        Some(Reply::Query { last, .. }) => last.is_none(),
        Some(Reply::Reject { .. } | Reply::News | Reply::Agent) => false,
    }
}
