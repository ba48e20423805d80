//! What came of the results of a span of time.

use health_core::Class;

use super::bytes::{put_varint, take_byte, take_varint};
use super::sketch::Sketch;

/// Why a result is left out of the uptime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeftOut {
    /// The prober itself was in trouble.
    Own,
    /// A failure within the start period, or a result sooner than an interval after one that counted.
    Early,
    /// The target was paused.
    Paused,
    /// The target was silenced.
    Silenced,
}

/// A result, as far as it is counted here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Milliseconds since 1970.
    pub(crate) begin_at: u64,
    pub(crate) took_us: u32,
    pub(crate) class: Class,
    pub(crate) left_out: Option<LeftOut>,
}

/// How many results of each class there were, and what the successes took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Of all successes, warnings included.
    pub(crate) latency: Sketch,
    /// In the order of [`OTHERS`](Self::OTHERS).
    others: [u32; 2 + LeftOut::ALL.len()],
}

impl LeftOut {
    pub(crate) const ALL: [Self; 4] = [Self::Own, Self::Early, Self::Paused, Self::Silenced];

    /// The word that is stored and shown.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Early => "early",
            Self::Paused => "paused",
            Self::Silenced => "silenced",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

impl Tally {
    const WARNINGS: usize = 0;
    const FAILURES: usize = 1;
    const LEFT_OUT: usize = 2;

    pub(crate) fn add(&mut self, sample: &Sample) {
        let other = match (sample.left_out, sample.class) {
            (Some(why), _) => Self::place(why),
            (None, Class::Indeterminate) => Self::place(LeftOut::Own),
            (None, Class::Failure) => Self::FAILURES,
            (None, class) => {
                self.latency.add(sample.took_us);
                if class == Class::Success {
                    return;
                }
                Self::WARNINGS
            }
        };
        self.others[other] = self.others[other].saturating_add(1);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.latency.merge(&other.latency);
        for (sum, it) in self.others.iter_mut().zip(other.others) {
            *sum = sum.saturating_add(it);
        }
    }

    /// Successes, with and without a warning.
    pub(crate) fn successes(&self) -> u64 {
        self.latency.count()
    }

    /// The successes that had a warning.
    #[cfg(test)]
    pub(crate) const fn warnings(&self) -> u32 {
        self.others[Self::WARNINGS]
    }

    pub(crate) const fn failures(&self) -> u32 {
        self.others[Self::FAILURES]
    }

    /// Results that the uptime is made of.
    pub(crate) fn counted(&self) -> u64 {
        self.successes() + u64::from(self.failures())
    }

    pub(crate) const fn left_out(&self, why: LeftOut) -> u32 {
        self.others[Self::place(why)]
    }

    /// The share of successes, of what is counted; `None` if nothing is.
    pub(crate) fn uptime(&self) -> Option<f64> {
        let counted = self.counted();
        (counted > 0).then(|| self.successes() as f64 / counted as f64)
    }

    const fn place(why: LeftOut) -> usize {
        Self::LEFT_OUT + why as usize
    }

    /// Whether it is one success and nothing else, and in which bucket that is.
    pub(super) fn single(&self) -> Option<u8> {
        self.latency.single().filter(|_| !self.has_others())
    }

    pub(super) fn of_single(bucket: u8) -> Self {
        Self {
            latency: Sketch::of_single(bucket),
            ..Self::default()
        }
    }

    pub(super) fn has_others(&self) -> bool {
        self.others.iter().any(|it| *it > 0)
    }

    /// Writes it, without the others if there are none.
    pub(super) fn pack(&self, out: &mut Vec<u8>) {
        self.latency.pack(out);
        if self.has_others() {
            let there = self.others.iter().enumerate().filter(|(_, it)| **it > 0);
            out.push(there.clone().map(|(place, _)| 1 << place).sum());
            there.for_each(|(_, it)| put_varint(out, u64::from(*it)));
        }
    }

    /// Reads what [`pack`](Self::pack) has written; `None` if it is something else.
    pub(super) fn unpack(bytes: &mut &[u8], has_others: bool) -> Option<Self> {
        let mut tally = Self {
            latency: Sketch::unpack(bytes)?,
            ..Self::default()
        };
        let there = if has_others { take_byte(bytes)? } else { 0 };
        for (place, it) in tally.others.iter_mut().enumerate() {
            if there & (1 << place) != 0 {
                *it = u32::try_from(take_varint(bytes)?).ok()?;
            }
        }
        Some(tally)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(samples: &[(Class, Option<LeftOut>)]) -> Tally {
        let mut tally = Tally::default();
        for (class, left_out) in samples {
            let (begin_at, took_us) = (0, 1_000);
            tally.add(&Sample {
                begin_at,
                took_us,
                class: *class,
                left_out: *left_out,
            });
        }
        tally
    }

    #[test]
    fn uptime_is_made_of_what_counts() {
        let mut sum = tally(&[
            (Class::Success, None),
            (Class::Warning, None),
            (Class::Failure, None),
            (Class::Failure, Some(LeftOut::Early)),
        ]);
        assert_eq!((sum.successes(), sum.warnings(), sum.failures()), (2, 1, 1));
        assert_eq!(sum.uptime(), Some(2.0 / 3.0));
        let others = tally(&[
            (Class::Indeterminate, None),
            (Class::Indeterminate, Some(LeftOut::Own)),
            (Class::Success, Some(LeftOut::Paused)),
            (Class::Failure, Some(LeftOut::Silenced)),
        ]);
        assert_eq!((others.counted(), others.uptime()), (0, None));
        sum.merge(&others);
        assert_eq!(sum.uptime(), Some(2.0 / 3.0));
        let left_out = LeftOut::ALL.map(|why| (why.as_str(), sum.left_out(why)));
        let expected = [("own", 2), ("early", 1), ("paused", 1), ("silenced", 1)];
        assert_eq!(left_out, expected);
        assert_eq!(
            LeftOut::ALL.map(|it| LeftOut::from_word(it.as_str())),
            LeftOut::ALL.map(Some)
        );
    }
}
