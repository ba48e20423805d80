//! What a case is: a daemon in some state, bytes to send, and what must come back.

use std::time::Duration;

use health_core::server::{Limits, Service};

use super::answer::Answer;

/// One row of the table.
pub(crate) struct Case {
    /// Says what is sent and, where it fits, what must happen: `slow_head_is_408`.
    pub(crate) name: &'static str,
    /// The state of the daemon behind the endpoint.
    pub(crate) daemon: Daemon,
    /// What this case changes in the harness's limits.
    pub(crate) limits: Option<fn(&mut Limits)>,
    /// What this case sets besides limits.
    pub(crate) service: Option<fn(Service) -> Service>,
    /// True if the case tests the default deadlines themselves: seconds and minutes, so only a
    /// harness in virtual time runs it.
    pub(crate) virtual_only: bool,
    /// What happens on the connection.
    pub(crate) script: Script,
}

/// The state of the daemon behind the endpoint when the connection is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Daemon {
    /// Not yet said to be running.
    Starting,
    /// Running; the component `db` has succeeded.
    Up,
    /// Running; the component `db` has failed until it counts as unhealthy.
    Failing,
    /// Running; the heartbeat `loop` has missed its deadline.
    Stuck,
    /// Told to end, and the endpoint still answers.
    Draining,
}

/// What happens on the connection.
pub(crate) enum Script {
    /// Bytes in, answers out. The runner executes it three ways: whole, byte by byte, and with a
    /// good request right behind, for how input is cut must never matter.
    Parse {
        input: Vec<u8>,
        answers: Vec<Answer>,
    },
    /// One step after the other, executed once.
    Steps(Vec<Op>),
}

/// One step of a script.
pub(crate) enum Op {
    /// Sends bytes in one write.
    Send(Vec<u8>),
    /// Sends bytes and closes the sending half in the same breath: the end is there before the
    /// answer is made.
    SendLast(Vec<u8>),
    /// Sends one byte, waits, sends the next: no pause is long, the sum is.
    Trickle(Vec<u8>, Duration),
    /// Sends these bytes again and again, without reading, until nobody takes them any more.
    Flood(Vec<u8>),
    /// Lets time pass.
    Wait(Duration),
    /// The daemon is told to end.
    Drain,
    /// The connection limit takes the connection away.
    Evict,
    /// Closes the sending half.
    HalfClose,
    /// The component `db` fails until it counts as unhealthy.
    Fail,
    /// The daemon publishes this number under `loop`.
    Publish(u32),
    /// The program has an answer for a request that waits.
    #[cfg(feature = "registry")]
    Answer,
    /// The next answer.
    Expect(Answer),
    /// An answer to HEAD, whose head is that of the answer before.
    ExpectSameHead,
    /// The head of a stream of events, in chunks or up to the end of the connection.
    Stream { chunked: bool },
    /// The next event of the stream, or a comment: it has all of these parts.
    Event(&'static [&'static str]),
    /// The stream comes to an orderly end, and so does its connection.
    StreamEnd,
    /// The connection is open and there is nothing to read.
    Silent,
    /// Nothing more to read: the other side has closed in an orderly way.
    Closed,
    /// Nothing more to read: closed, with or without a reset, for the other side has said that it
    /// would read no more and was sent something all the same.
    Ended,
    /// At most half-closed: the other side still reads. In virtual time only: over a socket nothing
    /// shows it.
    NotGone,
    /// Not only half-closed: the other side has given the connection up and reads no more.
    Gone,
}

impl Case {
    fn new(name: &'static str, script: Script) -> Self {
        Self {
            name,
            daemon: Daemon::Up,
            limits: None,
            service: None,
            virtual_only: false,
            script,
        }
    }

    /// The same case with the daemon in another state than [`Daemon::Up`].
    pub(crate) fn when(mut self, daemon: Daemon) -> Self {
        self.daemon = daemon;
        self
    }

    /// The same case under other limits.
    pub(crate) fn limits(mut self, change: fn(&mut Limits)) -> Self {
        self.limits = Some(change);
        self
    }

    /// The same case with other settings than limits.
    pub(crate) fn service(mut self, change: fn(Service) -> Service) -> Self {
        self.service = Some(change);
        self
    }

    /// The service this case wants: `limits` with what it changes in them, and its settings.
    pub(crate) fn make_service(&self, mut limits: Limits) -> Service {
        if let Some(change) = self.limits {
            change(&mut limits);
        }
        let service = Service::new().limits(limits);
        let service = service.allow_hosts([HOST]).expect("a name");
        match self.service {
            Some(change) => change(service),
            None => service,
        }
    }

