//! What a month of a thousand checks takes, and how long reading it takes.

use std::time::Instant as Clock;

use health_core::Class;

use super::history::open_reader;
use super::*;
use crate::store::history;
use crate::store::rollup::{self, DAY, HOUR, Level, Sample};

/// `cargo test --release -p healthd --bin healthd -- --ignored --nocapture a_month`
#[test]
#[ignore = "takes minutes"]
fn a_month_of_a_thousand_checks_is_small_and_read_at_once() {
    measure(0.3, 1_000);
    measure(0.05, 100);
    measure(0.8, 100);
}

fn measure(spread: f64, checks: u64) {
    let begin = 1_700_000_000_000 - 1_700_000_000_000 % DAY;
    let now = UnixTime::from_millis(begin + 30 * DAY - 17_000);
    let place = Place::new("month");
    let limits = Limits::default();
    let mut store = SqliteStore::open(&place.db(), limits).expect("a registry");
    let names: Vec<_> = (0..checks)
        .map(|it| name(&format!("web-{it:04}")))
        .collect();
    let targets: Vec<_> = names.iter().map(|it| definition(it.as_str())).collect();
    store.put(&targets).expect("put");
    let (mut worst, mut results) = (0.0_f64, 0);
    for (check, name) in (1..).zip(&names) {
        let samples = month(check, begin, spread);
        let write = store.attempt(false, |tx| {
            for some in samples.chunks(limits.results as usize) {
                rollup::add(tx, check as i64, some)?;
            }
            ring(tx, check, &samples, limits.results)
        });
        write.expect("written");
        let read = CheckHistory::read(&store.connection, name.as_str(), now).expect("read");
        let begins = [
            (1, Level::Minutes),
            (7, Level::Hours),
            (30, Level::Hours),
            (90, Level::Hours),
        ];
        for ((_, sum), (days, level)) in read[0].windows(now).iter().zip(begins) {
            let exact = naive(&samples, level.begin(now.as_millis() - days * DAY));
            worst = worst.max((sum.uptime().expect("some") - exact).abs());
        }
        results += samples.len();
        if check % 50 == 0 {
            // As a monitor does all the time: minutes do not stay.
            (0..checks / 512 + 1).for_each(|_| drop(store.sweep(now)));
        }
    }
    assert!(worst <= 1e-4, "{worst}");
    let whole = vacuumed(&store, &place);
    read_all(&place, &names, now);
    store
        .connection
        .execute("DELETE FROM rollups", ())
        .expect("deleted");
    let rest = vacuumed(&store, &place);
    println!(
        "latencies with a spread of {spread}: {checks} checks, 30 days, {results} results: {whole} bytes, \
         of which rollups take {:.1} a check and hour; uptime is off by {worst:e} at most",
        (whole - rest) as f64 / (checks * 30 * DAY / HOUR) as f64
    );
}

/// Prints how long each question of the page takes.
fn read_all(place: &Place, names: &[Name], now: UnixTime) {
    let reader = open_reader(place);
    let time = |what: &str, ask: &dyn Fn(&str)| {
        let mut took: Vec<_> = names
            .iter()
            .map(|it| {
                let begin = Clock::now();
                ask(it.as_str());
                begin.elapsed()
            })
            .collect();
        took.sort_unstable();
        let (p50, most) = (took[took.len() / 2], took[took.len() - 1]);
        println!("{what:<28} p50 {p50:?}, at most {most:?}");
    };
    for level in Level::ALL {
        time(&format!("rollups, {level:?}"), &|name| {
            let id = name[4..].parse::<i64>().expect("a number") + 1;
            let since = now.as_millis().saturating_sub(level.keep());
            drop(rollup::read(&reader, id, level, since, &[]).expect("read"));
        });
    }
    time("/targets/NAME/history, whole", &|name| {
        drop(history(&reader, name, now).expect("read").to_string());
    });
    let reader = Reader::open(&place.db()).expect("a reader");
    time("one target", &|name| {
        drop(reader.target(name).expect("read"));
    });
    let begin = Clock::now();
    let all = reader.targets().expect("read").len();
    println!("all {all} targets              {:?}", begin.elapsed());
}

/// The size of the file, without holes.
fn vacuumed(store: &SqliteStore, place: &Place) -> u64 {
    let vacuum = "VACUUM; PRAGMA wal_checkpoint(TRUNCATE)";
    store.connection.execute_batch(vacuum).expect("vacuumed");
    fs::metadata(place.db()).expect("a file").len()
}

/// The last results of a check, as batches would have left them.
fn ring(
    tx: &rusqlite::Transaction<'_>,
    check: u64,
    samples: &[Sample],
    kept: u32,
) -> rusqlite::Result<()> {
    let all = samples.len();
    for (number, it) in samples.iter().enumerate().skip(all - kept as usize) {
        tx.prepare_cached(
            "INSERT INTO results (check_id, slot, begin_at, took_us, class, message, counted, number)
             VALUES (?1, ?2, ?3, ?4, ?5, '', 1, ?6)",
        )?
        .execute((
            check,
            number as u32 % kept,
            it.begin_at,
            it.took_us,
            it.class.as_str(),
            number + 1,
        ))?;
    }
    tx.execute(
        "UPDATE checks SET results = ?2, rolled_up = ?2, ring = ?3 WHERE id = ?1",
        (check, all, kept),
    )?;
    Ok(())
}

/// The share of successes of what was counted from that moment on.
fn naive(samples: &[Sample], begin: u64) -> f64 {
    let counted = samples
        .iter()
        .filter(|it| it.begin_at >= begin && it.left_out.is_none());
    let successes = counted.clone().filter(|it| it.class == Class::Success);
    successes.count() as f64 / counted.count() as f64
}

/// Numbers that look random, each time the same.
struct Noise(u64);

impl Noise {
    /// From 0 to 1.
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as f64 / (1_u64 << 31) as f64
    }

    /// About a normal deviate.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}

/// A month, in virtual time, of a check whose latency has this spread; outages now and then.
fn month(check: u64, begin: u64, spread: f64) -> Vec<Sample> {
    let mut noise = Noise(check + 1);
    let usual = 500.0 * (noise.next() * 6.0).exp();
    let mut down = 0_u32;
    let samples = (0..30 * 24 * 60_u64).map(|minute| {
        if noise.next() < 1.0 / 7_200.0 {
            down = 1 + (noise.next() * 90.0) as u32;
        }
        let slow = if noise.next() < 0.01 { 4.0 } else { 1.0 };
        let took = usual * slow * (noise.normal() * spread).exp();
        let (class, left_out) = match (down, noise.next() < 0.001) {
            (_, true) => (Class::Indeterminate, Some(LeftOut::Own)),
            (0, _) => (Class::Success, None),
            _ => (Class::Failure, None),
        };
        down = down.saturating_sub(1);
        Sample {
            begin_at: begin + minute * 60_000 + check % 60_000,
            took_us: took as u32,
            class,
            left_out,
        }
    });
    samples.collect()
}
