//! Decides which clients may see more than a verdict.
//!
//! Verdicts, names and the version are public, and no access check is made for them. Stats, metrics,
//! history, targets and `?verbose` are shown by the first of these rules that applies:
//!
//! | | rule | set by | shown to |
//! |---|---|---|---|
//! | 1 | no access | [`verdicts_only`](Service::verdicts_only) | no client |
//! | 2 | open access | [`open`](Service::open) | every client |
//! | 3 | a closure that returns `Some` | [`authorize`](Service::authorize) | as it decides |
//! | 4 | a secret | [`token`](Service::token) | clients that present it: `Authorization: Bearer`, or [`X-API-Key`](Service::api_key_header) |
//! | 5 | an address | [`allow_peers`](Service::allow_peers) | peers in one of these blocks |
//! | 6 | none of 3 to 5 is set | default | peers on this machine: loopback, Unix socket |
//!
//! An address of this machine counts, in 5 and 6, only if `Host` is absent, an address, `localhost`
//! or a name that was [set](Service::allow_hosts). A browser on this machine is a peer on it, too, and
//! a web page can have its own name resolve to 127.0.0.1 (DNS rebinding): then `Host` has that name.
//!
//! What *acts* needs a token in `Authorization`, whatever else is set (feature `registry`).
//!
//! Of 1 and 2 the last that was set counts. 4 and 5 are two ways in: what must hold together goes
//! into a closure. A [`Service`] belongs to one listener, so two listeners of one daemon may differ.
//!
//! A refused request gets 401 with `WWW-Authenticate: Bearer` where a closure or a secret is set,
//! and 403 where nothing that could be presented would help.

mod host;
mod peer;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use host::HostNames;
pub use peer::{Identity, Peer};

use super::PanicGuard;
#[cfg(doc)]
use super::Service;
use super::guard;
use crate::base::{Cidr, ConfigError};
use crate::http::{Code, Method};

/// What a request may see. Verdicts are always public; decided once, when the head is parsed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Access {
    /// Verdicts, names, the version.
    #[default]
    Public,
    /// Messages, causes and stats too.
    Detailed,
}

/// A request for more than a verdict, as
/// [`Service::authorize`](crate::server::Service::authorize) gets it.
#[derive(Clone, Copy)]
pub struct AccessRequest<'a> {
    pub(in crate::server) peer: &'a Peer,
    pub(in crate::server) method: Method,
    pub(in crate::server) path: &'a [u8],
    /// Of a target in absolute form.
    pub(in crate::server) authority: Option<&'a [u8]>,
    pub(in crate::server) field: &'a dyn Fn(&str) -> Option<&'a [u8]>,
}

impl<'a> AccessRequest<'a> {
    /// The client.
    #[must_use]
    pub const fn peer(&self) -> &'a Peer {
        self.peer
    }

    /// The method: `GET`, `HEAD` or `OPTIONS`; `other` for any other one.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        self.method.name()
    }

    /// The path as it was sent, with its prefix and without its query.
    #[must_use]
    pub fn path(&self) -> &'a str {
        // The request line has been found to be ASCII.
        core::str::from_utf8(self.path).unwrap_or_default()
    }

    /// The value of the first field of this name, in any case, without the white space around it.
    /// A target that names a host itself replaces `Host` (RFC 9112 §3.2.2).
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'a [u8]> {
        match self.authority {
            Some(authority) if name.eq_ignore_ascii_case("host") => Some(authority),
            _ => (self.field)(name),
        }
    }

    /// The token of `Authorization: Bearer TOKEN` (RFC 6750 §2.1).
    #[must_use]
    pub fn bearer(&self) -> Option<&'a [u8]> {
        bearer(self.field("authorization")?)
    }
}

/// Without any field: some are secrets.
impl fmt::Debug for AccessRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessRequest")
            .field("peer", self.peer)
            .field("method", &self.method)
            .field("path", &self.path())
            .finish_non_exhaustive()
    }
}

/// Which requests get [`Access::Detailed`]: the rules of the [module](self).
#[derive(Clone, Debug)]
pub(super) struct Policy {
    base: Base,
    closure: Option<Closure>,
    secrets: Vec<Secret>,
    key_header: Cow<'static, str>,
    blocks: Vec<Cidr>,
    hosts: HostNames,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    Nobody,
    Everybody,
    Rules,
}

