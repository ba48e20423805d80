//! What receivers get of a target's changes, whatever ends in between.

use std::fs;
use std::time::Duration;

use rusqlite::Connection;

use super::backend::Backend;
use super::daemon::{Daemon, Place, wait_until};
use super::receiver::Receiver;

/// A monitor of this backend, whose first failure counts and which deregisters nothing.
fn start(place: &Place, a: &Backend, actions: &str) -> Daemon {
    let text = format!(
        "interval = \"300ms\"\ntimeout = \"20s\"\nretries = 1\nauto_deregister = false\n{actions}\
         [[target]]\nname = \"a\"\ngroup = \"shop\"\nurl = {:?}\n",
        a.url()
    );
    let path = place.path("healthd.toml");
    fs::write(&path, text).expect("written");
    Daemon::start(place, &["--config".to_owned(), path.display().to_string()])
}

fn hook(receiver: &Receiver) -> String {
    format!("[[action]]\nwebhook = {:?}\n", receiver.url())
}

/// Until the file has a transition to unhealthy.
fn wait_for_transition(place: &Place) {
    let file = Connection::open(place.path("healthd.db")).expect("the registry");
    file.busy_timeout(Duration::from_secs(5)).expect("set");
    let count = "SELECT count(*) FROM transitions WHERE to_status = 'unhealthy'";
    wait_until("transition", || {
        file.query_row(count, (), |row| row.get::<_, i64>(0)) == Ok(1)
    });
}

/// How many rows the outbox has.
fn waiting(place: &Place) -> i64 {
    let file = Connection::open(place.path("healthd.db")).expect("the registry");
    file.busy_timeout(Duration::from_secs(5)).expect("set");
    file.query_row("SELECT count(*) FROM outbox", (), |row| row.get(0))
        .expect("a number")
}

#[test]
fn a_notice_has_an_id_and_says_what_and_where_and_why() {
    let place = Place::new("notice-document");
    let (mut a, receiver) = (Backend::start(), Receiver::start());
    let daemon = start(&place, &a, &hook(&receiver));
    daemon.wait_for(&["healthy", "target=a"]);
    a.stop();
    let down = receiver.wait_for(1).remove(0);
    a.start_again();
    let up = receiver.wait_for(2).remove(1);
    assert!(!down.key.is_empty() && down.key != up.key);
    assert_eq!(down.notice["id"], *down.key);
    assert_eq!(receiver.events(), ["unhealthy", "recovered"]);
    let target = &down.notice["targets"][0];
    assert_eq!(target["name"], "a");
    assert_eq!(target["url"], a.url());
    assert_eq!(target["group"], "shop");
    assert_eq!(target["status"], "unhealthy");
    assert!(
        target["since"]
            .as_str()
            .is_some_and(|it| it.starts_with("20"))
    );
    let reason = target["reason"].as_str().expect("a reason");
    assert_eq!(
        reason,
        "1 failure in a row, the last one: connection refused while connecting"
    );
    assert_eq!(up.notice["targets"][0]["status"], "healthy");
    assert_eq!(up.notice["targets"][0]["url"], a.url());
    daemon.stop();
    assert_eq!(waiting(&place), 0);
}

/// What other clients take for success is success: a notice is not sent again for the form of an answer.
#[test]
fn a_receiver_that_answers_oddly_has_taken_it() {
    let place = Place::new("notice-answers");
    let receivers = [
        "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 202 Accepted\nContent-Length: 2\n\nok",
        "\r\nHTTP/1.0 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-Id : \u{1}\r\nX: a,\r\n b\r\nContent-Length: 2, 2\r\n\r\nok",
        "HTTP/1.1  201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2  ;=\r\nok\r\n0\r\n\r\n",
    ]
    .map(Receiver::answering);
    let actions = receivers.iter().map(hook).collect::<String>();
    let mut a = Backend::start();
    let daemon = start(&place, &a, &actions);
    daemon.wait_for(&["healthy", "target=a"]);
    a.stop();
    for receiver in &receivers {
        receiver.wait_for(1);
    }
    wait_until("empty outbox", || waiting(&place) == 0);
    for receiver in &receivers {
        assert_eq!(receiver.events(), ["unhealthy"]);
    }
    daemon.stop();
}

/// Killed before the second of gathering is over, and so before there is a notice.
#[test]
fn a_transition_in_the_file_is_reported_by_the_next_process() {
    let place = Place::new("notice-killed");
    let (mut a, receiver) = (Backend::start(), Receiver::start());
    let daemon = start(&place, &a, &hook(&receiver));
    daemon.wait_for(&["healthy", "target=a"]);
    a.stop();
    wait_for_transition(&place);
    daemon.kill();
    assert_eq!(receiver.events(), [""; 0]);
    let daemon = start(&place, &a, &hook(&receiver));
    let taken = receiver.wait_for(1);
    assert_eq!(taken[0].notice["event"], "unhealthy");
    assert_eq!(taken[0].notice["targets"][0]["url"], a.url());
    daemon.stop();
    // It was delivered: nothing comes again.
    let daemon = start(&place, &a, &hook(&receiver));
    daemon.wait_for(&["cycle", "failures="]);
    daemon.stop();
    assert_eq!(receiver.events(), ["unhealthy"]);
}

