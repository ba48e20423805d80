//! The client's end of a connection, as a harness offers it, and the conversation over it.

use std::time::Duration;

use super::answer::{Answer, Then};
use super::case::{Case, Op, head};
use super::response::Response;
use super::stream::Stream;

/// Opens connections to an endpoint.
pub(crate) trait Harness: Send + Sync + 'static {
    /// The client's end of one connection.
    type Peer: Peer;

    /// Whether this case can be run here at all.
    fn runs(&self, case: &Case) -> bool;

    /// A new connection to an endpoint in the state and with the limits of this case.
    fn open(&self, case: &Case) -> Self::Peer;
}

/// The client's end of one connection.
pub(crate) trait Peer {
    /// Sends bytes. Whether they are taken is not reported: an endpoint that has answered and
    /// closed need not take them, and what it answered tells all.
    fn send(&mut self, bytes: &[u8]);
    /// Sends bytes and closes the sending half, with as little between them as can be.
    fn send_last(&mut self, bytes: &[u8]);
    /// Sends these bytes again and again, without reading, until they are not taken any more: until the
    /// other side is gone, or the patience of the harness ends.
    fn flood(&mut self, bytes: &[u8]);
    /// Appends what has arrived; waits for it if nothing has.
    fn receive(&mut self, into: &mut Vec<u8>) -> Received;
    /// True if the connection is open and there is nothing to read, at this very moment.
    fn is_silent(&mut self) -> bool;
    /// True if the other side reads no more, now or within the patience of the harness.
    fn is_gone(&mut self) -> bool;
    /// Lets time pass.
    fn wait(&mut self, time: Duration);
    /// Tells the daemon to end.
    fn drain(&mut self);
    /// Makes the connection limit take this connection away.
    fn evict(&mut self);
    /// Closes the sending half.
    fn half_close(&mut self);
    /// Lets the component `db` fail three times.
    fn fail(&mut self);
    /// Lets the daemon publish this number.
    fn publish(&mut self, number: u32);
    /// Says that an answer is there that was not there at once.
    #[cfg(feature = "registry")]
    fn answer(&mut self);
}

/// What [`Peer::receive`] found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// Bytes, at least one.
    Bytes,
    /// The orderly end.
    End,
    /// The disorderly end: what was still on its way may be lost.
    Reset,
    /// Nothing came, and nothing will.
    Nothing,
}

/// How the input of a parse case is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Whole,
    Bytes,
    /// With a good request right behind, in the same write.
    Trailing,
}

/// A peer, what was received but not read yet, and the rule whether the next byte may come.
pub(crate) struct Conversation<P> {
    peer: P,
    pub(super) unread: Vec<u8>,
    last: Option<Response>,
    pub(super) stream: Option<Stream>,
}

impl<P: Peer> Conversation<P> {
    pub(crate) fn new(peer: P) -> Self {
        Self {
            peer,
            unread: Vec::new(),
            last: None,
            stream: None,
        }
    }

    /// Runs a parse case one way.
    ///
    /// Whether the connection stays is proved, not asked: a further request is sent, and it is
    /// answered, or it is not. It closes the connection, so that no answer too many goes unseen.
    pub(crate) fn parse(
        mut self,
        input: &[u8],
        answers: &[Answer],
        way: Way,
    ) -> Result<(), String> {
        let keep = answers.last().is_some_and(|last| last.then == Then::Keep);
        let further = head("GET /version HTTP/1.1", "Connection: close");
        match way {
            Way::Whole => self.peer.send(input),
            Way::Bytes => input.iter().for_each(|byte| self.peer.send(&[*byte])),
            Way::Trailing => self.peer.send(&[input, &further].concat()),
        }
        for answer in answers {
            self.expect(answer)?;
        }
        if keep {
            if way != Way::Trailing {
                self.peer.send(&further);
            }
            let answer = super::answer::ok().has("version").closes();
            self.expect(&answer)
                .map_err(|e| format!("the next request: {e}"))?;
        }
        // A client that goes on, byte by byte, behind a request it has called its last meets a
        // closed connection. Refusals and unread bodies must end in order all the same, and so
        // must everything that was sent in one piece.
        let client_ends_it = |last: &Answer| matches!(last.status, 200..=299 | 404 | 405 | 503);
        let goes_on = way == Way::Bytes && answers.last().is_some_and(client_ends_it);
        self.expect_end(goes_on)
    }

