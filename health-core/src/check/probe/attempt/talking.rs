//! The part of an attempt that is no HTTP: what is sent and waited for, and what a certificate adds.

use alloc::format;

use super::super::condition::quoted;
use super::super::report::ProbePhase;
use super::super::stream::{Awaited, Step};
use super::{Attempt, State};
use crate::base::{Capture, Class, Kind, Outcome, UnixTime};

/// The steps that are not done yet, of which there is at least one.
pub(super) struct Talking<'p> {
    steps: &'p [Step],
    /// Whether the first one sends.
    pub(super) is_sending: bool,
    came: Awaited,
}

impl<'p> Talking<'p> {
    /// The bytes to send.
    pub(super) fn to_send(&self) -> &'p [u8] {
        match self.steps.first() {
            Some(Step::Send(bytes)) => bytes,
            _ => &[],
        }
    }

    #[cfg(feature = "test-util")]
    pub(super) fn buffered(&self) -> usize {
        self.came.buffered()
    }

    /// The outcome if the connection, or the time for it, ends now: `what` is how.
    pub(super) fn cut_short(&self, kind: Kind, what: &str, phase: ProbePhase) -> Outcome {
        let (Some(Step::Expect(expected)), came) = (self.steps.first(), self.came.bytes()) else {
            return Outcome::failure_with_message(format!("{what} while {phase}")).of_kind(kind);
        };
        let expected = quoted(expected);
        if came.is_empty() {
            let message = format!("{what} while waiting for {expected}");
            return Outcome::failure_with_message(message).of_kind(kind);
        }
        let message = format!("what came does not begin with {expected} ({what})");
        let outcome = Outcome::failure_with_message(message).of_kind(Kind::BadResponse);
        let mut excerpt = Capture::new();
        excerpt.push(came);
        outcome.caused_by(format_args!("received: {excerpt}"))
    }
}

impl<'p> Attempt<'p> {
    /// Of the certificates that the server has shown, the first one to expire is valid until `not_after`;
    /// `now` is the time of day. Call it before [`handle_secured`](Self::handle_secured).
    pub fn handle_certificate(&mut self, now: UnixTime, not_after: UnixTime) {
        if matches!(self.state, State::Securing) {
            self.report.certificate_expires = Some(not_after);
            let limits = self.tls().and_then(|tls| tls.certificate);
            self.expiring = limits.and_then(|limits| limits.check(now, not_after));
        }
    }

    /// Whether a certificate is to be judged that nobody has told about: then nothing is known.
    pub(super) fn ends_unjudged(&mut self) -> bool {
        let is_limited = self.tls().is_some_and(|tls| tls.certificate.is_some());
        let is_unknown = is_limited && self.report.certificate_expires.is_none();
        if is_unknown {
            let outcome =
                Outcome::indeterminate("prober cannot tell until when the certificate is valid");
            self.end(outcome.of_kind(Kind::Certificates));
        }
        is_unknown
    }

    /// The connection stands: what is said over it begins.
    pub(super) fn begin_talking(&mut self) {
        let steps = self.stream.map_or(&[][..], |it| it.steps());
        self.talk(steps, Awaited::default());
    }

    /// All of the current step was sent.
    pub(super) fn has_sent(&mut self) {
        if let State::Talking(talking) = &mut self.state {
            if let (Some((Step::Send(_), rest)), came) =
                (talking.steps.split_first(), &mut talking.came)
            {
                let came = core::mem::take(came);
                self.end_phase();
                self.talk(rest, came);
            }
        }
    }

    /// This came.
    pub(super) fn has_come(&mut self, input: &[u8]) {
        if let State::Talking(talking) = &mut self.state {
            talking.came.push(input);
            if !talking.is_sending {
                let (steps, came) = (talking.steps, core::mem::take(&mut talking.came));
                self.talk(steps, came);
            }
        }
    }

    /// These steps are left, and this has come: does what can be done at once.
    fn talk(&mut self, mut steps: &'p [Step], mut came: Awaited) {
        while let Some((Step::Expect(expected), rest)) = steps.split_first() {
            if !came.take(expected) {
                break;
            }
            self.end_phase();
            steps = rest;
        }
        let Some(first) = steps.first() else {
            return self.end(Outcome::success());
        };
        let is_full = came.is_full();
        let is_sending = matches!(first, Step::Send(_));
        let talking = Talking {
            steps,
            is_sending,
            came,
        };
        if is_full && !is_sending {
            let outcome = talking.cut_short(Kind::BadResponse, "16384 bytes", ProbePhase::Head);
            return self.end(outcome);
        }
        self.state = State::Talking(talking);
    }

    /// The outcome with what the certificate adds: a target that does not work is the greater trouble.
    pub(super) fn with_expiry(&mut self, outcome: Outcome) -> Outcome {
        match (self.expiring.take(), outcome.class) {
            (Some(it), Class::Success) if it.is_soft => {
                let warning = Outcome::warning(it.breach.message);
                match it.breach.detail {
                    Some(detail) => warning.caused_by(detail),
                    None => warning,
                }
            }
            (Some(it), Class::Success | Class::Warning) if !it.is_soft => it.breach.into_outcome(),
            _ => outcome,
        }
    }
}
