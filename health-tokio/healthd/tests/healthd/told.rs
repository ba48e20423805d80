//! What `add`, `update` and `check` may be told, and what comes of it.

use crate::backend::Backend;
use crate::daemon::{Daemon, Place, wait_until};

#[test]
fn check_takes_every_expectation() {
    let place = Place::new("told-check");
    let backend = Backend::start();
    let url = backend.url();
    let checks = |args: &[&str], code: i32, part: &str| {
        let output = place.run(&[&["check"], args].concat());
        let text = String::from_utf8_lossy(&output.stdout);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {text}{error}");
        let all = format!("{text}{error}");
        assert!(all.contains(part), "{args:?}: {all}");
    };
    let of_url = |flags: &[&str], code, part: &str| checks(&[&[&*url], flags].concat(), code, part);
    of_url(
        &[
            "--json-at",
            "/status=healthy",
            "--json-at",
            "/status=\"healthy\"",
        ],
        0,
        "\"healthy\" at /status",
    );
    of_url(
        &["--json-at", "/status=ill"],
        1,
        "body has another value than \"ill\"",
    );
    of_url(
        &["--warn-json-at", "/status=ill"],
        0,
        "healthy, with a warning",
    );
    of_url(
        &["--expect-header", "Content-Type: application/json"],
        0,
        "rule",
    );
    of_url(
        &["--expect-header", "X-Cache"],
        1,
        "header X-Cache is missing",
    );
    of_url(
        &["--expect-status", "204,300-399"],
        1,
        "HTTP 200 OK (accepted: 204, 300-399)",
    );
    of_url(&["--matches", "^.\"status\":\"h"], 0, "rule");
    of_url(
        &["--matches", "("],
        2,
        "check: url: expected pattern \"unclosed group: (\"",
    );
    of_url(&["--warn-latency", "0.001ms"], 0, "warning");
    of_url(
        &["--max-latency", "0.001ms"],
        1,
        "response took longer than 1µs",
    );
    of_url(
        &["--max-latency", "20s"],
        2,
        "max_latency = \"20s\": allowed is less than the timeout, 10s",
    );
    of_url(&["--max-latency", "20s", "--timeout", "30s"], 0, "rule");
    of_url(
        &["--redirects", "eleven"],
        2,
        "check: redirects = \"eleven\": allowed is 0 to 10",
    );
    of_url(&["--ip-family", "ipv6"], 2, "IP family \"IPv6\"");
    of_url(&["--exit-codes", "plugin"], 2, "exit_codes is for exec");
    of_url(
        &["--json-at", "status"],
        2,
        "--json-at: allowed is NAME=VALUE",
    );

    let exec = |flags: &[&str], command: &[&str], code, part: &str| {
        checks(&[&["exec"], flags, &["--"], command].concat(), code, part);
    };
    // Limits are set right after the start.
    let until_17 = "until test $(ulimit -n) = 17; do :; done";
    let one = ["sh", "-c", "exit 1"];
    exec(&[], &one, 1, "exit code 1");
    exec(
        &["--exit-codes", "plugin"],
        &one,
        0,
        "rule     exit code 0; degraded with 1",
    );
    exec(
        &["--exec-env", "A=b"],
        &["sh", "-c", "test $A = b"],
        0,
        "rule",
    );
    exec(
        &["--exec-dir", "/tmp"],
        &["sh", "-c", "test $PWD = /tmp"],
        0,
        "rule",
    );
    exec(
        &["--exec-prefix", "env A=b"],
        &["sh", "-c", "test $A = b"],
        0,
        "rule",
    );
    exec(
        &["--exec-limit", "files=17"],
        &["sh", "-c", until_17],
        0,
        "rule",
    );
    exec(
        &["--exec-limit", "files=0"],
        &["true"],
        2,
        "exec_limits.files = 0",
    );
    exec(
        &["--contains", "x"],
        &["true"],
        2,
        "what is expected of an answer",
    );

    // Where clouds keep the credentials of a machine.
    checks(
        &["http://169.254.169.254/latest"],
        1,
        "address denied by policy",
    );
}

