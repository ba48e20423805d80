//! The head check before httparse: finds the end of a head, and the first byte that forbids it.
//!
//! It walks the bytes once, in their order, whatever pieces they come in: the search goes on where
//! the last one ended, so a head that arrives byte by byte costs no more than one that arrives
//! whole, and is judged the same.

use super::limits::Limits;
use super::request::MOST_FIELDS;
use super::{Fault, Method, RequestLine};

/// Empty lines ignored before a request: some clients send one after a body (RFC 9112 §2.2).
const MOST_EMPTY_LINES: u8 = 8;

/// How far a head has been checked. Positions count from the first byte given to [`Self::advance`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HeadScan {
    /// Everything before it has been checked.
    at: usize,
    /// Where the line under way begins.
    line: usize,
    empty_lines: u8,
    fields: usize,
    request_line: Option<RequestLine>,
}

/// A complete head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadEnd {
    pub(crate) request_line: RequestLine,
    /// How many field lines there are.
    pub(crate) fields: usize,
    /// Where the head ends and what follows begins.
    pub(crate) end: usize,
}

impl HeadScan {
    /// Checks what is new in `bytes`, which begin with all that was given before.
    ///
    /// `None` asks for more.
    pub(crate) fn advance(
        &mut self,
        bytes: &[u8],
        limits: &Limits,
    ) -> Result<Option<HeadEnd>, Fault> {
        let visible = &bytes[..bytes.len().min(limits.head)];
        while let Some(&first) = visible.get(self.line) {
            let in_fields = self.request_line.is_some();
            if in_fields && matches!(first, b' ' | b'\t') {
                return Err(Fault::Folding);
            }
            self.at = find_special(visible, self.at, !in_fields);
            if !in_fields && self.at - self.line > limits.request_line {
                return Err(Fault::RequestLineTooLong);
            }
            match visible[self.at..] {
                [b'\t', ..] if in_fields => {
                    self.at += 1;
                    continue;
                }
                [b'\r', b'\n', ..] => {}
                [] | [b'\r'] => break,
                [byte, ..] if byte.is_ascii() => return Err(Fault::ControlByte),
                [..] => return Err(Fault::NotAscii),
            }
            let line = self.line..self.at;
            self.line = self.at + 2;
            self.at = self.line;
            match self.request_line {
                None if line.is_empty() => {
                    self.empty_lines += 1;
                    if self.empty_lines > MOST_EMPTY_LINES {
                        return Err(Fault::EmptyLines);
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
                Some(_) => {
                    self.fields += 1;
                    if self.fields > limits.fields.min(MOST_FIELDS) {
                        return Err(Fault::TooManyFields);
                    }
                }
            }
        }
        if visible.len() == limits.head {
            Err(Fault::HeadTooLarge)
        } else {
            Ok(None)
        }
    }

    /// Whether there is more in `bytes`, which have been checked, than empty lines.
    pub(crate) fn has_begun(&self, bytes: &[u8]) -> bool {
        self.request_line.is_some() || !matches!(&bytes[self.line..], [] | [b'\r'])
    }

    /// The method of the request under way, once its line has been read.
    pub(crate) fn method(&self) -> Option<Method> {
        self.request_line.map(|line| line.method())
    }
}

/// The first position from `at` on with a control byte (or, if asked, one above 0x7F); else the end.
///
/// Eight bytes at a time: this is the one loop that touches every byte of every request.
fn find_special(bytes: &[u8], mut at: usize, above_ascii: bool) -> usize {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let above_ascii = if above_ascii { HIGH } else { 0 };
    while let Some(word) = bytes
        .get(at..at + 8)
        .and_then(|eight| eight.try_into().ok())
    {
        let word = u64::from_le_bytes(word);
        // The subtraction borrows into a byte's top bit where that byte is too small. A borrow may
        // spoil bytes above the first such one, never below it, and only the first is looked for.
        let below_space = word.wrapping_sub(ONES * 0x20) & !word;
        let no_del = word ^ (ONES * 0x7F);
        let is_del = no_del.wrapping_sub(ONES) & !no_del;
        let special = ((below_space | is_del) & HIGH) | (word & above_ascii);
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let special = |&byte: &u8| byte.is_ascii_control() || (above_ascii != 0 && !byte.is_ascii());
    rest.iter()
        .position(special)
        .map_or(bytes.len(), |offset| at + offset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn find_special_agrees_with_looking_at_each_byte() {
        for byte in 0..=u8::MAX {
            for above_ascii in [false, true] {
                for place in 0..20 {
                    let mut bytes = Vec::from([b'a'; 20]);
                    bytes[place] = byte;
                    // A second special byte behind it must not be found first.
                    bytes[19] = b'\r';
                    let naive = |b: &u8| *b < 0x20 || *b == 0x7F || (above_ascii && *b >= 0x80);
                    assert_eq!(
                        Some(find_special(&bytes, 0, above_ascii)),
                        bytes.iter().position(naive),
                        "{byte:#x} at {place}",
                    );
                }
            }
        }
    }

    #[test]
    fn a_head_in_pieces_is_scanned_like_a_whole_one() {
        let head = b"\r\nGET / HTTP/1.1\r\nHost: a\tb\r\nX: y\r\n\r\nrest";
        let mut limits = Limits::default();
        (limits.request_line, limits.head, limits.fields) = (64, 128, 4);
        let whole = HeadScan::default()
            .advance(head, &limits)
            .expect("good")
            .expect("complete");
        assert_eq!((whole.fields, whole.end), (2, head.len() - 4));
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
