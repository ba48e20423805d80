//! Finds the end of a head, and on the way the first byte or line that forbids it.
//!
//! It walks the bytes once, in their order, whatever pieces they come in: the search goes on where
//! the last one ended, and a line is taken when it is complete, so a head that arrives byte by byte
//! costs no more than one that arrives whole, and is judged the same.

use core::ops::Range;

use super::fields::Fields;
use super::{Method, Reject, RequestLine};

/// Empty lines ignored before a request: some clients send one after a body (RFC 9112 §2.2).
const MOST_EMPTY_LINES: u8 = 8;

/// The bounds of a head, in bytes and lines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadLimits {
    pub(crate) request_line: usize,
    pub(crate) head: usize,
    pub(crate) fields: usize,
}

/// How far a head has been looked at. Positions count from the first byte given to [`Self::advance`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HeadScan {
    /// Everything before it has been looked at.
    at: usize,
    /// Where the line under way begins.
    line: usize,
    empty_lines: u8,
    request_line: Option<RequestLine>,
    fields: Fields,
}

/// A complete head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadEnd {
    pub(crate) request_line: RequestLine,
    pub(super) fields: Fields,
    /// Where the head ends and what follows begins.
    pub(crate) end: usize,
}

/// A place in the bytes of a head: below [`Limits::head`](crate::server::Limits::head), and kept
/// small, since some of these wait in every connection whose head is under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    pub(super) const fn new(place: Range<usize>) -> Self {
        Self {
            start: place.start as u32,
            end: place.end as u32,
        }
    }

    pub(super) fn of(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start as usize..self.end as usize]
    }
}

impl HeadScan {
    /// Looks at what is new in `bytes`, which begin with all that was given before.
    ///
    /// `None` asks for more.
    pub(crate) fn advance(
        &mut self,
        bytes: &[u8],
        limits: &HeadLimits,
    ) -> Result<Option<HeadEnd>, Reject> {
        let visible = &bytes[..bytes.len().min(limits.head)];
        while self.line < visible.len() {
            let Some(line_end) = self.line_end(visible, limits)? else {
                break;
            };
            let line = self.line..line_end;
            self.line = line_end + 2;
            self.at = self.line;
            match self.request_line {
                None if line.is_empty() => {
                    self.empty_lines += 1;
                    if self.empty_lines > MOST_EMPTY_LINES {
                        return Err(Reject::EmptyLines);
                    }
                }
                None => self.request_line = Some(RequestLine::parse(visible, line)?),
                Some(request_line) if line.is_empty() => {
                    return Ok(Some(HeadEnd {
                        request_line,
                        fields: self.fields,
                        end: self.line,
                    }));
                }
                Some(_) if self.fields.lines == limits.fields => {
                    return Err(Reject::TooManyFields);
                }
                Some(_) => self.fields.take(visible, line)?,
            }
        }
        if visible.len() == limits.head {
            Err(Reject::HeadTooLarge)
        } else {
            Ok(None)
        }
    }

    /// Whether there is more in `bytes`, which have been looked at, than empty lines.
    pub(crate) fn has_begun(&self, bytes: &[u8]) -> bool {
        self.request_line.is_some() || !matches!(&bytes[self.line..], [] | [b'\r'])
    }

    /// The method of the request under way, once its line has been read.
    pub(crate) fn method(&self) -> Option<Method> {
        self.request_line.map(|line| line.method())
    }