#[test]
fn an_update_changes_settings_and_keeps_the_state_of_the_same_place() {
    let place = Place::new("told-update");
    let (a, b) = (Backend::start(), Backend::start());
    place.out(&[
        "add",
        "web",
        &a.url(),
        "--interval",
        "200ms",
        "--json-at",
        "/status=healthy",
    ]);
    let fails = |args: &[&str], code: i32, part: &str| {
        let (got, error) = place.fails(&[&["update"], args].concat());
        assert!(
            got == code && error.contains(part),
            "{args:?}: {got} {error}"
        );
    };
    let inspected = |part: &str| {
        let text = place.out(&["inspect", "web"]);
        assert!(text.contains(part), "{text}");
    };
    fails(&["nobody", "--retries", "2"], 1, "nobody: no such target");
    fails(&["web"], 2, "nothing to change");
    fails(&["web", "--unset", "name"], 2, "--unset: name is needed");
    fails(
        &["web", "--unset", "contains"],
        1,
        "web: it has no contains of its own",
    );
    fails(
        &["web", "--retries", "0"],
        1,
        "update: retries = 0: allowed is 1 to 1000000",
    );

    // Without a monitor, and with one.
    let said = place.out(&["update", "web", "--retries", "2", "--unset", "json_at"]);
    assert_eq!(said.trim(), "web updated; no monitor runs");
    inspected("retries 2");
    inspected("expects    status 200, a body of JSON\n");
    inspected("every 0.2 s");
    let flag = format!("flag={}", b.url());
    let daemon = Daemon::start(&place, &["--target".to_owned(), flag]);
    daemon.wait_for(&["healthy", "target=web"]);
    let since = || {
        let text = place.out(&["inspect", "web"]);
        let line = text
            .lines()
            .find(|it| it.starts_with("Check http: healthy since "));
        line.and_then(|it| it.split(" (").next()).map(str::to_owned)
    };
    wait_until("its state is kept", || since().is_some());
    let before = since();
    let said = place.out(&[
        "update",
        "web",
        "--contains",
        "healthy",
        "--warn-latency",
        "5s",
    ]);
    assert_eq!(said.trim(), "web updated");
    inspected("a body with \"healthy\"; degraded without: within 5s");
    assert_eq!(since(), before);
    fails(&["web", "--retries", "0"], 1, "update: retries = 0");
    fails(
        &["flag", "--retries", "2"],
        1,
        "flag: it is changed in the configuration",
    );
    fails(&["nobody", "--retries", "2"], 1, "nobody: no such target");

    // In another place it is another target.
    let said = place.out(&["update", "web", &b.url()]);
    assert!(said.contains("begins anew"), "{said}");
    inspected(&b.url());
    daemon.stop();
}

#[test]
fn a_command_may_be_added() {
    let place = Place::new("told-exec");
    place.out(&[
        "add",
        "job",
        "exec",
        "--exit-codes",
        "plugin",
        "--",
        "sh",
        "-c",
        "exit 1",
    ]);
    let text = place.out(&["check", "job"]);
    assert!(text.starts_with("healthy, with a warning"), "{text}");
    let (code, error) = place.fails(&["add", "x", "http://a/", "--", "true"]);
    assert!(
        code == 2 && error.contains("a command is for exec"),
        "{error}"
    );
}

/// `/health` leads to `/there`, which is healthy, and everything else to itself.
fn leading() -> std::net::SocketAddr {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                request.push(byte[0]);
            }
            let request = String::from_utf8_lossy(&request).into_owned();
            let path = request.split(' ').nth(1).unwrap_or("/");
            let to = if path == "/health" { "there" } else { path };
            let head = match path {
                "/there" => "200 OK".to_owned(),
                _ => format!("302 Found\r\nLocation: {to}"),
            };
            let _ = write!(stream, "HTTP/1.1 {head}\r\nContent-Length: 2\r\n\r\n{{}}");
        }
    });
    address
}

#[test]
fn redirects_are_followed_on_the_same_host() {
    let place = Place::new("told-redirects");
    let address = leading();
    let check = |path: &str, most: &str| {
        let url = format!("http://{address}{path}");
        let flags = ["--redirects", most, "--expect-status", "200"];
        let output = place.run(&[&["check", &*url], &flags[..]].concat());
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let text = check("/health", "1");
    assert!(text.starts_with("healthy: "), "{text}");
    assert!(text.contains("behind at most 1 redirect\n"), "{text}");
    let text = check("/health", "0");
    assert!(text.contains("HTTP 302 Found (accepted: 200)"), "{text}");
    let text = check("/circle", "10");
    let part = "more redirects than the 10 that are followed";
    assert!(text.contains(part), "{text}");
    assert!(text.contains("cause    Location: /circle"), "{text}");
}
