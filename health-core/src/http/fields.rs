//! What the field lines of a request say to this endpoint.

use core::ops::Range;

use super::Reject;
use super::scan::Span;
use crate::grammar;

/// What the fields say that this endpoint listens to; the others are only checked for syntax. It is
/// gathered as the lines come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fields {
    pub(super) lines: usize,
    pub(super) has_host: bool,
    pub(super) content_length: Option<u64>,
    pub(super) chunked: bool,
    pub(super) close: bool,
    pub(super) keep_alive: bool,
    /// Behind the first of these names, white space and all.
    pub(super) accept: Option<Span>,
    pub(super) request_id: Option<Span>,
}

impl Fields {
    /// Takes the line at `line` of `bytes`, which has no control bytes but HTAB in it.
    pub(super) fn take(&mut self, bytes: &[u8], line: Range<usize>) -> Result<(), Reject> {
        self.lines += 1;
        let (name, value) = grammar::field(&bytes[line.clone()]).ok_or(Reject::Field)?;
        // The length tells most names apart without looking at their letters.
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        let span = || Some(Span::new(line.start + name.len() + 1..line.end));
        match name.len() {
            4 if is(b"host") => {
                let value = grammar::trim(value);
                if self.has_host || !(value.is_empty() || grammar::is_authority(value)) {
                    return Err(Reject::Host);
                }
                self.has_host = true;
            }
            6 if is(b"accept") => self.accept = self.accept.or_else(span),
            10 if is(b"connection") => {
                for option in value.split(|&byte| byte == b',') {
                    let option = grammar::trim(option);
                    self.close |= option.eq_ignore_ascii_case(b"close");
                    self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
                }
            }
            12 if is(b"x-request-id") => self.request_id = self.request_id.or_else(span),
            14 if is(b"content-length") => {
                if self.content_length.is_some() {
                    return Err(Reject::ContentLength);
                }
                self.content_length = Some(parse_length(grammar::trim(value))?);
            }
            17 if is(b"transfer-encoding") => {
                if self.chunked || !grammar::trim(value).eq_ignore_ascii_case(b"chunked") {
                    return Err(Reject::TransferEncoding);
                }
                self.chunked = true;
            }
            _ => {}
        }
        Ok(())
    }
}

/// `1*DIGIT`; a number that no `u64` holds is larger than any limit and counts as the largest.
fn parse_length(value: &[u8]) -> Result<u64, Reject> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(Reject::ContentLength);
    }
    let more = |length: u64, digit: &u8| {
        length
            .saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'))
    };
    Ok(value.iter().fold(0, more))
}