    /// Where the CR of the line under way stands, if its LF is there too.
    fn line_end(&mut self, bytes: &[u8], limits: &HeadLimits) -> Result<Option<usize>, Reject> {
        let in_fields = self.request_line.is_some();
        if in_fields && matches!(bytes[self.line], b' ' | b'\t') {
            return Err(Reject::Folding);
        }
        loop {
            let stop = if in_fields {
                find_special::<false>(bytes, self.at)
            } else {
                find_special::<true>(bytes, self.at)
            };
            self.at = stop;
            if !in_fields && stop - self.line > limits.request_line {
                return Err(Reject::RequestLineTooLong);
            }
            match bytes.get(stop) {
                None => return Ok(None),
                Some(b'\t') if in_fields => self.at += 1,
                Some(b'\r') => {
                    return match bytes.get(stop + 1) {
                        None => Ok(None),
                        Some(b'\n') => Ok(Some(stop)),
                        Some(_) => Err(Reject::ControlByte),
                    };
                }
                Some(byte) if byte.is_ascii() => return Err(Reject::ControlByte),
                Some(_) => return Err(Reject::NotAscii),
            }
        }
    }
}

/// The first position from `at` on with a control byte (or, if asked, one above 0x7F); else the end.
///
/// Eight bytes at a time: this is the one loop that touches every byte of every request.
fn find_special<const ABOVE_ASCII: bool>(bytes: &[u8], at: usize) -> usize {
    let mut rest = bytes.get(at..).unwrap_or_default();
    loop {
        let (eight, behind) = match rest.split_first_chunk() {
            Some((eight, behind)) => (*eight, behind),
            None => (padded(rest), &[][..]),
        };
        let special = special::<ABOVE_ASCII>(u64::from_le_bytes(eight));
        if special != 0 {
            return bytes.len() - rest.len() + special.trailing_zeros() as usize / 8;
        }
        rest = behind;
    }
}

/// The top bits of those of eight bytes that are special, up to the first.
const fn special<const ABOVE_ASCII: bool>(eight: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    // A subtraction borrows into a byte's top bit where that byte is too small. A borrow may spoil
    // bytes above the first such one, never below it, and only the first is looked for.
    let below_space = eight.wrapping_sub(ONES * 0x20);
    let is_del = (eight ^ (ONES * 0x7F)).wrapping_sub(ONES);
    let control = (below_space | is_del) & !eight;
    let special = if ABOVE_ASCII {
        control | eight
    } else {
        control
    };
    special & HIGH
}

/// The last bytes with zeros behind them, which are control bytes: every search ends there.
fn padded(rest: &[u8]) -> [u8; 8] {
    let mut eight = [0; 8];
    eight[..rest.len()].copy_from_slice(rest);
    eight
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn find_special_agrees_with_looking_at_each_byte() {
        for byte in 0..=u8::MAX {
            for above_ascii in [false, true] {
                let find = if above_ascii {
                    find_special::<true>
                } else {
                    find_special::<false>
                };
                for place in 0..20 {
                    let mut bytes = Vec::from([b'a'; 20]);
                    bytes[place] = byte;
                    // A second special byte behind it must not be found first.
                    bytes[19] = b'\r';
                    let naive = |b: &u8| *b < 0x20 || *b == 0x7F || (above_ascii && *b >= 0x80);
                    assert_eq!(
                        Some(find(&bytes, 0)),
                        bytes.iter().position(naive),
                        "{byte:#x} at {place}",
                    );
                }
            }
        }
    }

    #[test]
    fn a_head_in_pieces_is_scanned_like_a_whole_one() {
        let head = b"\r\nGET / HTTP/1.1\r\nX: a\tb\r\nHost: y\r\n\r\nrest";
        let limits = HeadLimits {
            request_line: 64,
            head: 128,
            fields: 4,
        };
        let whole = HeadScan::default()
            .advance(head, &limits)
            .expect("good")
            .expect("complete");
        assert_eq!((whole.fields.lines, whole.end), (2, head.len() - 4));
        let mut scan = HeadScan::default();
        for end in 0..whole.end {
            assert!(
                scan.advance(&head[..end], &limits).expect("good").is_none(),
                "{end}"
            );
        }
        let pieces = scan
            .advance(head, &limits)
            .expect("good")
            .expect("complete");
        assert_eq!(pieces.end, whole.end);
    }
}
