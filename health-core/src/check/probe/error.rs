//! Errors of the system and of the resolver: which are the target's, and which are the prober's own.

use alloc::format;

use super::report::ProbePhase;
use crate::base::{Class, Kind, Outcome};

/// Errors outside of the protocol.
///
/// The difference that matters is whose error it is. A prober without descriptors that calls its
/// targets failed has them all restarted (kubernetes/kubernetes#33859, uptime-kuma#3123); a prober that
/// calls every error its own never finds anything (kubernetes/kubernetes#106682). So only shortages
/// of this machine are [indeterminate](Class::Indeterminate), and they are listed here.
impl Kind {
    /// The error of this number during `phase`; numbers are those of the system this is built for.
    #[must_use]
    pub const fn from_errno(number: i32, phase: ProbePhase) -> Self {
        match number {
            errno::EMFILE | errno::ENFILE => Self::Descriptors,
            errno::ENOMEM | errno::ENOBUFS => Self::Memory,
            errno::EADDRNOTAVAIL => Self::Ports,
            // Of fork(2) our limit of processes; of connect(2) a full queue of the other side.
            errno::EAGAIN if matches!(phase, ProbePhase::Spawn) => Self::Processes,
            errno::EAGAIN if matches!(phase, ProbePhase::Connect) => Self::Refused,
            errno::ENOENT | errno::EACCES | errno::EPERM | errno::ENOTDIR | errno::ENOEXEC
                if matches!(phase, ProbePhase::Spawn) =>
            {
                Self::CommandNotFound
            }
            // The program is being replaced: over in a moment, and no fault of the target.
            errno::ETXTBSY if matches!(phase, ProbePhase::Spawn) => Self::CommandBusy,
            // The path of a Unix socket that is not there is a server that is not there.
            errno::ENOENT | errno::ECONNREFUSED => Self::Refused,
            errno::ECONNRESET | errno::ECONNABORTED | errno::EPIPE => Self::Reset,
            // The last two are what a system without IPv6 says of an IPv6 address.
            errno::ENETUNREACH
            | errno::EHOSTUNREACH
            | errno::ENETDOWN
            | errno::EAFNOSUPPORT
            | errno::EPROTONOSUPPORT
            | errno::EACCES
            | errno::EPERM => Self::Unreachable,
            errno::ETIMEDOUT => Self::Timeout,
            _ => Self::Io,
        }
    }

    /// What a resolver's error means, by its text: the standard library keeps nothing else of it.
    ///
    /// A text that is not known to say "no such name" counts as a resolver that could not be asked:
    /// then nothing is known about the target, and after some attempts the prober counts as impaired.
    #[must_use]
    pub fn from_resolver(text: &str) -> Self {
        const NO_SUCH_NAME: [&str; 6] = [
            "Name or service not known",      // glibc, EAI_NONAME
            "No address associated with",     // glibc and BSD, EAI_NODATA
            "Name does not resolve",          // musl, EAI_NONAME
            "Name has no usable address",     // musl, EAI_NODATA
            "nodename nor servname provided", // macOS, EAI_NONAME
            "No such host is known",          // Windows, WSAHOST_NOT_FOUND
        ];
        if NO_SUCH_NAME.iter().any(|known| text.contains(known)) {
            Self::NameNotFound
        } else {
            Self::Resolver
        }
    }

    /// Whether it is the prober's own, so that it says nothing about the target.
    #[must_use]
    pub const fn is_ours(self) -> bool {
        matches!(self.class(), Class::Indeterminate)
    }

    /// How it counts: as a failure of the target, or not at all.
    const fn class(self) -> Class {
        match self {
            Self::Descriptors
            | Self::Memory
            | Self::Processes
            | Self::Ports
            | Self::Resolver
            | Self::Certificates
            | Self::CommandBusy => Class::Indeterminate,
            _ => Class::Failure,
        }
    }

    /// A fixed phrase that anybody may read.
    pub(crate) const fn phrase(self) -> &'static str {
        match self {
            Self::Refused => "connection refused",
            Self::Reset => "connection reset",
            Self::Truncated => "TLS connection closed without close_notify",
            Self::Unreachable => "no route to the target",
            Self::Timeout => "timeout",
            Self::NameNotFound => "no such name",
            Self::Tls => "TLS failed",
            Self::CommandNotFound => "command not found or not executable",
            Self::Descriptors => "prober has no descriptors left",
            Self::Memory => "prober has no memory left",
            Self::Processes => "prober can start no process",
            Self::Ports => "prober has no local port left",
            Self::Resolver => "prober cannot ask its resolver",
            Self::Certificates => "prober cannot use its certificates, keys or tokens",
            Self::CommandBusy => "command is being replaced",
            // What else can happen outside of the protocol.
            _ => "input/output error",
        }
    }

    /// The outcome of an attempt that it ended during `phase`.
    #[must_use]
    pub fn outcome(self, phase: ProbePhase) -> Outcome {
        let phrase = self.phrase();
        let outcome = match (self.class(), self) {
            (Class::Indeterminate, _) => Outcome::indeterminate(phrase),
            // These say where by themselves.
            (_, Self::NameNotFound | Self::Tls | Self::CommandNotFound) => {
                Outcome::failure_with_message(phrase)
            }
            _ => Outcome::failure_with_message(format!("{phrase} while {phase}")),
        };
        Outcome {
            kind: Some(self),
            ..outcome
        }
    }
}

