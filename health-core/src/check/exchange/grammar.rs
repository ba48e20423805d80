//! The bytes HTTP is made of, and the rules for what we put into a request.

use core::net::Ipv6Addr;

/// `tchar` of RFC 9110 §5.6.2.
pub(super) const fn is_token_byte(byte: u8) -> bool {
    matches!(byte,
        b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`'
        | b'|' | b'~' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z')
}

/// What may stand in a field value: HTAB, SP, visible ASCII and `obs-text` (RFC 9110 §5.5).
pub(super) const fn is_value_byte(byte: u8) -> bool {
    matches!(byte, b'\t' | 0x20..=0x7E | 0x80..=0xFF)
}

/// A method or a field name (RFC 9110 §5.6.2).
pub(super) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().copied().all(is_token_byte)
}

/// A field value as it is sent: no control bytes, and no whitespace around it, which the receiver
/// would not see (RFC 9110 §5.5).
pub(super) fn is_value(bytes: &[u8]) -> bool {
    bytes.iter().copied().all(is_value_byte) && trim(bytes).len() == bytes.len()
}

/// Without the optional whitespace around it (RFC 9110 §5.6.3): SP and HTAB, nothing else.
pub(super) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// `origin-form` of a request target (RFC 9112 §3.2.1), any visible byte but `#` taken for a part
/// of it: servers are asked for such paths (`?ids[]=1`) all the time. A fragment never goes on the
/// wire.
pub(super) fn is_path(path: &str) -> bool {
    path.starts_with('/')
        && path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'#')
}

/// `uri-host [ ":" port ]` (RFC 9112 §3.2), the host not empty, the port a decimal up to 65535.
pub(super) fn is_host(text: &str) -> bool {
    let (host_ok, rest) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => (address.parse::<Ipv6Addr>().is_ok(), rest),
        None => {
            let end = text.find(':').unwrap_or(text.len());
            let (name, rest) = text.split_at(end);
            (!name.is_empty() && name.bytes().all(is_reg_name_byte), rest)
        }
    };
    let port_ok = match rest.strip_prefix(':') {
        // `u16` would take a plus sign too.
        Some(port) => port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok(),
        None => rest.is_empty(),
    };
    host_ok && port_ok
}

/// `reg-name` of RFC 3986 §3.2.2; whether a `%` begins a triplet is left to the server.
const fn is_reg_name_byte(byte: u8) -> bool {
    matches!(byte,
        b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'.' | b'_' | b'~' | b'%' | b'!' | b'$'
        | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for host in [
            "a",
            "db.example:80",
            "10.0.0.1",
            "[::1]",
            "[::1]:65535",
            "a_b:0",
        ] {
            assert!(is_host(host), "{host}");
        }
        for host in [
            "",
            ":80",
            "a:",
            "a:+1",
            "a:65536",
            "a:b",
            "a b",
            "a/b",
            "u@h",
            "::1",
            "[::1",
            "[]",
            "[::1]x",
            "[fe80::1%eth0]",
            "ä",
            "a\r\nX: y",
            "a\0",
        ] {
            assert!(!is_host(host), "{host:?}");
        }
    }

    #[test]
    fn values_are_what_the_receiver_will_see() {
        for value in ["", "a", "a b\tc", "grüße"] {
            assert!(is_value(value.as_bytes()), "{value}");
        }
        for value in [" a", "a ", "\ta", "a\r\nX: y", "a\n", "a\0", "\x7F", "a\rb"] {
            assert!(!is_value(value.as_bytes()), "{value:?}");
        }
    }
}
