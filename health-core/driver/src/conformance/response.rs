//! A strict reader of answers: what must hold of every answer, whatever was asked.
//!
//! It is the opposite of a client: it accepts exactly what this project sends, so that a slip in
//! one corner (a lone LF, a missing Date, a body after HEAD) fails every case that passes it.

/// A well-formed answer.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Names as sent, values without the whitespace around them.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// Reads one answer from the beginning of `bytes`: the answer and its length, or nothing if
    /// more bytes are needed.
    pub(crate) fn read(bytes: &[u8], to_head: bool) -> Result<Option<(Self, usize)>, String> {
        let Some((mut answer, start)) = Self::read_head(bytes)? else {
            return Ok(None);
        };
        let length = answer.check_head()?;
        let body_length = if to_head { 0 } else { length };
        let Some(body) = bytes.get(start..start + body_length) else {
            return Ok(None);
        };
        answer.body = body.to_vec();
        if answer.field("content-type") == Some("application/json") && !to_head {
            let parsed: Result<serde_json::Value, _> = serde_json::from_slice(body);
            parsed.map_err(|e| format!("body {:?}: {e}", String::from_utf8_lossy(body)))?;
        }
        Ok(Some((answer, start + body_length)))
    }

    /// Reads the head of an answer from the beginning of `bytes`: the head and its length, or nothing
    /// if more bytes are needed.
    pub(crate) fn read_head(bytes: &[u8]) -> Result<Option<(Self, usize)>, String> {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(None);
        };
        let head = std::str::from_utf8(&bytes[..end]).map_err(|_| "a head that is not ASCII")?;
        let mut lines = head.split("\r\n");
        let status = status_line(lines.next().unwrap_or_default())?;
        let fields = lines.map(field_line).collect::<Result<Vec<_>, _>>()?;
        let answer = Self {
            status,
            fields,
            body: Vec::new(),
        };
        Ok(Some((answer, end + 4)))
    }

    /// The value of the field, if it stands there.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut named = self
            .fields
            .iter()
            .filter(|(n, _)| n.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.as_str())
    }

    /// True if `Connection` has this option.
    pub(crate) fn connection_says(&self, option: &str) -> bool {
        let value = self.field("connection").unwrap_or_default();
        value
            .split(',')
            .any(|it| it.trim().eq_ignore_ascii_case(option))
    }

    /// Checks the fields and gives the length the body is announced with.
    fn check_head(&self) -> Result<usize, String> {
        for (place, (name, _)) in self.fields.iter().enumerate() {
            // None of our fields is a list that RFC 9110 §5.3 would allow to be spread over lines.
            if self.fields[..place]
                .iter()
                .any(|(other, _)| other.eq_ignore_ascii_case(name))
            {
                return Err(format!("field {name} twice"));
            }
        }
        let date = self.field("date").ok_or("no Date (RFC 9110 §6.6.1)")?;
        check_date(date)?;
        if self.field("transfer-encoding").is_some() {
            return Err("Transfer-Encoding: every length is known here".into());
        }
        if let Some(seconds) = self.field("retry-after") {
            // The other form of RFC 9110 §10.2.3, a date, needs a clock that agrees with ours.
            if !matches!(seconds.parse::<u32>(), Ok(1..)) {
                return Err(format!("Retry-After: {seconds:?}"));
            }
        }
        if self.connection_says("close") && self.connection_says("keep-alive") {
            return Err("Connection says both close and keep-alive".into());
        }
        let length = match (self.status, self.field("content-length")) {
            // RFC 9110 §8.6: MUST NOT.
            (204, Some(_)) => return Err("Content-Length in a 204".into()),
            (204, None) => 0,
            (_, Some(digits)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits
                .parse()
                .map_err(|e| format!("Content-Length {digits:?}: {e}"))?,
            (_, other) => return Err(format!("Content-Length {other:?}")),
        };
        if length > 0 && self.field("content-type").is_none() {
            return Err("a body without Content-Type".into());
        }
        if length > 0 && self.field("x-content-type-options") != Some("nosniff") {
            return Err("a body without X-Content-Type-Options: nosniff".into());
        }
        Ok(length)
    }
}

