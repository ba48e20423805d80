//! Target `monitor`: many checks on many targets, whatever their driver and their operator do.
//!
//! The fuzzer makes a [`Run`]: settings and operations. Each operation is done to the machine and to
//! a second, naive one (`model.rs`, written from the rules), and both must want and tell the same.
//! What holds of every run, whoever is right, is checked besides (`watch.rs`). At the end all is
//! stopped, and time passes until it has.

mod harness;
mod model;
mod settings;
mod translate;
mod watch;

use arbitrary::{Arbitrary, Result, Unstructured};
use health_core::Class;
use health_core::monitor::MonitorConfig;

use harness::Harness;
use settings::Checks;

/// One monitor's life.
#[derive(Debug)]
pub struct Run {
    config: MonitorConfig,
    operations: Vec<Operation>,
}

/// Something that happens. The first byte of its encoding selects it.
#[derive(Clone, Debug)]
enum Operation {
    /// A target is registered, under one of eight names.
    Add(Registration),
    /// The target of that name gets other settings, or is registered.
    Replace(Registration),
    /// One of the targets, counted from the last one registered, is forgotten.
    Remove(u8),
    /// One of the targets is told something.
    Tell(Control, u8),
    /// The monitor starts, or has started.
    Start,
    /// The monitor stops for good.
    Stop,
    /// Descriptors turn out to be few, or many again.
    Limit(u8),
    /// The driver carries out so many commands; 0 is all of them.
    Poll(u8),
    /// So many of [`settings::LENGTHS`] pass, or the clock seems to run back by it.
    Wait { length: u8, back: bool },
    /// Time passes up to the next thing to do, and by a little less, nothing, or more.
    WaitForNext(i8),
    /// An attempt, counted from the last one begun, is answered; perhaps again, perhaps too late.
    Answer { attempt: u8, class: Class },
    /// What is left of an attempt is gone, or is said to be.
    Reaped(u8),
    /// Somebody answers an attempt that never was.
    Invented { target: u8, check: u8, number: u8 },
}

/// What an operator says of a target.
#[derive(Clone, Debug)]
struct Registration {
    name: u8,
    group: Option<u8>,
    checks: Checks,
}

#[derive(Clone, Copy, Debug)]
enum Control {
    Pause,
    Resume,
    Trigger,
    InstanceChanged,
    Reactivate,
}

impl<'a> Arbitrary<'a> for Run {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let config = settings::monitor(u)?;
        let mut operations = Vec::new();
        while !u.is_empty() && operations.len() < 200 {
            operations.push(Operation::arbitrary(u)?);
        }
        Ok(Self { config, operations })
    }
}

impl<'a> Arbitrary<'a> for Operation {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.arbitrary::<u8>()? % 24 {
            0 | 1 => {
                let byte = u.arbitrary::<u8>()?;
                let registration = Registration {
                    name: byte % 8,
                    group: [None, None, Some(0), Some(1)][usize::from(byte / 8 % 4)],
                    checks: Checks::arbitrary(u)?,
                };
                match byte {
                    0..128 => Self::Add(registration),
                    _ => Self::Replace(registration),
                }
            }
            2 => Self::Remove(u.arbitrary()?),
            3 => Self::Tell(Control::Pause, u.arbitrary()?),
            4 => Self::Tell(Control::Resume, u.arbitrary()?),
            5 => Self::Tell(Control::Trigger, u.arbitrary()?),
            6 => Self::Tell(Control::InstanceChanged, u.arbitrary()?),
            7 => Self::Tell(Control::Reactivate, u.arbitrary()?),
            8 => Self::Start,
            9 => match u.arbitrary::<u8>()? {
                0..32 => Self::Stop,
                most => Self::Limit(most),
            },
            10 | 11 => Self::Poll(0),
            12 => Self::Poll(u.arbitrary()?),
            13 => Self::Wait {
                length: u.arbitrary()?,
                back: false,
            },
            14 => Self::Wait {
                length: u.arbitrary()?,
                back: true,
            },
            15..18 => Self::WaitForNext(0),
            18 => Self::WaitForNext(u.arbitrary()?),
            19..22 => {
                let byte = u.arbitrary::<u8>()?;
                Self::Answer {
                    attempt: byte / 8,
                    class: match byte % 8 {
                        0..3 => Class::Success,
                        3 => Class::Warning,
                        4 => Class::Indeterminate,
                        _ => Class::Failure,
                    },
                }
            }
            22 => Self::Reaped(u.arbitrary()?),
            _ => Self::Invented {
                target: u.arbitrary()?,
                check: u.arbitrary()?,
                number: u.arbitrary()?,
            },
        })
    }
}

impl Run {
    /// Lives it.
    ///
    /// # Panics
    ///
    /// If the machine and the model disagree, or an invariant does not hold.
    pub fn check(&self) {
        let mut harness = Harness::new(self.config.clone());
        for operation in &self.operations {
            harness.apply(operation);
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
        let rounds = (0..10_000).map(|round| {
            let bytes = std::iter::repeat_with(|| {
                word ^= word << 13;
                word ^= word >> 7;
                word ^= word << 17;
                (word >> 32) as u8
            });
            (round, bytes.take(100 + round % 700).collect())
        });
        agree(rounds);
    }

    #[test]
    fn the_machine_and_the_model_agree_on_the_corpus() {
        let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/monitor");
        let files = std::fs::read_dir(corpus).expect("it is there");
        agree(files.map(|file| {
            let path = file.expect("a file").path();
            let bytes = std::fs::read(&path).expect("a file");
            (path, bytes)
        }));
    }

    fn agree<T: std::fmt::Debug>(inputs: impl Iterator<Item = (T, Vec<u8>)>) {
        let failed = inputs.filter(|(_, bytes)| {
            let run = Run::arbitrary_take_rest(Unstructured::new(bytes));
            let lives = || run.iter().for_each(Run::check);
            std::panic::catch_unwind(lives).is_err()
        });
        let failed: Vec<_> = failed.map(|(what, _)| what).collect();
        assert!(failed.is_empty(), "{failed:?}");
    }
}
