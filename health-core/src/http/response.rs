//! Writes response heads, and the framing of what stands behind them.

use alloc::borrow::Cow;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::{Code, Method, StatusCode, Version};
use crate::base::UnixTime;
use crate::base::decimal;

/// A response without its body and its connection: what a web framework needs besides the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Head {
    /// The status code.
    pub status: StatusCode,
    /// `Content-Type`; `None` where there never is a body.
    pub(crate) content_type: Option<&'static str>,
    /// `Content-Security-Policy`: with the page.
    pub(crate) content_security_policy: Option<&'static str>,
    /// `Retry-After` in seconds: on 503 and 429.
    pub(crate) retry_after: Option<u32>,
    /// `Allow`: on 405 and to OPTIONS.
    pub(crate) allow: Option<&'static str>,
    /// Whether to say `WWW-Authenticate: Bearer`: on 401.
    pub(crate) authenticate: bool,
}

impl Head {
    pub(crate) const JSON: &'static str = "application/json";
    pub(crate) const EVENT_STREAM: &'static str = "text/event-stream";

    /// The methods of nearly every path.
    pub(crate) const METHODS: &'static str = "GET, HEAD, OPTIONS";

    pub(crate) const fn new(status: Code) -> Self {
        Self {
            status: StatusCode(status),
            content_type: Some(Self::JSON),
            content_security_policy: None,
            retry_after: None,
            allow: None,
            authenticate: false,
        }
    }

    /// The fields of the answer, by name and value, for a server that adds `Date`, `Content-Length`
    /// and what belongs to the connection itself.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, Cow<'static, str>)> {
        let seconds = self.retry_after.map(|seconds| seconds.to_string());
        [
            Some(("Cache-Control", "no-store".into())),
            Some(("X-Content-Type-Options", "nosniff".into())),
            self.content_type.map(|it| ("Content-Type", it.into())),
            (self.content_security_policy).map(|it| ("Content-Security-Policy", it.into())),
            seconds.map(|seconds| ("Retry-After", seconds.into())),
            self.allow.map(|it| ("Allow", it.into())),
            (self.authenticate).then(|| ("WWW-Authenticate", "Bearer".into())),
        ]
        .into_iter()
        .flatten()
    }

    /// Appends the whole response: the head with the fields that `rare` appends, and what `body`
    /// appends, whose length belongs into the head. The response to a `HEAD` has that length and no
    /// body (RFC 9110 §9.3.2).
    pub(crate) fn write(
        &self,
        method: Option<Method>,
        date: UnixTime,
        connection: Persistence,
        out: &mut Vec<u8>,
        rare: impl FnOnce(&mut Vec<u8>),
        body: impl FnOnce(&mut Vec<u8>),
    ) {
        /// Digits of the largest length; the spaces in front of a shorter one are white space that
        /// every recipient strips (RFC 9112 §5.1).
        const DIGITS: usize = 10;

        self.write_fields(date, connection, out);
        rare(out);
        if self.status.0 == Code::NoContent {
            // RFC 9110 §8.6: no Content-Length in a 204.
            out.extend_from_slice(b"\r\n");
            return;
        }
        out.extend_from_slice(b"Content-Length: ");
        let digits = out.len()..out.len() + DIGITS;
        out.extend_from_slice(&[b' '; DIGITS]);
        out.extend_from_slice(b"\r\n\r\n");
        let start = out.len();
        body(out);
        let mut length = out.len() - start;
        for digit in out[digits].iter_mut().rev() {
            *digit = b'0' + (length % 10) as u8;
            length /= 10;
            if length == 0 {
                break;
            }
        }
        if method == Some(Method::Head) {
            out.truncate(start);
        }
    }

    /// Appends the whole head of an answer that has no length: it comes in chunks, or ends with its
    /// connection (RFC 9112 §6.3), which is not used again either way.
    pub(crate) fn write_stream(
        &self,
        date: UnixTime,
        chunked: bool,
        out: &mut Vec<u8>,
        rare: impl FnOnce(&mut Vec<u8>),
    ) {
        self.write_fields(date, Persistence::Close, out);
        rare(out);
        // Nginx would hold events back until its buffer is full.
        out.extend_from_slice(b"X-Accel-Buffering: no\r\n");
        if chunked {
            out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
        }
        out.extend_from_slice(b"\r\n");
    }

    fn write_fields(&self, date: UnixTime, connection: Persistence, out: &mut Vec<u8>) {
        out.extend_from_slice(self.status.0.opening().as_bytes());
        // A daemon without a clock must not make up a date (RFC 9110 §6.6.1).
        if date != UnixTime::default() {
            field(out, "Date: ", &date.http_date());
        }
        if let Some(content_type) = self.content_type {
            field(out, "Content-Type: ", content_type.as_bytes());
        }
        if let Some(policy) = self.content_security_policy {
            field(out, "Content-Security-Policy: ", policy.as_bytes());
        }
        if let Some(seconds) = self.retry_after {
            out.extend_from_slice(b"Retry-After: ");
            decimal(out, seconds.into());
            out.extend_from_slice(b"\r\n");
        }
        if let Some(methods) = self.allow {
            field(out, "Allow: ", methods.as_bytes());
        }
        if self.authenticate {
            out.extend_from_slice(b"WWW-Authenticate: Bearer\r\n");
        }
        out.extend_from_slice(connection.field().as_bytes());
    }
}

