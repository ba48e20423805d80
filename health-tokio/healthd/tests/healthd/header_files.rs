//! Values of headers in files, which are replaced, and sometimes cannot be read.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use super::backend::Backend;
use super::daemon::{Daemon, Place, wait_until};

const UNREADABLE: &str = "the file of a header cannot be read";
const READ_AGAIN: &str = "a header has been read again from its file";

/// A server that wants the token that is in this file, and says what it answers.
fn guarded(token: &Path) -> (SocketAddr, Receiver<&'static str>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let wanted = token.to_owned();
    let (said, answers) = channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut bytes = [0; 4_096];
            let count = stream.read(&mut bytes).unwrap_or(0);
            let request = String::from_utf8_lossy(&bytes[..count]).into_owned();
            let token = fs::read_to_string(&wanted).unwrap_or_default();
            let status = match request.contains(&format!("Authorization: {}\r\n", token.trim())) {
                true => "200 OK",
                false => "401 Unauthorized",
            };
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\n{{}}");
            let _ = stream.write_all(answer.as_bytes());
            let _ = said.send(status);
        }
    });
    (address, answers)
}

fn config(place: &Place, address: SocketAddr, token: &Path) -> PathBuf {
    let text = format!(
        "interval = \"1s\"\ntimeout = \"20s\"\n[[target]]\nname = \"a\"\n\
         url = \"http://{address}/\"\nheaders = {{ Authorization = {{ file = {token:?} }} }}\n"
    );
    let path = place.path("healthd.toml");
    fs::write(&path, text).expect("written");
    path
}

fn args(config: &Path) -> [String; 2] {
    ["--config".to_owned(), config.display().to_string()]
}

