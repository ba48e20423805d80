//! What a request head says, once it is complete.

use core::ops::Range;

use super::Fault;
use super::scan::HeadEnd;
use super::target::RequestTarget;
use crate::base::grammar;

/// Fields for which there is room on the stack without the largest table: nearly every request.
const FEW_FIELDS: usize = 24;
/// The largest table. [`Limits::fields`](crate::server::Limits::fields) never goes beyond it.
pub(crate) const MOST_FIELDS: usize = 100;

/// The methods this endpoint answers. Names are case-sensitive: `get` is none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// RFC 9110 §9.3.1.
    Get,
    /// RFC 9110 §9.3.2.
    Head,
    /// RFC 9110 §9.3.7; HAProxy's default check.
    Options,
    /// Any other token, known to HTTP or not: answered with 405.
    Other,
}

impl Method {
    /// The method of this name.
    #[must_use]
    pub fn from_name(name: &[u8]) -> Self {
        match name {
            b"GET" => Self::Get,
            b"HEAD" => Self::Head,
            b"OPTIONS" => Self::Options,
            _ => Self::Other,
        }
    }

    /// Its name; `other` for every other method.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Other => "other",
        }
    }
}

/// `HTTP/1.0`, or any later `HTTP/1.x`, which is answered as 1.1 (RFC 9110 §2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// No keep-alive unless asked for, no `Host` needed.
    Http10,
    /// Keep-alive unless refused, exactly one `Host`.
    Http11,
}

/// A request line, as positions in the bytes of its head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestLine {
    method: Method,
    #[cfg(feature = "registry")]
    is_post: bool,
    version: Version,
    /// Positions are below [`Limits::head`](crate::server::Limits::head) and kept small: one of
    /// these waits in every connection whose head is under way.
    target: (u32, u32),
    end: u32,
}

impl RequestLine {
    pub(crate) const fn method(self) -> Method {
        self.method
    }

    /// Reads the line at `line` of `bytes`, which has only visible ASCII and spaces in it.
    pub(crate) fn parse(bytes: &[u8], line: Range<usize>) -> Result<Self, Fault> {
        let Some((rest, version)) = bytes[line.clone()].split_last_chunk() else {
            return Err(Fault::RequestLine);
        };
        let Some(method_end) = rest.iter().position(|&byte| byte == b' ') else {
            return Err(Fault::RequestLine);
        };
        let (method_name, target) = (&rest[..method_end], &rest[method_end + 1..]);
        let method = Method::from_name(method_name);
        if target.is_empty()
            || target.contains(&b' ')
            || (method == Method::Other && !grammar::is_token(method_name))
        {
            return Err(Fault::RequestLine);
        }
        let target_start = line.start + method_end + 1;
        Ok(Self {
            method,
            #[cfg(feature = "registry")]
            is_post: method_name == b"POST",
            version: parse_version(version)?,
            target: (target_start as u32, (target_start + target.len()) as u32),
            end: line.end as u32 + 2,
        })
    }
}

/// A request head that keeps the rules, with what it says about its connection.
///
/// It borrows the bytes it was read from: what must outlive them is decided while they are there.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// What is asked for.
    pub method: Method,
    /// Of what.
    pub target: RequestTarget<'a>,
    /// In which version.
    pub version: Version,
    /// Whether the client wants to go on afterwards (RFC 9112 §9.3).
    pub keep_alive: bool,
    /// Whether a body follows. It is never read: the answer comes, then the end.
    pub has_body: bool,
    /// The first `Accept`.
    pub accept: Option<&'a [u8]>,
    /// Whether there are more of them.
    more_accept: bool,
    /// Whether the [other](Method::Other) method is `POST` (RFC 9110 §9.3.3).
    #[cfg(feature = "registry")]
    pub(crate) is_post: bool,
    /// The first `X-Request-Id`.
    pub request_id: Option<&'a [u8]>,
    /// The field lines, each with its CRLF.
    fields: &'a [u8],
}

impl<'a> Request<'a> {
    /// The value of the first field of this name, in any case, without the white space around it.
    ///
    /// It searches all lines: for fields that few requests need.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'a [u8]> {
        values(self.fields, name).next()
    }

    /// What it accepts.
    pub(crate) const fn accept(&self) -> Accept<'a> {
        Accept {
            first: self.accept,
            // Nearly every request has one line at most, and that has been found already.
            others: if self.more_accept { self.fields } else { &[] },
        }
    }

    /// Reads the head that the scan found complete at the beginning of `bytes`.
    pub(crate) fn parse(bytes: &'a [u8], head: &HeadEnd, most_body: u64) -> Result<Self, Fault> {
        let RequestLine {
            method,
            version,
            target,
            end,
            ..
        } = head.request_line;
        let target = RequestTarget::parse(method, &bytes[target.0 as usize..target.1 as usize])?;
        let block = &bytes[end as usize..head.end];
        let fields = if head.fields <= FEW_FIELDS {
            Fields::parse::<FEW_FIELDS>(block)?
        } else {
            Fields::parse::<MOST_FIELDS>(block)?
        };
        if fields.hosts > 1 || (fields.hosts == 0 && version == Version::Http11) {
            return Err(Fault::Host);
        }
        let has_body = match (fields.content_length, fields.chunked) {
            (Some(_), true) => return Err(Fault::TwoLengths),
            (None, true) if version == Version::Http10 => return Err(Fault::TransferEncoding),
            (Some(length), false) if length > most_body => return Err(Fault::BodyTooLarge),
            (length, chunked) => chunked || length.is_some_and(|length| length > 0),
        };
        let keep_alive = match version {
            Version::Http11 => !fields.close,
            Version::Http10 => fields.keep_alive && !fields.close,
        };
        Ok(Self {
            method,
            target,
            version,
            keep_alive,
            has_body,
            accept: fields.accept,
            more_accept: fields.more_accept,
            #[cfg(feature = "registry")]
            is_post: head.request_line.is_post,
            request_id: fields.request_id,
            fields: block,
        })
    }
}

