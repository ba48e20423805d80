//! A file that an earlier healthd has made.

use super::*;
use crate::store::schema::APPLICATION;

const VERSION_2: &str = include_str!("schema-2.sql");

/// What version 1 kept of a check that failed until it was deregistered.
const OF_VERSION_1: &str = "
    ALTER TABLE checks DROP COLUMN since;
    PRAGMA user_version = 1;
    INSERT INTO targets (name, definition, added_at)
    VALUES ('web-1', '{\"url\":\"http://10.0.0.7:80/\"}', 2000),
           ('web-2', '{\"url\":\"http://10.0.0.7:80/\"}', 2000);
    INSERT INTO checks (target_id, name, status, consecutive_failures, results)
    VALUES (1, 'http', 'unhealthy', 3, 12), (2, 'http', 'unknown', 0, 0);
    INSERT INTO results (check_id, slot, begin_at, took_us, class, message, counted)
    VALUES (1, 0, 3900, 5, 'failure', 'refused', 1), (1, 1, 3950, 5, 'failure', 'refused', 1),
           (1, 2, 3800, 5, 'failure', 'refused', 1);
    INSERT INTO transitions (at, target, \"check\", change, from_status, to_status, failures,
                             successes, message)
    VALUES (1000, 'web-1', 'http', 'status', 'healthy', 'unhealthy', 3, 0, 'of another life'),
           (3000, 'web-1', 'http', 'status', 'starting', 'healthy', 0, 1, ''),
           (4000, 'web-1', 'http', 'status', 'healthy', 'unhealthy', 3, 0, 'refused');";

#[test]
fn an_older_registry_is_brought_up_to_date() {
    let place = Place::new("older");
    let older = Connection::open(place.db()).expect("a database");
    older.execute_batch(VERSION_2).expect("version 2");
    older.execute_batch(OF_VERSION_1).expect("version 1");
    older
        .pragma_update(None, "application_id", APPLICATION)
        .expect("ours");
    drop(older);
    // Who only looks changes nothing.
    let error = Reader::open(&place.db()).expect_err("an older schema");
    assert!(
        error.to_string().contains("brings it up to date") && !error.is_damage(),
        "{error}"
    );
    assert!(!error.is_foreign(), "{error}");
    // Nor does a monitor that cannot write it just now, and yet it knows what there is.
    let peeked = peek(&place.db()).expect("peeked").targets;
    let saved = peeked[0].checks[0].saved;
    assert_eq!((peeked.len(), saved.streak.failures()), (2, 3));
    assert_eq!((saved.status, saved.since), (CheckStatus::Unhealthy, None));

    let mut store = place.open();
    let targets = store.load().expect("loaded");
    let saved = |index: usize| targets[index].checks[0].saved;
    assert_eq!(saved(0).since, Some(UnixTime::from_millis(4_000)));
    assert_eq!(saved(0).streak.failures(), 3);
    assert_eq!(saved(1), Saved::default());
    // What was sent is not sent again, and is known to have been sent.
    let notices = store.load_all().expect("loaded").notices;
    assert!(notices.unnoticed.is_empty() && notices.outbox.is_empty());
    assert_eq!((notices.sent.len(), notices.last), (1, 3));
    let target = Reader::open(&place.db()).expect("a reader").target("web-1");
    let results = &target.expect("read").expect("there").checks[0].results;
    let begins: Vec<_> = results.iter().map(|it| it.begin_at).collect();
    assert_eq!(begins, [3_800, 3_900, 3_950]);
    // They are remembered, though nothing comes after them.
    let now = UnixTime::from_millis(5_000);
    let reader = Reader::open(&place.db()).expect("a reader");
    let remembered = reader.history("web-1", now).expect("read");
    assert_eq!(remembered[0].windows(now)[0].1.failures(), 3);
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
