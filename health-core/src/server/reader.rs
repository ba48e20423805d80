//! The input of a connection: what has arrived and is not consumed yet, and the next thing to answer.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::log::Records;
use super::state::{CloseMode, Pending};
use super::{Peer, Service};
use crate::base::Instant;
use crate::http::{Fault, HeadScan, Request};

/// The input side of a connection. Input is parsed where the caller has it; only an unfinished rest
/// is kept, at most one head and one read, and it is freed when it has been used up.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// From `consumed` on, the beginning of the next request.
    rest: Vec<u8>,
    consumed: usize,
    scan: HeadScan,
    /// `None`, and no memory taken, unless there is a log or the client names its requests.
    pub(super) records: Option<Box<Records>>,
}

impl Reader {
    /// Takes `input`, all of it, and finds the next request in it or in what is kept.
    pub(super) fn next(
        &mut self,
        service: &Service,
        peer: &Peer,
        now: Instant,
        input: &[u8],
    ) -> Option<Pending> {
        let mut kept = core::mem::take(&mut self.rest);
        if !kept.is_empty() && !input.is_empty() {
            kept.drain(..core::mem::take(&mut self.consumed));
            kept.extend_from_slice(input);
        }
        let bytes = if kept.is_empty() {
            input
        } else {
            &kept[self.consumed..]
        };
        if bytes.is_empty() {
            return None;
        }
        let (pending, used) = match self.scan.advance(bytes, service.bounds()) {
            Ok(None) => (None, 0),
            Ok(Some(head)) => {
                let pending = match Request::parse(bytes, &head, service.bounds().body) {
                    Ok(request) => {
                        if service.log.is_some()
                            || request.request_id.is_some()
                            || self.records.is_some()
                        {
                            let records = self.records.get_or_insert_default();
                            records.begin(now, service.log.is_some(), Some(&request));
                        }
                        Pending::Query {
                            query: service.query_of(
                                peer,
                                request.method,
                                request.target,
                                request.accept(),
                                &|name| request.field(name),
                                service.cors.read(&request),
                            ),
                            version: request.version,
                            close: CloseMode::after(&request, bytes.len() > head.end),
                        }
                    }
                    Err(fault) => self.refuse(service, now, fault),
                };
                self.scan = HeadScan::default();
                (Some(pending), head.end)
            }
            Err(fault) => (Some(self.refuse(service, now, fault)), bytes.len()),
        };
        // What stands behind a refused or a last request is never read.
        let may_go_on = match &pending {
            None => true,
            Some(Pending::Query { close, .. }) => close.is_none(),
            Some(_) => false,
        };
        if !may_go_on || used == bytes.len() {
            self.consumed = 0;
        } else if kept.is_empty() {
            self.rest.extend_from_slice(&input[used..]);
        } else {
            self.consumed += used;
            self.rest = kept;
            if pending.is_none() && !self.has_begun() {
                // It may stay for as long as a connection is idle.
                self.rest.drain(..core::mem::take(&mut self.consumed));
                self.rest.shrink_to_fit();
            }
        }
        pending
    }

    /// The refusal of the request under way.
    pub(super) fn refuse(&mut self, service: &Service, now: Instant, fault: Fault) -> Pending {
        if service.log.is_some() || self.records.is_some() {
            let records = self.records.get_or_insert_default();
            records.begin(now, service.log.is_some(), None);
        }
        let method = self.scan.method();
        Pending::Reject { fault, method }
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
    #[cfg(feature = "test-util")]
    pub(super) fn buffered(&self) -> usize {
        self.rest.capacity()
    }

    /// Frees what is kept: it will not be answered.
    pub(super) fn discard(&mut self) {
        self.rest = Vec::new();
        self.consumed = 0;
    }
}