/// The lines of `Accept` in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Accept<'a> {
    /// The first one.
    pub(crate) first: Option<&'a [u8]>,
    /// The field lines of the request, if there are more than one of it among them.
    pub(crate) others: &'a [u8],
}

impl<'a> Accept<'a> {
    /// All of them: they are one list (RFC 9110 §5.3).
    pub(crate) fn lines(self) -> impl Iterator<Item = &'a [u8]> {
        let others = values(self.others, "accept").skip(1);
        self.first.into_iter().chain(others)
    }
}

/// The values of all lines of `fields` with this name, in any case, without the white space around.
fn values<'a>(fields: &'a [u8], name: &str) -> impl Iterator<Item = &'a [u8]> {
    let lines = fields.split(|&byte| byte == b'\n');
    lines.filter_map(move |line| {
        let (start, value) = line.split_at_checked(name.len() + 1)?;
        let (own, colon) = start.split_at(name.len());
        let is_it = colon == b":" && own.eq_ignore_ascii_case(name.as_bytes());
        let value = value.strip_suffix(b"\r").unwrap_or(value);
        is_it.then(|| grammar::trim(value))
    })
}

/// The fields that this endpoint uses; the others are only checked for syntax.
#[derive(Default)]
struct Fields<'a> {
    hosts: usize,
    content_length: Option<u64>,
    chunked: bool,
    close: bool,
    keep_alive: bool,
    accept: Option<&'a [u8]>,
    more_accept: bool,
    request_id: Option<&'a [u8]>,
}

impl<'a> Fields<'a> {
    fn parse<const N: usize>(block: &'a [u8]) -> Result<Self, Fault> {
        let mut table = [httparse::EMPTY_HEADER; N];
        let Ok(httparse::Status::Complete((_, table))) = httparse::parse_headers(block, &mut table)
        else {
            return Err(Fault::Field);
        };
        let mut fields = Self::default();
        for httparse::Header { name, value } in table {
            // The length tells most names apart without comparing their letters.
            let is = |known: &str| name.eq_ignore_ascii_case(known);
            match name.len() {
                4 if is("host") => {
                    fields.hosts += 1;
                    if !value.is_empty() && !grammar::is_authority(value) {
                        return Err(Fault::Host);
                    }
                }
                6 if is("accept") => {
                    fields.more_accept = fields.accept.is_some();
                    fields.accept = fields.accept.or(Some(value));
                }
                10 if is("connection") => {
                    for option in value.split(|&byte| byte == b',') {
                        let option = grammar::trim(option);
                        fields.close |= option.eq_ignore_ascii_case(b"close");
                        fields.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
                    }
                }
                12 if is("x-request-id") => fields.request_id = fields.request_id.or(Some(value)),
                14 if is("content-length") => {
                    if fields.content_length.is_some() {
                        return Err(Fault::ContentLength);
                    }
                    fields.content_length = Some(parse_length(value)?);
                }
                17 if is("transfer-encoding") => {
                    if fields.chunked || !value.eq_ignore_ascii_case(b"chunked") {
                        return Err(Fault::TransferEncoding);
                    }
                    fields.chunked = true;
                }
                _ => {}
            }
        }
        Ok(fields)
    }
}

/// `1*DIGIT`; a number that no `u64` holds is larger than any limit and counts as the largest.
fn parse_length(value: &[u8]) -> Result<u64, Fault> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(Fault::ContentLength);
    }
    let more = |length: u64, digit: &u8| {
        length
            .saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'))
    };
    Ok(value.iter().fold(0, more))
}

/// The end of a request line: ` HTTP/1.DIGIT`. Another major version is well-formed, but not for us.
fn parse_version(version: &[u8; 9]) -> Result<Version, Fault> {
    match version.strip_prefix(b" HTTP/") {
        Some(b"1.0") => Ok(Version::Http10),
        Some([b'1', b'.', b'1'..=b'9']) => Ok(Version::Http11),
        Some([b'0'..=b'9', b'.', b'0'..=b'9']) => Err(Fault::Version),
        _ => Err(Fault::RequestLine),
    }
}
