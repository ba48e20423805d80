//! Which web pages may read the answers: cross-origin resource sharing (WHATWG Fetch §3.2).
//!
//! Off until an origin is listed. Then each response has `Vary: Origin`; one to a listed origin also
//! has `Access-Control-Allow-Origin`, and a preflight from there gets the methods and fields that are
//! allowed. Never `*`, and never `Access-Control-Allow-Credentials`: a page sends its token in a field
//! of its own, and no cookie gives access to anything here.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::base::ConfigError;
use crate::base::grammar;
use crate::http::{Method, Request};

/// Where a web page comes from: `https://status.example.com`, with a port unless it is the scheme's
/// own.
///
/// ```
/// use health_core::server::Origin;
///
/// let origin: Origin = "https://status.example.com".parse()?;
/// # let _ = origin;
/// let error = "*".parse::<Origin>().unwrap_err();
/// assert!(error.to_string().starts_with("origin \"*\": allowed is"), "{error}");
/// # Ok::<(), health_core::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin(Box<str>);

impl FromStr for Origin {
    type Err = ConfigError;

    /// # Errors
    ///
    /// If a browser would never send it: a path or slash at the end, capital letters, a port that
    /// is the scheme's own, `null`, or a pattern.
    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let of = |scheme: &str, port: &str| {
            let host = text.strip_prefix(scheme);
            host.is_some_and(|host| grammar::is_host(host) && !host.ends_with(port))
        };
        let is_one = (of("http://", ":80") || of("https://", ":443"))
            && !text.contains(|it: char| it.is_ascii_uppercase() || it == '*');
        if is_one {
            Ok(Self(text.into()))
        } else {
            let allowed = "allowed is http:// or https:// and a host in small letters, with a port \
                           unless it is the usual one, and nothing behind it";
            Err(ConfigError::new("origin", text, allowed))
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The origins that may read the answers; none by default.
#[derive(Clone, Debug, Default)]
pub(super) struct AllowList(Vec<Origin>);

/// What a request means in terms of CORS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct CrossOrigin {
    /// The index of its origin in the list.
    listed: Option<u16>,
    /// It asks whether a further request may be sent.
    pub(super) is_preflight: bool,
}

#[cfg(feature = "registry")]
impl CrossOrigin {
    /// As if its origin were not listed: a page of another origin must not act. A preflight cannot forbid
    /// `POST` alone, which needs none (WHATWG Fetch §2.2.1), so no field is allowed.
    pub(super) const fn withhold(&mut self) {
        self.listed = None;
    }
}

impl AllowList {
    pub(super) fn add(&mut self, origins: impl IntoIterator<Item = Origin>) {
        self.0.extend(origins);
    }

    /// Reads the fields, if there is a list.
    pub(super) fn read(&self, request: &Request<'_>) -> CrossOrigin {
        let origin = if self.0.is_empty() {
            None
        } else {
            request.field("origin")
        };
        let Some(origin) = origin else {
            return CrossOrigin::default();
        };
        let index = self.0.iter().position(|it| it.0.as_bytes() == origin);
        CrossOrigin {
            listed: index.and_then(|index| index.try_into().ok()),
            is_preflight: request.method == Method::Options
                && request.field("access-control-request-method").is_some(),
        }
    }

    /// Appends the fields of the response. `key_header` is the name of a field that the page may send.
    pub(super) fn write(&self, request: CrossOrigin, key_header: &str, out: &mut Vec<u8>) {
        if self.0.is_empty() {
            return;
        }
        let mut add = |line: &[&str]| {
            line.iter()
                .for_each(|part| out.extend_from_slice(part.as_bytes()));
            out.extend_from_slice(b"\r\n");
        };
        let origin = request
            .listed
            .and_then(|index| self.0.get(usize::from(index)));
        if let Some(Origin(origin)) = origin {
            add(&["Access-Control-Allow-Origin: ", origin]);
            if request.is_preflight {
                add(&["Access-Control-Allow-Methods: GET, HEAD, OPTIONS"]);
                let headers = "Access-Control-Allow-Headers: Authorization, Last-Event-ID, ";
                add(&[headers, "X-Request-Id, ", key_header]);
                // Ten minutes; Chromium takes at most two hours, Firefox a day.
                add(&["Access-Control-Max-Age: 600"]);
            }
        }
        if request.is_preflight {
            add(&["Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers"]);
        } else {
            add(&["Vary: Origin"]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_what_browsers_send() {
        for text in [
            "https://status.example.com",
            "http://localhost:3000",
            "http://[::1]:8080",
            "https://a:80",
            "http://a:8080",
        ] {
            assert_eq!(&*text.parse::<Origin>().expect(text).0, text);
        }
        for text in [
            "",
            "*",
            "null",
            "https://",
            "https://*.example.com",
            "https://a/",
            "https://a?b",
            "https://A.example",
            "https://a:443",
            "http://a:80",
            "https://user@a",
            "ftp://a",
            "a.example",
            "https://a b",
            "https://a\r\nX: y",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text:?}");
        }
    }
}
