//! Notices that are not delivered yet, and transitions from which no notice was made.

use health_core::Streak;
use health_core::monitor::registry::{CheckChange, TransitionRow};

use super::*;

fn row(number: u64, action: &str) -> OutboxRow {
    OutboxRow {
        number,
        action: action.into(),
        notice: format!("id-{number}").into(),
        event: "unhealthy".into(),
        at: UnixTime::from_millis(7_000),
        document: "{}".into(),
        attempts: 0,
        is_done: false,
    }
}

fn words(rows: &[TransitionRow]) -> Vec<&'static str> {
    rows.iter().map(|it| it.change.words().0).collect()
}

/// A store with a target that was deregistered by its third failure.
fn deregistered(place: &Place) -> (SqliteStore, Rig) {
    let mut store = place.open();
    store.put(&[definition("web-1")]).expect("put");
    let mut saved = Saved::default();
    saved.status = CheckStatus::Healthy;
    saved.streak = Streak::of_failures(2);
    let mut rig = Rig::new(1_000_000, saved);
    rig.attempt(&mut store, refused());
    (store, rig)
}

#[test]
fn a_transition_waits_for_its_notice_and_what_was_sent_is_known() {
    let place = Place::new("unnoticed");
    let (mut store, _rig) = deregistered(&place);
    let notices = store.load_all().expect("loaded").notices;
    assert_eq!(words(&notices.unnoticed), ["status", "deregistered"]);
    assert!(notices.sent.is_empty(), "{:?}", notices.sent);
    let first = &notices.unnoticed[0];
    let record = first.record.as_ref().expect("a result");
    assert_eq!(
        (record.message(), record.kind()),
        ("connection refused", Some(Kind::Refused))
    );
    assert_eq!(
        (first.at.as_millis(), first.streak.failures()),
        (1_001_015, 3)
    );

    let change = OutboxChange {
        put: vec![row(1, "a"), row(1, "b")],
        noticed: notices.last,
        is_mass_failure: true,
        ..OutboxChange::default()
    };
    store.write_outbox(&change).expect("written");
    drop(store);
    let mut store = place.open();
    let notices = store.load_all().expect("loaded").notices;
    assert_eq!(notices.outbox, [row(1, "a"), row(1, "b")]);
    assert!(notices.unnoticed.is_empty() && notices.is_mass_failure);
    assert_eq!(words(&notices.sent), ["status", "deregistered"]);

    // Reactivated: it was said to be unhealthy, and it is still to be said that it has recovered.
    store.reset(&[name("web-1")]).expect("reset");
    let mut done = row(1, "a");
    (done.attempts, done.is_done) = (3, true);
    let change = OutboxChange {
        put: vec![done.clone()],
        remove: vec![(1, "b".into())],
        ..OutboxChange::default()
    };
    store.write_outbox(&change).expect("written");
    let notices = store.load_all().expect("loaded").notices;
    assert_eq!(words(&notices.sent), ["status"]);
    assert!(!notices.is_mass_failure);
    assert_eq!(notices.outbox, [done]);
    let whole = OutboxChange {
        is_whole: true,
        ..OutboxChange::default()
    };
    store.write_outbox(&whole).expect("written");
    assert!(store.load_all().expect("loaded").notices.outbox.is_empty());
}

/// The notice of the outage was sent, that of the recovery was not.
#[test]
fn what_was_sent_is_what_was_before_the_first_transition_without_a_notice() {
    let place = Place::new("sent");
    let mut store = place.open();
    store.put(&[definition("web-1")]).expect("put");
    let mut saved = Saved::default();
    saved.status = CheckStatus::Unhealthy;
    let mut rig = Rig::new(1_000_000, saved);
    rig.attempt(&mut store, Outcome::success());
    let notices = store.load_all().expect("loaded").notices;
    assert_eq!(notices.unnoticed.len(), 1);
    assert_eq!(words(&notices.sent), ["status"]);
    let down = CheckChange::Status {
        from: CheckStatus::Healthy,
        to: CheckStatus::Unhealthy,
    };
    assert_eq!(notices.sent[0].change, down);
}

/// A batch that was passed on before it could be stored.
#[test]
fn a_batch_that_was_passed_on_waits_for_no_notice() {
    let place = Place::new("noticed");
    let mut store = place.open();
    store.put(&[definition("web-1")]).expect("put");
    let mut rig = Rig::new(0, Saved::default());
    (0..3).for_each(|_| rig.look(refused()));
    rig.millis += 1_000;
    while let Some(batch) = rig.monitor.poll_batch(rig.moment()) {
        let last = store.write_batch(&batch, true).expect("written");
        assert!(last > 0);
        rig.monitor.handle_stored(rig.moment().now, true);
    }
    assert!(
        store
            .load_all()
            .expect("loaded")
            .notices
            .unnoticed
            .is_empty()
    );
}

/// What was told goes with its action, and takes the place of what was told before.
#[test]
fn what_an_action_was_told_is_known_to_the_next_process() {
    let place = Place::new("told");
    let (mut store, _rig) = deregistered(&place);
    let notices = store.load_all().expect("loaded").notices;
    let receiver = |action: &str| ReceiverRow {
        action: action.into(),
        is_mass_failure: action == "b",
        incident: Some(UnixTime::from_millis(5)),
        last_at: UnixTime::from_millis(7),
    };
    let told = |action: &str, rows: &[TransitionRow]| {
        let rows = rows.iter().enumerate().map(|(index, it)| ToldRow {
            action: action.into(),
            is_flapping: index == 1,
            transition: it.clone(),
        });
        Told {
            rows: rows.collect(),
            action: action.into(),
            target: name("web-1"),
        }
    };
    let change = OutboxChange {
        receivers: vec![receiver("a"), receiver("b")],
        told: vec![told("a", &notices.unnoticed), told("b", &notices.unnoticed)],
        ..OutboxChange::default()
    };
    store.write_outbox(&change).expect("written");
    drop(store);
    let mut store = place.open();
    let notices = store.load_all().expect("loaded").notices;
    assert_eq!(notices.receivers, [receiver("a"), receiver("b")]);
    assert_eq!(notices.told.len(), 4);
    let own = notices.told.iter().filter(|it| &*it.action == "a");
    let own: Vec<_> = own
        .map(|it| (it.transition.change.words().0, it.is_flapping))
        .collect();
    assert_eq!(own, [("status", false), ("deregistered", true)]);
    let change = OutboxChange {
        gone: vec!["a".into()],
        told: vec![told("b", &[])],
        ..OutboxChange::default()
    };
    store.write_outbox(&change).expect("written");
    let notices = store.load_all().expect("loaded").notices;
    assert_eq!(notices.receivers, [receiver("b")]);
    assert!(notices.told.is_empty());
}
