//! Which view a client wants: `?format=` wins, then `Accept` (RFC 9110 §12.5.1).

/// The formats of the endpoint's documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Format {
    /// The native document.
    #[default]
    Json,
    /// Kubernetes' z-pages: `ok`, or a line for each check.
    Text,
    /// `application/health+json` (draft-inadarei-api-health-check-06).
    HealthJson,
    /// Prometheus' text format 0.0.4.
    Prometheus,
    /// OpenMetrics 1.0.0.
    OpenMetrics,
    /// A page for people (feature `page`): only if `text/html` is named.
    #[cfg(feature = "page")]
    Html,
}

impl Format {
    /// How many there are.
    const NUMBER: usize = 6;

    /// The formats of a verdict, the default first.
    pub(crate) const VERDICT: &'static [Self] = &[Self::Json, Self::Text, Self::HealthJson];
    /// The formats of the verdict on the whole, likewise.
    pub(crate) const HEALTH: &'static [Self] = &[
        Self::Json,
        Self::Text,
        Self::HealthJson,
        #[cfg(feature = "page")]
        Self::Html,
    ];
    /// The formats of one target, likewise.
    #[cfg(feature = "registry")]
    pub(crate) const TARGET: &'static [Self] = &[
        Self::Json,
        #[cfg(feature = "page")]
        Self::Html,
    ];
    /// The formats of metrics, likewise.
    pub(crate) const METRICS: &'static [Self] = &[Self::Prometheus, Self::OpenMetrics];

    /// The name in `?format=`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "text",
            Self::HealthJson => "health+json",
            Self::Prometheus => "prometheus",
            Self::OpenMetrics => "openmetrics",
            #[cfg(feature = "page")]
            Self::Html => "html",
        }
    }

    /// The `Content-Type` of the view.
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Text => "text/plain; charset=utf-8",
            Self::HealthJson => "application/health+json",
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            #[cfg(feature = "page")]
            Self::Html => "text/html; charset=utf-8",
        }
    }

    /// The `Content-Security-Policy` that belongs to the view: a page has one.
    pub(crate) const fn content_security_policy(self) -> Option<&'static str> {
        match self {
            #[cfg(feature = "page")]
            Self::Html => Some(super::page::POLICY),
            _ => None,
        }
    }

    /// The one of `offered` that has this name. In a query `+` may stand for a space, and be
    /// encoded for that reason: `health+json`, `health%2Bjson` and `health json` are all taken.
    pub(crate) fn from_name(name: &[u8], offered: &[Self]) -> Option<Self> {
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        let is_health = is("health json") || is("health%2Bjson");
        let mut offered = offered.iter().copied();
        offered.find(|format| is(format.name()) || (is_health && *format == Self::HealthJson))
    }

    /// The one of `offered` that the `lines` of `Accept` prefer. A field that is malformed or accepts none of them
    /// gets the first: a verdict in another format is better than a 406, which an orchestrator takes
    /// for a failure.
    pub(crate) fn from_accept<'a>(
        lines: impl IntoIterator<Item = &'a [u8]>,
        offered: &[Self],
    ) -> Self {
        let default = offered.first().copied().unwrap_or_default();
        // The most specific range that each of them is in, and its quality.
        let mut closest = [(0, 0); Self::NUMBER];
        let elements = lines
            .into_iter()
            .flat_map(|line| line.split(|&byte| byte == b','));
        for element in elements {
            let range = MediaRange::parse(element);
            for &format in offered {
                if let Some(specificity) = format.specificity(&range) {
                    let closest = &mut closest[format as usize];
                    *closest = (*closest).max((specificity, range.quality));
                }
            }
        }
        let mut best = (default, 0);
        for &format in offered {
            let (_, quality) = closest[format as usize];
            if quality > best.1 {
                best = (format, quality);
            }
        }
        best.0
    }

    /// How closely a media range fits, if it does.
    fn specificity(self, range: &MediaRange<'_>) -> Option<u8> {
        let (own, named) = (self.media_type().as_bytes(), range.media_type);
        let specificity = match named {
            b"*/*" if self.is_in_wide_ranges() => 1,
            [kind @ .., b'/', b'*'] if self.is_in_wide_ranges() => {
                let (start, rest) = own.split_at_checked(kind.len())?;
                let is_in_range = rest.first() == Some(&b'/') && kind.eq_ignore_ascii_case(start);
                is_in_range.then_some(2)?
            }
            exact => exact.eq_ignore_ascii_case(own).then_some(3)?,
        };
        match (range.version, self.version()) {
            // Another version is another format: Prometheus lists those it can read.
            (Some(named), Some(ours)) => (named == ours.as_bytes()).then_some(specificity + 1),
            _ => Some(specificity),
        }
    }

    /// Whether `*/*` means this one too. No prober that takes anything wants a page.
    const fn is_in_wide_ranges(self) -> bool {
        match self {
            #[cfg(feature = "page")]
            Self::Html => false,
            _ => true,
        }
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Text | Self::Prometheus => "text/plain",
            Self::HealthJson => "application/health+json",
            Self::OpenMetrics => "application/openmetrics-text",
            #[cfg(feature = "page")]
            Self::Html => "text/html",
        }
    }

    const fn version(self) -> Option<&'static str> {
        match self {
            Self::Prometheus => Some("0.0.4"),
            Self::OpenMetrics => Some("1.0.0"),
            _ => None,
        }
    }
}

