//! A request parser to compare with: slow, plain, and written from the grammar of RFC 9110, 9112 and
//! 3986 and from the project's policy, not from the parser under test.
//!
//! It goes about it the other way round: first the bytes are split into lines, then every line is
//! held against its grammar rule, and *every* fault is noted. So it accepts a head if it found no
//! fault, and where it found some, the parser under test must name one of them: which one it meets
//! first is its own affair.

mod host;

use health_core::http::Fault;
use health_core::server::Limits;

/// Empty lines that may stand before a request (RFC 9112 §2.2 says "at least one", policy says 8).
const EMPTY_LINES: usize = 8;

/// What stands at the beginning of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// A request that keeps all rules, and the bytes of its head.
    Request(Request<'a>, usize),
    /// The beginning of a head that may still become one.
    Incomplete {
        /// Whether its request line has come and asks for a `HEAD`.
        to_head: bool,
    },
    /// A head with faults.
    Refused {
        /// All that were found.
        faults: Vec<Fault>,
        /// Whether its request line has come, is in order and asks for a `HEAD`.
        to_head: bool,
    },
}

/// A request.
#[derive(Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The method, as sent.
    pub method: &'a [u8],
    /// The target.
    pub target: Target<'a>,
    /// The digit behind `HTTP/1.`.
    pub minor: u8,
    /// Whether another request may follow.
    pub keep_alive: bool,
    /// Whether a body follows.
    pub has_body: bool,
    /// The values of all `Accept` lines.
    pub accept: Vec<&'a [u8]>,
    /// The values of all `Authorization` lines.
    pub authorization: Vec<&'a [u8]>,
}

/// A request target.
#[derive(Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// `*`.
    Asterisk,
    /// Path and query of the origin-form or the absolute-form.
    Resource(&'a [u8], Option<&'a [u8]>),
}

/// A field line: its name and its value without the whitespace around it.
type Field<'a> = (&'a [u8], &'a [u8]);

/// Reads what stands at the beginning of `bytes`.
#[must_use]
pub fn read<'a>(bytes: &'a [u8], limits: &Limits) -> Verdict<'a> {
    // What lies beyond the largest head is never looked at.
    let window = &bytes[..bytes.len().min(limits.head)];
    let (mut lines, mut rest) = split_lines(window);
    let empty = lines.iter().take_while(|line| line.is_empty()).count();
    lines.drain(..empty);
    let mut faults = Vec::new();
    if empty > EMPTY_LINES {
        faults.push(Fault::EmptyLines);
    }

    let blank = lines.iter().position(|line| line.is_empty());
    if let Some(blank) = blank {
        lines.truncate(blank);
        rest = b"";
    } else if window.len() == limits.head {
        faults.push(Fault::HeadTooLarge);
    }
    // The CR of a line whose LF has not come is nobody's fault yet.
    let rest = rest.strip_suffix(b"\r").unwrap_or(rest);

    let mut lines = lines.into_iter();
    let Some(first) = lines.next() else {
        check_request_line_bytes(rest, limits, &mut faults);
        return unfinished(faults, false);
    };
    check_request_line_bytes(first, limits, &mut faults);
    let request_line = split_request_line(first);
    if let Err(fault) = request_line {
        faults.push(fault);
    }
    let line_is_read = faults.iter().all(|fault| *fault == Fault::HeadTooLarge);
    let to_head = line_is_read && first.starts_with(b"HEAD ");
    let fields: Vec<&[u8]> = lines.collect();
    for line in fields.iter().chain([&rest]) {
        check_field_bytes(line, &mut faults);
    }
    if fields.len() > limits.fields {
        faults.push(Fault::TooManyFields);
    }
    let (Some(blank), Ok((method, target, minor))) = (blank, request_line) else {
        return unfinished(faults, to_head);
    };

    // What follows is only looked at in a whole head.
    let target = read_target(method, target).inspect_err(|&fault| faults.push(fault));
    let mut parsed = Vec::new();
    for line in &fields {
        match split_field(line) {
            Some(field) => parsed.push(field),
            None => faults.push(Fault::Field),
        }
    }
    let request = read_fields(&parsed, minor, limits, &mut faults);
    let (true, Ok(target)) = (faults.is_empty(), target) else {
        return Verdict::Refused { faults, to_head };
    };
    let lines_before = [empty, 1, fields.len(), 1].iter().sum::<usize>();
    debug_assert_eq!(blank, fields.len() + 1);
    let length = first.len() + fields.iter().map(|line| line.len()).sum::<usize>();
    let request = Request {
        method,
        target,
        ..request
    };
    Verdict::Request(request, length + 2 * lines_before)
}

