//! `uri-host [":" port]` (RFC 9110 §7.2, RFC 3986 §3.2.2): in `Host`, and in an absolute target.

use core::net::Ipv6Addr;

/// Whether `text` is a host, with a port or without. An empty host is none, and nor is userinfo:
/// `@` has no place in either field (RFC 9110 §4.2.4).
pub(super) fn is_valid(text: &[u8]) -> bool {
    let (host_is_valid, rest) = match text.strip_prefix(b"[") {
        Some(literal) => {
            let Some(end) = literal.iter().position(|&byte| byte == b']') else {
                return false;
            };
            (is_ip_literal(&literal[..end]), &literal[end + 1..])
        }
        None => {
            let end = text
                .iter()
                .position(|&byte| byte == b':')
                .unwrap_or(text.len());
            (end > 0 && is_reg_name(&text[..end]), &text[end..])
        }
    };
    let port_is_valid = match rest {
        [] => true,
        [b':', port @ ..] => port.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    host_is_valid && port_is_valid
}

/// `IPv6address / IPvFuture`, without the brackets.
fn is_ip_literal(text: &[u8]) -> bool {
    match text {
        [b'v' | b'V', future @ ..] => {
            let Some(dot) = future.iter().position(|&byte| byte == b'.') else {
                return false;
            };
            let (version, address) = (&future[..dot], &future[dot + 1..]);
            !version.is_empty()
                && version.iter().all(u8::is_ascii_hexdigit)
                && !address.is_empty()
                && address.iter().all(|&byte| is_plain(byte) || byte == b':')
        }
        _ => core::str::from_utf8(text).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok()),
    }
}

/// `*( unreserved / pct-encoded / sub-delims )`: domain names and IPv4 addresses too.
fn is_reg_name(text: &[u8]) -> bool {
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        let valid = match byte {
            b'%' => (0..2).all(|_| bytes.next().is_some_and(u8::is_ascii_hexdigit)),
            _ => is_plain(byte),
        };
        if !valid {
            return false;
        }
    }
    true
}

/// `unreserved / sub-delims`.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports() {
        for good in [
            "a",
            "localhost:9102",
            "127.0.0.1",
            "[::1]",
            "[::1]:80",
            "[v1.a:b]",
            "a:",
            "xn--bcher-kva.example",
            "a%20b",
            "a_b",
            "[::ffff:127.0.0.1]:65535",
        ] {
            assert!(is_valid(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            ":80",
            "a b",
            "a/b",
            "user@a",
            "a:b",
            "a:80:80",
            "::1",
            "[::1",
            "[::1]x",
            "[]",
            "[g::]",
            "a%2",
            "a%zz",
            "ä",
            "[fe80::1%25eth0]",
            "a?b",
            "a#b",
            "a,b\t",
            "[v.a]",
            "[v1.]",
        ] {
            assert!(!is_valid(bad.as_bytes()), "{bad}");
        }
    }
}