/// One element of `Accept` (RFC 9110 §12.5.1).
struct MediaRange<'a> {
    /// Without parameters.
    media_type: &'a [u8],
    version: Option<&'a [u8]>,
    /// In thousandths.
    quality: u16,
}

impl<'a> MediaRange<'a> {
    fn parse(element: &'a [u8]) -> Self {
        let mut parts = element.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
        let mut range = Self {
            media_type: parts.next().unwrap_or_default(),
            version: None,
            quality: 1_000,
        };
        for part in parts {
            match part.split_at_checked(2) {
                Some((b"q=" | b"Q=", value)) => range.quality = thousandths(value),
                _ => {
                    let version = part.strip_prefix(b"version=").map(unquoted);
                    range.version = range.version.or(version);
                }
            }
        }
        range
    }
}

/// A parameter's value, which may be a quoted string (RFC 9110 §5.6.6).
fn unquoted(value: &[u8]) -> &[u8] {
    let inner = value.strip_prefix(b"\"");
    inner
        .and_then(|inner| inner.strip_suffix(b"\""))
        .unwrap_or(value)
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
    fn negotiation_of_verdicts() {
        for (accept, format) in [
            ("", Format::Json),
            ("*/*", Format::Json),
            ("application/json", Format::Json),
            ("application/*", Format::Json),
            ("application/health+json", Format::HealthJson),
            (
                "application/health+json, application/json;q=0.9",
                Format::HealthJson,
            ),
            ("application/health+json;q=0.5, */*", Format::Json),
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
            let got = Format::from_accept([accept.as_bytes()], Format::VERDICT);
            assert_eq!(got, format, "{accept}");
        }
    }

    #[cfg(feature = "page")]
    #[test]
    fn the_page_is_for_who_asks_for_it_by_name() {
        for (accept, format) in [
            ("text/html", Format::Html),
            ("Text/HTML", Format::Html),
            ("text/html; charset=utf-8", Format::Html),
            ("text/html;q=0.1", Format::Html),
            // Firefox, then Chromium.
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                Format::Html,
            ),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,\
                 image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
                Format::Html,
            ),
            ("*/*", Format::Json),
            ("", Format::Json),
            ("text/*", Format::Text),
            ("text/*;q=0.1", Format::Text),
            ("image/png, */*;q=0.1", Format::Json),
            ("text/html;q=0", Format::Json),
            ("text/html;q=0, text/*", Format::Text),
            ("text/html;q=0.5, */*", Format::Json),
            ("application/json, text/html", Format::Json),
            ("text/html, application/json;q=0.9", Format::Html),
            ("application/xhtml+xml", Format::Json),
        ] {
            let got = Format::from_accept([accept.as_bytes()], Format::HEALTH);
            assert_eq!(got, format, "{accept}");
        }
        assert_eq!(
            Format::from_name(b"html", Format::HEALTH),
            Some(Format::Html)
        );
    }

    #[test]
    fn negotiation_of_metrics() {
        for (accept, format) in [
            ("", Format::Prometheus),
            ("*/*", Format::Prometheus),
            ("text/plain", Format::Prometheus),
            ("application/openmetrics-text", Format::OpenMetrics),
            (
                "application/openmetrics-text;version=\"1.0.0\"",
                Format::OpenMetrics,
            ),
            // One that we do not speak.
            (
                "application/openmetrics-text;version=0.0.1",
                Format::Prometheus,
            ),
            (
                "application/openmetrics-text; version=1.0.0; q=0.2, text/plain;version=0.0.4",
                Format::Prometheus,
            ),
            (
                "text/plain;version=0.0.4;q=0.5,*/*;q=0.9",
                Format::OpenMetrics,
            ),
            // Prometheus 2.
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;\
                 version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                Format::OpenMetrics,
            ),
            // Prometheus 3.
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
                 application/openmetrics-text;version=0.0.1;q=0.4,\
                 text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,\
                 text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
                Format::OpenMetrics,
            ),
            ("image/png", Format::Prometheus),
        ] {
            let got = Format::from_accept([accept.as_bytes()], Format::METRICS);
            assert_eq!(got, format, "{accept}");
        }
    }

    #[test]
    fn names_are_taken_however_a_plus_is_written() {
        for name in ["health+json", "health%2Bjson", "health json"] {
            let got = Format::from_name(name.as_bytes(), Format::VERDICT);
            assert_eq!(got, Some(Format::HealthJson));
        }
        assert_eq!(Format::from_name(b"html", Format::VERDICT), None);
        assert_eq!(Format::from_name(b"prometheus", Format::VERDICT), None);
    }
}
