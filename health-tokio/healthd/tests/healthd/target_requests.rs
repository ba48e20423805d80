//! What the endpoint is asked about one target, and told to do with it.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::backend::Backend;
use super::daemon::{Daemon, PATIENCE, Place};
use super::fast;

const TOKEN: &str = "Authorization: Bearer s3cret\r\n";

/// The code and the body.
fn ask(daemon: &Daemon, line: &str, fields: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(daemon.address()).expect("the endpoint");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let request =
        format!("{line} HTTP/1.1\r\nHost: localhost\r\n{fields}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("asked");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head[9..12].parse().expect("a code"), body.to_owned())
}

fn ask_json(daemon: &Daemon, line: &str) -> (u16, Value) {
    let (code, body) = ask(daemon, line, TOKEN);
    (code, serde_json::from_str(&body).expect("JSON"))
}

#[test]
fn a_target_is_shown_and_reactivated_over_http() {
    let place = Place::new("asked");
    let (a, mut b) = (Backend::start(), Backend::start());
    let mut args = fast(&[("a", &a), ("b", &b)]);
    args.extend(["--token", "s3cret"].map(str::to_owned));
    let daemon = Daemon::start(&place, &args);
    daemon.wait_for(&["healthy", "target=b"]);
    b.stop();
    daemon.wait_for(&["ERROR", "deregistered", "target=b"]);

    let (code, shown) = ask_json(&daemon, "GET /targets/b");
    assert_eq!((code, &shown["status"]), (200, &json!("deregistered")));
    assert!(shown["checks"][0]["cause"].is_string(), "{shown}");
    let (code, history) = ask_json(&daemon, "GET /targets/b/history");
    assert_eq!((code, &history["name"]), (200, &json!("b")));
    assert!(history["checks"].is_array(), "{history}");
    let (code, page) = ask(&daemon, "GET /targets/b", "Accept: text/html\r\n");
    assert!(code == 200 && page.contains("<html"));

    let reactivate = "POST /targets/b/reactivate";
    for (line, fields, wanted) in [
        ("GET /targets/b", "", 401),
        ("GET /targets/b/history", "", 401),
        (reactivate, "", 401),
        (reactivate, "Authorization: Bearer wrong\r\n", 401),
        ("GET /targets/b/reactivate", TOKEN, 405),
        ("POST /targets/b/history", TOKEN, 405),
        ("GET /targets/c/history", TOKEN, 404),
        ("POST /targets/c/reactivate", TOKEN, 404),
        ("POST /targets/b/forget", TOKEN, 404),
    ] {
        assert_eq!(ask(&daemon, line, fields).0, wanted, "{line}");
    }
    let (code, error) = ask_json(&daemon, "POST /targets/b/reactivate?for=2h");
    let wanted = json!({"error": "for \"2h\": no parameters are allowed"});
    assert_eq!((code, error), (400, wanted));
    assert!(!place.server("b").0, "nothing of it was done");

    b.start_again();
    let done = ask_json(&daemon, reactivate);
    assert_eq!(done, (200, json!({"done": "b reactivated"})));
    let said = daemon.wait_for(&["asked over HTTP", "action=\"reactivate\"", "target=b"]);
    assert!(said.contains("by=127.0.0.1"), "{said}");
    daemon.wait_for(&["healthy", "target=b", "starting"]);
    assert!(place.server("b").0);
    daemon.stop();
}

#[test]
fn a_target_is_paused_and_silenced_over_http() {
    let place = Place::new("asked-for-quiet");
    let a = Backend::start();
    let mut args = fast(&[("a", &a)]);
    args.extend(["--token", "s3cret"].map(str::to_owned));
    let daemon = Daemon::start(&place, &args);
    daemon.wait_for(&["healthy", "target=a"]);

    let (code, done) = ask_json(&daemon, "POST /targets/a/pause?why=new%20disks");
    assert!(code == 200 && done["done"].is_string(), "{done}");
    let (_, shown) = ask_json(&daemon, "GET /targets/a");
    assert_eq!(shown["paused"]["why"], "new disks", "{shown}");
    assert_eq!(shown["paused"]["by"], "127.0.0.1");
    let (code, error) = ask_json(&daemon, "POST /targets/a/pause");
    assert_eq!(code, 409, "{error}");
    assert_eq!(ask_json(&daemon, "POST /targets/a/resume").0, 200);

    for wrong in [
        "silence",
        "silence?for=soon",
        "silence?for=1h&until=2h",
        "silence?for=0",
    ] {
        let (code, error) = ask_json(&daemon, &format!("POST /targets/a/{wrong}"));
        assert_eq!(code, 400, "{wrong}: {error}");
        assert!(
            error["error"]
                .as_str()
                .is_some_and(|it| it.contains("llowed") || it.contains("a duration is")),
            "{error}"
        );
    }
    assert_eq!(
        ask_json(&daemon, "POST /targets/a/silence?for=2h&why=deploy").0,
        200
    );
    let (_, shown) = ask_json(&daemon, "GET /targets/a");
    assert_eq!(shown["silenced"]["why"], "deploy", "{shown}");
    // As on the command line.
    assert_eq!(ask_json(&daemon, "POST /targets/a/silence?for=3d").0, 200);
    let hits = a.hits();
    assert_eq!(ask_json(&daemon, "POST /targets/a/check-now").0, 200);
    super::daemon::wait_until("a check", || a.hits() > hits);
    assert_eq!(ask_json(&daemon, "POST /targets/a/unsilence").0, 200);
    daemon.stop();
}

/// Without a token nobody may act, from wherever.
#[test]
fn without_a_token_nothing_is_done() {
    let place = Place::new("asked-in-vain");
    let a = Backend::start();
    let daemon = Daemon::start(&place, &fast(&[("a", &a)]));
    daemon.wait_for(&["healthy", "target=a"]);
    assert_eq!(ask(&daemon, "GET /targets/a/history", "").0, 200);
    let (code, error) = ask(&daemon, "POST /targets/a/reactivate", TOKEN);
    assert_eq!(code, 403);
    assert!(error.contains("Actions need a token"), "{error}");
    daemon.stop();
}
