//! All states of an exchange and all transitions between them.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use core::fmt;
use core::mem;
use core::time::Duration;

use super::body::{Body, Progress};
use super::condition::Breach;
use super::head::{Head, HeadReader};
use super::malformed::Malformed;
use super::probe::HttpProbe;
use super::report::{FailureKind, ProbePhase, Report, Timings};
use super::step::Step;
use super::verdict::Verdict;
use crate::base::Instant;
use crate::base::Outcome;

/// One HTTP exchange of a probe: the client's side of one request and its answer.
///
/// The [module](super) says how to drive it.
pub struct Exchange {
    probe: Arc<HttpProbe>,
    deadline: Instant,
    now: Instant,
    part_began: Instant,
    timings: Timings,
    interim: u8,
    has_input: bool,
    status: Option<u16>,
    state: State,
    report: Option<Report>,
}

enum State {
    Sending,
    Head(HeadReader),
    Body(Answer),
    Lingering { until: Instant },
    Over { reusable: bool },
}

/// An answer whose head has come.
struct Answer {
    body: Body,
    verdict: Verdict,
    /// Whether the connection is good for another one, should the answer end before it does.
    reusable: bool,
}

impl Exchange {
    /// How long the server is given to close first: 50 ms.
    pub const LINGER: Duration = Duration::from_millis(50);

    /// An exchange on a connection that is ready to be written to.
    ///
    /// `deadline` is that of the whole attempt: what resolving, connecting and a TLS handshake
    /// took is gone from it.
    #[must_use]
    pub const fn new(probe: Arc<HttpProbe>, now: Instant, deadline: Instant) -> Self {
        Self {
            probe,
            deadline,
            now,
            part_began: now,
            timings: Timings {
                send: None,
                head: None,
                body: None,
            },
            interim: 0,
            has_input: false,
            status: None,
            state: State::Sending,
            report: None,
        }
    }

    /// What to do next.
    pub const fn step(&self) -> Step {
        let deadline = self.deadline;
        match self.state {
            State::Sending => Step::Write { until: deadline },
            State::Head(_) | State::Body(_) => Step::Read { until: deadline },
            State::Lingering { until } => Step::Linger { until },
            State::Over { reusable: false } => Step::Close,
            State::Over { reusable: true } => Step::Keep,
        }
    }

    /// The bytes to send.
    #[must_use]
    pub fn request(&self) -> &[u8] {
        self.probe.request()
    }

    /// The part that is running; `None` once the report is ready.
    #[must_use]
    pub const fn part(&self) -> Option<ProbePhase> {
        match self.state {
            State::Sending => Some(ProbePhase::Send),
            State::Head(_) => Some(ProbePhase::Head),
            State::Body(_) => Some(ProbePhase::Body),
            State::Lingering { .. } | State::Over { .. } => None,
        }
    }

    /// The result, as soon as it is known: while lingering and at the end.
    #[must_use]
    pub const fn report(&self) -> Option<&Report> {
        self.report.as_ref()
    }

    /// The result. An exchange that is given up before its end says nothing about the target.
    #[must_use]
    pub fn into_report(mut self) -> Report {
        let part = self.part();
        self.end_part();
        self.report.unwrap_or_else(|| Report {
            outcome: Outcome::indeterminate(match part {
                Some(part) => format!("cancelled while {part}"),
                None => "cancelled".to_string(),
            }),
            failure: None,
            status: self.status,
            timings: self.timings,
        })
    }

    /// Bytes of heap held for what the peer sent; never more than 32 KiB.
    #[must_use]
    pub fn buffered(&self) -> usize {
        match &self.state {
            State::Head(reader) => reader.buffered(),
            State::Body(answer) => answer.body.buffered(),
            State::Sending | State::Lingering { .. } | State::Over { .. } => 0,
        }
    }

    /// All of the request was sent. Otherwise than after [`Step::Write`], nothing happens.
    pub fn handle_sent(&mut self, now: Instant) {
        self.handle_timeout(now);
        if matches!(self.state, State::Sending) {
            self.end_part();
            self.state = State::Head(HeadReader::default());
        }
    }

    /// Takes bytes from the peer, as many as came; none is not the end of the stream. What is not
    /// part of the answer is ignored.
    pub fn handle_input(&mut self, now: Instant, input: &[u8]) {
        self.handle_timeout(now);
        if input.is_empty() {
            return;
        }
        match self.state {
            State::Sending => {
                self.has_input = true;
                self.fail(Malformed::Unasked);
            }
            State::Head(_) => {
                self.has_input = true;
                self.read_head(input);
            }
            State::Body(_) => self.read_body(input),
            State::Lingering { .. } => {}
            // Bytes nobody asked for would be taken for the next answer (RFC 9112 §9.2).
            State::Over { .. } => self.state = State::Over { reusable: false },
        }
    }

    /// The peer closed the stream in order (over TLS: by `close_notify`; anything less is for
    /// [`handle_error`](Self::handle_error), else an attacker could cut an answer short).
    pub fn handle_eof(&mut self, now: Instant) {
        self.handle_timeout(now);
        match &self.state {
            State::Sending => self.interrupt("connection closed", None),
            State::Head(reader) => {
                let detail = format!("{} bytes of the head received", reader.seen());
                self.interrupt("connection closed", Some(detail));
            }
            State::Body(answer) => match answer.body.handle_eof() {
                Ok(()) => {
                    self.conclude(Ok(false));
                    self.state = State::Over { reusable: false };
                }
                Err(detail) => self.interrupt("connection closed", Some(detail)),
            },
            State::Lingering { .. } | State::Over { .. } => {
                self.state = State::Over { reusable: false };
            }
        }
    }

