//! What one check does when its time has come.

use std::any::Any;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;

use health_core::outcome::{Kind, Outcome};
use health_core::time::Instant;

use crate::probe::clock::Clock;
#[cfg(unix)]
use crate::probe::exec::{self, Group};
use crate::probe::{Probe, Prober, Report};

pub(super) enum Job {
    Probe(Probe),
    Closure(Box<dyn Fn() -> Outcome + Send + Sync>),
}

/// How the attempt of a job is told to end.
#[derive(Debug, Default)]
pub(super) struct Control {
    #[cfg(unix)]
    pub(super) group: Group,
}

impl Job {
    /// Whether an attempt that was given up leaves something to wait for.
    pub(super) fn needs_reap(&self) -> bool {
        match self {
            Self::Probe(probe) => probe.needs_reap(),
            Self::Closure(_) => true,
        }
    }

    pub(super) fn carry_out(
        &self,
        prober: &Prober,
        control: &Control,
        clock: Clock,
        deadline: Instant,
    ) -> Report {
        match self {
            #[cfg(unix)]
            Self::Probe(Probe::Exec(command)) => exec::run_to_end(command, &control.group, clock),
            Self::Probe(probe) => {
                let _ = control;
                prober.attempt(probe, clock, a_little_before(deadline, clock))
            }
            Self::Closure(look) => {
                let began = clock.now();
                let outcome = panic::catch_unwind(AssertUnwindSafe(look)).unwrap_or_else(panicked);
                Report::new(outcome, clock.now().duration_since(began))
            }
        }
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Probe(probe) => probe.fmt(f),
            Self::Closure(_) => f.write_str("Closure"),
        }
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Probe(probe) => probe.fmt(f),
            Self::Closure(_) => f.write_str("self-check"),
        }
    }
}

/// The monitor's own verdict at the deadline cannot name the part of the attempt that was running. So
/// the attempt's clock runs out first: by 10 to 20 ms, since a thread may be woken a little late,
/// but by no more than a tenth of what is left.
fn a_little_before(deadline: Instant, clock: Clock) -> Instant {
    const LEAST: Duration = Duration::from_millis(10);
    const MOST: Duration = Duration::from_millis(20);
    let now = clock.now();
    let left = deadline.duration_since(now);
    now + (left - (left / 50).clamp(LEAST, MOST).min(left / 10))
}

#[expect(clippy::needless_pass_by_value, reason = "as `unwrap_or_else` has it")]
fn panicked(payload: Box<dyn Any + Send>) -> Outcome {
    let outcome = Outcome::failure("the check panicked").of_kind(Kind::Panicked);
    let text = payload.downcast_ref::<&str>().copied();
    match text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)) {
        Some(text) => outcome.caused_by(text),
        None => outcome,
    }
}
