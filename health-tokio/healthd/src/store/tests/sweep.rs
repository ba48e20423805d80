//! What is kept of results and transitions, and for how long.

use super::*;

fn count(store: &SqliteStore, table: &str) -> usize {
    let sql = format!("SELECT count(*) FROM {table}");
    store
        .connection
        .query_row(&sql, (), |row| row.get(0))
        .expect("a number")
}

/// Unhealthy with the first failure, and healthy again with the next success.
fn flap(store: &mut SqliteStore, rig: &mut Rig, times: u32) {
    for _ in 0..times {
        rig.attempt(store, Outcome::success());
        (0..3).for_each(|_| rig.attempt(store, refused()));
    }
}

fn rig(store: &mut SqliteStore) -> Rig {
    store.put(&[definition("web-1")]).expect("put");
    Rig::reporting(1_000_000_000, Saved::default())
}

#[test]
fn transitions_of_a_check_have_a_number() {
    let place = Place::new("number");
    let mut store = place.open();
    let mut rig = rig(&mut store);
    flap(&mut store, &mut rig, 20);
    assert_eq!(count(&store, "transitions"), 5);
    let reader = Reader::open(&place.db()).expect("a reader");
    let kept = reader.transitions("web-1", 100).expect("read");
    assert!(kept.is_sorted_by_key(|it| it.at));
    let last = kept.last().expect("some");
    assert_eq!(
        (&*last.to, last.at / 1_000),
        ("unhealthy", rig.millis / 1_000 - 1)
    );
}

#[test]
fn results_and_transitions_have_an_age() {
    let place = Place::new("age");
    let mut store = place.open();
    let mut rig = rig(&mut store);
    flap(&mut store, &mut rig, 1);
    let unix = rig.moment().unix;
    assert!(!store.sweep(unix).expect("swept"));
    assert_eq!(
        (count(&store, "transitions"), count(&store, "results")),
        (2, 3)
    );
    let later = UnixTime::from_millis(unix.as_millis() + 1_000_000);
    assert!(!store.sweep(later).expect("swept"));
    assert_eq!(
        (count(&store, "transitions"), count(&store, "results")),
        (0, 0)
    );
    // The check itself is known as before.
    assert_eq!(
        store.load().expect("loaded")[0].checks[0]
            .saved
            .streak
            .failures(),
        3
    );
}

#[test]
fn fewer_results_than_before_leave_none_of_the_old_ones() {
    let place = Place::new("fewer");
    let mut store = place.open();
    let mut rig = rig(&mut store);
    flap(&mut store, &mut rig, 1);
    drop(store);
    let limits = Limits {
        results: 2,
        ..LIMITS
    };
    let mut store = SqliteStore::open(&place.db(), limits).expect("a registry");
    store.sweep(rig.moment().unix).expect("swept");
    assert_eq!(count(&store, "results"), 2);
}

#[test]
fn what_was_removed_leaves_nothing_and_nothing_comes_after_it() {
    let place = Place::new("gone");
    let mut store = place.open();
    let mut rig = rig(&mut store);
    flap(&mut store, &mut rig, 1);
    rig.look(Outcome::success());
    store.remove(&[name("web-1")]).expect("removed");
    rig.write(&mut store);
    assert_eq!(
        (count(&store, "transitions"), count(&store, "results")),
        (0, 0)
    );
}

/// The clock is set back between two results.
#[test]
fn results_are_in_the_order_in_which_they_came() {
    let place = Place::new("order");
    let mut store = place.open();
    let mut rig = rig(&mut store);
    rig.attempt(&mut store, Outcome::success());
    rig.set_back = 86_400_000;
    rig.attempt(&mut store, refused());
    rig.set_back = 90_000_000;
    rig.attempt(&mut store, refused());
    let reader = Reader::open(&place.db()).expect("a reader");
    let target = reader.target("web-1").expect("read").expect("there");
    let classes: Vec<_> = target.checks[0]
        .results
        .iter()
        .map(|it| &*it.class)
        .collect();
    assert_eq!(classes, ["success", "failure", "failure"]);
}
