//! A file that an earlier healthd has made.

use super::*;

/// What version 1 kept of a check that failed until it was deregistered.
const OF_VERSION_1: &str = "
    ALTER TABLE checks DROP COLUMN since;
    ALTER TABLE checks DROP COLUMN answers_since;
    PRAGMA user_version = 1;
    UPDATE targets SET added_at = 2000;
    UPDATE checks SET status = 'unhealthy', consecutive_failures = 3;
    INSERT INTO transitions (at, target, \"check\", change, from_status, to_status, failures,
                             successes, message)
    VALUES (1000, 'web-1', 'http', 'status', 'healthy', 'unhealthy', 3, 0, 'of another life'),
           (3000, 'web-1', 'http', 'status', 'starting', 'healthy', 0, 1, ''),
           (4000, 'web-1', 'http', 'status', 'healthy', 'unhealthy', 3, 0, 'refused');";

#[test]
fn an_older_registry_is_brought_up_to_date() {
    let place = Place::new("older");
    let mut store = place.open();
    let never = definition("web-2");
    store.put(&[definition("web-1"), never]).expect("put");
    store.connection.execute_batch(OF_VERSION_1).expect("older");
    let forget =
        "UPDATE checks SET status = 'unknown', consecutive_failures = 0 WHERE target_id = 2";
    store.connection.execute(forget, ()).expect("older");
    drop(store);
    // Who only looks changes nothing.
    let error = Reader::open(&place.db()).expect_err("an older schema");
    assert!(
        error.to_string().contains("brings it up to date") && !error.is_damage(),
        "{error}"
    );
    assert!(!error.is_foreign(), "{error}");
    // Nor does a monitor that cannot write it just now, and yet it knows what there is.
    let peeked = peek(&place.db()).expect("peeked");
    let saved = peeked[0].checks[0].saved;
    assert_eq!((peeked.len(), saved.streak.failures()), (2, 3));
    assert_eq!((saved.status, saved.since), (CheckStatus::Unhealthy, None));

    let mut store = place.open();
    let targets = store.load().expect("loaded");
    let saved = |index: usize| targets[index].checks[0].saved;
    assert_eq!(saved(0).since, Some(UnixTime::from_millis(4_000)));
    assert_eq!(saved(0).streak.failures(), 3);
    assert_eq!(saved(1), Saved::default());
    drop(place.open());
    let reader = Reader::open(&place.db()).expect("a reader");
    let target = reader.target("web-1").expect("read").expect("there");
    assert_eq!(target.checks[0].since, Some(4_000));
    let (made, upgraded) = (schema(&Place::new("made").open()), schema(&store));
    assert_eq!(made, upgraded);
}

/// The columns of every table.
fn schema(store: &SqliteStore) -> Vec<(String, String, String)> {
    let mut statement = store
        .connection
        .prepare(
            "SELECT t.name, c.name, c.type FROM sqlite_schema t JOIN pragma_table_info(t.name) c
             ORDER BY 1, 2",
        )
        .expect("a statement");
    let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    rows.expect("rows").map(|row| row.expect("a row")).collect()
}