/// `HTTP/1.1 200 OK`: our version also to a client of another minor (RFC 9110 §2.5), three
/// digits, and the registered phrase.
fn status_line(line: &str) -> Result<u16, String> {
    let reason = match line.get(..13) {
        Some("HTTP/1.1 200 ") => "OK",
        Some("HTTP/1.1 204 ") => "No Content",
        Some("HTTP/1.1 400 ") => "Bad Request",
        Some("HTTP/1.1 401 ") => "Unauthorized",
        Some("HTTP/1.1 403 ") => "Forbidden",
        Some("HTTP/1.1 404 ") => "Not Found",
        Some("HTTP/1.1 405 ") => "Method Not Allowed",
        Some("HTTP/1.1 406 ") => "Not Acceptable",
        Some("HTTP/1.1 408 ") => "Request Timeout",
        Some("HTTP/1.1 413 ") => "Content Too Large",
        Some("HTTP/1.1 414 ") => "URI Too Long",
        Some("HTTP/1.1 409 ") => "Conflict",
        Some("HTTP/1.1 429 ") => "Too Many Requests",
        Some("HTTP/1.1 431 ") => "Request Header Fields Too Large",
        Some("HTTP/1.1 503 ") => "Service Unavailable",
        Some("HTTP/1.1 505 ") => "HTTP Version Not Supported",
        _ => return Err(format!("status line {line:?}")),
    };
    if &line[13..] != reason {
        return Err(format!("status line {line:?}, the phrase is {reason:?}"));
    }
    line[9..12]
        .parse()
        .map_err(|e| format!("status line {line:?}: {e}"))
}

/// `Name: value`: a token, the colon at once, a space, visible text.
///
/// More than one space is allowed before a `Content-Length` only, whose width is fixed before its
/// value is known (RFC 9112 §5: whitespace there is not part of the value).
fn field_line(line: &str) -> Result<(String, String), String> {
    let malformed = || format!("field line {line:?}");
    let (name, value) = line.split_once(": ").ok_or_else(malformed)?;
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let padded = name.eq_ignore_ascii_case("content-length");
    let text = if padded {
        value.trim_start_matches(' ')
    } else {
        value
    };
    if name.is_empty()
        || !name.bytes().all(token)
        || text.is_empty()
        || text.trim() != text
        || !text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
    {
        return Err(malformed());
    }
    Ok((name.to_owned(), text.to_owned()))
}

/// `Fri, 23 Jan 2026 10:30:00 GMT`, and the weekday is that of the date (RFC 9110 §5.6.7).
fn check_date(text: &str) -> Result<(), String> {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let valid = || -> Option<bool> {
        let digits = |from: usize, to: usize| -> Option<usize> {
            let digits = text.get(from..to)?;
            digits
                .bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| digits.parse().ok())?
        };
        let frame = [
            (3, ", "),
            (7, " "),
            (11, " "),
            (16, " "),
            (19, ":"),
            (22, ":"),
            (25, " GMT"),
        ];
        let framed = frame
            .iter()
            .all(|(at, part)| text.get(*at..at + part.len()) == Some(*part));
        let (day, year) = (digits(5, 7)?, digits(12, 16)?);
        let month = MONTHS
            .iter()
            .position(|name| text.get(8..11) == Some(*name))?;
        let clock = digits(17, 19)? < 24 && digits(20, 22)? < 60 && digits(23, 25)? <= 60;
        // Sakamoto's rule: a year begins in March, and each month shifts the weekday by this much.
        let shift = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4][month];
        let y = if month < 2 {
            year.checked_sub(1)?
        } else {
            year
        };
        let weekday = (y + y / 4 - y / 100 + y / 400 + shift + day) % 7;
        let day_valid = (1..=31).contains(&day) && text.get(..3) == Some(DAYS[weekday]);
        Some(framed && clock && day_valid && text.len() == 29)
    };
    if valid() == Some(true) {
        Ok(())
    } else {
        Err(format!("Date {text:?}"))
    }
}
