//! What a conversation must come to, reckoned from all its input by the reference parser.

use health_core::http::{Fault, Reject};
use health_core::server::{CloseReason, Limits};

use crate::reference::{self, Request, Target, Verdict};
use crate::response::Response;

/// One answer to come.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    /// Whether it is an answer to `HEAD`, which has no body.
    pub(crate) to_head: bool,
    /// The codes it may have.
    pub(crate) statuses: Vec<u16>,
    /// Whether what was asked makes it the last one, and the reasons the connection may end for.
    pub(crate) last: Option<Vec<CloseReason>>,
    /// Where the next request begins.
    pub(crate) end: usize,
}

/// All that must come of some input.
#[derive(Debug)]
pub(crate) struct Expectation {
    /// The answers, in their order.
    pub(crate) answers: Vec<Expected>,
    /// Whether the last of them ends it all.
    pub(crate) ends: bool,
    /// Whether a head has begun that is neither finished nor refused. Empty lines begin none.
    pub(crate) under_way: bool,
    /// Whether that one is known to ask for a `HEAD`.
    pub(crate) to_head: bool,
}

/// What must come of `input`.
pub(crate) fn expect(input: &[u8], limits: &Limits) -> Expectation {
    let mut answers = Vec::new();
    let mut start = 0;
    loop {
        let expected = match reference::read(&input[start..], limits) {
            Verdict::Incomplete { to_head } => {
                return Expectation {
                    answers,
                    ends: false,
                    under_way: has_begun(&input[start..]),
                    to_head,
                };
            }
            Verdict::Request(request, length) => Expected {
                to_head: request.method == b"HEAD",
                statuses: statuses(&request),
                last: match request {
                    Request { has_body: true, .. } => Some(vec![CloseReason::BodyUnread]),
                    Request { keep_alive, .. } => {
                        (!keep_alive).then(|| vec![CloseReason::Answered])
                    }
                },
                end: start + length,
            },
            Verdict::Refused { faults, to_head } => Expected {
                to_head,
                statuses: {
                    let status = |fault: &Fault| Reject::from(*fault).status().as_u16();
                    faults.iter().map(status).collect()
                },
                last: Some(faults.into_iter().map(rejected).collect()),
                end: input.len(),
            },
        };
        start = expected.end;
        let is_last = expected.last.is_some();
        answers.push(expected);
        if is_last {
            return Expectation {
                answers,
                ends: true,
                under_way: false,
                to_head: false,
            };
        }
    }
}

fn rejected(fault: Fault) -> CloseReason {
    CloseReason::Rejected(fault.into())
}

fn has_begun(mut bytes: &[u8]) -> bool {
    while let Some(rest) = bytes.strip_prefix(b"\r\n") {
        bytes = rest;
    }
    !matches!(bytes, [] | [b'\r'])
}

/// The codes that may answer `request`, whatever state the daemon is in.
fn statuses(request: &Request<'_>) -> Vec<u16> {
    let Target::Resource(path, query) = request.target else {
        return vec![204];
    };
    let is_ours = matches!(request.method, b"GET" | b"HEAD" | b"OPTIONS");
    let with_format = query.is_some_and(|query| {
        query
            .split(|&b| b == b'&')
            .any(|parameter| parameter.starts_with(b"format="))
    });
    let mut statuses = match path {
        _ if !is_ours => vec![404, 405],
        b"/version" => return vec![200],
        b"/stats" => return vec![200, 403],
        b"/" | b"/health" | b"/healthz" | b"/live" | b"/livez" | b"/health/live" | b"/ready"
        | b"/readyz" | b"/health/ready" | b"/startupz" | b"/health/startup"
        | b"/health/started" => vec![200, 503],
        _ if path.starts_with(b"/health/check/") => vec![200, 404, 503],
        _ => return vec![404],
    };
    if with_format {
        statuses.push(406);
    }
    statuses
}

impl Expected {
    /// The answer to a head that was not finished in time.
    pub(crate) fn timeout(to_head: bool) -> Self {
        Self {
            to_head,
            statuses: vec![408],
            last: Some(vec![rejected(Fault::HeadTimeout)]),
            end: usize::MAX,
        }
    }

    /// Reads this answer from the beginning of `bytes`: whether it says that it is the last one,
    /// and its length.
    ///
    /// # Panics
    ///
    /// If it is another one, or none.
    pub(crate) fn read(&self, bytes: &[u8]) -> (bool, usize) {
        let text = || bytes.escape_ascii();
        let (answer, length) = match Response::read(bytes, self.to_head) {
            Ok(Some(read)) => read,
            Ok(None) => panic!("an unfinished answer instead of {self:?}: {}", text()),
            Err(what) => panic!("{what} instead of {self:?}: {}", text()),
        };
        let status = answer.status;
        assert!(
            self.statuses.contains(&status),
            "{status} instead of {self:?}: {}",
            text()
        );
        (answer.connection_says("close"), length)
    }
}
