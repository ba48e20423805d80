//! Certificates, and what is sent and expected over TCP.

use health_core::check::probe::Probe;

use super::{File, toml};
use crate::config::check::CheckDef;

/// The check of this table.
fn check(name: &str, table: &str) -> CheckDef {
    let mut settings = toml(name, &format!("target = [{{ name = \"a\", {table} }}]"));
    settings.targets.swap_remove(0).checks.swap_remove(0)
}

#[test]
fn a_certificate_has_limits_by_default() {
    for (index, (table, rule)) in [
        (
            "url = \"https://a/\"",
            "status 200, a body of JSON, a certificate for 3d (warning: 21d)",
        ),
        (
            "url = \"https://a/\", json = false, cert_warn = \"30d\", cert_fail = 0",
            "status 200, a certificate (warning: 30d)",
        ),
        (
            "url = \"https://a/\", json = false, cert_warn = 0, cert_fail = \"12h\"",
            "status 200, a certificate for 12h",
        ),
        (
            "url = \"https://a/\", json = false, cert_warn = \"0s\", cert_fail = 0",
            "status 200",
        ),
        ("url = \"http://a/\"", "status 200, a body of JSON"),
        (
            "url = \"tls://a:1\"",
            "a connection is accepted, a TLS handshake, a certificate for 3d (warning: 21d)",
        ),
        (
            "url = \"tcp://a:1\", tls = { insecure = true }, cert_warn = 90, cert_fail = 0, expect = \"220\"",
            "a connection is accepted, a TLS handshake, a certificate (warning: 90s), the answer that is \
             expected",
        ),
        ("url = \"tcp://a:1\"", "a connection is accepted"),
    ]
    .into_iter()
    .enumerate()
    {
        let check = check(&format!("certificate-{index}"), table);
        assert_eq!(check.rule.to_string(), rule, "{table}");
    }
}

#[test]
fn what_is_sent_and_expected() {
    for (index, (table, shown, steps)) in [
        (
            "url = \"tcp://a:6379\", send = \"PING\\r\\n\", expect = \"+PONG\"",
            "tcp://a:6379",
            "[Send(6 bytes), Expect(\"+PONG\")]",
        ),
        (
            "tcp = { host = \"::1\", port = 25 }, expect = \"220\"",
            "tcp://[::1]:25",
            "[Expect(\"220\")]",
        ),
        (
            "url = \"tls://a:465\", steps = [{ expect = \"220\" }, { send = \"QUIT\\r\\n\" }, { expect = \"221\" }]",
            "tls://a:465",
            "[Expect(\"220\"), Send(6 bytes), Expect(\"221\")]",
        ),
        (
            "url = \"tcp://a:5432\", send = { hex = \"00 00 00 08 04d2162f\" }, expect = { hex = \"53\" }",
            "tcp://a:5432",
            "[Send(8 bytes), Expect(\"S\")]",
        ),
        ("url = \"tcp://a:1\", send = { env = \"PATH\" }", "tcp://a:1", "[Send("),
        ("tcp = { host = \"a\", port = 1 }, tls = {}", "tls://a:1", "[]"),
    ]
    .into_iter()
    .enumerate()
    {
        let check = check(&format!("steps-{index}"), table);
        assert!(matches!(check.probe, Probe::Stream(_)), "{table}");
        assert_eq!(check.probe.to_string(), shown);
        let debug = format!("{:?}", check.probe);
        assert!(debug.contains(steps), "{table}: {debug}");
        assert_eq!(check.name.as_str(), "tcp");
    }
    // Nothing to say: the connection alone, which takes least memory.
    for (index, table) in [
        "url = \"tcp://a:1\"",
        "tcp = { host = \"a\", port = 1 }, steps = []",
    ]
    .into_iter()
    .enumerate()
    {
        let check = check(&format!("bare-{index}"), table);
        assert!(matches!(check.probe, Probe::Tcp(_)), "{table}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    for (index, (table, expected)) in [
        (
            "url = \"https://a/\", cert_warn = \"soon\"",
            "target[0].cert_warn = \"soon\": allowed is 0 for never, or at least 1s, as in 12h and 21d",
        ),
        (
            "url = \"http://a/\", cert_fail = \"1d\"",
            "target[0].url = \"http://a/\": cert_fail is for https, tls:// and tcp with tls",
        ),
        (
            "url = \"tcp://a:1\", cert_fail = \"1d\"",
            "target[0].url = \"tcp://a:1\": cert_fail is for https, tls:// and tcp with tls",
        ),
        ("exec = [\"true\"], cert_warn = \"1d\"", "cert_warn is not for a command"),
        ("exec = [\"true\"], expect = \"x\"", "expect is not for a command"),
        (
            "url = \"http://a/\", send = \"hunter2\"",
            "target[0].url = \"http://a/\": send is for tcp:// and tls://",
        ),
        ("url = \"tls://a\"", "target[0].url: target \"a\": allowed is host:port"),
        (
            "url = \"tcp://a:1\", send = \"\"",
            "target[0].send: allowed is a text, {hex = \"0d0a\"} or {env = \"NAME\"}",
        ),
        (
            "url = \"tcp://a:1\", send = { hex = \"hunter2\" }",
            "target[0].send.hex: allowed are pairs of hexadecimal digits",
        ),
        (
            "url = \"tcp://a:1\", send = { env = \"NO_SUCH_NAME\" }",
            "target[0].send.env = \"NO_SUCH_NAME\": no such variable",
        ),
        (
            "url = \"tcp://a:1\", expect = { env = \"PATH\" }",
            "target[0].expect.env: no such key; allowed are: hex",
        ),
        (
            "url = \"tcp://a:1\", expect = 220",
            "target[0].expect: allowed is a text or {hex = \"0d0a\"}",
        ),
        (
            "url = \"tcp://a:1\", send = \"x\", steps = [{ expect = \"220\" }]",
            "target[0].steps: allowed without send: each is a step of the list",
        ),
        (
            "url = \"tcp://a:1\", steps = [{ expect = \"220\", send = \"hunter2\" }]",
            "target[0].steps[0]: allowed is one of: send, expect",
        ),
        (
            "url = \"tcp://a:1\", steps = [{}]",
            "target[0].steps[0]: allowed is one of: send, expect",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let text = format!("target = [{{ name = \"a\", {table} }}]");
        let file = File::new(&format!("stream-{index}.toml"), &text);
        let error = match file.read() {
            Ok(settings) => panic!("{table}: accepted as {settings:?}"),
            Err(error) => error.to_string(),
        };
        assert!(error.contains(expected), "{table}\n  said {error}\n  not  {expected}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}
