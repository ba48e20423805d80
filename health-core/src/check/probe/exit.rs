//! How a command ended, and the outcome of that.

use alloc::format;
use core::fmt;

use super::exec::ExecProbe;
use crate::base::Capture;
use crate::base::{Kind, Outcome};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "killed by signal {signal}"),
        }
    }
}

/// What exit codes mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExitCodes {
    /// 0 is a success, everything else a failure.
    #[default]
    Zero,
    /// As a monitoring plugin: 0 is a success, 1 a warning, everything else a failure.
    Plugin,
}

impl ExecProbe {
    /// What it means that the command ended like this, having written `output`.
    ///
    /// The output is the private half; nothing of it is in the message.
    #[must_use]
    pub fn judge(&self, exit: Exit, output: &Capture) -> Outcome {
        let outcome = match (exit, self.exit_codes()) {
            (Exit::Code(0), _) => return Outcome::success(),
            (Exit::Code(1), ExitCodes::Plugin) => Outcome::warning("exit code 1"),
            // What shells, env, docker and crictl say of a program they could not start.
            (Exit::Code(code @ (126 | 127)), _) => {
                let what = if code == 127 {
                    "not found"
                } else {
                    "not executable"
                };
                let message = format!("exit code {code}: command {what}");
                Outcome::failure_with_message(message).of_kind(Kind::CommandNotFound)
            }
            _ => Outcome::failure_with_message(format!("{exit}")).of_kind(Kind::ExitCode),
        };
        with_output(outcome, output)
    }

    /// The command was given up at its deadline, having written `output`.
    #[must_use]
    pub fn timed_out(&self, output: &Capture) -> Outcome {
        let outcome = Outcome::failure_with_message("timeout while running the command")
            .of_kind(Kind::Timeout);
        with_output(outcome, output)
    }
}

fn with_output(outcome: Outcome, output: &Capture) -> Outcome {
    if output.total() == 0 {
        return outcome;
    }
    outcome.caused_by(format_args!("output: {output}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Class;

    #[track_caller]
    fn judged(codes: ExitCodes, exit: Exit, class: Class, kind: Option<Kind>, message: &str) {
        let probe = ExecProbe::command(["x"])
            .exit_codes(codes)
            .build()
            .expect("valid");
        let mut output = Capture::new();
        output.push(b"hunter2");
        let outcome = probe.judge(exit, &output);
        assert_eq!((outcome.class, outcome.kind), (class, kind), "{exit}");
        assert_eq!(outcome.message.as_str(), message);
        let cause = outcome.cause.as_ref().map(|cause| cause.reveal());
        let expected = (class != Class::Success).then_some("output: hunter2");
        assert_eq!(cause, expected);
    }

    #[test]
    fn every_end() {
        use Class::{Failure, Success, Warning};
        use ExitCodes::{Plugin, Zero};
        judged(Zero, Exit::Code(0), Success, None, "");
        judged(
            Zero,
            Exit::Code(1),
            Failure,
            Some(Kind::ExitCode),
            "exit code 1",
        );
        judged(Plugin, Exit::Code(1), Warning, None, "exit code 1");
        judged(
            Plugin,
            Exit::Code(2),
            Failure,
            Some(Kind::ExitCode),
            "exit code 2",
        );
        let missing = Some(Kind::CommandNotFound);
        judged(
            Zero,
            Exit::Code(127),
            Failure,
            missing,
            "exit code 127: command not found",
        );
        judged(
            Zero,
            Exit::Code(126),
            Failure,
            missing,
            "exit code 126: command not executable",
        );
        judged(
            Zero,
            Exit::Signal(9),
            Failure,
            Some(Kind::ExitCode),
            "killed by signal 9",
        );
    }
}