    /// True if any other case with the same daemon may use the same endpoint.
    pub(crate) fn shares_endpoint(&self) -> bool {
        self.limits.is_none() && self.service.is_none() && !self.touches_daemon()
    }

    /// True if the case does something to the daemon or its listener, so that no other case may
    /// use the same one.
    fn touches_daemon(&self) -> bool {
        self.evicts() || self.has_step(|op| matches!(op, Op::Drain | Op::Fail | Op::Publish(_)))
    }

    /// True if the case needs a connection limit.
    pub(crate) fn evicts(&self) -> bool {
        self.has_step(|op| matches!(op, Op::Evict))
    }

    fn has_step(&self, is: fn(&Op) -> bool) -> bool {
        matches!(&self.script, Script::Steps(ops) if ops.iter().any(is))
    }

    /// The same case, for virtual time only: it waits for defaults that last seconds or minutes.
    pub(crate) fn virtual_only(mut self) -> Self {
        self.virtual_only = true;
        self
    }
}

/// A parse case from its bytes.
pub(crate) fn raw(
    name: &'static str,
    input: impl AsRef<[u8]>,
    answers: impl Into<Vec<Answer>>,
) -> Case {
    Case::new(
        name,
        Script::Parse {
            input: input.as_ref().to_vec(),
            answers: answers.into(),
        },
    )
}

/// A parse case from its request line; the head is completed with `Host`.
pub(crate) fn line(
    name: &'static str,
    line: impl AsRef<[u8]>,
    answers: impl Into<Vec<Answer>>,
) -> Case {
    raw(name, head(line, b""), answers)
}

/// A parse case from its target: `GET <target> HTTP/1.1`, completed with `Host`.
pub(crate) fn target(
    name: &'static str,
    target: impl AsRef<[u8]>,
    answers: impl Into<Vec<Answer>>,
) -> Case {
    let line = [b"GET ", target.as_ref(), b" HTTP/1.1"].concat();
    raw(name, head(line, b""), answers)
}

/// A parse case from its field lines: `GET /health HTTP/1.1`, `Host`, then these, CRLF between.
pub(crate) fn field(
    name: &'static str,
    fields: impl AsRef<[u8]>,
    answers: impl Into<Vec<Answer>>,
) -> Case {
    raw(name, head("GET /health HTTP/1.1", fields), answers)
}

/// A case of several steps.
pub(crate) fn script(name: &'static str, ops: impl Into<Vec<Op>>) -> Case {
    Case::new(name, Script::Steps(ops.into()))
}

/// What requests say in `Host`.
const HOST: &str = "conformance";

/// A whole head: the request line, `Host`, and the field lines, if any.
pub(crate) fn head(line: impl AsRef<[u8]>, fields: impl AsRef<[u8]>) -> Vec<u8> {
    let fields = fields.as_ref();
    let end: &[u8] = if fields.is_empty() { b"" } else { b"\r\n" };
    let host = format!("\r\nHost: {HOST}\r\n");
    [line.as_ref(), host.as_bytes(), fields, end, b"\r\n"].concat()
}

/// A whole good request for `path`.
pub(crate) fn get(path: &str) -> Vec<u8> {
    head(format!("GET {path} HTTP/1.1"), b"")
}

/// [`Op::Send`].
pub(crate) fn send(bytes: impl AsRef<[u8]>) -> Op {
    Op::Send(bytes.as_ref().to_vec())
}

/// [`Op::SendLast`].
pub(crate) fn send_last(bytes: impl AsRef<[u8]>) -> Op {
    Op::SendLast(bytes.as_ref().to_vec())
}

/// [`Op::Trickle`], one byte every `gap_ms` milliseconds.
pub(crate) fn trickle(bytes: impl AsRef<[u8]>, gap_ms: u64) -> Op {
    Op::Trickle(bytes.as_ref().to_vec(), Duration::from_millis(gap_ms))
}

/// [`Op::Wait`].
pub(crate) fn wait_ms(ms: u64) -> Op {
    Op::Wait(Duration::from_millis(ms))
}

/// [`Op::Expect`].
pub(crate) fn expect(answer: Answer) -> Op {
    Op::Expect(answer)
}

/// [`Op::Stream`] in chunks.
pub(crate) fn stream() -> Op {
    Op::Stream { chunked: true }
}

/// [`Op::Stream`] up to the end of the connection, as HTTP/1.0 has it.
pub(crate) fn stream_1_0() -> Op {
    Op::Stream { chunked: false }
}

/// [`Op::Event`].
pub(crate) fn event(parts: &'static [&'static str]) -> Op {
    Op::Event(parts)
}
