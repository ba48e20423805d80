//! Which addresses may be probed.

use alloc::vec::Vec;
use core::net::IpAddr;

use crate::base::Cidr;

/// Which addresses may be connected to, decided on what a name resolved to.
///
/// A user who may add a target can have the prober connect to every address that it can reach, and
/// learns from the result whether a server is there (kubernetes/kubernetes#99425). Names are no
/// protection: they resolve to what their owner likes, and to something else a moment later. So the
/// policy decides on addresses, and the address that it permitted is the one that is connected to.
///
/// Default: everything is allowed. What is denied is denied even if it is allowed too.
///
/// ```
/// use health_core::check::probe::AddressPolicy;
///
/// use health_core::check::probe::{Attempt, Probe};
/// use health_core::{Instant, Kind};
///
/// let policy = AddressPolicy::new().deny(AddressPolicy::METADATA).deny(["192.0.2.0/24".parse()?]);
/// let probe: Probe = "http://192.0.2.1/".parse()?;
/// let now = Instant::from_micros(0);
///
/// let denied = Attempt::new(&probe, &policy, now, now + std::time::Duration::from_secs(1));
/// let report = denied.expect("not a command").into_report();
/// assert_eq!(report.outcome.kind, Some(Kind::AddressDenied));
/// # Ok::<(), health_core::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressPolicy {
    allowed: Vec<Cidr>,
    denied: Vec<Cidr>,
}

impl AddressPolicy {
    /// Link-local addresses, where clouds keep the credentials of a machine.
    pub const LINK_LOCAL: [Cidr; 2] = [
        Cidr::v4(169, 254, 0, 0, 16),
        Cidr::v6([0xFE80, 0, 0, 0, 0, 0, 0, 0], 10),
    ];

    /// Where clouds keep the credentials of a machine: the link-local addresses, and those of
    /// AWS over IPv6, Alibaba and Azure.
    pub const METADATA: [Cidr; 5] = [
        Self::LINK_LOCAL[0],
        Self::LINK_LOCAL[1],
        Cidr::v6([0xFD00, 0xEC2, 0, 0, 0, 0, 0, 0x254], 128),
        Cidr::v4(100, 100, 100, 200, 32),
        Cidr::v4(168, 63, 129, 16, 32),
    ];

    /// This machine, under all of its own names: loopback and the unspecified address, which
    /// connects to it.
    pub const THIS_HOST: [Cidr; 3] = [
        Cidr::v4(127, 0, 0, 0, 8),
        Cidr::v4(0, 0, 0, 0, 8),
        Cidr::v6([0; 8], 127),
    ];

    /// Addresses that are not routed on the Internet (RFC 1918, RFC 6598, RFC 4193).
    pub const PRIVATE: [Cidr; 5] = [
        Cidr::v4(10, 0, 0, 0, 8),
        Cidr::v4(172, 16, 0, 0, 12),
        Cidr::v4(192, 168, 0, 0, 16),
        Cidr::v4(100, 64, 0, 0, 10),
        Cidr::v6([0xFC00, 0, 0, 0, 0, 0, 0, 0], 7),
    ];

    /// Allows everything.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            allowed: Vec::new(),
            denied: Vec::new(),
        }
    }

    /// Allows these; once anything is allowed by name, nothing else is.
    #[must_use]
    pub fn allow(mut self, blocks: impl IntoIterator<Item = Cidr>) -> Self {
        self.allowed.extend(blocks);
        self
    }

    /// Denies these, whatever is allowed.
    #[must_use]
    pub fn deny(mut self, blocks: impl IntoIterator<Item = Cidr>) -> Self {
        self.denied.extend(blocks);
        self
    }

    /// Whether the address may be connected to.
    pub(crate) fn permits(&self, address: IpAddr) -> bool {
        let is_allowed = |block: &Cidr| block.contains(address);
        let is_denied = |block: &Cidr| block.may_reach(address);
        (self.allowed.is_empty() || self.allowed.iter().any(is_allowed))
            && !self.denied.iter().any(is_denied)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn permits(policy: &AddressPolicy, address: &str) -> bool {
        policy.permits(address.parse().expect(address))
    }

    #[test]
    fn denied_beats_allowed() {
        let policy = AddressPolicy::new()
            .allow(AddressPolicy::PRIVATE)
            .deny(["10.9.0.0/16".parse().expect("a block")]);
        assert!(permits(&policy, "10.8.0.1") && permits(&policy, "fd12::1"));
        assert!(!permits(&policy, "10.9.0.1") && !permits(&policy, "8.8.8.8"));
        assert!(!permits(&policy, "64:ff9b::10.8.0.1"), "nobody's address");
    }

    #[test]
    fn presets_hold_what_they_say() {
        let policy = AddressPolicy::new()
            .deny(AddressPolicy::METADATA)
            .deny(AddressPolicy::THIS_HOST);
        for address in [
            "169.254.169.254",
            "169.254.170.2",
            "fd00:ec2::254",
            "fe80::1",
            "127.9.9.9",
            "0.0.0.0",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "64:ff9b::169.254.169.254",
        ] {
            assert!(!permits(&policy, address), "{address}");
        }
        assert!(permits(&policy, "10.0.0.1") && permits(&policy, "::2"));
    }
}
