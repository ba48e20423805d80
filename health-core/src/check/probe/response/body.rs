//! The body of a response: where it ends, and what reads its content.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::condition::{BodyReader, Condition};
use super::super::http::HttpProbe;
use super::chunked::Chunked;
use super::head::Framing;
use super::malformed::Malformed;
use crate::base::Capture;

pub(super) struct Body<'p> {
    decoder: Decoder,
    content: Content<'p>,
}

enum Decoder {
    Length { left: u64, total: u64 },
    Chunked(Chunked),
    UntilClose,
}

/// What came of some input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Progress {
    /// The body goes on.
    More,
    /// It ended. Bytes behind it are ignored.
    Ended,
    /// It is longer than will be read.
    Truncated,
}

impl<'p> Body<'p> {
    /// A body of which nothing has come, to be read for the conditions of the probe or for none.
    pub(super) fn new(framing: Framing, probe: &'p HttpProbe, is_judged: bool) -> Self {
        let readers = probe.conditions().iter().filter(|_| is_judged);
        let readers: Vec<_> = readers.map(Condition::body_reader).collect();
        let max = probe.max_body();
        Self {
            decoder: match framing {
                Framing::Length(total) => Decoder::Length { left: total, total },
                Framing::Chunked => Decoder::Chunked(Chunked::new()),
                Framing::UntilClose => Decoder::UntilClose,
            },
            content: Content {
                length: 0,
                end: max.min(BLOCK),
                max,
                readers,
                excerpt: probe.captures_body().then(Capture::new),
            },
        }
    }

    /// The reader of the condition at this place, if there is one.
    pub(super) fn reader(&self, condition: usize) -> Option<&BodyReader<'p>> {
        self.content.readers.get(condition)?.as_ref()
    }

    /// The beginning and the end of what has come; `None` if nothing has, or it is not kept.
    pub(super) fn excerpt(&self) -> Option<&Capture> {
        let excerpt = self.content.excerpt.as_ref();
        excerpt.filter(|_| self.content.length > 0)
    }

    #[cfg(feature = "test-util")]
    pub(super) fn buffered(&self) -> usize {
        let readers = self.content.readers.iter().flatten();
        readers.map(BodyReader::buffered).sum()
    }

    /// Takes input, which may be empty: a body of no bytes ends without any.
    pub(super) fn handle_input(&mut self, input: &[u8]) -> Result<Progress, Malformed> {
        let content = &mut self.content;
        match &mut self.decoder {
            Decoder::Length { left, .. } => {
                let taken = content.take(input, *left);
                *left -= taken as u64;
                Ok(match left {
                    0 => Progress::Ended,
                    _ if content.room() == 0 => Progress::Truncated,
                    _ => Progress::More,
                })
            }
            Decoder::UntilClose => {
                let taken = content.take(input, u64::MAX);
                let is_whole = taken == input.len();
                Ok(if is_whole {
                    Progress::More
                } else {
                    Progress::Truncated
                })
            }
            Decoder::Chunked(chunks) => decode(chunks, input, content),
        }
    }

    /// The stream ended: `Ok` if that is how the body ends, else how much of it had come.
    pub(super) fn handle_eof(&self) -> Result<(), String> {
        let received = self.content.length;
        match &self.decoder {
            Decoder::UntilClose => Ok(()),
            Decoder::Length { total, .. } => Err(format!("{received} of {total} bytes received")),
            Decoder::Chunked(_) => {
                Err(format!("{received} bytes received, the last chunk missing"))
            }
        }
    }
}

fn decode(
    chunks: &mut Chunked,
    mut input: &[u8],
    content: &mut Content<'_>,
) -> Result<Progress, Malformed> {
    while !chunks.is_at_end() {
        let Some((first, rest)) = input.split_first() else {
            return Ok(Progress::More);
        };
        let Some(left) = chunks.data_left() else {
            chunks.handle_byte(*first)?;
            input = rest;
            continue;
        };
        let taken = content.take(input, left);
        chunks.handle_data(taken as u64);
        input = &input[taken..];
        if content.room() == 0 && chunks.data_left().is_some() {
            return Ok(Progress::Truncated);
        }
    }
    Ok(Progress::Ended)
}

/// The decoded bytes: counted always, and read as far as it matters.
struct Content<'p> {
    length: usize,
    /// How far it is read before it is asked whether to go on: at the end of a block, wherever the
    /// bytes were cut.
    end: usize,
    max: usize,
    /// By condition; empty if none is to be judged.
    readers: Vec<Option<BodyReader<'p>>>,
    excerpt: Option<Capture>,
}

impl Content<'_> {
    /// How many bytes may still come: lengths that the peer declares never allocate anything.
    const fn room(&self) -> usize {
        self.end - self.length
    }

    /// Takes at most `most` bytes of `input`, as many as there is room for; returns how many.
    fn take(&mut self, input: &[u8], most: u64) -> usize {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let all = &input[..input.len().min(most)];
        let mut rest = all;
        while !rest.is_empty() && self.room() > 0 {
            let (taken, behind) = rest.split_at(rest.len().min(self.room()));
            self.read(taken);
            rest = behind;
        }
        all.len() - rest.len()
    }

    fn read(&mut self, input: &[u8]) {
        self.length += input.len();
        let mut is_decided = true;
        for reader in self.readers.iter_mut().flatten() {
            reader.handle_input(input);
            is_decided &= reader.is_decided();
        }
        if let Some(excerpt) = &mut self.excerpt {
            excerpt.push(input);
        }
        if self.room() == 0 && !is_decided {
            self.end = self.max.min(self.end + BLOCK);
        }
    }
}

/// As much is read whatever it is needed for: a connection that is closed over unread bytes is a reset in
/// the server's log.
const BLOCK: usize = 10 * 1_024;
