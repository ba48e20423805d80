//! Who may see more than a verdict.
//!
//! Verdicts, names and the version are public, and nobody is looked at who asks for them. Stats,
//! metrics, history, targets and `?verbose` are shown by the first of these rules that fits:
//!
//! | | rule | set by | shown to |
//! |---|---|---|---|
//! | 1 | nobody | [`verdicts_only`](Service::verdicts_only) | nobody |
//! | 2 | everybody | [`open`](Service::open) | everybody |
//! | 3 | a closure, if it says `Some` | [`authorize`](Service::authorize) | whom it says |
//! | 4 | a secret | [`token`](Service::token) | who presents it: `Authorization: Bearer`, or [`X-API-Key`](Service::api_key_header) |
//! | 5 | an address | [`allow_peers`](Service::allow_peers) | who comes from one of these blocks |
//! | 6 | none of 3 to 5 is set | nothing | who is on this machine: loopback, Unix socket |
//!
//! Of 1 and 2 the last that was set counts. 4 and 5 are two ways in: what must hold together goes
//! into a closure. A [`Service`] belongs to one listener, so two listeners of one daemon may differ.
//!
//! Whoever is refused gets 401 with `WWW-Authenticate: Bearer` where a closure or a secret is set,
//! and 403 where nothing that could be presented would help.

mod peer;
mod request;
mod secret;

use alloc::borrow::Cow;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

pub use peer::{Identity, Peer};
pub use request::AccessRequest;
use secret::Secret;

use super::PanicGuard;
#[cfg(doc)]
use super::Service;
use super::guard;
use crate::base::Cidr;
use crate::http::StatusCode;

/// What a request may see. Verdicts are always public; decided once, when the head is parsed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Access {
    /// Verdicts, names, the version.
    #[default]
    Public,
    /// Messages, causes and stats too.
    Detailed,
}

/// By what a request earns [`Access::Detailed`]: the rules of the [module](self).
#[derive(Clone, Debug)]
pub(super) struct Policy {
    base: Base,
    closure: Option<Closure>,
    secrets: Vec<Secret>,
    key_header: Cow<'static, str>,
    blocks: Vec<Cidr>,
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

    pub(super) fn set_closure(
        &mut self,
        decide: impl Fn(&AccessRequest<'_>) -> Option<Access> + Send + Sync + 'static,
    ) {
        self.closure = Some(Closure(Arc::new(decide)));
    }

    /// A closure that panics has said no: whoever could make it panic would be in.
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
            self.knows_secret(request) || self.knows_address(request.peer)
        } else {
            request.peer.is_local()
        };
        if may_see {
            Access::Detailed
        } else {
            Access::Public
        }
    }

    /// What is answered to who may not see what they ask for.
    pub(super) fn refusal(&self) -> StatusCode {
        let could_be_presented = self.closure.is_some() || !self.secrets.is_empty();
        if self.base == Base::Rules && could_be_presented {
            StatusCode::Unauthorized
        } else {
            StatusCode::Forbidden
        }
    }

    fn knows_secret(&self, request: &AccessRequest<'_>) -> bool {
        let is_one = |given: Option<&[u8]>| {
            given.is_some_and(|given| self.secrets.iter().any(|it| it.is(given)))
        };
        !self.secrets.is_empty()
            && (is_one(request.bearer()) || is_one(request.field(&self.key_header)))
    }

    fn knows_address(&self, peer: &Peer) -> bool {
        let address = peer.address();
        address.is_some_and(|address| self.blocks.iter().any(|block| block.contains(address)))
    }
}

impl fmt::Debug for Closure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Closure")
    }
}

#[cfg(test)]
mod tests;
