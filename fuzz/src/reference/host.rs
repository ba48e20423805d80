//! The host of a URI, written from the grammar of RFC 3986.

/// `uri-host [ ":" port ]` (RFC 9110 §7.2), with a host that is not empty (§4.2.1).
pub(super) fn is_host_and_port(text: &[u8]) -> bool {
    let mut candidates = vec![text];
    if let Some(colon) = text.iter().rposition(|&b| b == b':') {
        // port = *DIGIT
        if text[colon + 1..].iter().all(u8::is_ascii_digit) {
            candidates.push(&text[..colon]);
        }
    }
    candidates
        .into_iter()
        .any(|host| !host.is_empty() && is_host(host))
}

/// `host = IP-literal / IPv4address / reg-name` (RFC 3986 §3.2.2); the second is also the third.
fn is_host(text: &[u8]) -> bool {
    match text.strip_prefix(b"[") {
        Some(rest) => rest
            .strip_suffix(b"]")
            .is_some_and(|address| is_ipv6(address) || is_future_address(address)),
        None => is_reg_name(text),
    }
}

/// `unreserved / sub-delims`.
fn is_unreserved_or_sub_delim(b: &u8) -> bool {
    b.is_ascii_alphanumeric() || b"-._~".contains(b) || b"!$&'()*+,;=".contains(b)
}

/// `*( unreserved / pct-encoded / sub-delims )`.
fn is_reg_name(text: &[u8]) -> bool {
    let plain = |text: &[u8]| text.iter().all(is_unreserved_or_sub_delim);
    let mut parts = text.split(|&b| b == b'%');
    // Every part but the first stands behind a percent sign.
    parts.next().is_some_and(plain)
        && parts.all(|part| match part {
            [a, b, rest @ ..] => a.is_ascii_hexdigit() && b.is_ascii_hexdigit() && plain(rest),
            _ => false,
        })
}

/// `"v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )`.
fn is_future_address(text: &[u8]) -> bool {
    let Some(dot) = text.iter().position(|b| *b == b'.') else {
        return false;
    };
    let (version, address) = (&text[..dot], &text[dot + 1..]);
    let [b'v' | b'V', digits @ ..] = version else {
        return false;
    };
    let is_address = |b: &u8| is_unreserved_or_sub_delim(b) || *b == b':';
    !digits.is_empty()
        && digits.iter().all(u8::is_ascii_hexdigit)
        && !address.is_empty()
        && address.iter().all(is_address)
}

/// `IPv6address`: eight pieces of 16 bits, of which one run of at least one may be `::`, and of
/// which the last two may be written as an IPv4 address.
fn is_ipv6(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else {
        return false;
    };
    match text.split_once("::") {
        Some((before, after)) => {
            // Nothing may end in an IPv4 address but the whole.
            let before = pieces(before, false);
            let after = pieces(after, true);
            matches!((before, after), (Some(before), Some(after)) if before + after <= 7)
        }
        None => pieces(text, true) == Some(8),
    }
}

/// How many pieces stand between the colons of `text`; nothing if one of them is none.
fn pieces(text: &str, may_end_in_ipv4: bool) -> Option<usize> {
    if text.is_empty() {
        return Some(0);
    }
    let parts: Vec<&str> = text.split(':').collect();
    let (last, front) = parts.split_last()?;
    let is_h16 =
        |part: &&str| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_hexdigit());
    if !front.iter().all(&is_h16) {
        return None;
    }
    match last {
        last if is_h16(last) => Some(parts.len()),
        last if may_end_in_ipv4 && is_ipv4(last) => Some(parts.len() + 1),
        _ => None,
    }
}

/// `dec-octet "." dec-octet "." dec-octet "." dec-octet`: no zeros in front.
fn is_ipv4(text: &str) -> bool {
    let octets: Vec<&str> = text.split('.').collect();
    octets.len() == 4
        && octets
            .iter()
            .all(|octet| (0..=255_u32).any(|number| number.to_string() == *octet))
}
