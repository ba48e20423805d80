//! A connection that waits for the program's answer.

use alloc::vec::Vec;

use super::TargetAnswer;
use super::routes::Desk;
use crate::base::{Instant, Moment};
use crate::health::{Phase, Snapshot};
use crate::http::response::Persistence;
use crate::http::{Code, Head, Version};
use crate::server::connection::respond::write_rare;
use crate::server::state::{CloseMode, Pending, State};
use crate::server::{CloseReason, Connection, Query};

/// A request that was handed over, and what its response needs.
#[derive(Debug)]
pub(super) struct Waiting {
    desk: Desk,
    key: u64,
    until: Instant,
    head: AskedHead,
}

/// However the wait ends.
impl Drop for Waiting {
    fn drop(&mut self) {
        self.desk.forget(self.key);
    }
}

/// The head of a request for the program.
#[derive(Clone, Copy, Debug)]
pub(in crate::server) struct AskedHead {
    pub(in crate::server) query: Query,
    pub(in crate::server) version: Version,
    pub(in crate::server) close: Option<CloseMode>,
}

impl Connection {
    /// Whether it waits for the program.
    pub(in crate::server) fn is_waiting(&self) -> bool {
        let asking = self.reader.asking.as_ref();
        asking.is_some_and(|asking| asking.waiting.is_some())
    }

    /// Hands a request over and waits, or answers at once if the queue has no place.
    pub(in crate::server) fn ask(
        &mut self,
        head: AskedHead,
        unsent_since: Option<Instant>,
        moment: Moment,
        snapshot: &Snapshot,
        out: &mut Vec<u8>,
    ) {
        match self.hand_over(moment.now, head) {
            Ok(()) => self.look_for_answer(unsent_since, moment, snapshot, out),
            Err(answer) => self.write_answer(&answer, head, unsent_since, moment, snapshot, out),
        }
    }

    /// Appends the answer if it is there, or the time is up; else goes on waiting.
    pub(in crate::server) fn look_for_answer(
        &mut self,
        unsent_since: Option<Instant>,
        moment: Moment,
        snapshot: &Snapshot,
        out: &mut Vec<u8>,
    ) {
        let asking = self.reader.asking.as_ref();
        let Some(waiting) = asking.and_then(|asking| asking.waiting.as_ref()) else {
            debug_assert!(false, "nothing was asked");
            self.state = State::Closed(CloseReason::Draining);
            return;
        };
        let is_over = waiting.until <= moment.now || snapshot.phase() == Phase::Stopped;
        let late = || TargetAnswer::unavailable("No answer came in time");
        let answer = waiting.desk.answer(waiting.key);
        match answer.or_else(|| is_over.then(late)) {
            Some(answer) => {
                let head = waiting.head;
                self.write_answer(&answer, head, unsent_since, moment, snapshot, out);
            }
            // The responses before it need not wait.
            None => {
                self.state = match unsent_since {
                    Some(_) => State::Writing {
                        writing: self.writing(unsent_since, moment.now),
                        close: None,
                    },
                    None => State::Waiting {
                        after: snapshot.revision(),
                        until: waiting.until,
                    },
                };
            }
        }
    }

    /// Nobody will answer any more: what is not there by now never comes.
    pub(in crate::server) fn give_up_waiting(&mut self) {
        let asking = self.reader.asking.as_mut();
        if let Some(waiting) = asking.and_then(|asking| asking.waiting.as_mut()) {
            waiting.until = Instant::default();
        }
        self.state = State::responding(Pending::Answer);
    }

    fn hand_over(&mut self, now: Instant, head: AskedHead) -> Result<(), TargetAnswer> {
        let full = || TargetAnswer::unavailable("Too many requests wait for an answer");
        let peer = self.peer.clone();
        let (Some(desk), Some(asking)) = (&self.service.desk, &mut self.reader.asking) else {
            debug_assert!(false, "a path of nobody");
            return Err(full());
        };
        let parameters = core::mem::take(&mut asking.parameters.0);
        let request = desk.request(&head.query.route, parameters, peer);
        let key = request.and_then(|request| desk.add(request));
        asking.waiting = Some(Waiting {
            desk: desk.clone(),
            key: key.ok_or_else(full)?,
            until: now + desk.timeout(),
            head,
        });
        Ok(())
    }

    fn write_answer(
        &mut self,
        answer: &TargetAnswer,
        head: AskedHead,
        unsent_since: Option<Instant>,
        moment: Moment,
        snapshot: &Snapshot,
        out: &mut Vec<u8>,
    ) {
        let AskedHead { query, version, .. } = head;
        let asking = self.reader.asking.take();
        let is_cut = asking.is_some_and(|asking| asking.has_lost_input);
        let close = head.close.or(is_cut.then_some(CloseMode::ANSWERED));
        let close = close.or_else(|| self.close_mode(snapshot));
        let start = out.len();
        self.service
            .counters()
            .count_request(query.route, answer.status);
        let mut response = Head::new(answer.status);
        if answer.status == Code::ServiceUnavailable {
            response.retry_after = Some(self.service.retry_after);
        }
        let persistence = Persistence::of(version, close.is_some());
        let (method, date) = (Some(query.method), moment.unix);
        let (id, service) = (self.request_id(date), &*self.service);
        let rare = |out: &mut Vec<u8>| write_rare(service, &query, id, out);
        response.write(method, date, persistence, out, rare, |out| {
            out.extend_from_slice(answer.text.as_bytes());
        });
        let writing = self.writing(unsent_since, moment.now);
        let response = (method, answer.status, out.len() - start);
        self.go_on_behind(moment.now, writing, response, close, out);
    }
}
