//! Target `connections`: all connections of a server, streams among them, whatever their clients, the
//! daemon and the accept loop do.
//!
//! The fuzzer makes a [`Run`]: settings and operations. Whenever nobody is due, the invariants of
//! `Harness::check_rest` must hold; at the end the server stops, and every connection that ever
//! came must stand in its report.

mod harness;

use arbitrary::{Arbitrary, Result, Unstructured};

use harness::Harness;

/// One server's life.
#[derive(Debug)]
pub struct Run {
    /// At most so many connections, and so many streams.
    connections: usize,
    streams: usize,
    operations: Vec<Operation>,
}

/// Something that happens. The first byte of its encoding selects it.
#[derive(Clone, Copy, Debug)]
enum Operation {
    /// Somebody connects, and sends one of the [`FRAGMENTS`].
    Connect(u8),
    /// A client, counted from the latest, sends one of the [`FRAGMENTS`].
    Send { client: u8, fragment: u8 },
    /// A client closes its half.
    Close(u8),
    /// A client takes no more answers, or takes them again.
    Deaf(u8),
    /// A client is gone with a reset.
    Reset(u8),
    /// So many of those who are due have their turn; 0 is everybody.
    Turns(u8),
    /// So many hundredths of a second pass.
    Wait(u8),
    /// Time passes up to the next thing to do, and by so many microseconds more.
    WaitForNext(u8),
    /// The accept loop runs into an error: an even one passes by itself.
    AcceptError(u8),
    /// The daemon's state changes in one of [`Harness::change`]'s ways, and the driver hears of it.
    Change(u8),
    /// The daemon's state changes, and the driver hears of it with the next change.
    Quietly(u8),
    /// The server ends.
    Stop,
}

/// What clients send.
const FRAGMENTS: [&str; 8] = [
    "GET /health HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /health/events HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /health/events?verbose HTTP/1.0\r\n\r\n",
    "GET /health/ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "HEAD /health/events HTTP/1.1\r\nHost: a\r\nLast-Event-ID: 1\r\n\r\n",
    "GET /health HT",
    "hello\r\n\r\n",
    "",
];

impl<'a> Arbitrary<'a> for Run {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let most = u.arbitrary::<u8>()?;
        let mut operations = Vec::new();
        while !u.is_empty() && operations.len() < 200 {
            operations.push(Operation::arbitrary(u)?);
        }
        Ok(Self {
            connections: usize::from(most & 7),
            streams: usize::from(most >> 3 & 3),
            operations,
        })
    }
}

impl<'a> Arbitrary<'a> for Operation {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.arbitrary::<u8>()? % 20 {
            0..4 => Self::Connect(u.arbitrary()?),
            4 | 5 => Self::Send {
                client: u.arbitrary()?,
                fragment: u.arbitrary()?,
            },
            6 => Self::Close(u.arbitrary()?),
            7 => Self::Deaf(u.arbitrary()?),
            8 => Self::Reset(u.arbitrary()?),
            9..12 => Self::Turns(0),
            12 => Self::Turns(u.arbitrary()?),
            13 => Self::Wait(u.arbitrary()?),
            14 | 15 => Self::WaitForNext(u.arbitrary()?),
            16 => Self::AcceptError(u.arbitrary()?),
            17 => Self::Change(u.arbitrary()?),
            18 => Self::Quietly(u.arbitrary()?),
            _ => match u.arbitrary::<u8>()? {
                0..32 => Self::Stop,
                number => Self::Change(number),
            },
        })
    }
}

impl Run {
    /// Lives it.
    ///
    /// # Panics
    ///
    /// If an invariant does not hold.
    pub fn check(&self) {
        let mut harness = Harness::new(self.connections, self.streams);
        for operation in &self.operations {
            harness.apply(*operation);
        }
        harness.finish();
    }
}
