//! The hosts that a request from this machine may name.
//!
//! A web page can have its own name resolve to 127.0.0.1 (DNS rebinding). The browser then takes this
//! endpoint for the page's own server and lets it read every answer. `Host` still has the page's name,
//! and no page can change that.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::{Ipv4Addr, Ipv6Addr};

use crate::base::{ConfigError, grammar};

/// The names of this machine that were set.
#[derive(Clone, Debug, Default)]
pub(super) struct HostNames(Vec<Box<[u8]>>);

impl HostNames {
    pub(super) fn add(&mut self, name: &str) -> Result<(), ConfigError> {
        let known = without_dot(name.as_bytes());
        if !grammar::is_authority(known) || known.iter().any(|byte| b":[*".contains(byte)) {
            let allowed = "allowed is the name of a host, without a port";
            return Err(ConfigError::new("host", name, allowed));
        }
        self.0.push(known.into());
        Ok(())
    }

    /// Whether `host`, the value of `Host`, is none, an address, `localhost` or one of the names.
    pub(super) fn allow(&self, host: Option<&[u8]>) -> bool {
        let Some(host) = host.filter(|host| !host.is_empty()) else {
            return true;
        };
        let host = without_port(host);
        if let [b'[', address @ .., b']'] = host {
            return parses::<Ipv6Addr>(address);
        }
        let host = without_dot(host);
        let mut names = self.0.iter();
        host.eq_ignore_ascii_case(b"localhost")
            || parses::<Ipv4Addr>(host)
            || names.any(|name| host.eq_ignore_ascii_case(name))
    }
}

fn without_port(authority: &[u8]) -> &[u8] {
    match authority.iter().rposition(|&byte| byte == b':') {
        Some(colon) if authority[colon + 1..].iter().all(u8::is_ascii_digit) => &authority[..colon],
        _ => authority,
    }
}

/// A last dot says that a name is complete.
fn without_dot(name: &[u8]) -> &[u8] {
    name.strip_suffix(b".").unwrap_or(name)
}

fn parses<T: core::str::FromStr>(text: &[u8]) -> bool {
    core::str::from_utf8(text).is_ok_and(|text| text.parse::<T>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_localhost_and_the_names_that_were_set() {
        let mut names = HostNames::default();
        names.add("steering").expect("a name");
        names.add("Status.Example.com.").expect("a name");
        assert!(names.allow(None));
        for host in [
            "",
            "127.0.0.1",
            "127.0.0.1:9102",
            "127.0.0.1.:9102",
            "192.0.2.7",
            "[::1]",
            "[::1]:9102",
            "[::ffff:127.0.0.1]:80",
            "localhost",
            "localhost:",
            "LocalHost:9102",
            "localhost.",
            "localhost.:9102",
            "steering",
            "STEERING:9102",
            "status.example.com",
            "status.example.com.:443",
        ] {
            assert!(names.allow(Some(host.as_bytes())), "{host}");
        }
        for host in [
            "attacker.example",
            "attacker.example:9102",
            "localhost.attacker.example",
            "attacker.localhost",
            "localhost..",
            "127.0.0.1.attacker.example",
            "127.0.0.1.attacker.example:127",
            "127.0.0.1:9102:80",
            "127.1",
            "0x7f.0.0.1",
            "[::1]x",
            "[::1",
            "::1",
            "[127.0.0.1]",
            "[localhost]",
            "[v1.x]",
            "[fe80::1%25eth0]",
            "steering.example.com",
            "a.steering",
            "status.example.com.evil",
            "localhost:x",
            "user@localhost",
            ":9102",
            ".",
            "localhos\u{74}\u{301}",
        ] {
            assert!(!names.allow(Some(host.as_bytes())), "{host}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for name in [
            "",
            ".",
            "a:80",
            "[::1]",
            "http://a",
            "a/b",
            "a b",
            "*.é",
            "a,b@c",
            "*.example.com",
        ] {
            let error = HostNames::default().add(name);
            assert_eq!(error.map_err(|it| it.field()), Err("host"), "{name}");
        }
    }
}
