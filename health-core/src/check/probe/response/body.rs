//! The body of a response: where it ends, and as much of its content as a condition needs.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::http::HttpProbe;
use super::chunked::Chunked;
use super::head::Framing;
use super::malformed::Malformed;

pub(super) struct Body {
    decoder: Decoder,
    content: Content,
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

impl Body {
    /// A body of which nothing has come; `keep` says whether its content is needed.
    pub(super) fn new(framing: Framing, keep: bool) -> Self {
        Self {
            decoder: match framing {
                Framing::Length(total) => Decoder::Length { left: total, total },
                Framing::Chunked => Decoder::Chunked(Chunked::new()),
                Framing::UntilClose => Decoder::UntilClose,
            },
            content: Content {
                length: 0,
                kept: keep.then(Vec::new),
            },
        }
    }

    /// The content so far; empty if it is not kept.
    pub(super) fn content(&self) -> &[u8] {
        self.content.kept.as_deref().unwrap_or_default()
    }

    #[cfg(feature = "test-util")]
    pub(super) fn buffered(&self) -> usize {
        self.content.kept.as_ref().map_or(0, Vec::capacity)
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
    content: &mut Content,
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

/// The decoded bytes, counted always and kept if asked for.
struct Content {
    length: usize,
    kept: Option<Vec<u8>>,
}

impl Content {
    /// How many bytes may still come: lengths that the peer declares never allocate anything.
    const fn room(&self) -> usize {
        HttpProbe::MAX_BODY - self.length
    }

    /// Takes at most `most` bytes of `input`, as many as there is room for; returns how many.
    fn take(&mut self, input: &[u8], most: u64) -> usize {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let taken = input.len().min(most).min(self.room());
        self.length += taken;
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(&input[..taken]);
        }
        taken
    }
}
