//! What `history` shows, with and without a monitor, and over one that is killed.

use std::fs;

use rusqlite::Connection;
use serde_json::Value;

use super::backend::Backend;
use super::daemon::{Daemon, Place, wait_until};

/// Results of the check that were ever written, and those that the history has.
fn results(place: &Place) -> (u64, u64) {
    let text = place.out(&["history", "a", "--json"]);
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let check = &document["checks"][0];
    let days = check["days"].as_array().expect("a list").iter();
    let counted = days.filter_map(|it| it["results"].as_u64()).sum::<u64>();
    let left_out = check["left_out"]["90d"].as_object().expect("an object");
    let left_out = left_out.values().filter_map(Value::as_u64).sum::<u64>();
    let registry = Connection::open(place.path("healthd.db")).expect("a registry");
    let written = registry.query_row("SELECT results FROM checks", (), |row| row.get(0));
    (written.expect("a number"), counted + left_out)
}

#[test]
fn every_result_is_remembered_once_whenever_the_monitor_is_killed() {
    let place = Place::new("history");
    let a = Backend::start();
    let config = format!(
        "interval = \"100ms\"\ntimeout = \"20s\"\nresults = 4\n[[target]]\nname = \"a\"\nurl = {:?}\n",
        a.url()
    );
    fs::write(place.path("healthd.toml"), config).expect("written");
    let path = place.path("healthd.toml").display().to_string();
    let args = ["--config".to_owned(), path];
    for killed in 1..=4 {
        let daemon = Daemon::start(&place, &args);
        daemon.wait_for(&["started"]);
        wait_until("results", || {
            let text = place.out(&["history", "a"]);
            text.contains("uptime     100.000 % 24h") && results(&place).0 >= killed * 9
        });
        daemon.kill();
        let (written, remembered) = results(&place);
        assert_eq!(written, remembered, "after {killed} ends");
    }
    let (code, error) = place.fails(&["history", "nobody"]);
    assert!(
        code == 1 && error.contains("nobody: no such target"),
        "{error}"
    );
    let (code, error) = place.fails(&["history", "a", "--since", "1w"]);
    assert!(code == 2 && error.contains("s, m, h or d"), "{error}");
}
