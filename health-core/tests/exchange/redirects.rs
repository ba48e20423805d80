//! Redirects: where they lead to, and where not.

mod behind;

use health_core::check::probe::{
    AddressPolicy, Attempt, AttemptStep, Condition, Destination, HttpProbe, HttpProbeBuilder,
    Probe, ProbePhase, Report,
};
use health_core::{Class, Kind};

use super::{Random, SECOND, START, built};

static POLICY: AddressPolicy = AddressPolicy::new();

fn following(url: &str) -> HttpProbeBuilder {
    HttpProbe::builder(url).follow_redirects(3)
}

fn redirect(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nLocation: {location}\r\nContent-Length: 4\r\n\r\nmove")
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Where each request went, and what it was.
type Asked = Vec<(String, String)>;

/// Answers the requests one after the other with these.
fn converse(probe: &Probe, answers: &[&str]) -> (Asked, Report) {
    let mut attempt = Attempt::new(probe, &POLICY, START, START + SECOND).unwrap();
    let (mut asked, mut answers, mut place) = (Vec::new(), answers.iter(), String::new());
    for _ in 0..100 {
        match attempt.step() {
            AttemptStep::Resolve { port, .. } => {
                let address = format!("192.0.2.1:{port}").parse().unwrap();
                attempt.handle_resolved(START, [address]);
            }
            AttemptStep::Connect { to, .. } => {
                place = match to {
                    Destination::Tcp(address) => address.to_string(),
                    Destination::Unix(path) => path.to_owned(),
                };
                attempt.handle_connected(START, to, None);
            }
            AttemptStep::Secure { name, .. } => {
                assert!(attempt.tls().is_some());
                place = format!("{place} TLS {name}");
                attempt.handle_secured(START);
            }
            AttemptStep::Write { .. } => {
                let request = String::from_utf8_lossy(attempt.request()).into_owned();
                asked.push((place.clone(), request));
                attempt.handle_sent(START);
            }
            AttemptStep::Read { .. } => match answers.next() {
                Some(answer) => attempt.handle_input(START, answer.as_bytes()),
                None => attempt.handle_eof(START),
            },
            AttemptStep::Linger { .. } => attempt.handle_eof(START),
            AttemptStep::Close => break,
        }
    }
    assert!(matches!(attempt.step(), AttemptStep::Close));
    (asked, attempt.into_report())
}

/// The place and the first two lines of each request.
fn lines(asked: &Asked) -> Vec<String> {
    let lines = asked.iter().map(|(place, request)| {
        let mut lines = request.split("\r\n");
        let (first, host) = (lines.next().unwrap(), lines.next().unwrap());
        format!("{place}: {first}, {host}")
    });
    lines.collect()
}

#[track_caller]
fn ends(url: &str, location: &str, kind: Kind, message: &str) -> Report {
    let (asked, report) = converse(&built(following(url)), &[&redirect(302, location)]);
    assert_eq!(asked.len(), 1, "{location}: {asked:?}");
    let outcome = &report.outcome;
    assert_eq!(outcome.message.as_str(), message, "{location}");
    assert_eq!((outcome.class, outcome.kind), (Class::Failure, Some(kind)));
    report
}

#[track_caller]
fn leads(url: &str, location: &str, to: &str) {
    let (asked, report) = converse(&built(following(url)), &[&redirect(302, location), OK]);
    let lines = lines(&asked);
    let message = report.outcome.message.as_str();
    assert_eq!(
        lines.get(1).map(String::as_str),
        Some(to),
        "{location}: {message}"
    );
    assert_eq!(report.outcome.class, Class::Success, "{message}");
    assert_eq!(report.status, Some(200));
}

#[test]
fn they_are_not_followed_unless_asked_for() {
    let probe = built(HttpProbe::builder("http://a.example"));
    let (asked, report) = converse(&probe, &[&redirect(302, "http://evil.example/")]);
    assert_eq!((asked.len(), report.status), (1, Some(302)));
    assert_eq!(report.outcome.class, Class::Success);
}

#[test]
fn they_are_followed_on_the_same_host() {
    let url = "http://a.example:8080/x/y?q";
    let place = "192.0.2.1:8080: GET ";
    let host = " HTTP/1.1, Host: a.example:8080";
    for (location, path) in [
        ("/z", "/z"),
        ("z", "/x/z"),
        ("../z?r#fragment", "/z?r"),
        ("?r", "/x/y?r"),
        ("//a.example:8080", "/"),
        ("http://a.example:8080/z", "/z"),
        ("HTTP://A.EXAMPLE.:8080?r", "/?r"),
        ("http://a.example:8080/a/../../b/./", "/b/"),
    ] {
        leads(url, location, &format!("{place}{path}{host}"));
    }
    leads(
        "http://[2001:db8::1]/",
        "http://[2001:DB8:0::1]:80/z",
        "[2001:db8::1]:80: GET /z HTTP/1.1, Host: [2001:db8::1]",
    );
    leads(
        "unix:/run/a.sock:/x",
        "http://localhost/z",
        "/run/a.sock: GET /z HTTP/1.1, Host: localhost",
    );
    leads(
        "https://a.example/",
        "/z",
        "192.0.2.1:443 TLS a.example: GET /z HTTP/1.1, Host: a.example",
    );
}

#[test]
fn http_may_become_https() {
    leads(
        "http://a.example/",
        "https://a.example/z",
        "192.0.2.1:443 TLS a.example: GET /z HTTP/1.1, Host: a.example",
    );
    leads(
        "http://a.example:8080/",
        "https://a.example:8443/z",
        "192.0.2.1:8443 TLS a.example: GET /z HTTP/1.1, Host: a.example:8443",
    );
    let probe = built(following("http://a.example:8080/"));
    let there = redirect(301, "https://a.example/");
    let (asked, _) = converse(&probe, &[&there, &redirect(302, "z"), OK]);
    let last = "192.0.2.1:443 TLS a.example: GET /z HTTP/1.1, Host: a.example";
    assert_eq!(lines(&asked)[2], last);
    // And not back.
    let (asked, report) = converse(&probe, &[&there, &redirect(302, "http://a.example:8080/")]);
    assert_eq!(
        (asked.len(), report.outcome.kind),
        (2, Some(Kind::BadRedirect))
    );
}

/// A server behind another name or port redirects to what it is called.
#[test]
fn the_host_header_is_the_same_host() {
    let named = |location: &str| {
        let probe = following("http://192.0.2.1:8080/").header("Host", "app.example");
        let (asked, report) = converse(&built(probe), &[&redirect(302, location), OK]);
        (lines(&asked), report.outcome.message.as_str().to_owned())
    };
    let there = "192.0.2.1:8080: GET /z HTTP/1.1, Host: app.example";
    for location in ["http://app.example/z", "http://192.0.2.1:8080/z", "/z"] {
        let (lines, message) = named(location);
        assert_eq!(lines.last().unwrap(), there, "{location}: {message}");
    }
    let (lines, message) = named("http://app.example:9090/z");
    assert_eq!((lines.len(), &*message), (1, "redirect to another port"));
}

#[test]
fn elsewhere_is_a_failure_with_its_reason() {
    use Kind::{BadRedirect, RedirectOtherHost};
    let http = "http://a.example/";
    let report = ends(
        http,
        "http://evil.example/?token=hunter2",
        RedirectOtherHost,
        "redirect to another host",
    );
    let cause = report.outcome.cause.unwrap();
    assert_eq!(cause.reveal(), "Location: http://evil.example/?...");
    assert_eq!(report.status, Some(302));
    for location in [
        "//evil.example/",
        "http://a.example.evil.example/",
        "http://a.example@evil.example/",
        "http://evil.example@a.example/",
        "http://192.0.2.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:169.254.169.254]/",
        "http://",
        "http:///x",
        "http://a.example:0/",
        "http://a.example:99999/",
    ] {
        ends(
            http,
            location,
            RedirectOtherHost,
            "redirect to another host",
        );
    }
    for location in ["http://a.example:8080/", "//a.example:22/"] {
        ends(
            http,
            location,
            RedirectOtherHost,
            "redirect to another port",
        );
    }
    let text = "redirect from https to http";
    ends("https://a.example/", "http://a.example/", BadRedirect, text);
    ends(
        "https://a.example/",
        "http://a.example:443/",
        BadRedirect,
        text,
    );
    let text = "redirect to another scheme than http and https";
    for location in [
        "ftp://a.example/",
        "file:///etc/passwd",
        "unix:/run/a.sock",
        "javascript:0",
    ] {
        ends(http, location, BadRedirect, text);
    }
    let text = "redirect to what is no URL";
    for location in ["http:/x", "https:x", "/a b", "/\u{fc}", "/a\u{7f}"] {
        ends(http, location, BadRedirect, text);
    }
    ends(http, "", BadRedirect, "redirect without a Location");
    let text = "redirect to a URL of more than 8192 bytes";
    ends(http, &format!("/{}", "a".repeat(8_192)), BadRedirect, text);
    let text = "redirect with more than one Location";
    ends(http, "/a\r\nLocation: /b", BadRedirect, text);
    let none = "HTTP/1.1 307 X\r\nContent-Length: 0\r\n\r\n";
    let (_, report) = converse(&built(following(http)), &[none]);
    assert_eq!(
        report.outcome.message.as_str(),
        "redirect without a Location"
    );
    ends(
        "unix:/run/a.sock",
        "https://localhost/",
        RedirectOtherHost,
        "redirect to another port",
    );
}

#[test]
fn a_circle_ends() {
    let probe = built(following("http://a.example/"));
    let again = redirect(302, "/");
    let (asked, report) = converse(&probe, &[&again, &again, &again, &again, &again]);
    assert_eq!(asked.len(), 4);
    let text = "more redirects than the 3 that are followed";
    assert_eq!(report.outcome.message.as_str(), text);
    assert_eq!(report.outcome.kind, Some(Kind::BadRedirect));
}
