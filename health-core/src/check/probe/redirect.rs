//! Where a redirect leads to: on the same host, or nowhere.
//!
//! A server that could send its prober anywhere would have it ask what only the prober can reach
//! (kubernetes/kubernetes#99425). So the address stays the one that was connected to, and the port as well,
//! but for the step from HTTP to HTTPS.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::condition::Breach;
use super::endpoint::{Endpoint, Host};
use super::http::HttpProbe;
use super::response::Head;
use super::url::Address;
use super::without_secrets;
use crate::base::{Kind, grammar};

/// What a response says of where to go: visible ASCII, or why there is none.
pub(super) type Location = Result<Box<str>, &'static str>;

/// The request that is sent in place of the probe's own.
pub(super) struct Hop {
    pub(super) is_secure: bool,
    /// 0 for a Unix socket.
    pub(super) port: u16,
    pub(super) request: String,
    /// How many redirects have led here.
    count: u8,
}

/// Where the response sends its client; `None` if it is no redirect.
pub(super) fn location(head: &Head<'_>) -> Option<Location> {
    const MAX: usize = 8 * 1_024;
    if !matches!(head.status(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let mut values = head.values("Location");
    Some(match (values.next(), values.next()) {
        (None | Some([]), None) => Err("redirect without a Location"),
        (Some(value), None) if value.len() <= MAX => {
            let is_visible = value.iter().all(u8::is_ascii_graphic);
            let text = core::str::from_utf8(value).ok().filter(|_| is_visible);
            text.map(Box::from).ok_or(NO_URL)
        }
        (_, None) => Err("redirect to a URL of more than 8192 bytes"),
        (_, Some(_)) => Err("redirect with more than one Location"),
    })
}

impl Hop {
    /// Behind a redirect of this status: of the probe's own request, or of the one `before`.
    pub(super) fn behind(
        before: Option<&Self>,
        probe: &HttpProbe,
        status: u16,
        location: &Location,
    ) -> Result<Self, Breach> {
        let location = location.as_ref().map_err(|problem| bad(problem))?;
        // For authorised readers.
        let detail = || Some(format!("Location: {}", shown(location)));
        let most = probe.limits().redirects;
        let count = before.map_or(0, |it| it.count);
        if count == most {
            let message = format!("more redirects than the {most} that are followed");
            let detail = detail();
            return Err(Breach {
                detail,
                ..bad(&message)
            });
        }
        let from = Place::of(before, probe);
        let to = from.follow(probe, location);
        let to = to.map_err(|breach| Breach {
            detail: detail(),
            ..breach
        })?;
        Ok(Self {
            is_secure: to.is_secure,
            port: to.port,
            request: rewritten(from.request, status, &to.host, &to.path),
            count: count + 1,
        })
    }
}

/// Where a request goes.
struct Place<'a> {
    is_secure: bool,
    port: u16,
    request: &'a str,
}

/// Where the next one goes.
struct Next {
    is_secure: bool,
    port: u16,
    /// What its `Host` header says.
    host: String,
    path: String,
}

impl<'a> Place<'a> {
    fn of(before: Option<&'a Hop>, probe: &'a HttpProbe) -> Self {
        let request = probe.text();
        let first = Self {
            is_secure: probe.tls().is_some(),
            port: match probe.address() {
                Address::Tcp(endpoint) => endpoint.port(),
                Address::Unix(_) => 0,
            },
            request,
        };
        before.map_or(first, |hop| Self {
            is_secure: hop.is_secure,
            port: hop.port,
            request: &hop.request,
        })
    }

    fn host(&self) -> &'a str {
        let mut lines = self.request.split("\r\n");
        lines.find_map(|it| it.strip_prefix("Host: ")).unwrap_or("")
    }

    /// RFC 3986 §5.2, for references that can be meant in HTTP.
    fn follow(&self, probe: &HttpProbe, location: &str) -> Result<Next, Breach> {
        let location = location.split('#').next().unwrap_or_default();
        let (is_secure, rest) = match scheme(location) {
            None => (self.is_secure, location),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some(_) => return Err(bad("redirect to another scheme than http and https")),
        };
        let (host, port, path) = if let Some(rest) = rest.strip_prefix("//") {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            let (host, port) = self.authority(probe, is_secure, authority)?;
            let slash = if path.starts_with('/') { "" } else { "/" };
            (host, port, format!("{slash}{path}"))
        } else if rest.len() < location.len() {
            // A scheme and no authority.
            return Err(bad(NO_URL));
        } else {
            let path = self.request.split(' ').nth(1).unwrap_or("/");
            (self.host().to_owned(), self.port, joined(path, rest))
        };
        let path = without_dots(&path);
        if !grammar::is_path(&path) {
            return Err(bad(NO_URL));
        }
        Ok(Next {
            is_secure,
            port,
            host,
            path,
        })
    }

    /// The `Host` header and the port for a URL with this authority, if that is the server's own: as it
    /// is called in the request, or as it is reached.
    fn authority(
        &self,
        probe: &HttpProbe,
        is_secure: bool,
        authority: &str,
    ) -> Result<(String, u16), Breach> {
        let read = |text: &str, is_secure| {
            let port = if is_secure { 443 } else { 80 };
            Endpoint::parse(text, Some(port)).ok()
        };
        let reached = match probe.address() {
            Address::Tcp(endpoint) => Some(endpoint),
            Address::Unix(_) => None,
        };
        let called = read(self.host(), self.is_secure);
        let Some(to) = read(authority, is_secure).filter(|_| !authority.contains('@')) else {
            return Err(other("another host"));
        };
        let mut own = called.iter().chain(reached);
        if !own.any(|it| is_same(it.host(), to.host())) {
            return Err(other("another host"));
        }
        let is_port = called.is_some_and(|it| it.port() == to.port()) || self.port == to.port();
        match (self.is_secure, is_secure) {
            (true, false) => Err(bad("redirect from https to http")),
            (false, true) if reached.is_some() => {
                let host = without_port(self.host());
                Ok(match to.port() {
                    443 => (host.to_owned(), 443),
                    port => (format!("{host}:{port}"), port),
                })
            }
            (false, true) => Err(other("another port")),
            _ if is_port => Ok((self.host().to_owned(), self.port)),
            _ => Err(other("another port")),
        }
    }
}

