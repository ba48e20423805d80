//! What the number of results that are kept costs with a hundred thousand checks.

use health_core::check::Record;
use health_core::monitor::registry::ResultRow;

use super::*;
use crate::store::rollup::DAY;

const CHECKS: usize = 100_000;
/// Results of a second, when each check has one a minute.
const BATCH: usize = CHECKS / 60;

/// `cargo test --release -p healthd --bin healthd -- --ignored --nocapture fifty_results`
#[test]
#[ignore = "takes minutes"]
fn fifty_results_of_each_check_cost_little_more_than_ten() {
    for kept in [10, 50] {
        let place = Place::new(&format!("rings-{kept}"));
        let limits = Limits {
            results: kept,
            ..Limits::default()
        };
        let mut store = SqliteStore::open(&place.db(), limits).expect("a registry");
        let begin = 1_700_000_000_000 - 1_700_000_000_000 % DAY;
        let names: Vec<_> = (0..CHECKS)
            .map(|it| name(&format!("web-{it:06}")))
            .collect();
        for some in names.chunks(4_096) {
            let targets: Vec<_> = some.iter().map(|it| definition(it.as_str())).collect();
            store.put(&targets).expect("put");
        }
        fill(&store, kept, begin);
        let check = name("http");
        let record = Record::stored(Outcome::success());
        // Neighbours in the file are not checked one after the other.
        let order: Vec<_> = (0..CHECKS).map(|it| it * 7_919 % CHECKS).collect();
        let (before, mut number) = (cpu_us(), 0);
        for some in (1..=2).flat_map(|_| order.chunks(BATCH)) {
            number += 1;
            let results = some.iter().map(|it| ResultRow {
                target: names[*it].clone(),
                check: check.clone(),
                begin: UnixTime::from_millis(begin + u64::from(kept) * 60_000 + number * 1_000),
                record: record.clone(),
                silenced: false,
            });
            let batch = Batch {
                number,
                results: results.collect(),
                ..Batch::default()
            };
            store.write(&batch).expect("written");
        }
        let took = (cpu_us() - before) / (2 * CHECKS) as f64;
        let size = fs::metadata(place.db()).expect("a file").len() >> 20;
        println!("{kept} results: {took:.1} us of CPU for each that is written; {size} MiB");
    }
}

/// What this thread has computed, in microseconds.
fn cpu_us() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let first = text.split(' ').next().expect("three numbers");
    first.parse::<f64>().expect("nanoseconds") / 1e3
}

/// Every ring is full, and rolled up.
fn fill(store: &SqliteStore, kept: u32, begin: u64) {
    let rows = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
        INSERT INTO results (check_id, slot, begin_at, took_us, class, message, counted, number)
        SELECT c.id, n.n % ?1, ?2 + n.n * 60000, 1500, 'success', '', 1, n.n
        FROM checks c, n";
    store
        .connection
        .execute(rows, (kept, begin))
        .expect("filled");
    let all = "UPDATE checks SET results = ?1, rolled_up = ?1, ring = ?1";
    store.connection.execute(all, [kept]).expect("filled");
}
