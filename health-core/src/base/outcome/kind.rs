//! The kind of a failure in one word, for programs; messages are for people.

use core::fmt;

/// The kind of an attempt's failure: one word for metrics, rows and filters.
///
/// A message changes with the library that made it; a kind does not. [`Kind::as_str`] is the word
/// shown and stored, `Kind::from_word` (feature `registry`) reads it back: the variant in `snake_case`, but for the five
/// shortages of the prober that say the error number or call of the system.
///
/// ```
/// use health_core::Kind;
///
/// assert_eq!(Kind::BadStatus.as_str(), "bad_status");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The deadline passed without an answer, or the system gave up waiting.
    Timeout,
    /// The process of an earlier attempt still lives, so that none was started.
    PreviousAttemptStuck,
    /// The connection was refused.
    Refused,
    /// The connection ended before the whole response had come.
    Reset,
    /// The TLS stream ended without `close_notify`: the response may have been cut short on the way.
    Truncated,
    /// No route to the address.
    Unreachable,
    /// The name does not exist.
    NameNotFound,
    /// Policy forbids the address.
    AddressDenied,
    /// The TLS handshake failed.
    Tls,
    /// The response is not HTTP/1.1, or not what is expected, or longer than a prober reads.
    BadResponse,
    /// A status outside the accepted range.
    BadStatus,
    /// A response header that does not satisfy its condition.
    BadHeader,
    /// A body that does not satisfy its condition.
    BadBody,
    /// The response took longer than is allowed.
    #[cfg(feature = "expect")]
    TooSlow,
    /// The response took longer than it should: a warning.
    #[cfg(feature = "expect")]
    SoftLimit,
    /// A redirect to another host, or to another port of it.
    #[cfg(feature = "expect")]
    RedirectOtherHost,
    /// A redirect that leads nowhere: without a place to go to, from HTTPS to HTTP, or one too many.
    #[cfg(feature = "expect")]
    BadRedirect,
    /// The command ended with a code other than 0.
    ExitCode,
    /// The command does not exist or may not be run.
    CommandNotFound,
    /// Any other error of the system that the target may have caused.
    Io,
    /// The closure panicked.
    Panicked,
    /// The prober itself was late, so that the attempt says nothing.
    LocalOverload,
    /// The prober has no file descriptor left; its word is `emfile`.
    Descriptors,
    /// The prober has no memory left; its word is `enomem`.
    Memory,
    /// The prober may start no process; its word is `fork`.
    Processes,
    /// The prober has no local port left; its word is `eaddrnotavail`.
    Ports,
    /// The prober's resolver cannot be reached, or does not answer in time.
    Resolver,
    /// The prober cannot use its certificates, keys or tokens: a file cannot be read or makes no sense.
    Certificates,
    /// The program of a command is being replaced; its word is `etxtbsy`.
    CommandBusy,
    /// The certificate expires sooner than is allowed.
    #[cfg(feature = "expect")]
    CertificateExpiry,
}

impl Kind {
    #[cfg(any(feature = "registry", test))]
    const ALL: &[Self] = &[
        Self::Timeout,
        Self::PreviousAttemptStuck,
        Self::Refused,
        Self::Reset,
        Self::Truncated,
        Self::Unreachable,
        Self::NameNotFound,
        Self::AddressDenied,
        Self::Tls,
        Self::BadResponse,
        Self::BadStatus,
        Self::BadHeader,
        Self::BadBody,
        #[cfg(feature = "expect")]
        Self::TooSlow,
        #[cfg(feature = "expect")]
        Self::SoftLimit,
        #[cfg(feature = "expect")]
        Self::RedirectOtherHost,
        #[cfg(feature = "expect")]
        Self::BadRedirect,
        Self::ExitCode,
        Self::CommandNotFound,
        Self::Io,
        Self::Panicked,
        Self::LocalOverload,
        Self::Descriptors,
        Self::Memory,
        Self::Processes,
        Self::Ports,
        Self::Resolver,
        Self::Certificates,
        Self::CommandBusy,
        #[cfg(feature = "expect")]
        Self::CertificateExpiry,
    ];

    /// The word: `a-z` and `_` only.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::PreviousAttemptStuck => "previous_attempt_stuck",
            Self::Refused => "refused",
            Self::Reset => "reset",
            Self::Truncated => "truncated",
            Self::Unreachable => "unreachable",
            Self::NameNotFound => "name_not_found",
            Self::AddressDenied => "address_denied",
            Self::Tls => "tls",
            Self::BadResponse => "bad_response",
            Self::BadStatus => "bad_status",
            Self::BadHeader => "bad_header",
            Self::BadBody => "bad_body",
            #[cfg(feature = "expect")]
            Self::TooSlow => "too_slow",
            #[cfg(feature = "expect")]
            Self::SoftLimit => "soft_limit",
            #[cfg(feature = "expect")]
            Self::RedirectOtherHost => "redirect_other_host",
            #[cfg(feature = "expect")]
            Self::BadRedirect => "bad_redirect",
            Self::ExitCode => "exit_code",
            Self::CommandNotFound => "command_not_found",
            Self::Io => "io",
            Self::Panicked => "panicked",
            Self::LocalOverload => "local_overload",
            Self::Descriptors => "emfile",
            Self::Memory => "enomem",
            Self::Processes => "fork",
            Self::Ports => "eaddrnotavail",
            Self::Resolver => "resolver",
            Self::Certificates => "certificates",
            Self::CommandBusy => "etxtbsy",
            #[cfg(feature = "expect")]
            Self::CertificateExpiry => "certificate_expiry",
        }
    }

    /// The kind whose word this is.
    #[must_use]
    #[cfg(any(feature = "registry", test))]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_word(kind.as_str()), Some(*kind));
        }
    }
}