/// The numbers differ by system and are the same on all processors we know of but MIPS and SPARC.
#[cfg(not(windows))]
mod errno {
    pub(super) const EPERM: i32 = 1;
    pub(super) const ENOENT: i32 = 2;
    pub(super) const ENOEXEC: i32 = 8;
    pub(super) const ENOMEM: i32 = 12;
    pub(super) const EACCES: i32 = 13;
    pub(super) const ENOTDIR: i32 = 20;
    pub(super) const ENFILE: i32 = 23;
    pub(super) const EMFILE: i32 = 24;
    pub(super) const ETXTBSY: i32 = 26;
    pub(super) const EPIPE: i32 = 32;
    pub(super) use by_system::*;

    #[cfg(any(target_os = "linux", target_os = "android"))]
    mod by_system {
        pub(in super::super) const EAGAIN: i32 = 11;
        pub(in super::super) const EPROTONOSUPPORT: i32 = 93;
        pub(in super::super) const EAFNOSUPPORT: i32 = 97;
        pub(in super::super) const EADDRNOTAVAIL: i32 = 99;
        pub(in super::super) const ENETDOWN: i32 = 100;
        pub(in super::super) const ENETUNREACH: i32 = 101;
        pub(in super::super) const ECONNABORTED: i32 = 103;
        pub(in super::super) const ECONNRESET: i32 = 104;
        pub(in super::super) const ENOBUFS: i32 = 105;
        pub(in super::super) const ETIMEDOUT: i32 = 110;
        pub(in super::super) const ECONNREFUSED: i32 = 111;
        pub(in super::super) const EHOSTUNREACH: i32 = 113;
    }

    /// macOS and the BSDs.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    mod by_system {
        pub(in super::super) const EAGAIN: i32 = 35;
        pub(in super::super) const EPROTONOSUPPORT: i32 = 43;
        pub(in super::super) const EAFNOSUPPORT: i32 = 47;
        pub(in super::super) const EADDRNOTAVAIL: i32 = 49;
        pub(in super::super) const ENETDOWN: i32 = 50;
        pub(in super::super) const ENETUNREACH: i32 = 51;
        pub(in super::super) const ECONNABORTED: i32 = 53;
        pub(in super::super) const ECONNRESET: i32 = 54;
        pub(in super::super) const ENOBUFS: i32 = 55;
        pub(in super::super) const ETIMEDOUT: i32 = 60;
        pub(in super::super) const ECONNREFUSED: i32 = 61;
        pub(in super::super) const EHOSTUNREACH: i32 = 65;
    }
}

/// Error codes of the system and of its sockets.
#[cfg(windows)]
mod errno {
    pub(super) const EPERM: i32 = 1314; // ERROR_PRIVILEGE_NOT_HELD
    pub(super) const ENOENT: i32 = 2; // ERROR_FILE_NOT_FOUND
    pub(super) const ENOTDIR: i32 = 3; // ERROR_PATH_NOT_FOUND
    pub(super) const EACCES: i32 = 5; // ERROR_ACCESS_DENIED
    pub(super) const ENFILE: i32 = 4; // ERROR_TOO_MANY_OPEN_FILES
    pub(super) const ENOMEM: i32 = 8; // ERROR_NOT_ENOUGH_MEMORY
    pub(super) const ETXTBSY: i32 = 32; // ERROR_SHARING_VIOLATION
    pub(super) const EPIPE: i32 = 109; // ERROR_BROKEN_PIPE
    pub(super) const ENOEXEC: i32 = 193; // ERROR_BAD_EXE_FORMAT
    pub(super) const EMFILE: i32 = 10024;
    pub(super) const EAGAIN: i32 = 10035;
    pub(super) const EPROTONOSUPPORT: i32 = 10043;
    pub(super) const EAFNOSUPPORT: i32 = 10047;
    pub(super) const EADDRNOTAVAIL: i32 = 10049;
    pub(super) const ENETDOWN: i32 = 10050;
    pub(super) const ENETUNREACH: i32 = 10051;
    pub(super) const ECONNABORTED: i32 = 10053;
    pub(super) const ECONNRESET: i32 = 10054;
    pub(super) const ENOBUFS: i32 = 10055;
    pub(super) const ETIMEDOUT: i32 = 10060;
    pub(super) const ECONNREFUSED: i32 = 10061;
    pub(super) const EHOSTUNREACH: i32 = 10065;
}
