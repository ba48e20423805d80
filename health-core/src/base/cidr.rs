//! Blocks of IP addresses: which targets may be probed, and which peers may see details.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use crate::base::ConfigError;

/// A block of addresses: `169.254.0.0/16`, `fe80::/10`, or a single one.
///
/// ```
/// use health_core::Cidr;
///
/// let block: Cidr = "10.0.0.0/8".parse()?; // also has ::ffff:10.1.2.3, another spelling of 10.1.2.3
/// assert!("10.0.0.1/8".parse::<Cidr>().is_err(), "bits beyond the prefix are a typing error");
/// # Ok::<(), health_core::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

impl Cidr {
    pub(crate) const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Self {
        Self {
            address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
            prefix,
        }
    }

    pub(crate) const fn v6(segments: [u16; 8], prefix: u8) -> Self {
        let [a, b, c, d, e, f, g, h] = segments;
        Self {
            address: IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h)),
            prefix,
        }
    }

    /// Whether the address lies in the block.
    ///
    /// An IPv4-mapped address (`::ffff:0:0/96`) is also looked up in IPv4 blocks: it is the same
    /// address.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.contains_either(address, embedded(address, &[[0, 0, 0, 0, 0, 0xFFFF]]))
    }

    /// The same for a list of what is forbidden: behind a NAT64 an address of `64:ff9b::/96` reaches
    /// the IPv4 address in it. It must not count for a list of what is allowed: there a private IPv4
    /// address in it is nobody's (RFC 6052 §3.1).
    pub(crate) fn may_reach(&self, address: IpAddr) -> bool {
        let prefixes = [[0, 0, 0, 0, 0, 0xFFFF], [0x64, 0xFF9B, 0, 0, 0, 0]];
        self.contains_either(address, embedded(address, &prefixes))
    }

    fn contains_either(&self, address: IpAddr, embedded: Option<Ipv4Addr>) -> bool {
        let holds = |address: IpAddr| match (self.address, address) {
            (IpAddr::V4(block), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(self.prefix);
                let differs = u32::from(block) ^ u32::from(address);
                differs.checked_shr(shift).unwrap_or(0) == 0
            }
            (IpAddr::V6(block), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(self.prefix);
                let differs = u128::from(block) ^ u128::from(address);
                differs.checked_shr(shift).unwrap_or(0) == 0
            }
            _ => false,
        };
        holds(address) || embedded.is_some_and(|inner| holds(IpAddr::V4(inner)))
    }
}

/// The IPv4 address behind one of these prefixes of 96 bits.
fn embedded(address: IpAddr, prefixes: &[[u16; 6]]) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else {
        return None;
    };
    let [a, b, c, d, e, f, g, h] = address.segments();
    let is_known = prefixes.contains(&[a, b, c, d, e, f]);
    is_known.then(|| Ipv4Addr::from((u32::from(g) << 16) | u32::from(h)))
}

impl FromStr for Cidr {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let read = || {
            let (address, prefix) = match text.split_once('/') {
                Some((address, prefix)) => (address, Some(prefix)),
                None => (text, None),
            };
            let address: IpAddr = address.parse().ok()?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            let prefix = match prefix {
                Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                    digits.parse().ok().filter(|&prefix| prefix <= most)?
                }
                Some(_) => return None,
                None => most,
            };
            let beyond = match address {
                IpAddr::V4(it) => u32::from(it).checked_shl(u32::from(prefix)).unwrap_or(0) != 0,
                IpAddr::V6(it) => u128::from(it).checked_shl(u32::from(prefix)).unwrap_or(0) != 0,
            };
            (!beyond).then_some(Self { address, prefix })
        };
        let allowed = "allowed is an address with a prefix length, all bits behind it 0";
        read().ok_or_else(|| ConfigError::new("address block", text, allowed))
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn holds(block: &str, address: &str) -> bool {
        let block: Cidr = block.parse().expect(block);
        block.contains(address.parse().expect(address))
    }

    #[test]
    fn borders() {
        assert!(holds("0.0.0.0/0", "255.255.255.255"));
        assert!(holds("::/0", "ffff::1"));
        assert!(holds("10.0.0.1", "10.0.0.1") && !holds("10.0.0.1/32", "10.0.0.2"));
        assert!(holds("169.254.0.0/16", "169.254.255.255"));
        assert!(!holds("169.254.0.0/16", "169.255.0.0"));
        assert!(holds("fe80::/10", "febf::1") && !holds("fe80::/10", "fec0::1"));
        assert!(!holds("0.0.0.0/0", "::1") && !holds("::/0", "1.1.1.1"));
    }

    #[test]
    fn another_spelling_is_no_way_around() {
        assert!(holds("169.254.0.0/16", "::ffff:169.254.169.254"));
        let link_local: Cidr = "169.254.0.0/16".parse().expect("a block");
        let behind_nat64 = "64:ff9b::169.254.169.254".parse().expect("an address");
        assert!(link_local.may_reach(behind_nat64));
        assert!(
            !link_local.contains(behind_nat64),
            "a peer is not let in by it"
        );
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "/8",
            "10.0.0.0/",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.1/8",
            "10/8",
            "a/8",
            "10.0.0.0/+8",
        ] {
            assert!(text.parse::<Cidr>().is_err(), "{text:?}");
        }
    }
}
