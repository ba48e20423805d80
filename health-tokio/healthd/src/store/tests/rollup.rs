//! Rollups, against a count of all results.

use health_core::Class;

use super::*;
use crate::store::rollup::{LeftOut, Level, Tally};

/// What was written, by when it began, and whether it counts: successes 1, failures 0.
#[derive(Default)]
struct Naive(Vec<(u64, Option<u8>)>);

impl Naive {
    fn see(&mut self, batch: &Batch) {
        for row in &batch.results {
            let counts = match row.record.class() {
                Class::Indeterminate => None,
                Class::Failure => Some(0).filter(|_| row.record.is_counted()),
                _ => Some(1).filter(|_| row.record.is_counted()),
            };
            self.0.push((row.begin.as_millis(), counts));
        }
    }

    /// Successes, and all that count, from that moment on.
    fn since(&self, begin: u64) -> (u64, u64) {
        let counts = self.0.iter().filter(|it| it.0 >= begin);
        let counts = counts.filter_map(|it| it.1.map(u64::from));
        (counts.clone().sum(), counts.count() as u64)
    }
}

/// A number that looks random, each time the same.
fn noise(number: u64) -> u64 {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 29
}

fn history(place: &Place, millis: u64) -> Vec<CheckHistory> {
    let reader = Reader::open(&place.db()).expect("a reader");
    let now = UnixTime::from_millis(millis);
    reader.history("web-1", now).expect("read")
}

fn all(tally: &Tally) -> u64 {
    let left_out = LeftOut::ALL.map(|why| u64::from(tally.left_out(why)));
    tally.counted() + left_out.iter().sum::<u64>()
}

/// Over restarts with another number of results that are kept, sweeps, and batches that come twice.
#[test]
fn they_agree_with_a_count_of_all_results() {
    let place = Place::new("rollups");
    let mut store = place.open();
    store.put(&[definition("web-1")]).expect("put");
    // In the middle of a minute.
    let mut rig = Rig::reporting(1_700_000_012_345, Saved::default());
    let mut naive = Naive::default();
    for number in 0..800_u64 {
        if number % 80 == 79 {
            drop(store);
            let results = [3, 50, 1, 10, 7][number as usize / 80 % 5];
            let limits = Limits {
                results,
                transitions: 5,
                keep: Duration::from_secs(30 * 24 * 3_600),
            };
            store = SqliteStore::open(&place.db(), limits).expect("a registry");
        }
        if number % 97 == 13 {
            store.sweep(rig.moment().unix).expect("swept");
        }
        rig.millis += noise(number) % 3_600_000;
        rig.look(match noise(number) % 17 {
            0..10 => Outcome::success(),
            10..12 => Outcome::warning("slow"),
            12..16 => refused(),
            _ => Outcome::indeterminate("no descriptors"),
        });
        if number % 3 != 1 {
            rig.write_and(&mut store, |batch| naive.see(batch));
        }
        if number % 50 == 49 {
            let checks = history(&place, rig.millis);
            let begins = [
                (24, Level::Minutes),
                (7 * 24, Level::Hours),
                (30 * 24, Level::Hours),
                (90 * 24, Level::Hours),
            ];
            for ((name, sum), (hours, level)) in
                checks[0].windows(rig.moment().unix).iter().zip(begins)
            {
                let begin = level.begin(rig.millis - hours * 3_600_000);
                let counted = (sum.successes(), sum.counted());
                assert_eq!(counted, naive.since(begin), "{name} after {number}");
            }
        }
    }
    rig.write_and(&mut store, |batch| naive.see(batch));
    // Each result is in exactly one tally of each level that is kept for that long.
    let checks = history(&place, rig.millis);
    for level in [Level::Hours, Level::Days] {
        let sum: u64 = checks[0].tallies(level).values().map(all).sum();
        assert_eq!((level, sum), (level, naive.0.len() as u64));
    }
    assert_eq!(naive.0.len(), 800);
}

/// Dead and off the list is not the same as up; what says nothing about the target is left out.
#[test]
fn rechecks_of_a_deregistered_target_count_and_own_trouble_does_not() {
    let place = Place::new("dead");
    let mut store = place.open();
    store.put(&[definition("web-1")]).expect("put");
    let mut rig = Rig::new(1_700_000_000_000, Saved::default());
    rig.attempt(&mut store, Outcome::success());
    rig.attempt(&mut store, Outcome::indeterminate("no descriptors"));
    (0..3).for_each(|_| rig.attempt(&mut store, refused()));
    let target = Reader::open(&place.db()).expect("a reader").target("web-1");
    assert!(target.expect("read").expect("there").is_deregistered());
    for outcome in [refused(), refused(), Outcome::success()] {
        rig.millis += 5_000;
        rig.attempt(&mut store, outcome);
    }
    let checks = history(&place, rig.millis);
    let (_, sum) = &checks[0].windows(rig.moment().unix)[0];
    assert_eq!((sum.successes(), sum.failures()), (2, 5));
    let left_out = LeftOut::ALL.map(|why| sum.left_out(why));
    assert_eq!(left_out, [1, 0, 0, 0]);
    let left_out = checks[0].results.iter().filter_map(|it| it.1.as_deref());
    // It has left the ring.
    assert_eq!(left_out.count(), 0);
}

#[test]
fn each_level_is_kept_for_its_time_and_goes_with_the_check() {
    let place = Place::new("ages");
    let mut store = place.open();
    store.put(&[definition("web-1")]).expect("put");
    let mut rig = Rig::reporting(1_700_000_000_000, Saved::default());
    (0..20).for_each(|_| rig.attempt(&mut store, Outcome::success()));
    let levels = |store: &SqliteStore| -> Vec<u8> {
        let mut statement = store
            .connection
            .prepare("SELECT DISTINCT level FROM rollups ORDER BY level")
            .expect("a statement");
        let rows = statement.query_map((), |row| row.get(0)).expect("rows");
        rows.map(|row| row.expect("a row")).collect()
    };
    for (days, kept) in [(0, &[0, 1, 2][..]), (3, &[1, 2]), (91, &[2]), (747, &[])] {
        let later = UnixTime::from_millis(rig.millis + days * DAY);
        store.sweep(later).expect("swept");
        assert_eq!(levels(&store), kept, "after {days} days");
    }
    let mut rig = Rig::reporting(rig.millis, Saved::default());
    (0..9).for_each(|_| rig.attempt(&mut store, Outcome::success()));
    assert_eq!(levels(&store), [0, 1, 2]);
    store.remove(&[name("web-1")]).expect("removed");
    assert!(levels(&store).is_empty());
}

/// A row that is not what it should be costs what was in it.
#[test]
fn a_row_of_other_bytes_is_made_anew() {
    let place = Place::new("bytes");
    let mut store = place.open();
    store.put(&[definition("web-1")]).expect("put");
    let mut rig = Rig::reporting(1_700_000_000_000, Saved::default());
    (0..9).for_each(|_| rig.attempt(&mut store, Outcome::success()));
    let garble = "UPDATE rollups SET data = x'FFFFFFFF'";
    store.connection.execute(garble, ()).expect("garbled");
    assert!(
        history(&place, rig.millis)[0].windows(rig.moment().unix)[0]
            .1
            .counted()
            <= 3
    );
    (0..9).for_each(|_| rig.attempt(&mut store, Outcome::success()));
    let sum = &history(&place, rig.millis)[0].windows(rig.moment().unix)[0].1;
    assert!((9..=12).contains(&sum.counted()), "{}", sum.counted());
}