/// Whatever ends the process while the receiver is away.
#[test]
fn what_a_receiver_has_not_taken_is_tried_by_the_next_process() {
    for (test, ends) in [("notice-again-kill", false), ("notice-again-stop", true)] {
        let place = Place::new(test);
        let (mut a, receiver) = (Backend::start(), Receiver::start());
        receiver.refuse(true);
        let daemon = start(&place, &a, &hook(&receiver));
        daemon.wait_for(&["healthy", "target=a"]);
        a.stop();
        receiver.wait_for_refused(1);
        daemon.wait_for_body("/health", r#""actions":false"#);
        if ends {
            daemon.stop();
        } else {
            wait_until("a row of the outbox", || waiting(&place) > 0);
            daemon.kill();
        }
        receiver.refuse(false);
        let daemon = start(&place, &a, &hook(&receiver));
        receiver.wait_for(1);
        daemon.wait_for_body("/health", r#""actions":true"#);
        a.start_again();
        receiver.wait_for(2);
        assert_eq!(receiver.events(), ["unhealthy", "recovered"], "{test}");
        daemon.stop();
        assert_eq!(waiting(&place), 0, "{test}");
    }
}

/// Longer than the tries that there were once, and in the order of what has happened.
#[test]
fn a_receiver_that_is_away_for_a_while_gets_everything_in_order() {
    let place = Place::new("notice-away");
    let (mut a, receiver) = (Backend::start(), Receiver::start());
    receiver.refuse(true);
    let daemon = start(&place, &a, &hook(&receiver));
    daemon.wait_for(&["healthy", "target=a"]);
    a.stop();
    daemon.wait_for(&["action failed", "again_in=1s"]);
    a.start_again();
    daemon.wait_for(&["healthy", "target=a", "unhealthy"]);
    daemon.wait_for(&["action failed", "again_in=10s"]);
    daemon.wait_for(&["action failed", "again_in=20s"]);
    receiver.refuse(false);
    receiver.wait_for(2);
    assert_eq!(receiver.events(), ["unhealthy", "recovered"]);
    daemon.stop();
}

#[test]
fn a_notice_is_given_up_after_the_time_that_is_set() {
    let place = Place::new("notice-given-up");
    let (mut a, receiver) = (Backend::start(), Receiver::start());
    receiver.refuse(true);
    let actions = format!("{}give_up_after = \"2s\"\n", hook(&receiver));
    let daemon = start(&place, &a, &actions);
    daemon.wait_for(&["healthy", "target=a"]);
    a.stop();
    daemon.wait_for(&["ERROR", "action failed, given up"]);
    daemon.wait_for_body("/health", r#""actions":false"#);
    daemon.stop();
    assert_eq!(waiting(&place), 0);
}

/// The address of the receiver was wrong, and is mended; another action has got the notice already.
#[test]
fn a_notice_of_an_action_that_is_gone_is_for_the_new_one() {
    let place = Place::new("notice-mended");
    let mut a = Backend::start();
    let (wrong, right, other) = (Receiver::start(), Receiver::start(), Receiver::start());
    wrong.refuse(true);
    let daemon = start(&place, &a, &(hook(&wrong) + &hook(&other)));
    daemon.wait_for(&["healthy", "target=a"]);
    a.stop();
    wrong.wait_for_refused(1);
    other.wait_for(1);
    daemon.stop();
    let daemon = start(&place, &a, &(hook(&right) + &hook(&other)));
    let taken = right.wait_for(1);
    assert_eq!(taken[0].key, other.taken()[0].key);
    daemon.stop();
    assert_eq!((right.events().len(), other.events().len()), (1, 1));
    assert_eq!(waiting(&place), 0);
}

/// Without a file to keep them in they are in memory.
#[test]
fn notices_are_delivered_while_the_registry_is_in_trouble() {
    let place = Place::new("notice-no-registry");
    let (mut a, receiver) = (Backend::start(), Receiver::start());
    let daemon = start(&place, &a, &hook(&receiver));
    daemon.wait_for(&["healthy", "target=a"]);
    fs::remove_dir_all(place.path("")).expect("removed");
    daemon.wait_for_body("/health", r#""store":false"#);
    receiver.refuse(true);
    a.stop();
    receiver.wait_for_refused(1);
    receiver.refuse(false);
    receiver.wait_for(1);
    a.start_again();
    receiver.wait_for(2);
    // The file comes back when all is over.
    fs::create_dir(place.path("")).expect("made");
    daemon.wait_for_body("/health", r#""store":true"#);
    daemon.stop();
    assert_eq!(receiver.events(), ["unhealthy", "recovered"]);
    assert_eq!(waiting(&place), 0);
}
