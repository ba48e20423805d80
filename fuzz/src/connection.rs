//! Target `connection`: whatever may happen to a connection, in any order that the contract of
//! `health_core::server` allows.
//!
//! The fuzzer makes a [`Run`]: settings and operations. An operation that the machine has not asked
//! for (input while it wants something written) is left out, for a driver must not do it. After
//! each one the invariants of `Harness::check` must hold; at the end time passes until it is over.

mod harness;

use arbitrary::{Arbitrary, Result, Unstructured};

use harness::Harness;

/// One connection's life.
#[derive(Debug)]
pub struct Run<'a> {
    /// Whether the limits are so small that a short input reaches them.
    small: bool,
    /// Whether the peer may see details.
    local: bool,
    operations: Vec<Operation<'a>>,
}

/// Something that happens. The first byte of its encoding selects it.
#[derive(Clone, Copy, Debug)]
enum Operation<'a> {
    /// The client sends these bytes.
    Input(&'a [u8]),
    /// The client sends one of the [`FRAGMENTS`].
    Fragment(u8),
    /// The client sends a well-known request that its connection survives.
    Good,
    /// The client closes its half.
    Eof,
    /// So many hundredths of a second pass.
    Wait(u8),
    /// Time passes up to the deadline and by so many microseconds less (even) or more (odd).
    WaitForDeadline(u8),
    /// The driver asks whether it is time.
    Timeout,
    /// The driver makes an answer.
    Respond,
    /// The driver has written all.
    Sent,
    /// The driver makes and writes all that is asked for.
    Settle,
    /// The driver needs the place.
    Evict,
    /// The daemon drains, and the driver tells so.
    Drain,
    /// The daemon has stopped, and the driver tells so.
    Stop,
    /// The daemon's state changes in one of [`Harness::change`]'s ways.
    Change(u8),
}

/// What clients send, whole and in parts that make more when they follow each other.
const FRAGMENTS: [&str; 20] = [
    "GET /health HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "HEAD /readyz?verbose HTTP/1.1\r\nHost: a\r\n\r\n",
    "OPTIONS / HTTP/1.0\r\n\r\n",
    "GET /stats HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /version HTTP/1.1\r\nHost: a\r\n\r\n",
    "DELETE /health HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n",
    "POST /nothing HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    "GET /health/check/db?format=text HTTP/1.1\r\nHost: a\r\n\r\n",
    "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
    "GET /?format=xml&verbose HTTP/1.1\r\n",
    "HEAD /nothing HTTP/1.1\r\n",
    "Host: a\r\n",
    "Connection: close\r\n",
    "\r\n",
    "\n",
    "GET /health HT",
    "hello",
];

impl<'a> Arbitrary<'a> for Run<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let settings = u.arbitrary::<u8>()?;
        let mut operations = Vec::new();
        while !u.is_empty() && operations.len() < 200 {
            operations.push(Operation::arbitrary(u)?);
        }
        Ok(Self {
            small: settings & 1 != 0,
            local: settings & 2 != 0,
            operations,
        })
    }
}

impl<'a> Arbitrary<'a> for Operation<'a> {
    /// One byte for what it is and one for its number, if it has one: a mutation of one operation
    /// leaves the others as they are.
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.arbitrary::<u8>()? % 16 {
            0 | 1 => {
                let length = usize::from(u.arbitrary::<u8>()?).min(u.len());
                Self::Input(u.bytes(length)?)
            }
            2 | 3 => Self::Fragment(u.arbitrary()?),
            4 => Self::Good,
            5 => Self::Eof,
            6 => Self::Wait(u.arbitrary()?),
            7 => Self::WaitForDeadline(u.arbitrary()?),
            8 => Self::Timeout,
            9 => Self::Respond,
            10 => Self::Sent,
            11 => Self::Settle,
            12 => Self::Evict,
            13 => Self::Drain,
            14 => Self::Stop,
            _ => Self::Change(u.arbitrary()?),
        })
    }
}

impl Run<'_> {
    /// Lives it.
    ///
    /// # Panics
    ///
    /// If an invariant does not hold.
    pub fn check(&self) {
        let mut harness = Harness::new(self.small, self.local);
        for operation in &self.operations {
            harness.check(|harness| harness.apply(*operation));
        }
        harness.finish();
    }
}
