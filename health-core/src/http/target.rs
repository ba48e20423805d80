//! Request targets: whose path is asked for (RFC 9112 §3.2).

use super::{Fault, Method};
use crate::base::grammar;

/// A request target. Paths are compared byte for byte: nothing is decoded, normalised or redirected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestTarget<'a> {
    /// Origin-form, or absolute-form.
    Path {
        /// Host and port of an absolute target. They replace `Host` (RFC 9112 §3.2.2).
        authority: Option<&'a [u8]>,
        /// From the first `/` to the query; `/` if an absolute target has none.
        path: &'a [u8],
        /// Behind the `?`, if there is one.
        query: Option<&'a [u8]>,
    },
    /// `OPTIONS *`: the server as a whole.
    Server,
}

impl<'a> RequestTarget<'a> {
    /// Reads `target`, which is visible ASCII.
    ///
    /// # Errors
    ///
    /// [`Fault::Target`] for a fragment, another scheme than `http` and `https`, userinfo, an
    /// empty or malformed authority, and anything else.
    pub fn parse(method: Method, target: &'a [u8]) -> Result<Self, Fault> {
        if target == b"*" {
            return if method == Method::Options {
                Ok(Self::Server)
            } else {
                Err(Fault::Target)
            };
        }
        let (authority, path_and_query) = if target.starts_with(b"/") {
            (None, target)
        } else {
            let rest = strip_scheme(target).ok_or(Fault::Target)?;
            let end = rest
                .iter()
                .position(|byte| b"/?#".contains(byte))
                .unwrap_or(rest.len());
            if !grammar::is_authority(&rest[..end]) {
                return Err(Fault::Target);
            }
            (Some(&rest[..end]), &rest[end..])
        };
        let end = path_and_query
            .iter()
            .position(|byte| b"?#".contains(byte))
            .unwrap_or(path_and_query.len());
        let (path, query) = match path_and_query.split_at(end) {
            (path, [b'?', query @ ..]) if !query.contains(&b'#') => (path, Some(query)),
            (path, []) => (path, None),
            _ => return Err(Fault::Target),
        };
        Ok(Self::Path {
            authority,
            path: if path.is_empty() { b"/" } else { path },
            query,
        })
    }
}

/// What stands behind `http://` or `https://`, in any case (RFC 9110 §4.2.3).
fn strip_scheme(target: &[u8]) -> Option<&[u8]> {
    [&b"http://"[..], b"https://"]
        .into_iter()
        .find_map(|scheme| {
            let (start, rest) = target.split_at_checked(scheme.len())?;
            start.eq_ignore_ascii_case(scheme).then_some(rest)
        })
}
