//! Which view a client wants: `?format=` wins, then `Accept` (RFC 9110 §12.5.1).

/// The forms in which a verdict is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// The native document.
    #[default]
    Json,
    /// Kubernetes' z-pages: `ok`, or a line for each check.
    Text,
}

impl Format {
    /// In the order in which equally welcome ones are preferred.
    const ALL: [Self; 2] = [Self::Json, Self::Text];

    /// The name in `?format=`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "text",
        }
    }

    /// The `Content-Type` of the view.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Text => "text/plain; charset=utf-8",
        }
    }

    /// The format of this name.
    #[must_use]
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|format| format.name().as_bytes() == name)
    }

    /// The format that `accept` welcomes most. A field that is malformed or welcomes none of ours
    /// gets the native document all the same: a verdict in the wrong clothes beats a 406 that an
    /// orchestrator takes for a failure.
    #[must_use]
    pub fn from_accept(accept: &[u8]) -> Self {
        // What kubelet, curl and most others send.
        if accept == b"*/*" {
            return Self::default();
        }
        let mut best = (Self::default(), 0);
        for format in Self::ALL {
            let quality = quality(accept, format.media_type());
            if quality > best.1 {
                best = (format, quality);
            }
        }
        best.0
    }

    fn media_type(self) -> &'static str {
        let content_type = self.content_type();
        content_type
            .split_once(';')
            .map_or(content_type, |(media_type, _)| media_type)
    }
}

/// How welcome `media_type` is, in thousandths: the quality of the most specific range it is in.
fn quality(accept: &[u8], media_type: &str) -> u16 {
    let kind = media_type.split('/').next().unwrap_or_default();
    let mut best = (0, 0);
    for element in accept.split(|&byte| byte == b',') {
        let mut parts = element.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
        let range = parts.next().unwrap_or_default();
        let specificity = if range.eq_ignore_ascii_case(media_type.as_bytes()) {
            3
        } else if range
            .strip_suffix(b"/*")
            .is_some_and(|r| r.eq_ignore_ascii_case(kind.as_bytes()))
        {
            2
        } else if range == b"*/*" {
            1
        } else {
            continue;
        };
        let quality = parts
            .find_map(|part| {
                part.strip_prefix(b"q=")
                    .or_else(|| part.strip_prefix(b"Q="))
            })
            .map_or(1_000, thousandths);
        best = best.max((specificity, quality));
    }
    best.1
}

/// `qvalue` of RFC 9110 §12.4.2; anything else is nothing.
fn thousandths(text: &[u8]) -> u16 {
    let (whole, fraction) = match text {
        [whole @ (b'0' | b'1')] => (whole, &[][..]),
        [whole @ (b'0' | b'1'), b'.', fraction @ ..] if fraction.len() <= 3 => (whole, fraction),
        _ => return 0,
    };
    if !fraction.iter().all(u8::is_ascii_digit) {
        return 0;
    }
    let digits = fraction.iter().chain(b"000").take(3);
    let fraction = digits.fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    (u16::from(whole - b'0') * 1_000 + fraction).min(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negotiation() {
        for (accept, format) in [
            ("", Format::Json),
            ("*/*", Format::Json),
            ("application/json", Format::Json),
            ("text/plain", Format::Text),
            ("TEXT/*", Format::Text),
            ("text/plain;q=0.5, application/json;q=0.4", Format::Text),
            ("text/plain;q=0.5, */*;q=0.1", Format::Text),
            ("text/plain;q=0, */*", Format::Json),
            ("text/plain;q=0.5;x=y, application/json", Format::Json),
            ("text/html, application/xhtml+xml, */*;q=0.8", Format::Json),
            ("text/plain;q=2", Format::Json),
            ("text/plain; q=0.001", Format::Text),
            ("image/png", Format::Json),
            (";;,,q=", Format::Json),
        ] {
            assert_eq!(Format::from_accept(accept.as_bytes()), format, "{accept}");
        }
    }
}