/// A chunk being written (RFC 9112 §7.1): its size is filled in when its data is there.
#[derive(Debug)]
pub(crate) struct Chunk {
    start: usize,
}

impl Chunk {
    /// The chunk behind the last one, and no trailers.
    pub(crate) const LAST: &'static [u8] = b"0\r\n\r\n";
    /// Hexadecimal digits of the largest size; zeros may stand in front of a smaller one.
    const DIGITS: usize = 8;

    pub(crate) fn begin(out: &mut Vec<u8>) -> Self {
        out.extend_from_slice(&[b'0'; Self::DIGITS]);
        out.extend_from_slice(b"\r\n");
        Self { start: out.len() }
    }

    /// Ends it. Without data it is taken back: a chunk of no size would be the last.
    pub(crate) fn end(self, out: &mut Vec<u8>) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let line = self.start - Self::DIGITS - 2;
        let mut size = out.len() - self.start;
        if size == 0 {
            out.truncate(line);
            return;
        }
        for digit in out[line..line + Self::DIGITS].iter_mut().rev() {
            *digit = HEX[size % 16];
            size /= 16;
        }
        out.extend_from_slice(b"\r\n");
    }
}

/// What an answer says about the connection it travels on (RFC 9112 §9.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Persistence {
    /// HTTP/1.1 goes on without a word.
    Implied,
    /// HTTP/1.0 goes on only if both sides say so.
    KeepAlive,
    /// The last answer says that it is the last.
    Close,
}

impl Persistence {
    /// That of an answer in `version`, behind which the connection goes on, or does not.
    pub(crate) const fn of(version: Version, is_last: bool) -> Self {
        match version {
            _ if is_last => Self::Close,
            Version::Http10 => Self::KeepAlive,
            Version::Http11 => Self::Implied,
        }
    }

    const fn field(self) -> &'static str {
        match self {
            Self::Implied => "",
            Self::KeepAlive => "Connection: keep-alive\r\n",
            Self::Close => "Connection: close\r\n",
        }
    }
}

#[inline]
fn field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    #[test]
    fn fields_are_what_is_written() {
        let full = Head {
            status: StatusCode(Code::ServiceUnavailable),
            content_type: Some(Head::JSON),
            content_security_policy: Some("default-src 'none'"),
            retry_after: Some(7),
            allow: Some(Head::METHODS),
            authenticate: true,
        };
        let bare = Head {
            content_type: None,
            ..Head::new(Code::NoContent)
        };
        for head in [full, bare] {
            let mut written = Vec::new();
            let date = UnixTime::default();
            let connection = Persistence::Implied;
            head.write(None, date, connection, &mut written, |_| {}, |_| {});
            let written = String::from_utf8(written).expect("text");
            let lines = written.lines().skip(1).filter(|line| !line.is_empty());
            let lines = lines.filter(|line| !line.starts_with("Content-Length:"));
            let fields = head
                .fields()
                .map(|(name, value)| [name, ": ", &value].concat());
            assert!(lines.eq(fields), "{written}");
        }
    }
}
