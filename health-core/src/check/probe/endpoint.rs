//! A host and a port.

use alloc::boxed::Box;
use alloc::format;
use core::fmt;
use core::net::{IpAddr, Ipv6Addr};
use core::str::FromStr;

use super::without_secrets;
use crate::base::ConfigError;

/// A name to be resolved, or an address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Host {
    /// Resolved at every attempt.
    Name(Box<str>),
    /// Never resolved.
    Ip(IpAddr),
    /// A link-local address and its zone: `fe80::1%eth0`. The system knows the number of the zone, so
    /// it is resolved like a name.
    Zoned(Box<str>),
}

impl FromStr for Host {
    type Err = ConfigError;

    /// Reads a name of letters, digits, `-`, `_` and `.`, at most 253 bytes and 63 in each label;
    /// an IPv4 address; or an IPv6 address, with or without brackets, a zone behind it or none.
    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let bare = text.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
        if let Some(address) = bare.and_then(|bare| bare.parse().ok()) {
            return Ok(Self::Ip(IpAddr::V6(address)));
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Ip(address));
        }
        if let Some((address, zone)) = bare.unwrap_or(text).split_once('%') {
            // In a URL, the percent sign is written `%25` (RFC 6874 §2).
            let zone = zone
                .strip_prefix("25")
                .filter(|it| !it.is_empty())
                .unwrap_or(zone);
            let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            let is_zone = !zone.is_empty() && zone.bytes().all(is_unreserved);
            if let (Ok(address), true) = (address.parse::<Ipv6Addr>(), is_zone) {
                return Ok(Self::Zoned(format!("{address}%{zone}").into()));
            }
        }
        // A trailing dot says that no search domain is to be tried.
        let labels = text.strip_suffix('.').unwrap_or(text);
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        if labels.len() <= 253 && labels.split('.').all(is_label) {
            return Ok(Self::Name(text.into()));
        }
        let allowed = "allowed is a name, an IPv4 address or an IPv6 address in brackets";
        Err(ConfigError::new("host", &without_secrets(text), allowed))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Ip(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Ip(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Zoned(address) => write!(f, "[{}]", address.replace('%', "%25")),
        }
    }
}

/// A host and a port, as in `db.example:5432` and `[::1]:80`.
///
/// ```
/// use health_core::check::probe::Endpoint;
///
/// let redis: Endpoint = "10.0.0.7:6379".parse()?;
/// assert_eq!(redis.port(), 6379);
/// let error = "10.0.0.7:redis".parse::<Endpoint>().unwrap_err();
/// assert_eq!(error.to_string(), "port \"redis\": allowed is a number from 1 to 65535");
/// # Ok::<(), health_core::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    host: Host,
    port: u16,
    #[cfg(feature = "expect")]
    family: IpFamily,
}

/// Which addresses of a name are connected to.
#[cfg(feature = "expect")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum IpFamily {
    /// All, in the order in which the system names them.
    #[default]
    Any,
    /// Those of IPv4.
    V4,
    /// Those of IPv6.
    V6,
}

impl Endpoint {
    /// `host` is a name or an address.
    ///
    /// # Errors
    ///
    /// A host that is neither, or port 0.
    pub fn new(host: &str, port: u16) -> Result<Self, ConfigError> {
        let host = host.parse()?;
        if port == 0 {
            return Err(bad_port("0"));
        }
        Ok(Self {
            host,
            port,
            #[cfg(feature = "expect")]
            family: IpFamily::Any,
        })
    }

    /// The host.
    pub(super) const fn host(&self) -> &Host {
        &self.host
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The same host and port, of which only addresses of this family are connected to.
    ///
    /// # Errors
    ///
    /// The host is an address of the other family.
    #[cfg(feature = "expect")]
    pub fn of_family(mut self, family: IpFamily) -> Result<Self, ConfigError> {
        let is_possible = match &self.host {
            Host::Name(_) => true,
            Host::Ip(address) => family.has(*address),
            Host::Zoned(_) => family != IpFamily::V4,
        };
        if !is_possible {
            let allowed = "allowed is the family of the address, or a name for a host";
            return Err(ConfigError::new("IP family", family.name(), allowed));
        }
        self.family = family;
        Ok(self)
    }

    #[cfg(feature = "expect")]
    pub(super) const fn family(&self) -> IpFamily {
        self.family
    }

    /// As [`from_str`](Self::from_str), with a port to fall back on.
    pub(super) fn parse(text: &str, default_port: Option<u16>) -> Result<Self, ConfigError> {
        // The colons inside brackets are the address's own.
        let after = text.rfind(']').map_or(0, |at| at + 1);
        match (text[after..].split_once(':'), default_port) {
            (Some((rest, port)), _) => {
                let host = &text[..after + rest.len()];
                Self::new(host, parse_port(port)?)
            }
            (None, Some(port)) => Self::new(text, port),
            (None, None) => Err(ConfigError::new(
                "target",
                &without_secrets(text),
                "allowed is host:port",
            )),
        }
    }
}

#[cfg(feature = "expect")]
impl IpFamily {
    pub(super) const fn has(self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::V4 => address.is_ipv4(),
            Self::V6 => address.is_ipv6(),
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        }
    }
}

impl FromStr for Endpoint {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        Self::parse(text, None)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Digits only: `u16` itself would take a plus sign.
pub(super) fn parse_port(text: &str) -> Result<u16, ConfigError> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(port) if digits && port != 0 => Ok(port),
        _ => Err(bad_port(text)),
    }
}

fn bad_port(text: &str) -> ConfigError {
    ConfigError::new(
        "port",
        &without_secrets(text),
        "allowed is a number from 1 to 65535",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn what_is_read_is_shown_again() {
        for text in [
            "db.example:5432",
            "db:1",
            "a_b-c.d.:65535",
            "10.0.0.1:80",
            "[::1]:80",
            "[fe80::1%25eth0]:80",
        ] {
            let endpoint: Endpoint = text.parse().expect(text);
            assert_eq!(endpoint.to_string(), text);
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let long = "a".repeat(64) + ":80";
        for text in [
            "",
            ":",
            ":80",
            "a",
            "a:",
            "a:0",
            "a:+1",
            "a:65536",
            "a:1:2",
            "::1",
            "::1:80",
            "[::1]",
            "[::1:80",
            "[a]:80",
            "[fe80::1%]:80",
            "[fe80::1%25]x:80",
            "[fe80::1%a b]:80",
            "[::1%a/b]:80",
            "[10.0.0.1%eth0]:80",
            "[h%eth0]:80",
            "a b:80",
            "u@h:80",
            "a/b:80",
            "a..b:80",
            ".a:80",
            "ä:80",
            "-\0:80",
            "a\r\n:80",
            &long,
        ] {
            assert!(text.parse::<Endpoint>().is_err(), "{text:?}");
        }
    }
}
