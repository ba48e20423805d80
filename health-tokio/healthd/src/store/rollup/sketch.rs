//! Latencies by their size, in so many buckets that a quantile is off by at most 4.5 %.

use super::bytes::{put_varint, take_byte, take_varint};

/// The bounds of the buckets within one power of two: 2^(k/8), times 2^16.
const BOUNDS: [u64; 8] = [
    65_536, 71_468, 77_936, 84_990, 92_682, 101_070, 110_218, 120_194,
];
/// A distance between two buckets from which on it has a byte of its own.
const FAR: u64 = 3;

/// How many latencies fell into which bucket: those buckets that have some, in their order, at most 256.
///
/// Two of them merge without a loss, since the bounds are always the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sketch(Vec<(u8, u32)>);

impl Sketch {
    pub(super) fn add(&mut self, micros: u32) {
        self.add_many(bucket(micros), 1);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (bucket, count) in &other.0 {
            self.add_many(*bucket, *count);
        }
    }

    /// How many latencies there are.
    pub(super) fn count(&self) -> u64 {
        self.0.iter().map(|(_, count)| u64::from(*count)).sum()
    }

    /// The latency, in milliseconds, that this share of all is not above; `None` if there are none.
    pub(crate) fn quantile_ms(&self, share: f64) -> Option<f64> {
        let last = self.count().checked_sub(1)?;
        // The nearest rank, as in a sorted list.
        let rank = (share * last as f64).round() as u64;
        let mut below = 0;
        let reached = self.0.iter().find(|(_, count)| {
            below += u64::from(*count);
            below > rank
        });
        reached.map(|(bucket, _)| middle(*bucket) / 1e3)
    }

    fn add_many(&mut self, bucket: u8, count: u32) {
        match self.0.binary_search_by_key(&bucket, |(it, _)| *it) {
            Ok(at) => self.0[at].1 = self.0[at].1.saturating_add(count),
            Err(at) => self.0.insert(at, (bucket, count)),
        }
    }

    /// The bucket, if there is a single latency.
    pub(super) fn single(&self) -> Option<u8> {
        match *self.0 {
            [(bucket, 1)] => Some(bucket),
            _ => None,
        }
    }

    pub(super) fn of_single(bucket: u8) -> Self {
        Self(vec![(bucket, 1)])
    }

    /// Writes it: how many buckets, then each as its distance from the one before and its count, in one byte
    /// if both are small.
    pub(super) fn pack(&self, out: &mut Vec<u8>) {
        put_varint(out, self.0.len() as u64);
        let mut next = 0;
        for (bucket, count) in &self.0 {
            let bucket = u64::from(*bucket);
            let gap = bucket - next;
            put_varint(out, u64::from(*count) << 2 | gap.min(FAR));
            if gap >= FAR {
                // At most 255.
                out.push((gap - FAR) as u8);
            }
            next = bucket + 1;
        }
    }

    /// Reads what [`pack`](Self::pack) has written; `None` if it is something else.
    pub(super) fn unpack(bytes: &mut &[u8]) -> Option<Self> {
        let length = take_varint(bytes)?;
        let mut buckets = Vec::new();
        let mut next = 0;
        for _ in 0..length {
            let word = take_varint(bytes)?;
            let gap = match word & FAR {
                FAR => FAR + u64::from(take_byte(bytes)?),
                near => near,
            };
            let bucket = u8::try_from(next + gap).ok()?;
            buckets.push((bucket, u32::try_from(word >> 2).ok()?));
            next = u64::from(bucket) + 1;
        }
        Some(Self(buckets))
    }
}

/// Eight for each power of two. A microsecond is the least.
fn bucket(micros: u32) -> u8 {
    let micros = micros.max(1);
    let octave = micros.ilog2();
    let mantissa = (u64::from(micros) << 16) >> octave;
    let above = BOUNDS.partition_point(|bound| *bound <= mantissa);
    // 32 octaves of 8.
    (octave * 8) as u8 + (above as u8 - 1)
}

/// The latency, in microseconds, from which all of the bucket are at most 4.5 % away.
fn middle(bucket: u8) -> f64 {
    ((f64::from(bucket) + 0.5) / 8.0).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(latencies: &[u32]) -> Sketch {
        let mut sketch = Sketch::default();
        latencies.iter().for_each(|it| sketch.add(*it));
        sketch
    }

    /// Numbers that look random, each time the same.
    fn latencies(seed: u64, many: usize) -> Vec<u32> {
        let mut state = seed;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            state >> 33
        };
        (0..many)
            .map(|_| {
                let shift = next() % 31;
                (next() as u32) >> shift
            })
            .collect()
    }

    #[test]
    fn every_latency_is_near_the_middle_of_its_bucket() {
        let edges = (0..32).flat_map(|it| [(1_u32 << it).wrapping_sub(1), 1 << it, (1 << it) + 1]);
        let all = edges.chain(1..100_000).chain([u32::MAX]);
        for micros in all {
            let off = middle(bucket(micros)) / f64::from(micros.max(1)) - 1.0;
            assert!(off.abs() < 0.045, "{micros} is off by {off}");
        }
        assert_eq!(bucket(u32::MAX), 255);
    }

    #[test]
    fn quantiles_are_those_of_a_sorted_list() {
        for seed in 1..50 {
            let mut sorted = latencies(seed, 500);
            let sketch = of(&sorted);
            sorted.sort_unstable();
            for (share, rank) in [(0.0, 0), (0.5, 250), (0.99, 494), (1.0, 499)] {
                let exact = f64::from(sorted[rank].max(1)) / 1e3;
                let off = sketch.quantile_ms(share).expect("some") / exact - 1.0;
                assert!(off.abs() < 0.045, "seed {seed}: {share} is off by {off}");
            }
        }
        assert_eq!(Sketch::default().quantile_ms(0.5), None);
    }

    #[test]
    fn merging_is_adding_all() {
        for seed in 1..50 {
            let all = latencies(seed, 300);
            let (one, other) = all.split_at(seed as usize);
            let mut merged = of(one);
            merged.merge(&of(other));
            assert_eq!(merged, of(&all));
        }
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        for seed in 1..50 {
            let sketch = of(&latencies(seed, seed as usize * 20));
            let mut bytes = Vec::new();
            sketch.pack(&mut bytes);
            let mut rest = &*bytes;
            assert_eq!(Sketch::unpack(&mut rest), Some(sketch));
            assert!(rest.is_empty());
            // Cut anywhere, it is refused.
            for length in 0..bytes.len() {
                assert_eq!(Sketch::unpack(&mut &bytes[..length]), None);
            }
        }
    }

    #[test]
    fn its_size_is_bounded() {
        let sketch = of(&latencies(7, 1_000_000));
        let mut bytes = Vec::new();
        sketch.pack(&mut bytes);
        assert!(
            sketch.0.len() <= 256 && bytes.len() < 1_000,
            "{}",
            bytes.len()
        );
    }
}