fn unfinished<'a>(faults: Vec<Fault>, to_head: bool) -> Verdict<'a> {
    if faults.is_empty() {
        Verdict::Incomplete { to_head }
    } else {
        Verdict::Refused { faults, to_head }
    }
}

/// The lines that end in CR LF, without it, up to the empty one that ends a head; and what stands
/// behind them.
fn split_lines(mut bytes: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    let mut lines = Vec::new();
    let mut has_begun = false;
    while let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") {
        let line = &bytes[..end];
        bytes = &bytes[end + 2..];
        lines.push(line);
        if has_begun && line.is_empty() {
            break;
        }
        has_begun |= !line.is_empty();
    }
    (lines, bytes)
}

/// A request line, or as much of it as has come: visible ASCII and SP, and not too long.
fn check_request_line_bytes(line: &[u8], limits: &Limits, faults: &mut Vec<Fault>) {
    if line.len() > limits.request_line {
        faults.push(Fault::RequestLineTooLong);
    }
    if line.iter().any(u8::is_ascii_control) {
        faults.push(Fault::ControlByte);
    }
    if !line.is_ascii() {
        faults.push(Fault::NotAscii);
    }
}

/// A field line, or as much of it as has come: `field-vchar`, SP and HTAB (RFC 9110 §5.5), and no
/// obs-fold (RFC 9112 §5.2).
fn check_field_bytes(line: &[u8], faults: &mut Vec<Fault>) {
    if line.starts_with(b" ") || line.starts_with(b"\t") {
        faults.push(Fault::Folding);
    }
    if line.iter().any(|&b| b.is_ascii_control() && b != b'\t') {
        faults.push(Fault::ControlByte);
    }
}

/// `request-line = method SP request-target SP HTTP-version` (RFC 9112 §3): method, target and the
/// minor version.
fn split_request_line(line: &[u8]) -> Result<(&[u8], &[u8], u8), Fault> {
    let spaces = line.iter().filter(|&&b| b == b' ').count();
    let first = line.iter().position(|&b| b == b' ');
    let last = line.iter().rposition(|&b| b == b' ');
    let (2, Some(first), Some(last)) = (spaces, first, last) else {
        return Err(Fault::RequestLine);
    };
    let (method, target, version) = (&line[..first], &line[first + 1..last], &line[last + 1..]);
    // HTTP-version = HTTP-name "/" DIGIT "." DIGIT
    let version = version.strip_prefix(b"HTTP/").unwrap_or_default();
    let is_version = version.len() == 3
        && version[0].is_ascii_digit()
        && version[1] == b'.'
        && version[2].is_ascii_digit();
    if !is_token(method) || target.is_empty() || !is_version {
        return Err(Fault::RequestLine);
    }
    if version[0] == b'1' {
        Ok((method, target, version[2] - b'0'))
    } else {
        Err(Fault::Version)
    }
}

/// `token = 1*tchar` (RFC 9110 §5.6.2): VCHAR except delimiters.
fn is_token(text: &[u8]) -> bool {
    let delimiters = br#""(),/:;<=>?@[\]{}"#;
    !text.is_empty()
        && text
            .iter()
            .all(|b| b.is_ascii_graphic() && !delimiters.contains(b))
}

