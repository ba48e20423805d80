//! The head of a response: collected up to its empty line, then parsed once.

use alloc::vec::Vec;

use super::malformed::Malformed;
use crate::base::grammar;

/// Collects a head and checks every byte once, as it comes.
///
/// A peer that speaks another protocol is recognised by its first wrong byte and not by the
/// deadline, and a bare CR anywhere before the lines are read: for some readers it ends a line. An
/// LF without CR ends one for all (RFC 9112 §2.2), and empty lines before the status line are
/// skipped. A line that begins with a blank continues the one before: the line end between them
/// becomes blanks (§5.2). A NUL is refused, other control bytes are not (RFC 9110 §5.5).
#[derive(Default)]
pub(super) struct HeadReader {
    /// What came before the input in hand; empty if the head came in one piece.
    pending: Vec<u8>,
    seen: usize,
    /// Bytes of the heads before, and of empty lines before this one.
    before: usize,
    /// Bytes in the current line so far.
    line: usize,
    after_cr: bool,
    /// Whether a line continues the one before.
    is_folded: bool,
}

impl HeadReader {
    /// The most bytes of all heads together, their blank lines included.
    const MAX: usize = 64 * 1_024;

    /// Reads the head behind another one.
    pub(super) fn behind(other: &Self) -> Self {
        Self {
            before: other.before + other.seen,
            ..Self::default()
        }
    }

    /// Takes input; when it completes the head, returns the head and how much of the input was
    /// part of it.
    pub(super) fn handle_input<'a>(
        &'a mut self,
        input: &'a [u8],
    ) -> Result<Option<(&'a [u8], usize)>, Malformed> {
        let blank = self.skip_empty_lines(input)?;
        let input = &input[blank..];
        let Some(end) = self.find_end(input)? else {
            self.pending.extend_from_slice(input);
            return Ok(None);
        };
        let used = blank + end;
        if self.pending.is_empty() && !self.is_folded {
            return Ok(Some((&input[..end], used)));
        }
        self.pending.extend_from_slice(&input[..end]);
        if self.is_folded {
            unfold(&mut self.pending);
        }
        Ok(Some((&self.pending, used)))
    }

    /// How many bytes of the head have come.
    pub(super) const fn seen(&self) -> usize {
        self.seen
    }

    #[cfg(feature = "test-util")]
    pub(super) fn buffered(&self) -> usize {
        self.pending.capacity()
    }

    /// How many bytes of `input` belong to empty lines before the status line.
    fn skip_empty_lines(&mut self, input: &[u8]) -> Result<usize, Malformed> {
        if self.seen > 0 {
            return Ok(0);
        }
        for (at, &byte) in input.iter().enumerate() {
            match (self.after_cr, byte) {
                (_, b'\n') => self.after_cr = false,
                (true, _) => return Err(Malformed::BareCr),
                (false, b'\r') => self.after_cr = true,
                (false, _) => return Ok(at),
            }
            if self.before == Self::MAX {
                return Err(Malformed::HeadTooLong);
            }
            self.before += 1;
        }
        Ok(input.len())
    }

    /// How many bytes of `input` belong to the head, if it ends there.
    fn find_end(&mut self, input: &[u8]) -> Result<Option<usize>, Malformed> {
        for (at, &byte) in input.iter().enumerate() {
            if START
                .get(self.seen)
                .is_some_and(|expected| *expected != byte)
            {
                return Err(Malformed::NotHttp);
            }
            if self.before + self.seen == Self::MAX {
                return Err(Malformed::HeadTooLong);
            }
            self.seen += 1;
            match (self.after_cr, byte) {
                (_, b'\n') if self.line == 0 => return Ok(Some(at + 1)),
                (_, b'\n') => (self.line, self.after_cr) = (0, false),
                (true, _) => return Err(Malformed::BareCr),
                (false, b'\r') => self.after_cr = true,
                (false, 0) => return Err(Malformed::Nul),
                (false, byte) => {
                    self.is_folded |= self.line == 0 && matches!(byte, b' ' | b'\t');
                    self.line += 1;
                }
            }
        }
        Ok(None)
    }
}

/// A whole head whose every line has been checked. Borrows from the input, for one call.
pub(in super::super) struct Head<'a> {
    status: u16,
    is_1_1: bool,
    fields: Lines<'a>,
}

impl<'a> Head<'a> {
    /// Reads what [`HeadReader`] collected.
    pub(super) fn parse(head: &'a [u8]) -> Result<Self, Malformed> {
        let mut lines = Lines(head);
        let (is_1_1, status) = status_line(lines.next().unwrap_or_default())?;
        for line in lines {
            field(line)?;
        }
        Ok(Self {
            status,
            is_1_1,
            fields: lines,
        })
    }

    pub(in super::super) const fn status(&self) -> u16 {
        self.status
    }

