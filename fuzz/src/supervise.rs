//! Target `supervise`: one group of replicas, whatever its processes, its driver and its operator do.
//!
//! The fuzzer makes a [`Run`]: settings and operations. Each operation is done to the machine and to
//! a second, naive one (`model.rs`, written from the rules), and both must want and report the same.
//! At the end everything is stopped and killed, and the group must come to its end.

mod harness;
mod model;
mod settings;

use arbitrary::{Arbitrary, Result, Unstructured};
use health_core::ProbeKind;
use health_core::check::probe::Exit;
use health_core::supervise::{GroupConfig, SpawnFailure};

use harness::Harness;

const KINDS: [ProbeKind; 4] = [
    ProbeKind::Startup,
    ProbeKind::Liveness,
    ProbeKind::Readiness,
    ProbeKind::Health,
];

/// One group's life.
#[derive(Debug)]
pub struct Run {
    config: GroupConfig,
    operations: Vec<Operation>,
}

/// Something that happens. The first byte of its encoding selects it.
#[derive(Clone, Copy, Debug)]
enum Operation {
    Start,
    Stop,
    Force,
    /// Of one replica, or of all.
    Restart(Option<u8>),
    Reactivate(u8),
    /// The driver carries out so many commands; 0 is all of them.
    Poll(u8),
    /// So many of [`settings::LENGTHS`] pass, or the clock seems to run back by it.
    Wait {
        length: u8,
        back: bool,
    },
    /// Time passes up to the next thing to do, and by a little less, nothing, or more.
    WaitForNext(i8),
    /// Something is reported of an instance, whether or not it can be.
    Report(Which, Report),
}

/// The replica, and how many instances ago; 255 is one that is still to come.
#[derive(Clone, Copy, Debug)]
struct Which {
    replica: u8,
    ago: u8,
}

#[derive(Clone, Copy, Debug)]
enum Report {
    NotSpawned(SpawnFailure),
    Exit { exit: Exit, is_rest_left: bool },
    Gone,
    Restarted { is_ok: bool },
    Target { is_started: bool, is_ready: bool },
    Unhealthy(ProbeKind),
    Recovered,
}

impl<'a> Arbitrary<'a> for Run {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let config = settings::group(u)?;
        let mut operations = vec![Operation::Start, Operation::Poll(0)];
        while !u.is_empty() && operations.len() < 300 {
            operations.push(Operation::arbitrary(u)?);
        }
        // Now and then something comes before the start.
        if config.seed % 16 == 0 {
            operations.rotate_left(2);
        }
        Ok(Self { config, operations })
    }
}

impl<'a> Arbitrary<'a> for Operation {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.arbitrary::<u8>()? % 32 {
            0 => match u.arbitrary::<u8>()? {
                0..24 => Self::Stop,
                24..32 => Self::Force,
                32..64 => Self::Start,
                // What changes nothing.
                _ => Self::WaitForNext(-1),
            },
            1 => Self::Restart(None),
            2 => Self::Restart(Some(u.arbitrary()?)),
            3 => Self::Reactivate(u.arbitrary()?),
            4..8 => Self::Poll(0),
            8 => Self::Poll(u.arbitrary()?),
            9..11 => Self::Wait {
                length: u.arbitrary()?,
                back: false,
            },
            11 => Self::Wait {
                length: u.arbitrary()?,
                back: true,
            },
            12..16 => Self::WaitForNext(0),
            16 => Self::WaitForNext(u.arbitrary()?),
            operation => {
                let byte = u.arbitrary::<u8>()?;
                let which = Which {
                    replica: byte % 8,
                    ago: if byte < 240 { 0 } else { u.arbitrary()? },
                };
                Self::Report(which, report(operation, u)?)
            }
        })
    }
}

fn report(operation: u8, u: &mut Unstructured<'_>) -> Result<Report> {
    Ok(match operation {
        17..20 => Report::Target {
            is_started: true,
            is_ready: true,
        },
        20 => {
            let byte = u.arbitrary::<u8>()?;
            Report::Target {
                is_started: byte & 1 == 0,
                is_ready: byte & 2 == 0,
            }
        }
        21..24 => Report::Unhealthy(KINDS[usize::from(u.arbitrary::<u8>()?) % 4]),
        24 => Report::Recovered,
        25 => Report::NotSpawned(if u.arbitrary()? {
            SpawnFailure::Missing
        } else {
            SpawnFailure::Shortage
        }),
        26..29 => {
            let byte = u.arbitrary::<u8>()?;
            let exit = match byte % 8 {
                0 => Exit::Code(0),
                1 => Exit::Code(143),
                2 => Exit::Code(78),
                3 => Exit::Signal(15),
                4 => Exit::Code(256),
                _ => Exit::Code(3),
            };
            Report::Exit {
                exit,
                is_rest_left: byte >= 192,
            }
        }
        29 => Report::Gone,
        _ => Report::Restarted {
            is_ok: u.arbitrary::<u8>()? < 160,
        },
    })
}

impl Run {
    /// Lives it.
    ///
    /// # Panics
    ///
    /// If the machine and the model disagree, or the group does not come to its end.
    pub fn check(&self) {
        let mut harness = Harness::new(self.config.clone());
        for operation in &self.operations {
            harness.apply(*operation);
        }
        harness.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the fuzzer does, without one: random bytes, the same ones every time.
    #[test]
    fn the_machine_and_the_model_agree_on_random_bytes() {
        let mut word = 0x9e37_79b9_7f4a_7c15_u64;
        for round in 0..4_000 {
            let length = 40 + round % 400;
            let bytes: Vec<u8> = std::iter::repeat_with(|| {
                word ^= word << 13;
                word ^= word >> 7;
                word ^= word << 17;
                (word >> 32) as u8
            })
            .take(length)
            .collect();
            if let Ok(run) = Run::arbitrary(&mut Unstructured::new(&bytes)) {
                let result = std::panic::catch_unwind(|| run.check());
                assert!(result.is_ok(), "round {round}: {run:#?}");
            }
        }
    }
}
