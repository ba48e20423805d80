//! The command `healthcheck`, as it is called in a container.
#![cfg(all(unix, feature = "cli"))]

use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Duration;

use health_blocking::{Health, Server};

#[path = "../../health-core/driver/tests/probing/peer.rs"]
mod peer;

use peer::{answering, nobody};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}";

/// Exit code and line.
#[track_caller]
fn healthcheck(args: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_healthcheck"))
        .args(args)
        // Ignored: no proxy is ever asked.
        .env("http_proxy", "http://127.0.0.1:1")
        .env("HTTP_PROXY", "http://127.0.0.1:1")
        .env("ALL_PROXY", "http://127.0.0.1:1")
        .output()
        .expect("the binary");
    let stdout = String::from_utf8(output.stdout).expect("text");
    assert!(stdout.len() <= 120, "{} bytes: {stdout}", stdout.len());
    assert!(
        stdout.ends_with('\n') && stdout.lines().count() == 1,
        "{stdout:?}"
    );
    assert!(output.stderr.is_empty(), "{:?}", output.stderr);
    (output.status.code().expect("a code"), stdout)
}

#[track_caller]
fn exits(args: &[&str], code: i32, begins: &str) -> String {
    let (exit, line) = healthcheck(args);
    assert!(line.starts_with(begins), "{line}");
    assert_eq!(exit, code, "{line}");
    line
}

#[test]
fn healthy() {
    let url = format!("http://{}/health", answering(OK));
    let line = exits(&[&url], 0, "healthy in ");
    assert!(line.trim_end().ends_with(&url), "{line}");
    exits(
        &[&url, "--expect-status", "200", "--contains", "status"],
        0,
        "healthy",
    );
    exits(
        &[&url, "--json", "--json-pointer", "/status=ok"],
        0,
        "healthy",
    );
    exits(
        &[
            "--header",
            "Authorization: Bearer t",
            "--timeout",
            "20s",
            &url,
        ],
        0,
        "healthy",
    );
    let tcp = format!("tcp://{}", answering(OK));
    exits(&[&tcp], 0, "healthy");
    exits(
        &["exec", "--", "sh", "-c", "test \"$A\" = b", "--json"],
        1,
        "unhealthy: exit code 1",
    );
    exits(
        &["exec", "--env", "A=b", "--", "sh", "-c", "test \"$A\" = b"],
        0,
        "healthy",
    );
    exits(&["exec", "true"], 0, "healthy");
}

#[test]
fn over_a_unix_socket() {
    let name = format!("healthcheck-{}.sock", std::process::id());
    let path = std::env::temp_dir().join(name);
    let target = format!("unix:{}:/health/ready", path.display());
    exits(&[&target], 1, "unhealthy: connection refused");
    let health = Health::new("shop", "1.0.0");
    let server = Server::bind_unix(&path, 0o600, &health).expect("a free path");
    let server = server.spawn().expect("a thread");
    exits(&[&target], 1, "unhealthy: HTTP 503");
    health.set_running();
    exits(&[&target], 0, "healthy in ");
    server.shutdown(Duration::from_secs(20));
}

#[test]
fn not_healthy() {
    let url = format!("http://{}/health", answering(OK));
    exits(
        &[&url, "--expect-status", "204"],
        1,
        "unhealthy: HTTP 200 OK (accepted: 204)",
    );
    exits(&[&url, "--contains", "up"], 1, "unhealthy: ");
    exits(&[&url, "--json-pointer", "/status=up"], 1, "unhealthy: ");
    exits(
        &[&format!("tcp://{}", nobody())],
        1,
        "unhealthy: connection refused",
    );
    exits(&["exec", "--", "false"], 1, "unhealthy: exit code 1");
    exits(
        &["exec", "--", "no-such-command"],
        1,
        "unhealthy: command not found",
    );
    exits(
        &[&url, "--deny", "this-host"],
        1,
        "unhealthy: address denied by policy",
    );
    exits(
        &[&url, "--deny", "127.0.0.0/8"],
        1,
        "unhealthy: address denied by policy",
    );

    let mute = peer::server(std::mem::forget);
    let mute = format!("http://{mute}");
    exits(
        &[&mute, "--timeout", "1.5"],
        1,
        "unhealthy: timeout while waiting for the response head",
    );
}