    /// The connection broke. `what` is for everybody's eyes: a fixed phrase such as
    /// `connection reset`, which becomes `connection reset while waiting for the response head`.
    ///
    /// Once the report is ready it only ends the exchange: a reset after a whole answer is no news.
    pub fn handle_error(&mut self, now: Instant, what: &str) {
        self.handle_timeout(now);
        if self.part().is_some() {
            self.interrupt(what, None);
        } else {
            self.state = State::Over { reusable: false };
        }
    }

    /// Time has passed. Every other `handle_*` does this first: what comes at the deadline or
    /// later comes too late. Before `until`, nothing happens.
    pub fn handle_timeout(&mut self, now: Instant) {
        // A clock that runs backwards stands still.
        self.now = self.now.max(now);
        match self.state {
            State::Lingering { until } if self.now >= until => {
                self.state = State::Over { reusable: false };
            }
            State::Lingering { .. } | State::Over { .. } => {}
            _ if self.now >= self.deadline => {
                if let Some(part) = self.part() {
                    let message = format!("timeout while {part}");
                    self.cut_short(Breach::new(FailureKind::Timeout, message));
                }
            }
            _ => {}
        }
    }

    fn read_head(&mut self, input: &[u8]) {
        let State::Head(reader) = &mut self.state else {
            return;
        };
        let read = reader.handle_input(input).and_then(|found| {
            let Some((head, used)) = found else {
                return Ok(None);
            };
            Ok(Some((read_answer(&self.probe, head)?, used)))
        });
        match read {
            Ok(None) => {}
            Ok(Some((None, used))) if self.interim < MAX_INTERIM => {
                self.interim += 1;
                self.state = State::Head(HeadReader::default());
                self.read_head(&input[used..]);
            }
            Ok(Some((None, _))) => self.fail(Malformed::TooManyInterim),
            Ok(Some((Some((status, answer)), used))) => {
                self.end_part();
                self.status = Some(status);
                self.state = State::Body(answer);
                self.read_body(&input[used..]);
            }
            Err(malformed) => self.fail(malformed),
        }
    }

    fn read_body(&mut self, input: &[u8]) {
        let State::Body(answer) = &mut self.state else {
            return;
        };
        match answer.body.handle_input(input) {
            Ok(Progress::More) => {}
            Ok(Progress::Ended { surplus }) => {
                let reusable = answer.reusable && !surplus;
                self.conclude(Ok(false));
                self.state = if reusable {
                    State::Over { reusable }
                } else {
                    let until = self.deadline.min(self.now + Self::LINGER);
                    State::Lingering { until }
                };
            }
            // What was not read turns our close into a reset anyway: nothing to linger for.
            Ok(Progress::Truncated) => {
                self.conclude(Ok(true));
                self.state = State::Over { reusable: false };
            }
            Err(malformed) => self.fail(malformed),
        }
    }

    fn fail(&mut self, malformed: Malformed) {
        let message = malformed.to_string();
        self.cut_short(Breach::new(FailureKind::Protocol, message));
    }

    /// The stream ended where it should not have.
    fn interrupt(&mut self, what: &str, detail: Option<String>) {
        let Some(part) = self.part() else {
            return;
        };
        let kind = if self.has_input {
            FailureKind::Closed
        } else {
            FailureKind::NoResponse
        };
        let breach = Breach::new(kind, format!("{what} while {part}"));
        self.cut_short(Breach { detail, ..breach });
    }

    fn cut_short(&mut self, by: Breach) {
        self.conclude(Err(by));
        self.state = State::Over { reusable: false };
    }

    /// Makes the report: of an answer that came whole or was truncated (`Ok`), or of an exchange
    /// that was cut short. The caller sets the next state.
    fn conclude(&mut self, end: Result<bool, Breach>) {
        self.end_part();
        let state = mem::replace(&mut self.state, State::Over { reusable: false });
        let (mut verdict, body) = match state {
            State::Body(Answer { verdict, body, .. }) => (verdict, Some(body)),
            _ => (Verdict::default(), None),
        };
        match (end, &body) {
            (Ok(truncated), Some(body)) => verdict.judge_body(&self.probe, body, truncated),
            (Ok(_), None) => {}
            (Err(breach), _) => verdict.cut_short(breach),
        }
        let excerpt = body
            .as_ref()
            .filter(|_| self.probe.captures_body())
            .map(Body::content);
        let (outcome, failure) = verdict.into_outcome(excerpt);
        self.report = Some(Report {
            outcome,
            failure,
            status: self.status,
            timings: self.timings,
        });
    }

    fn end_part(&mut self) {
        if let Some(part) = self.part() {
            let length = self.now.duration_since(self.part_began);
            self.timings.record(part, length);
            self.part_began = self.now;
        }
    }
}

impl fmt::Debug for Exchange {
    /// Where it stands; nothing of what the peer sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("step", &self.step())
            .field("part", &self.part())
            .field("buffered", &self.buffered())
            .field("report", &self.report)
            .finish_non_exhaustive()
    }
}

/// Interim answers (1xx) that are skipped.
const MAX_INTERIM: u8 = 8;

/// Reads a whole head: `None` for an interim answer, which says nothing (RFC 9110 §15.2).
fn read_answer(probe: &HttpProbe, head: &[u8]) -> Result<Option<(u16, Answer)>, Malformed> {
    let head = Head::parse(head)?;
    match head.status() {
        101 => return Err(Malformed::Switched),
        100..=199 => return Ok(None),
        _ => {}
    }
    let framing = head.framing(probe.method())?;
    let verdict = Verdict::of_head(probe, &head);
    let answer = Answer {
        body: Body::new(framing, verdict.needs_body(probe)),
        verdict,
        reusable: probe.keeps_alive() && head.keeps_alive(),
    };
    Ok(Some((head.status(), answer)))
}
