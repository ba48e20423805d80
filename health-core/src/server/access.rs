//! Who may see more than a verdict.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Peer {
    /// An address. IPv4 addresses mapped into IPv6 count as what they are.
    Ip(IpAddr),
    /// A process on this machine that may open the socket's file.
    Unix,
    /// Not known: trusted with nothing but verdicts.
    #[default]
    Unknown,
}

impl Peer {
    fn is_local(self) -> bool {
        match self {
            Self::Ip(address) => address.to_canonical().is_loopback(),
            Self::Unix => true,
            Self::Unknown => false,
        }
    }
}

/// What a request may see. Verdicts are always public; decided once, when the head is parsed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Access {
    /// Verdicts, names, the version.
    #[default]
    Public,
    /// Messages, causes and stats too.
    Detailed,
}

/// By what a request earns [`Access::Detailed`].
#[derive(Clone, Debug, Default)]
pub(super) struct Policy {
    open: bool,
    tokens: Vec<Token>,
}

impl Policy {
    pub(super) fn open(&mut self) {
        self.open = true;
    }

    pub(super) fn add_token(&mut self, token: &str) {
        self.tokens.push(Token(token.as_bytes().into()));
    }

    /// A token, once there is one, is what counts; without any, whoever is on this machine.
    pub(super) fn decide(&self, peer: Peer, authorization: Option<&[u8]>) -> Access {
        let may_see = if self.open {
            true
        } else if self.tokens.is_empty() {
            peer.is_local()
        } else {
            let given = authorization.and_then(bearer);
            given.is_some_and(|given| self.tokens.iter().any(|token| token.is(given)))
        };
        if may_see {
            Access::Detailed
        } else {
            Access::Public
        }
    }
}

/// A secret: compared in constant time, never printed.
#[derive(Clone)]
struct Token(Box<[u8]>);

impl Token {
    /// Takes as long for a token wrong in its first byte as for one wrong in its last.
    fn is(&self, given: &[u8]) -> bool {
        let differences = self
            .0
            .iter()
            .zip(given)
            .fold(0, |sum, (a, b)| core::hint::black_box(sum | (a ^ b)));
        self.0.len() == given.len() && differences == 0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(withheld)")
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
mod tests {
    use super::*;

    #[test]
    fn a_token_once_set_is_what_counts() {
        let local = Peer::Ip(IpAddr::from([127, 0, 0, 1]));
        let remote = Peer::Ip(IpAddr::from([192, 0, 2, 1]));
        let mapped = Peer::Ip("::ffff:127.0.0.1".parse().expect("an address"));
        let mut policy = Policy::default();
        assert_eq!(policy.decide(local, None), Access::Detailed);
        assert_eq!(policy.decide(mapped, None), Access::Detailed);
        assert_eq!(policy.decide(Peer::Unix, None), Access::Detailed);
        assert_eq!(policy.decide(remote, None), Access::Public);
        assert_eq!(
            policy.decide(Peer::Unknown, Some(b"Bearer x")),
            Access::Public
        );
        policy.add_token("s3cret");
        assert_eq!(policy.decide(local, None), Access::Public);
        for (given, access) in [
            (&b"Bearer s3cret"[..], Access::Detailed),
            (b"bearer  s3cret", Access::Detailed),
            (b"Bearer s3cre", Access::Public),
            (b"Bearer s3crett", Access::Public),
            (b"Bearer ", Access::Public),
            (b"Basic s3cret", Access::Public),
            (b"s3cret", Access::Public),
        ] {
            assert_eq!(policy.decide(remote, Some(given)), access, "{given:?}");
        }
        assert!(!alloc::format!("{policy:?}").contains("s3cret"));
    }
}