fn answer(answers: &Receiver<&'static str>) -> &'static str {
    let answer = answers.recv_timeout(Duration::from_secs(20));
    answer.expect("asked")
}

/// The target is not asked, and is not to blame, until the file can be read.
fn is_lacking(place: &Place, daemon: &Daemon, answers: &Receiver<&'static str>) {
    daemon.wait_for(&["WARN", UNREADABLE, "name=a"]);
    daemon.wait_for_body("/health", r#""certificates":false"#);
    // One may have been under way.
    let _before: Vec<_> = answers.try_iter().collect();
    wait_until("an attempt that says nothing", || {
        place.out(&["inspect", "a"]).contains("indeterminate")
    });
    assert!(answers.try_recv().is_err(), "asked without the token");
    assert_eq!(place.server("a"), (true, 0));
}

fn is_well_again(daemon: &Daemon, answers: &Receiver<&'static str>) {
    daemon.wait_for(&[READ_AGAIN, "name=a"]);
    daemon.wait_for_body("/health", r#""certificates":true"#);
    assert_eq!(answer(answers), "200 OK");
}

/// The token and what the server wants change together.
#[test]
fn a_header_in_a_file_is_read_again_when_it_changes() {
    let place = Place::new("header-changes");
    let token = place.path("token");
    fs::write(&token, "one\n").expect("written");
    let (address, answers) = guarded(&token);
    let daemon = Daemon::start(&place, &args(&config(&place, address, &token)));
    daemon.wait_for(&["healthy", "target=a"]);
    fs::write(&token, "another\n").expect("written");
    daemon.wait_for(&[READ_AGAIN, "name=a"]);
    // More than would deregister it. One may have been under way when the token changed.
    let _before: Vec<_> = answers.try_iter().collect();
    let five: Vec<_> = (0..5).map(|_| answer(&answers)).collect();
    assert_eq!(five[1..], ["200 OK"; 4]);
    // What was counted is in the file a moment later.
    wait_until("target without failures", || place.server("a") == (true, 0));

    // Without it the target would refuse us: nobody asks, and nothing counts.
    let other = place.path("moved");
    fs::rename(&token, &other).expect("moved");
    is_lacking(&place, &daemon, &answers);
    fs::rename(&other, &token).expect("moved back");
    is_well_again(&daemon, &answers);
    daemon.stop();
}

/// A vault that comes later than the monitor: others are watched meanwhile, and so is this one then.
#[test]
fn a_file_that_cannot_be_read_at_the_start_is_waited_for() {
    for (test, make) in [
        ("header-none", None),
        ("header-empty", Some("\n")),
        ("header-lines", Some("one\ntwo\n")),
    ] {
        let place = Place::new(test);
        let token = place.path("token");
        make.map(|text| fs::write(&token, text));
        let (address, answers) = guarded(&token);
        let path = config(&place, address, &token);
        let b = Backend::start();
        let text = fs::read_to_string(&path).expect("read");
        let text = format!("{text}[[target]]\nname = \"b\"\nurl = {:?}\n", b.url());
        fs::write(&path, text).expect("written");
        let daemon = Daemon::start(&place, &args(&path));
        daemon.wait_for(&["healthy", "target=b"]);
        is_lacking(&place, &daemon, &answers);
        fs::write(&token, "one\n").expect("written");
        is_well_again(&daemon, &answers);
        daemon.wait_for(&["healthy", "target=a"]);
        daemon.stop();
    }
}

/// Nothing else of the configuration waits for that file.
#[test]
fn a_file_that_cannot_be_read_keeps_no_reload_from_happening() {
    let place = Place::new("header-reload");
    let b = Backend::start();
    let path = place.path("healthd.toml");
    fs::write(&path, super::file(&[("b", &b)])).expect("written");
    let daemon = Daemon::start(&place, &args(&path));
    daemon.wait_for(&["healthy", "target=b"]);
    let token = place.path("token");
    let (address, answers) = guarded(&token);
    config(&place, address, &token);
    daemon.signal("-HUP");
    daemon.wait_for(&["configuration read", "added=1", "removed=1"]);
    is_lacking(&place, &daemon, &answers);
    fs::write(&token, "one\n").expect("written");
    is_well_again(&daemon, &answers);
    // By hand it is said who lacks what.
    fs::remove_file(&token).expect("removed");
    let (code, error) = place.fails(&["check", "a"]);
    assert!(
        code == 2 && error.contains("headers.Authorization.file"),
        "{error}"
    );
    daemon.stop();
}

/// What was added is known only to the registry; its file is there later than the next monitor.
#[test]
fn one_that_was_added_is_watched_though_its_file_cannot_be_read() {
    let place = Place::new("header-added");
    let token = place.path("token");
    fs::write(&token, "one\n").expect("written");
    let (address, answers) = guarded(&token);
    let flags = ["--interval", "1s", "--timeout", "20s"].map(str::to_owned);
    let daemon = Daemon::start(&place, &flags);
    let target = serde_json::json!({ "add": {
        "name": "a",
        "url": format!("http://{address}/"),
        "headers": { "Authorization": { "file": token } },
    }});
    let mut stream = UnixStream::connect(place.path("healthd.db.sock")).expect("the monitor");
    stream
        .write_all(format!("{target}\n").as_bytes())
        .expect("asked");
    let mut reply = String::new();
    BufReader::new(stream)
        .read_line(&mut reply)
        .expect("answered");
    assert_eq!(reply.trim(), r#"{"done":"a added"}"#);
    daemon.wait_for(&["healthy", "target=a"]);
    daemon.stop();
    fs::remove_file(&token).expect("removed");

    let daemon = Daemon::start(&place, &flags);
    is_lacking(&place, &daemon, &answers);
    fs::write(&token, "two\n").expect("written");
    is_well_again(&daemon, &answers);
    daemon.stop();
    // What was given is kept as it was: the file, and not what it held.
    fs::write(&token, "three\n").expect("written");
    let daemon = Daemon::start(&place, &flags);
    let _before: Vec<_> = answers.try_iter().collect();
    assert_eq!(answer(&answers), "200 OK");
    daemon.stop();
}
