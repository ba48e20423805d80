//! Many tallies in one row of the registry.

use std::collections::BTreeMap;

use super::bytes::{put_varint, take_byte, take_varint};
use super::tally::Tally;

/// Bits of the number before each tally; above them is how many places without one lie before it.
const IS_SINGLE: u64 = 1;
const HAS_OTHERS: u64 = 2;

/// The tallies of a row by their place in it: the minutes of an hour, for example.
pub(super) type Series = BTreeMap<u32, Tally>;

/// Two bytes for a place with one success, about one for each bucket otherwise.
pub(super) fn pack(series: &Series) -> Vec<u8> {
    let mut out = Vec::new();
    let mut next = 0;
    for (place, tally) in series {
        let gap = u64::from(place - next) << 2;
        next = place + 1;
        match tally.single() {
            Some(bucket) => {
                put_varint(&mut out, gap | IS_SINGLE);
                out.push(bucket);
            }
            None => {
                let others = if tally.has_others() { HAS_OTHERS } else { 0 };
                put_varint(&mut out, gap | others);
                tally.pack(&mut out);
            }
        }
    }
    out
}

/// What [`pack`] has written; `None` if it is something else.
pub(super) fn unpack(mut bytes: &[u8]) -> Option<Series> {
    let mut series = Series::new();
    let mut next = 0_u32;
    while !bytes.is_empty() {
        let word = take_varint(&mut bytes)?;
        let place = next.checked_add(u32::try_from(word >> 2).ok()?)?;
        let tally = if word & IS_SINGLE != 0 {
            Tally::of_single(take_byte(&mut bytes)?)
        } else {
            Tally::unpack(&mut bytes, word & HAS_OTHERS != 0)?
        };
        series.insert(place, tally);
        next = place.checked_add(1)?;
    }
    Some(series)
}

#[cfg(test)]
mod tests {
    use health_core::Class;

    use super::*;
    use crate::store::rollup::{LeftOut, Sample};

    #[test]
    fn what_is_packed_is_unpacked() {
        let mut series = Series::new();
        for number in 0..2_000_u32 {
            let noise = number.wrapping_mul(2_654_435_761);
            let sample = Sample {
                begin_at: 0,
                took_us: noise >> (noise % 29),
                class: [Class::Success, Class::Warning, Class::Failure][(noise >> 7) as usize % 3],
                left_out: LeftOut::ALL.get((noise >> 3) as usize % 40).copied(),
            };
            series.entry(noise >> 5 & 1_023).or_default().add(&sample);
            if number % 50 == 0 {
                assert_eq!(unpack(&pack(&series)).as_ref(), Some(&series));
            }
        }
    }

    #[test]
    fn a_minute_with_one_success_takes_two_bytes() {
        let series: Series = (0..60).map(|it| (it, Tally::of_single(100))).collect();
        assert_eq!(pack(&series).len(), 120);
    }

    #[test]
    fn other_bytes_are_refused_or_read_as_something() {
        for number in 0..100_000_u64 {
            let noise = number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
            let _ = unpack(&noise);
        }
        assert_eq!(unpack(&[0xFF; 12]), None);
    }
}