type Decide = dyn Fn(&AccessRequest<'_>) -> Option<Access> + Send + Sync;

#[derive(Clone)]
struct Closure(Arc<Decide>);

impl Default for Policy {
    fn default() -> Self {
        Self {
            base: Base::Rules,
            closure: None,
            secrets: Vec::new(),
            key_header: Cow::Borrowed("X-API-Key"),
            blocks: Vec::new(),
            hosts: HostNames::default(),
        }
    }
}

impl Policy {
    pub(super) fn open(&mut self) {
        self.base = Base::Everybody;
    }

    pub(super) fn close(&mut self) {
        self.base = Base::Nobody;
    }

    pub(super) fn add_token(&mut self, token: &str) {
        self.secrets.push(Secret::new(token));
    }

    pub(super) fn set_key_header(&mut self, name: &str) {
        self.key_header = Cow::Owned(name.into());
    }

    pub(super) const fn has_closure(&self) -> bool {
        self.closure.is_some()
    }

    /// Where a secret may be presented besides `Authorization`.
    pub(super) fn key_header(&self) -> &str {
        &self.key_header
    }

    pub(super) fn add_peers(&mut self, blocks: impl IntoIterator<Item = Cidr>) {
        self.blocks.extend(blocks);
    }

    pub(super) fn add_host(&mut self, name: &str) -> Result<(), ConfigError> {
        self.hosts.add(name)
    }

    pub(super) fn set_closure(
        &mut self,
        decide: impl Fn(&AccessRequest<'_>) -> Option<Access> + Send + Sync + 'static,
    ) {
        self.closure = Some(Closure(Arc::new(decide)));
    }

    /// A panic of the closure counts as a refusal: otherwise a client could get access by causing one.
    pub(super) fn decide(&self, guard: PanicGuard, request: &AccessRequest<'_>) -> Access {
        match self.base {
            Base::Nobody => return Access::Public,
            Base::Everybody => return Access::Detailed,
            Base::Rules => {}
        }
        if let Some(Closure(decide)) = &self.closure {
            let decided = guard::call(guard, || decide(request)).unwrap_or(Some(Access::Public));
            if let Some(access) = decided {
                return access;
            }
        }
        let has_rules =
            self.closure.is_some() || !self.secrets.is_empty() || !self.blocks.is_empty();
        let may_see = if has_rules {
            self.has_secret(request) || self.is_allowed(request)
        } else {
            self.is_local(request)
        };
        if may_see {
            Access::Detailed
        } else {
            Access::Public
        }
    }

    /// Whether a request may act: only one with a token where no browser puts it by itself.
    #[cfg(feature = "registry")]
    pub(super) fn decide_action(&self, authorization: Option<&[u8]>) -> Access {
        match authorization.and_then(bearer) {
            Some(given) if self.has_tokens() && self.secrets.iter().any(|it| it.is(given)) => {
                Access::Detailed
            }
            _ => Access::Public,
        }
    }

    /// Whether there is a token that would let a request act.
    #[cfg(feature = "registry")]
    pub(super) fn has_tokens(&self) -> bool {
        self.base != Base::Nobody && !self.secrets.is_empty()
    }

    /// The status code of a refused request.
    pub(super) fn refusal(&self) -> Code {
        let could_be_presented = self.closure.is_some() || !self.secrets.is_empty();
        if self.base == Base::Rules && could_be_presented {
            Code::Unauthorized
        } else {
            Code::Forbidden
        }
    }

    fn has_secret(&self, request: &AccessRequest<'_>) -> bool {
        let is_one = |given: Option<&[u8]>| {
            given.is_some_and(|given| self.secrets.iter().any(|it| it.is(given)))
        };
        !self.secrets.is_empty()
            && (is_one(request.bearer()) || is_one(request.field(&self.key_header)))
    }

    fn is_allowed(&self, request: &AccessRequest<'_>) -> bool {
        request.peer.address().is_some_and(|address| {
            self.blocks.iter().any(|block| block.contains(address))
                && (!address.is_loopback() || self.hosts.allow(request.field("host")))
        })
    }

    /// Whether the client is on this machine, and not a web page with a name of its own. No browser
    /// connects to a Unix socket.
    fn is_local(&self, request: &AccessRequest<'_>) -> bool {
        match request.peer.address() {
            Some(address) => address.is_loopback() && self.hosts.allow(request.field("host")),
            None => matches!(request.peer, Peer::Unix),
        }
    }
}

impl fmt::Debug for Closure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Closure")
    }
}

/// A secret: compared in constant time, never printed.
#[derive(Clone)]
struct Secret(Box<[u8]>);

impl Secret {
    fn new(secret: &str) -> Self {
        Self(secret.as_bytes().into())
    }

    /// Takes as long for a secret wrong in its first byte as for one wrong in its last. An
    /// empty one is never accepted: a setting that was left empty must not give access.
    fn is(&self, given: &[u8]) -> bool {
        let differences = self
            .0
            .iter()
            .zip(given)
            .fold(0, |sum, (a, b)| core::hint::black_box(sum | (a ^ b)));
        self.0.len() == given.len() && differences == 0 && !self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(withheld)")
    }
}

/// The token of `Bearer TOKEN` (RFC 6750 §2.1); the scheme in any case (RFC 9110 §11.1).
fn bearer(authorization: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = authorization.split_at_checked(7)?;
    scheme
        .eq_ignore_ascii_case(b"Bearer ")
        .then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests;