/// RFC 9112 §3.2. Policy: whatever is visible ASCII may stand in a path or query, which is compared
/// and never interpreted, except `#`, for a fragment is never sent.
fn read_target<'a>(method: &[u8], target: &'a [u8]) -> Result<Target<'a>, Fault> {
    if target == b"*" && method == b"OPTIONS" {
        return Ok(Target::Asterisk);
    }
    if target.contains(&b'#') {
        return Err(Fault::Target);
    }
    let mut resource = target;
    if !target.starts_with(b"/") {
        // absolute-form: "http" or "https" "://" authority path-abempty [ "?" query ]
        let colon = position(target, b":").ok_or(Fault::Target)?;
        let scheme = target[..colon].to_ascii_lowercase();
        let rest = target[colon + 1..].strip_prefix(b"//");
        let (b"http" | b"https", Some(rest)) = (&scheme[..], rest) else {
            return Err(Fault::Target);
        };
        let end = position(rest, b"/?").unwrap_or(rest.len());
        if !host::is_host_and_port(&rest[..end]) {
            return Err(Fault::Target);
        }
        resource = &rest[end..];
    }
    let query = position(resource, b"?");
    let path = &resource[..query.unwrap_or(resource.len())];
    // RFC 9110 §4.2.3: an empty path is "/".
    let path = if path.is_empty() { b"/" } else { path };
    Ok(Target::Resource(path, query.map(|at| &resource[at + 1..])))
}

fn position(text: &[u8], any_of: &[u8]) -> Option<usize> {
    text.iter().position(|b| any_of.contains(b))
}

/// `field-line = field-name ":" OWS field-value OWS` (RFC 9112 §5).
fn split_field(line: &[u8]) -> Option<Field<'_>> {
    let colon = position(line, b":")?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    is_token(name).then(|| (name, trim_whitespace(value)))
}

/// Without the OWS around it: SP and HTAB.
fn trim_whitespace(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// What the fields say; the request line's part is left open.
fn read_fields<'a>(
    fields: &[Field<'a>],
    minor: u8,
    limits: &Limits,
    faults: &mut Vec<Fault>,
) -> Request<'a> {
    let values = |name: &str| -> Vec<&'a [u8]> {
        let named = fields
            .iter()
            .filter(|(given, _)| given.to_ascii_lowercase() == name.as_bytes());
        named.map(|(_, value)| *value).collect()
    };
    // RFC 9112 §3.2: exactly one Host in 1.1. Policy: at most one in 1.0, and it may be empty.
    let hosts = values("host");
    let count_is_right = hosts.len() == 1 || (hosts.is_empty() && minor == 0);
    if !count_is_right
        || !hosts
            .iter()
            .all(|h| h.is_empty() || host::is_host_and_port(h))
    {
        faults.push(Fault::Host);
    }
    let lengths = values("content-length");
    let codings = values("transfer-encoding");
    let length_is_number = lengths
        .iter()
        .all(|l| !l.is_empty() && l.iter().all(u8::is_ascii_digit));
    if lengths.len() > 1 || !length_is_number {
        faults.push(Fault::ContentLength);
    }
    let coding_is_chunked = codings.iter().all(|c| c.eq_ignore_ascii_case(b"chunked"));
    if codings.len() > 1 || !coding_is_chunked || (minor == 0 && !codings.is_empty()) {
        faults.push(Fault::TransferEncoding);
    }
    if !lengths.is_empty() && !codings.is_empty() {
        faults.push(Fault::TwoLengths);
    }
    let mut has_body = !codings.is_empty();
    if let ([length], true) = (&lengths[..], length_is_number) {
        // Compared as text, for a number may be of any length: without zeros in front, then by the
        // count of digits, then digit by digit.
        let zeros = length.iter().take_while(|&&b| b == b'0').count();
        let length = &length[zeros..];
        let limit = limits.body.to_string();
        if (length.len(), length) > (limit.len(), limit.as_bytes()) {
            faults.push(Fault::BodyTooLarge);
        }
        has_body |= !length.is_empty();
    }
    let options: Vec<Vec<u8>> = values("connection")
        .iter()
        .flat_map(|value| value.split(|&b| b == b','))
        .map(|option| trim_whitespace(option).to_ascii_lowercase())
        .collect();
    let says = |option: &[u8]| options.iter().any(|given| given == option);
    Request {
        method: b"",
        target: Target::Asterisk,
        minor,
        // RFC 9112 §9.3, in its order.
        keep_alive: !says(b"close") && (minor > 0 || says(b"keep-alive")),
        has_body,
        accept: values("accept"),
        authorization: values("authorization"),
    }
}
