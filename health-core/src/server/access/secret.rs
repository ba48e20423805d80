//! Secrets that a request may present.

use alloc::boxed::Box;
use core::fmt;

/// A secret: compared in constant time, never printed.
#[derive(Clone)]
pub(super) struct Secret(Box<[u8]>);

impl Secret {
    pub(super) fn new(secret: &str) -> Self {
        Self(secret.as_bytes().into())
    }

    /// Takes as long for a secret wrong in its first byte as for one wrong in its last. Nobody
    /// presents an empty one: a setting that was left empty must not open the door.
    pub(super) fn is(&self, given: &[u8]) -> bool {
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
pub(super) fn bearer(authorization: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = authorization.split_at_checked(7)?;
    scheme
        .eq_ignore_ascii_case(b"Bearer ")
        .then(|| token.trim_ascii())
}
