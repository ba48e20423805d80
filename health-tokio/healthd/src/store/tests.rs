//! The file itself: what is in it, and what becomes of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use health_core::check::{CheckConfig, CheckStatus, OnUnhealthy, Saved};
use health_core::monitor::{Monitor, MonitorConfig, TargetSpec};
use health_core::{Instant, Moment, UnixTime};
use health_core::{Kind, Outcome};

use super::read::Reader;
use super::schema::VERSION;
use super::*;

mod history;
mod month;
mod older;
mod outbox;
mod quiet;
mod rings;
mod rollup;
mod sweep;

const LIMITS: Limits = Limits {
    results: 3,
    transitions: 5,
    keep: Duration::from_secs(1_000),
};

/// A directory of its own, gone at the end.
struct Place(PathBuf);

impl Place {
    fn new(test: &str) -> Self {
        let id = std::process::id();
        let path = std::env::temp_dir().join(format!("healthd-store-{id}-{test}"));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    fn db(&self) -> PathBuf {
        self.0.join("registry.db")
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.db(), LIMITS).expect("a registry")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

fn definition(target: &str) -> Definition {
    Definition {
        name: name(target),
        checks: vec![name("http")],
        text: r#"{"url":"http://10.0.0.7:80/"}"#.into(),
    }
}

/// A monitor with one target that deregisters at its third failure; each result is a second later.
struct Rig {
    monitor: Monitor,
    millis: u64,
    /// By how much the wall clock was set back.
    set_back: u64,
}

impl Rig {
    fn new(millis: u64, saved: Saved) -> Self {
        Self::with(millis, saved, OnUnhealthy::Deregister)
    }

    /// One that is never deregistered.
    fn reporting(millis: u64, saved: Saved) -> Self {
        Self::with(millis, saved, OnUnhealthy::Report)
    }

    fn with(millis: u64, saved: Saved, on_unhealthy: OnUnhealthy) -> Self {
        let mut settings = MonitorConfig::default();
        settings.mass_failure = None;
        let mut monitor = Monitor::new(settings);
        monitor.enable_journal();
        let mut config = CheckConfig::default();
        config.interval = Duration::from_secs(1);
        config.on_unhealthy = on_unhealthy;
        config.recheck_interval = Some(Duration::from_secs(5));
        let mut rig = Self {
            monitor,
            millis,
            set_back: 0,
        };
        rig.monitor.start(rig.moment().now);
        let spec = TargetSpec::new(name("web-1"));
        let spec = spec.restored_check(name("http"), Arc::new(config), saved);
        rig.monitor.add(rig.moment().now, spec).expect("added");
        rig
    }

    fn moment(&self) -> Moment {
        Moment {
            now: Instant::from_micros(self.millis * 1_000),
            unix: UnixTime::from_millis(self.millis.saturating_sub(self.set_back)),
        }
    }

    /// One attempt, and what a store is given of it.
    fn attempt(&mut self, store: &mut SqliteStore, outcome: Outcome) {
        self.look(outcome);
        self.write(store);
    }

    fn look(&mut self, outcome: Outcome) {
        use health_core::monitor::Command;
        self.millis += 1_010;
        let Some(Command::Start { attempt, .. }) = self.monitor.poll(self.moment().now) else {
            panic!("nothing is due");
        };
        self.millis += 5;
        self.monitor
            .handle_outcome(self.moment().now, attempt, outcome);
    }

    fn write(&mut self, store: &mut SqliteStore) {
        self.write_and(store, |_| ());
    }

    /// Each batch is seen once, and written twice.
    fn write_and(&mut self, store: &mut SqliteStore, mut see: impl FnMut(&Batch)) {
        self.millis += 1_000;
        while let Some(batch) = self.monitor.poll_batch(self.moment()) {
            see(&batch);
            store.write(&batch).expect("written");
            store
                .write(&batch)
                .expect("written, and the answer was lost");
            self.monitor.handle_stored(self.moment().now, true);
        }
    }
}

fn refused() -> Outcome {
    let outcome = Outcome::failure_with_message("connection refused").of_kind(Kind::Refused);
    outcome.caused_by("10.0.0.7:80")
}

#[test]
fn the_third_failure_counts_whoever_saw_the_others() {
    let place = Place::new("third");
    place.open().put(&[definition("web-1")]).expect("put");
    let mut saved = Saved::default();
    for life in 1..=3_u32 {
        let mut store = place.open();
        assert_eq!(store.load().expect("loaded")[0].checks[0].saved, saved);
        let mut rig = Rig::new(u64::from(life) * 1_000_000, saved);
        rig.attempt(&mut store, refused());
        saved = store.load().expect("loaded")[0].checks[0].saved;
        assert_eq!(saved.streak.failures(), life);
    }
    assert!(saved.deregistered && saved.status == CheckStatus::Unhealthy);
    assert!(saved.since.is_some() && saved.since == saved.deregistered_at);

    let reader = Reader::open(&place.db()).expect("a reader");
    let target = reader.target("web-1").expect("read").expect("there");
    let check = &target.checks[0];
    assert_eq!((check.is_active, check.consecutive_failures), (false, 3));
    assert_eq!(check.last_error.as_deref(), Some("connection refused"));
    assert_eq!(check.last_evidence.as_deref(), Some("10.0.0.7:80"));
    assert_eq!(check.last_response_ms, Some(5.0));
    let reason = "3 failures in a row, the last one: connection refused";
    assert_eq!(check.deactivated_reason.as_deref(), Some(reason));
    let transitions = reader.transitions("web-1", 100).expect("read");
    let changes: Vec<_> = transitions.iter().map(|it| &*it.change).collect();
    assert_eq!(changes, ["status", "deregistered"]);
    assert!(
        transitions[0].rule.starts_with("T9"),
        "{:?}",
        transitions[0]
    );

    let mut store = place.open();
    store.reset(&[name("web-1")]).expect("reset");
    assert_eq!(
        store.load().expect("loaded")[0].checks[0].saved,
        Saved::default()
    );
    store.remove(&[name("web-1")]).expect("removed");
    assert!(store.load().expect("loaded").is_empty());
    // What has happened goes with its target.
    assert!(reader.transitions("web-1", 100).expect("read").is_empty());
}

/// A prober that is killed behind its request does not make it again.
#[test]
fn a_requested_restart_is_kept_until_the_check_is_reset() {
    let place = Place::new("restart");
    place.open().put(&[definition("web-1")]).expect("put");
    let mut rig = Rig::with(0, Saved::default(), OnUnhealthy::Restart);
    let mut is_requested = Vec::new();
    for _ in 0..3 {
        let mut store = place.open();
        rig.attempt(&mut store, refused());
        let targets = place.open().load().expect("loaded");
        is_requested.push(targets[0].checks[0].saved.restart_requested);
    }
    assert_eq!(is_requested, [false, false, true]);
    let mut store = place.open();
    store.reset(&[name("web-1")]).expect("reset");
    let saved = store.load().expect("loaded")[0].checks[0].saved;
    assert_eq!(saved, Saved::default());
}

#[test]
fn results_are_a_ring_and_who_reads_does_not_disturb() {
    let place = Place::new("ring");
    let mut store = place.open();
    store.put(&[definition("web-1")]).expect("put");
    let reader = Reader::open(&place.db()).expect("a reader");
    let mut rig = Rig::new(0, Saved::default());
    for expected in [1, 2, 3, 3, 3] {
        rig.attempt(&mut store, Outcome::success());
        let target = reader.target("web-1").expect("read").expect("there");
        let results = &target.checks[0].results;
        assert_eq!(results.len(), expected);
        assert!(results.is_sorted_by_key(|it| it.begin_at));
        assert_eq!(
            Some(results[expected - 1].begin_at),
            target.checks[0].last_checked_at
        );
        assert_eq!(results[0].took_ms, 5.0);
    }
    assert!(reader.target("web-2").expect("read").is_none());
}

#[test]
fn a_batch_written_twice_is_written_once_however_many_results_it_has_of_a_check() {
    for looks in [2, 5] {
        let place = Place::new(&format!("twice-{looks}"));
        let mut store = place.open();
        store.put(&[definition("web-1")]).expect("put");
        let mut rig = Rig::new(0, Saved::default());
        (0..looks).for_each(|_| rig.look(Outcome::success()));
        rig.write(&mut store);
        let ever = "SELECT results FROM checks";
        let ever: usize = store
            .connection
            .query_row(ever, (), |row| row.get(0))
            .expect("a row");
        let reader = Reader::open(&place.db()).expect("a reader");
        let target = reader.target("web-1").expect("read").expect("there");
        let mut begins: Vec<_> = target.checks[0]
            .results
            .iter()
            .map(|it| it.begin_at)
            .collect();
        begins.dedup();
        assert_eq!((ever, begins.len()), (looks, looks.min(3)));
        assert_eq!(begins.last(), target.checks[0].last_checked_at.as_ref());
    }
}

#[test]
fn what_headers_hold_is_for_the_owner_of_the_file() {
    let place = Place::new("secret");
    let mut store = place.open();
    let told = Definition {
        text: r#"{"url":"http://a/","told":{"headers":[{"value":"s3cr3t"}]},"looks_at":"00"}"#
            .into(),
        ..definition("web-1")
    };
    store.put(&[told]).expect("put");
    for file in ["registry.db", "registry.db-wal", "registry.db-shm"] {
        let mode = fs::metadata(place.0.join(file)).expect(file).permissions();
        assert_eq!(mode.mode() & 0o777, 0o600, "{file}");
    }
    let reader = Reader::open(&place.db()).expect("a reader");
    let target = reader.target("web-1").expect("read").expect("there");
    for shown in [vec![target], reader.targets().expect("read")] {
        let shown = &shown[0].definition;
        assert_eq!(shown, &serde_json::json!({ "url": "http://a/" }));
    }
}

#[test]
fn a_new_definition_keeps_what_is_known_of_checks_that_stay() {
    let place = Place::new("put");
    let mut store = place.open();
    store.put(&[definition("web-1")]).expect("put");
    Rig::new(0, Saved::default()).attempt(&mut store, refused());
    let changed = Definition {
        checks: vec![name("tcp"), name("http")],
        ..definition("web-1")
    };
    store.put(std::slice::from_ref(&changed)).expect("put");
    let target = &store.load().expect("loaded")[0];
    assert_eq!(target.saved(&name("http")).streak.failures(), 1);
    assert_eq!(target.saved(&name("tcp")), Saved::default());
    let without = Definition {
        checks: vec![name("tcp")],
        ..changed
    };
    store.put(&[without]).expect("put");
    let names: Vec<_> = store.load().expect("loaded")[0]
        .checks
        .iter()
        .map(|it| it.name.clone())
        .collect();
    assert_eq!(names, [name("tcp")]);
}

#[test]
fn what_is_not_ours_is_refused_and_left_alone() {
    let place = Place::new("foreign");
    let other = Connection::open(place.db()).expect("a database");
    other.execute_batch("CREATE TABLE t (x)").expect("a table");
    let error = SqliteStore::open(&place.db(), LIMITS).expect_err("another program's");
    assert!(
        error.is_foreign() && error.to_string().contains("another program"),
        "{error}"
    );
    let owner: i32 = other
        .query_row("PRAGMA application_id", (), |row| row.get(0))
        .expect("read");
    assert_eq!(owner, 0);

    let place = Place::new("newer");
    drop(place.open());
    let later = Connection::open(place.db()).expect("a database");
    later
        .pragma_update(None, "user_version", VERSION + 1)
        .expect("set");
    let error = SqliteStore::open(&place.db(), LIMITS).expect_err("a newer schema");
    assert!(
        error.is_foreign() && error.to_string().contains("newer healthd"),
        "{error}"
    );
    assert!(Reader::open(&place.db()).is_err());
}

#[test]
fn damage_is_reported_from_trouble_that_passes() {
    let place = Place::new("damaged");
    fs::write(
        place.db(),
        b"not a database, but long enough to look like one...",
    )
    .expect("written");
    let error = SqliteStore::open(&place.db(), LIMITS).expect_err("no database");
    assert!(error.is_damage(), "{error}");

    let place = Place::new("torn");
    let mut store = place.open();
    let many: Vec<_> = (0..2_000)
        .map(|it| definition(&format!("web-{it}")))
        .collect();
    store.put(&many).expect("put");
    drop(store);
    let mut bytes = fs::read(place.db()).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8_192].fill(0xA5);
    fs::write(place.db(), bytes).expect("written");
    let error = SqliteStore::open(&place.db(), LIMITS).expect_err("a torn page");
    assert!(error.is_damage(), "{error}");

    let error =
        SqliteStore::open(&place.0.join("none/registry.db"), LIMITS).expect_err("no directory");
    assert!(!error.is_damage() && !error.is_foreign(), "{error}");
}

#[test]
fn servers_has_the_names_of_the_field() {
    let place = Place::new("servers");
    let mut store = place.open();
    store.put(&[definition("web-1")]).expect("put");
    Rig::new(0, Saved::default()).attempt(&mut store, refused());
    let (url, active, failures, status): (String, bool, u32, String) = store
        .connection
        .query_row(
            "SELECT url, is_active, consecutive_failures, status FROM servers",
            (),
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .expect("a row");
    assert_eq!(
        (&*url, active, failures, &*status),
        ("http://10.0.0.7:80/", true, 1, "starting")
    );
}
