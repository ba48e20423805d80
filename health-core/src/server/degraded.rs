//! Whether degraded is good enough.

/// The code of a degraded daemon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DegradedCode {
    /// 200: it works, and whoever wants to know more reads the document.
    #[default]
    Ok,
    /// 429: what Consul takes for a warning.
    TooManyRequests,
    /// 503: degraded is bad enough.
    ServiceUnavailable,
}