/// The next request: as the one before, but for the method (RFC 9110 §15.4, as all browsers have it),
/// the body if there is none any more, the path and the host.
fn rewritten(request: &str, status: u16, host: &str, path: &str) -> String {
    let (head, body) = request.split_once("\r\n\r\n").unwrap_or((request, ""));
    let method = head.split(' ').next().unwrap_or("GET");
    let becomes_get = match status {
        303 => method != "HEAD" && method != "GET",
        301 | 302 => method == "POST",
        _ => false,
    };
    let method = if becomes_get { "GET" } else { method };
    let mut next = format!("{method} {path} HTTP/1.1\r\n");
    for line in head.split("\r\n").skip(1) {
        let name = line.split(':').next().unwrap_or_default();
        let is_of_body = name
            .get(..8)
            .is_some_and(|it| it.eq_ignore_ascii_case("content-"));
        if name == "Host" {
            next.extend(["Host: ", host, "\r\n"]);
        } else if !(becomes_get && is_of_body) {
            next.extend([line, "\r\n"]);
        }
    }
    next.push_str("\r\n");
    if !becomes_get {
        next.push_str(body);
    }
    next
}

/// The scheme, and what follows its colon; `None` for a relative reference.
fn scheme(reference: &str) -> Option<(&str, &str)> {
    let end = reference.find(['/', '?']).unwrap_or(reference.len());
    reference[..end]
        .contains(':')
        .then(|| reference.split_once(':'))?
}

/// The path and query that a reference without scheme and authority means, seen from this path.
fn joined(from: &str, reference: &str) -> String {
    let from_path = from.split('?').next().unwrap_or_default();
    if reference.is_empty() {
        from.to_owned()
    } else if reference.starts_with('/') {
        reference.to_owned()
    } else if reference.starts_with('?') {
        format!("{from_path}{reference}")
    } else {
        let directory = from_path.rfind('/').map_or("/", |at| &from_path[..=at]);
        format!("{directory}{reference}")
    }
}

/// RFC 3986 §5.2.4; the query stays as it is.
fn without_dots(path: &str) -> String {
    let end = path.find('?').unwrap_or(path.len());
    let (path, query) = path.split_at(end);
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if segments.peek().is_none() {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}{query}", kept.join("/"))
}

/// Names are the same in any case (RFC 9110 §4.2.3), and with or without the dot of the root.
fn is_same(a: &Host, b: &Host) -> bool {
    let bare = |name: &str| name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    match (a, b) {
        (Host::Name(a), Host::Name(b)) => bare(a) == bare(b),
        (a, b) => a == b,
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // In `[::1]` the last colon is the address's own.
        Some((name, port)) if !port.ends_with(']') => name,
        _ => host,
    }
}

/// As much of a `Location` as a reader needs.
fn shown(location: &str) -> String {
    const MOST: usize = 200;
    let shown = without_secrets(location);
    match shown.get(..MOST) {
        Some(beginning) => format!("{beginning}..."),
        None => shown,
    }
}

fn bad(message: &str) -> Breach {
    Breach::new(Kind::BadRedirect, message.to_owned())
}

fn other(what: &str) -> Breach {
    Breach::new(Kind::RedirectOtherHost, format!("redirect to {what}"))
}

const NO_URL: &str = "redirect to what is no URL";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_references() {
        // RFC 3986 §5.4, those without an authority.
        let base = "/b/c/d;p?q";
        for (reference, path) in [
            ("g", "/b/c/g"),
            ("./g", "/b/c/g"),
            ("g/", "/b/c/g/"),
            ("/g", "/g"),
            ("?y", "/b/c/d;p?y"),
            ("g?y", "/b/c/g?y"),
            (";x", "/b/c/;x"),
            ("g;x?y", "/b/c/g;x?y"),
            ("", "/b/c/d;p?q"),
            (".", "/b/c/"),
            ("./", "/b/c/"),
            ("..", "/b/"),
            ("../", "/b/"),
            ("../g", "/b/g"),
            ("../..", "/"),
            ("../../g", "/g"),
            ("../../../g", "/g"),
            ("/./g", "/g"),
            ("/../g", "/g"),
            ("g.", "/b/c/g."),
            ("..g", "/b/c/..g"),
            ("./../g", "/b/g"),
            ("./g/.", "/b/c/g/"),
            ("g/./h", "/b/c/g/h"),
            ("g/../h", "/b/c/h"),
            ("g;x=1/../y", "/b/c/y"),
            ("g?y/../x", "/b/c/g?y/../x"),
            ("//", "//"),
        ] {
            assert_eq!(without_dots(&joined(base, reference)), path, "{reference}");
        }
    }
}
