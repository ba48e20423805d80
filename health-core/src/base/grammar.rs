//! The bytes HTTP is made of, for both sides of the conversation.

use core::net::Ipv6Addr;

/// What a byte may be part of, one bit for each class: a look-up instead of a chain of ranges, for
/// loops that see every byte of every request.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let this = byte as u8;
        if this.is_ascii_alphanumeric() || is_one_of(b"!#$%&'*+-.^_`|~", this) {
            classes[byte] |= TOKEN;
        }
        if this.is_ascii_alphanumeric() || is_one_of(b"-._~!$&'()*+,;=", this) {
            classes[byte] |= PLAIN;
        }
        if matches!(this, b'\t' | 0x20..=0x7E | 0x80..=0xFF) {
            classes[byte] |= VALUE;
        }
        byte += 1;
    }
    classes
};
const TOKEN: u8 = 1;
const PLAIN: u8 = 2;
const VALUE: u8 = 4;

const fn is_one_of(set: &[u8], byte: u8) -> bool {
    let mut at = 0;
    while at < set.len() {
        if set[at] == byte {
            return true;
        }
        at += 1;
    }
    false
}

const fn is(class: u8, byte: u8) -> bool {
    CLASSES[byte as usize] & class != 0
}

/// `tchar` of RFC 9110 §5.6.2.
pub(crate) const fn is_token_byte(byte: u8) -> bool {
    is(TOKEN, byte)
}

/// What may stand in a field value: HTAB, SP, visible ASCII and `obs-text` (RFC 9110 §5.5).
const fn is_value_byte(byte: u8) -> bool {
    is(VALUE, byte)
}

/// A method or a field name (RFC 9110 §5.6.2).
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().copied().all(is_token_byte)
}

/// A field value as it is sent: no control bytes, and no whitespace around it, which the receiver
/// would not see (RFC 9110 §5.5).
pub(crate) fn is_value(bytes: &[u8]) -> bool {
    bytes.iter().copied().all(is_value_byte) && trim(bytes).len() == bytes.len()
}

/// Without the optional whitespace around it (RFC 9110 §5.6.3): SP and HTAB, nothing else.
pub(crate) fn trim(mut bytes: &[u8]) -> &[u8] {
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
pub(crate) fn is_path(path: &str) -> bool {
    path.starts_with('/')
        && path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'#')
}

/// `uri-host [ ":" port ]` (RFC 9110 §7.2, RFC 3986 §3.2.2), the host not empty. Userinfo is no
/// part of it: `@` has no place in `Host` nor in a target (RFC 9110 §4.2.4).
pub(crate) fn is_authority(text: &[u8]) -> bool {
    let (host_is_valid, rest) = match text.strip_prefix(b"[") {
        Some(literal) => {
            let Some(end) = literal.iter().position(|&byte| byte == b']') else {
                return false;
            };
            (is_ip_literal(&literal[..end]), &literal[end + 1..])
        }
        None => {
            let rest = behind_reg_name(text);
            (rest.len() < text.len(), rest)
        }
    };
    let port_is_valid = match rest {
        [] => true,
        [b':', port @ ..] => port.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    host_is_valid && port_is_valid
}

/// An authority that can be connected to: with a port, it is a number up to 65535.
pub(crate) fn is_host(text: &str) -> bool {
    let port = match text.rsplit_once(':') {
        // In `[::1]` the last colon is the address's own.
        Some((_, port)) if !port.ends_with(']') => Some(port),
        _ => None,
    };
    is_authority(text.as_bytes()) && port.is_none_or(|port| port.parse::<u16>().is_ok())
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
                && address.iter().all(|&byte| is(PLAIN, byte) || byte == b':')
        }
        _ => core::str::from_utf8(text).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok()),
    }
}

/// What follows `*( unreserved / pct-encoded / sub-delims )`: domain names and IPv4 addresses too.
fn behind_reg_name(mut text: &[u8]) -> &[u8] {
    loop {
        text = match text {
            [byte, rest @ ..] if is(PLAIN, *byte) => rest,
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                rest
            }
            _ => return text,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities() {
        for good in [
            "a",
            "localhost:9102",
            "127.0.0.1",
            "[::1]",
            "[::1]:80",
            "[v1.a:b]",
            "a:",
            "a_b:0",
            "xn--bcher-kva.example",
            "a%20b",
            "[::ffff:127.0.0.1]:65536",
        ] {
            assert!(is_authority(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            ":80",
            "a b",
            "a/b",
            "user@a",
            "a:b",
            "a:+1",
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
            "a\r\nX: y",
            "a\0",
        ] {
            assert!(!is_authority(bad.as_bytes()), "{bad:?}");
        }
    }

    #[test]
    fn hosts_to_connect_to() {
        for good in [
            "a",
            "db.example:80",
            "10.0.0.1",
            "[::1]",
            "[::1]:65535",
            "a_b:0",
        ] {
            assert!(is_host(good), "{good}");
        }
        for bad in ["", "a:", "a:65536", "[::1]:", "[::1]:65536", "u@h"] {
            assert!(!is_host(bad), "{bad}");
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
