//! Why a request was refused: always the peer's fault, never the caller's.

use core::fmt;

use super::{Code, StatusCode};

/// Why a request was refused. It is answered with its [`status`](Self::status), and the connection
/// ends: after a framing error it is unknown where the next request begins.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reject(pub(crate) Fault);

impl Reject {
    /// The status code it is answered with.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        StatusCode(self.0.code())
    }

    /// What was wrong, in a few words: the `error` of the answer's JSON body.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        self.0.reason()
    }
}

#[cfg(feature = "test-util")]
impl From<Fault> for Reject {
    fn from(fault: Fault) -> Self {
        Self(fault)
    }
}

/// Its [`reason`](Self::reason).
impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

/// One word, as the request log has it.
impl fmt::Debug for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The rule that a request breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "test-util"), allow(unreachable_pub))]
pub enum Fault {
    /// Not `method SP target SP HTTP-version` with exactly one space (RFC 9112 §3).
    RequestLine,
    /// A lone CR or LF, or another control byte (RFC 9112 §2.2, RFC 9110 §5.5).
    ControlByte,
    /// A byte above 0x7E in the request line (RFC 3986 §2).
    NotAscii,
    /// More than eight empty lines before the request (RFC 9112 §2.2 asks to skip "at least one").
    EmptyLines,
    /// A field line that begins with white space: obsolete folding (RFC 9112 §5.2).
    Folding,
    /// Not `name ":" value`, or a name that is no token (RFC 9112 §5.1).
    Field,
    /// A target that is neither origin-form, absolute-form nor `OPTIONS *` (RFC 9112 §3.2).
    Target,
    /// No `Host`, more than one, or one that is no `uri-host [":" port]` (RFC 9112 §3.2).
    Host,
    /// `Content-Length` is not one `1*DIGIT` (RFC 9112 §6.3).
    ContentLength,
    /// `Transfer-Encoding` is not exactly one `chunked`, or stands in HTTP/1.0 (RFC 9112 §6.1).
    TransferEncoding,
    /// Both `Content-Length` and `Transfer-Encoding`: a smuggler's tool (RFC 9112 §6.1).
    TwoLengths,
    /// A head that was begun was not finished in time (RFC 9110 §15.5.9).
    HeadTimeout,
    /// More is announced than [`Limits::body`](crate::server::Limits::body) (RFC 9110 §15.5.14).
    BodyTooLarge,
    /// The request line is longer than [`Limits::request_line`](crate::server::Limits::request_line)
    /// (RFC 9112 §3).
    RequestLineTooLong,
    /// The head is longer than [`Limits::head`](crate::server::Limits::head) (RFC 6585 §5).
    HeadTooLarge,
    /// More field lines than [`Limits::fields`](crate::server::Limits::fields) (RFC 6585 §5).
    TooManyFields,
    /// A major version other than 1 (RFC 9110 §15.6.6).
    Version,
}

impl Fault {
    pub(crate) const fn code(self) -> Code {
        match self {
            Self::HeadTimeout => Code::RequestTimeout,
            Self::BodyTooLarge => Code::ContentTooLarge,
            Self::RequestLineTooLong => Code::UriTooLong,
            Self::HeadTooLarge | Self::TooManyFields => Code::HeaderFieldsTooLarge,
            Self::Version => Code::VersionNotSupported,
            _ => Code::BadRequest,
        }
    }

    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::RequestLine => "Malformed request line",
            Self::ControlByte => "Control byte in the head, or a line that does not end in CRLF",
            Self::NotAscii => "Byte above 0x7E in the request line",
            Self::EmptyLines => "Too many empty lines before the request",
            Self::Folding => "Field line begins with white space",
            Self::Field => "Malformed field line",
            Self::Target => "Malformed request target",
            Self::Host => "Host is missing, repeated or malformed",
            Self::ContentLength => "Content-Length is repeated or not a number",
            Self::TransferEncoding => "Transfer-Encoding is not exactly chunked",
            Self::TwoLengths => "Both Content-Length and Transfer-Encoding",
            Self::HeadTimeout => "The request head took too long",
            Self::BodyTooLarge => "Request body too large",
            Self::RequestLineTooLong => "Request line too long",
            Self::HeadTooLarge => "Request head too large",
            Self::TooManyFields => "Too many field lines",
            Self::Version => "HTTP version not supported",
        }
    }
}