    /// Runs the steps of a script.
    pub(crate) fn steps(mut self, ops: &[Op]) -> Result<(), String> {
        for (place, op) in ops.iter().enumerate() {
            self.step(op)
                .map_err(|e| format!("step {}: {e}", place + 1))?;
        }
        Ok(())
    }

    fn step(&mut self, op: &Op) -> Result<(), String> {
        match op {
            Op::Send(bytes) => self.peer.send(bytes),
            Op::SendLast(bytes) => self.peer.send_last(bytes),
            Op::Trickle(bytes, gap) => {
                for byte in bytes {
                    self.peer.send(&[*byte]);
                    self.peer.wait(*gap);
                }
            }
            Op::Flood(bytes) => self.peer.flood(bytes),
            Op::Wait(time) => self.peer.wait(*time),
            Op::Drain => self.peer.drain(),
            Op::Evict => self.peer.evict(),
            Op::HalfClose => self.peer.half_close(),
            Op::Fail => self.peer.fail(),
            Op::Publish(number) => self.peer.publish(*number),
            #[cfg(feature = "registry")]
            Op::Answer if self.unread.is_empty() => self.peer.answer(),
            // It came with what was before it.
            #[cfg(feature = "registry")]
            Op::Answer => {}
            Op::Stream { chunked } => self.expect_stream(*chunked)?,
            Op::Event(parts) => self.expect_event(parts)?,
            Op::StreamEnd => self.expect_stream_end()?,
            Op::Expect(answer) => self.expect(answer)?,
            Op::ExpectSameHead => self.expect_same_head()?,
            Op::Silent if self.unread.is_empty() && self.peer.is_silent() => {}
            Op::Silent => return Err("something came, or the connection was closed".into()),
            Op::Closed => self.expect_end(false)?,
            Op::Ended => self.expect_end(true)?,
            Op::Gone if self.peer.is_gone() => {}
            Op::Gone => return Err("the other side still reads".into()),
            Op::NotGone if !self.peer.is_gone() => {}
            Op::NotGone => return Err("the connection is over already".into()),
        }
        Ok(())
    }

    fn expect(&mut self, answer: &Answer) -> Result<(), String> {
        let response = self.next_answer(answer.to_head)?;
        answer
            .check(&response)
            .map_err(|e| format!("{e}; {response:?}"))?;
        self.last = Some(response);
        Ok(())
    }

    /// HEAD must be answered with the fields of GET (RFC 9110 §9.3.2).
    fn expect_same_head(&mut self) -> Result<(), String> {
        let got = self.next_answer(true)?;
        let wanted = self.last.take().ok_or("no answer before it")?;
        let fixed = |answer: &Response| -> Vec<(String, String)> {
            // The two are made one after the other: the clock may have moved, and so may the
            // number of digits of an uptime in the body.
            let moving = |name: &str| ["date", "content-length"].contains(&name);
            let named =
                |(name, value): &(String, String)| (name.to_ascii_lowercase(), value.clone());
            answer
                .fields
                .iter()
                .map(named)
                .filter(|(name, _)| !moving(name))
                .collect()
        };
        let length =
            |answer: &Response| -> Option<usize> { answer.field("content-length")?.parse().ok() };
        let near = length(&wanted)
            .zip(length(&got))
            .is_some_and(|(a, b)| a.abs_diff(b) <= 1);
        if got.status == wanted.status && fixed(&got) == fixed(&wanted) && near {
            Ok(())
        } else {
            Err(format!("{got:?} instead of the head of {wanted:?}"))
        }
    }

    fn next_answer(&mut self, to_head: bool) -> Result<Response, String> {
        loop {
            match Response::read(&self.unread, to_head) {
                Ok(Some((response, length))) => {
                    self.unread.drain(..length);
                    return Ok(response);
                }
                Ok(None) => match self.receive() {
                    Received::Bytes => {}
                    other => return Err(format!("{other:?} after {}", self.shown())),
                },
                Err(e) => return Err(format!("{e}; received {}", self.shown())),
            }
        }
    }

    pub(super) fn expect_end(&mut self, may_be_reset: bool) -> Result<(), String> {
        let received = self.receive();
        if !self.unread.is_empty() {
            return Err(format!("behind the last answer comes {}", self.shown()));
        }
        match received {
            Received::End => Ok(()),
            Received::Reset if may_be_reset => Ok(()),
            other => Err(format!("{other:?} instead of the end")),
        }
    }

    pub(super) fn receive(&mut self) -> Received {
        self.peer.receive(&mut self.unread)
    }

    pub(super) fn shown(&self) -> String {
        format!("{:?}", String::from_utf8_lossy(&self.unread))
    }
}