    /// The values of the fields called `name`, without the whitespace around them.
    pub(in super::super) fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.fields.filter_map(move |line| {
            let (given, value) = field(line).ok()?;
            given.eq_ignore_ascii_case(name.as_bytes()).then_some(value)
        })
    }

    /// The first content coding that is not none (RFC 9110 §8.4.1); one whose name we do not know is
    /// `unknown`, for nothing that a peer wrote is shown.
    pub(super) fn content_coding(&self) -> Option<&'static str> {
        let codings = self
            .values("Content-Encoding")
            .flat_map(|value| value.split(|byte| *byte == b','))
            .map(grammar::trim);
        let mut given =
            codings.filter(|it| !it.is_empty() && !it.eq_ignore_ascii_case(b"identity"));
        let given = given.next()?;
        let known = [
            "gzip",
            "x-gzip",
            "deflate",
            "compress",
            "x-compress",
            "br",
            "zstd",
        ];
        let mut known = known.into_iter();
        let name = known.find(|name| given.eq_ignore_ascii_case(name.as_bytes()));
        Some(name.unwrap_or("unknown"))
    }

    /// Where the body of the answer to a request with this method ends (RFC 9112 §6.3).
    ///
    /// Framing that two readers could read in two ways is refused also where there is no body.
    pub(super) fn framing(&self, method: &str) -> Result<Framing, Malformed> {
        let length = self.content_length()?;
        let mut codings = self.values("Transfer-Encoding");
        let coding = codings.next();
        match (length, coding) {
            (Some(_), Some(_)) => return Err(Malformed::LengthAndCoding),
            (None, Some(coding))
                if !coding.eq_ignore_ascii_case(b"chunked")
                    || codings.next().is_some()
                    || !self.is_1_1 =>
            {
                return Err(Malformed::Coding);
            }
            _ => {}
        }
        Ok(if method == "HEAD" || matches!(self.status, 204 | 304) {
            Framing::Length(0)
        } else if let Some(length) = length {
            Framing::Length(length)
        } else if coding.is_some() {
            Framing::Chunked
        } else {
            Framing::UntilClose
        })
    }

    fn content_length(&self) -> Result<Option<u64>, Malformed> {
        let mut values = self.values("Content-Length");
        let Some(value) = values.next() else {
            return Ok(None);
        };
        // Repeated, as fields or in a list, it has to be the same (RFC 9112 §6.3).
        let mut parts = core::iter::once(value)
            .chain(values)
            .flat_map(|value| value.split(|byte| *byte == b','));
        let length = length(parts.next().unwrap_or_default())?;
        for part in parts {
            if self::length(part)? != length {
                return Err(Malformed::RepeatedLength);
            }
        }
        Ok(Some(length))
    }
}

/// How the end of a body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

const START: &[u8] = b"HTTP/1.";

/// The number in (a part of) a `Content-Length`.
fn length(part: &[u8]) -> Result<u64, Malformed> {
    let digits = grammar::trim(part);
    let number = digits.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    });
    number
        .filter(|_| !digits.is_empty())
        .ok_or(Malformed::ContentLength)
}

/// Makes blanks of the line ends within fields. That of the status line stays: nothing continues it.
fn unfold(head: &mut [u8]) {
    let first = head.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    for at in first + 1..head.len().saturating_sub(1) {
        if head[at] == b'\n' && matches!(head[at + 1], b' ' | b'\t') {
            head[at] = b' ';
            if head[at - 1] == b'\r' {
                head[at - 1] = b' ';
            }
        }
    }
}

/// The lines of a head up to the empty one. Every CR in it is known to be followed by an LF.
#[derive(Clone, Copy)]
struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let end = self.0.iter().position(|byte| *byte == b'\n')?;
        let (line, rest) = self.0.split_at(end);
        self.0 = &rest[1..];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        (!line.is_empty()).then_some(line)
    }
}

/// `HTTP-version SP status-code SP [ reason-phrase ]` (RFC 9112 §4): is it HTTP/1.1, and its
/// status. A later HTTP/1 is read as 1.1 (RFC 9110 §2.5). There may be more spaces before the status,
/// and the one behind it may be missing with the reason, as many servers leave it out.
fn status_line(line: &[u8]) -> Result<(bool, u16), Malformed> {
    let [minor, b' ', rest @ ..] = line.strip_prefix(START).unwrap_or_default() else {
        return Err(Malformed::StatusLine);
    };
    let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
    let ([a, b, c] | [a, b, c, b' ', ..]) = &rest[spaces..] else {
        return Err(Malformed::StatusLine);
    };
    let is_status = matches!(a, b'1'..=b'9') && b.is_ascii_digit() && c.is_ascii_digit();
    if !is_status || !minor.is_ascii_digit() {
        return Err(Malformed::StatusLine);
    }
    let status = [a, b, c]
        .iter()
        .fold(0, |n, digit| n * 10 + u16::from(**digit - b'0'));
    Ok((*minor != b'0', status))
}

/// `field-name ":" OWS field-value OWS` (RFC 9112 §5). Blanks before the colon are no part of the
/// name (§5.1), and a name that is not a token is that of no field we know. Where such a name is that
/// of a framing field but for what does not belong into it, readers differ about the end of the body.
fn field(line: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    if let [b' ' | b'\t', ..] = line {
        return Err(Malformed::Folded);
    }
    let colon = line.iter().position(|byte| *byte == b':');
    let (name, value) = line.split_at(colon.ok_or(Malformed::FieldName)?);
    if !grammar::is_token(name)
        && (is_nearly(name, "content-length") || is_nearly(name, "transfer-encoding"))
    {
        return Err(Malformed::FramingName);
    }
    Ok((grammar::trim(name), grammar::trim(&value[1..])))
}

/// Whether a name is this one but for bytes that no name has.
fn is_nearly(name: &[u8], lower_case: &str) -> bool {
    let name = name.iter().filter(|byte| grammar::is_token_byte(**byte));
    name.map(u8::to_ascii_lowercase).eq(lower_case.bytes())
}