#[test]
fn usage() {
    let (url, allowed) = (
        "http://127.0.0.1:1/",
        "allowed are http://…, https://…, tcp://host:port",
    );
    let http_only = "status, method, headers and body conditions are for http, https and unix";
    for (args, says) in [
        (
            &[][..],
            "healthcheck TARGET, or healthcheck exec -- CMD".to_owned(),
        ),
        (&["127.0.0.1"], format!("target \"127.0.0.1\": {allowed}")),
        (&["ftp://a"], format!("target \"ftp://a\": {allowed}")),
        (&[url, "more"], "unexpected argument \"more\"".into()),
        (
            &[url, "--no-such-option"],
            "invalid option '--no-such-option'".into(),
        ),
        (
            &[url, "--timeout", "0"],
            "--timeout \"0\": allowed is more than 0".into(),
        ),
        (
            &[url, "--timeout", "1d"],
            "--timeout \"1d\": a duration is a number of seconds, or".into(),
        ),
        (
            &[url, "--timeout"],
            "missing argument for option '--timeout'".into(),
        ),
        (
            &[url, "--expect-status", "ok"],
            "--expect-status \"ok\": allowed is 200 or 200-399".into(),
        ),
        (
            &[url, "--expect-status", "100-200"],
            "status \"100-200\": allowed are ranges within 200-599".into(),
        ),
        (
            &[url, "--header", "no-colon"],
            "--header: allowed is 'NAME: VALUE'".into(),
        ),
        (
            &[url, "--json-pointer", "status"],
            "--json-pointer \"status\": allowed is /pointer=value".into(),
        ),
        (
            &[url, "--deny", "everything"],
            "--deny \"everything\": allowed are link-local, metadata, this-host, private".into(),
        ),
        (
            &[url, "--insecure"],
            "--ca, --cert, --key and --insecure are for https".into(),
        ),
        (&[url, "--dir", "/"], "--dir and --env are for exec".into()),
        (&["tcp://127.0.0.1:1", "--json"], http_only.into()),
        (
            &["exec"],
            "command \"\": allowed is a program with its arguments".into(),
        ),
        (&["exec", "--json", "--", "true"], http_only.into()),
        (
            &["https://127.0.0.1:1", "--cert", "x"],
            "--cert and --key belong together".into(),
        ),
    ] {
        exits(args, 2, &format!("usage: {says}"));
    }
    exits(&["--help"], 0, "healthcheck TARGET");
    exits(&["--version"], 0, "healthcheck 0.");
}

#[test]
fn secrets_are_not_printed() {
    let url = format!("http://{}/h?token=hunter2", nobody());
    let line = exits(
        &[&url, "--header", "Authorization: hunter2"],
        1,
        "unhealthy",
    );
    assert!(!line.contains("hunter2"), "{line}");
    let line = exits(&["http://u:hunter2@h/"], 2, "usage");
    assert!(!line.contains("hunter2"), "{line}");
    let line = exits(
        &["exec", "--env", "P=hunter2", "--", "false", "hunter2"],
        1,
        "unhealthy",
    );
    assert!(!line.contains("hunter2"), "{line}");
    let line = exits(&["http://h/", "--header", "hunter2"], 2, "usage");
    assert!(!line.contains("hunter2"), "{line}");
}

/// Its exit code is what counts, also where nobody takes its line.
#[test]
fn the_exit_code_needs_no_output() {
    let url = format!("http://{}/health", answering(OK));
    let program = env!("CARGO_BIN_EXE_healthcheck");
    let nobody = format!("http://{}/", nobody());
    for (target, code) in [(&*url, 0), (&*nobody, 1), ("nonsense", 2)] {
        for outputs in [">&- 2>&-", ">/dev/full 2>/dev/full"] {
            let script = format!("exec {program} '{target}' {outputs}");
            let status = Command::new("sh").args(["-c", &script]).status();
            assert_eq!(status.expect("sh").code(), Some(code), "{script}");
        }
        // A pipe that is full, and that nobody reads.
        let (mut writer, _reader) = UnixStream::pair().expect("a pair");
        writer.set_nonblocking(true).expect("set");
        while writer.write(b"x").is_ok() {}
        writer.set_nonblocking(false).expect("set");
        let mut command = Command::new(program);
        let status = command.arg(target).stdout(OwnedFd::from(writer)).status();
        assert_eq!(status.expect("healthcheck").code(), Some(code), "{target}");
    }
}
