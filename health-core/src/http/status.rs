//! The status codes of this endpoint.

use core::fmt;

/// The status code of a response: one of 200, 204, 400, 401, 403, 404, 405, 406, 408, 409, 413, 414,
/// 429, 431, 503 and 505.
///
/// ```
/// use health_core::server::{Peer, Service};
/// # let mut registry = health_core::health::Registry::new("steering", "1.4.0", Default::default());
/// # let (moment, snapshot) = (health_core::Moment::default(), registry.snapshot(Default::default()));
///
/// let service = Service::new();
/// let query = service.query(Peer::Unknown, "GET", "/version", |_| None);
/// let head = service.answer(moment, &query, &snapshot, &mut Vec::new());
/// assert_eq!(head.status, 200);
/// assert_eq!(head.status.as_u16(), 200);
/// assert_eq!(head.status.to_string(), "200");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatusCode(pub(crate) Code);

impl StatusCode {
    /// The code as a number.
    #[must_use]
    pub const fn as_u16(self) -> u16 {
        self.0 as u16
    }
}

impl PartialEq<u16> for StatusCode {
    fn eq(&self, other: &u16) -> bool {
        self.as_u16() == *other
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_u16().fmt(f)
    }
}

/// The number alone.
impl fmt::Debug for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_u16().fmt(f)
    }
}

/// The status codes this endpoint answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub(crate) enum Code {
    /// The verdict is good, or there is none to give.
    Ok = 200,
    /// The answer to `OPTIONS *`, and to a preflight of a browser.
    NoContent = 204,
    /// A request that breaks a rule: see `Fault`.
    BadRequest = 400,
    /// Details without the token they need.
    Unauthorized = 401,
    /// Details, and no token would help.
    Forbidden = 403,
    /// No such path, or no such component.
    NotFound = 404,
    /// Another method than GET, HEAD, OPTIONS.
    MethodNotAllowed = 405,
    /// `?format=` names none of ours.
    NotAcceptable = 406,
    /// A head that took too long.
    RequestTimeout = 408,
    /// What the program refuses to do as things stand.
    #[cfg(feature = "registry")]
    Conflict = 409,
    /// A body beyond the limit.
    ContentTooLarge = 413,
    /// A request line beyond the limit.
    UriTooLong = 414,
    /// Degraded, where `DegradedCode` says so; or details more often than allowed.
    TooManyRequests = 429,
    /// A head beyond the limits.
    HeaderFieldsTooLarge = 431,
    /// The verdict is bad.
    ServiceUnavailable = 503,
    /// Not HTTP/1.
    VersionNotSupported = 505,
}

impl Code {
    /// Status line, and the two fields no answer goes without.
    pub(super) const fn opening(self) -> &'static str {
        macro_rules! opening {
            ($status:literal) => {
                concat!(
                    "HTTP/1.1 ",
                    $status,
                    "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n",
                )
            };
        }
        match self {
            Self::Ok => opening!("200 OK"),
            Self::NoContent => opening!("204 No Content"),
            Self::BadRequest => opening!("400 Bad Request"),
            Self::Unauthorized => opening!("401 Unauthorized"),
            Self::Forbidden => opening!("403 Forbidden"),
            Self::NotFound => opening!("404 Not Found"),
            Self::MethodNotAllowed => opening!("405 Method Not Allowed"),
            Self::NotAcceptable => opening!("406 Not Acceptable"),
            Self::RequestTimeout => opening!("408 Request Timeout"),
            #[cfg(feature = "registry")]
            Self::Conflict => opening!("409 Conflict"),
            Self::ContentTooLarge => opening!("413 Content Too Large"),
            Self::UriTooLong => opening!("414 URI Too Long"),
            Self::TooManyRequests => opening!("429 Too Many Requests"),
            Self::HeaderFieldsTooLarge => opening!("431 Request Header Fields Too Large"),
            Self::ServiceUnavailable => opening!("503 Service Unavailable"),
            Self::VersionNotSupported => opening!("505 HTTP Version Not Supported"),
        }
    }
}
