//! The input of a connection: what has arrived and is not consumed yet, and the next thing to answer.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::log::Records;
#[cfg(feature = "registry")]
use super::requests::Asking;
use super::state::{CloseMode, Pending};
use super::{Peer, Service};
#[cfg(feature = "registry")]
use super::{Query, Route};
use crate::base::Instant;
#[cfg(feature = "registry")]
use crate::http::RequestTarget;
use crate::http::{Fault, HeadScan, Method, Request};

/// The input side of a connection. Input is parsed where the caller has it; only an unfinished rest
/// is kept, at most one head and one read, and it is freed when it has been used up: an idle
/// connection holds a pointer here.
#[derive(Debug, Default)]
pub(super) struct Reader {
    kept: Option<Box<Kept>>,
    /// `None`, and no memory taken, unless there is a log or the client names its requests.
    pub(super) records: Option<Box<Records>>,
    /// The request under way, if it is one that the program answers.
    #[cfg(feature = "registry")]
    pub(super) asking: Option<Box<Asking>>,
}

/// Input that has arrived and is not used up; never empty.
#[derive(Debug, Default)]
struct Kept {
    /// From `consumed` on, the beginning of the next request.
    rest: Vec<u8>,
    consumed: usize,
    scan: HeadScan,
}

impl Kept {
    fn bytes(&self) -> &[u8] {
        &self.rest[self.consumed..]
    }

    fn drop_consumed(&mut self) {
        self.rest.drain(..core::mem::take(&mut self.consumed));
    }
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
        let mut kept = self.kept.take();
        let (mut scan, bytes) = match &mut kept {
            Some(kept) => {
                if !input.is_empty() {
                    kept.drop_consumed();
                    kept.rest.extend_from_slice(input);
                }
                (kept.scan, kept.bytes())
            }
            None => (HeadScan::default(), input),
        };
        if bytes.is_empty() {
            return None;
        }
        let (pending, used) = match scan.advance(bytes, service.bounds()) {
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
                        let query = service.query_of(
                            peer,
                            request.method,
                            request.target,
                            request.accept(),
                            &|name| request.field(name),
                            service.cors.read(&request),
                        );
                        #[cfg(feature = "registry")]
                        let query = self.read_asked(query, &request);
                        Pending::Query {
                            query,
                            version: request.version,
                            close: CloseMode::after(&request, bytes.len() > head.end),
                        }
                    }
                    Err(fault) => self.refuse_method(service, now, scan.method(), fault),
                };
                scan = HeadScan::default();
                (Some(pending), head.end)
            }
            Err(fault) => {
                let pending = self.refuse_method(service, now, scan.method(), fault);
                (Some(pending), bytes.len())
            }
        };
        // What stands behind a refused or a last request is never read.
        let may_go_on = match &pending {
            None => true,
            Some(Pending::Query { close, .. }) => close.is_none(),
            Some(_) => false,
        };
        if may_go_on && used < bytes.len() {
            let kept = match kept {
                Some(mut kept) => {
                    kept.consumed += used;
                    kept.scan = scan;
                    if pending.is_none() && !scan.has_begun(kept.bytes()) {
                        // It may stay for as long as a connection is idle.
                        kept.drop_consumed();
                        kept.rest.shrink_to_fit();
                    }
                    kept
                }
                None => Box::new(Kept {
                    rest: input[used..].to_vec(),
                    consumed: 0,
                    scan,
                }),
            };
            self.kept = Some(kept);
        }
        pending
    }

    /// Reads what only a request needs that the program answers.
    #[cfg(feature = "registry")]
    fn read_asked(&mut self, mut query: Query, request: &Request<'_>) -> Query {
        if let Route::Asked(asked) = &mut query.route {
            let parameters = match request.target {
                RequestTarget::Path { query, .. } => query,
                RequestTarget::Server => None,
            };
            let asking = asked.read(request.is_post, parameters, request.has_body);
            self.asking = Some(Box::new(asking));
        }
        query
    }

    /// Keeps `input`, which comes behind a request that waits, up to `most` bytes. Of a client that sends
    /// more nothing is kept: its connection ends behind the answer.
    #[cfg(feature = "registry")]
    pub(super) fn keep(&mut self, input: &[u8], most: usize) {
        let asking = self.asking.as_mut().filter(|it| !it.has_lost_input);
        let Some(asking) = asking else {
            return;
        };
        let kept = self.kept.get_or_insert_default();
        kept.drop_consumed();
        if kept.rest.len() + input.len() > most {
            asking.has_lost_input = true;
            self.kept = None;
        } else {
            kept.rest.extend_from_slice(input);
        }
    }

    /// The refusal of the request under way.
    pub(super) fn refuse(&mut self, service: &Service, now: Instant, fault: Fault) -> Pending {
        let method = self.kept.as_ref().and_then(|kept| kept.scan.method());
        self.refuse_method(service, now, method, fault)
    }

    fn refuse_method(
        &mut self,
        service: &Service,
        now: Instant,
        method: Option<Method>,
        fault: Fault,
    ) -> Pending {
        if service.log.is_some() || self.records.is_some() {
            let records = self.records.get_or_insert_default();
            records.begin(now, service.log.is_some(), None);
        }
        Pending::Reject { fault, method }
    }

    /// Whether nothing is kept.
    pub(super) const fn is_empty(&self) -> bool {
        self.kept.is_none()
    }

    /// Whether a head is under way: what is kept is more than empty lines.
    pub(super) fn has_begun(&self) -> bool {
        (self.kept.as_ref()).is_some_and(|kept| kept.scan.has_begun(kept.bytes()))
    }

    /// Bytes of input held.
    #[cfg(feature = "test-util")]
    pub(super) fn buffered(&self) -> usize {
        self.kept.as_ref().map_or(0, |kept| kept.rest.capacity())
    }

    /// Frees what is kept: it will not be answered.
    pub(super) fn discard(&mut self) {
        self.kept = None;
    }
}
