//! What is sent behind a redirect, and what is judged.

use super::*;

#[test]
fn the_method_and_the_body_follow_the_status() {
    for (method, status, then) in [
        ("GET", 302, "GET"),
        ("HEAD", 303, "HEAD"),
        ("POST", 301, "GET"),
        ("POST", 302, "GET"),
        ("POST", 303, "GET"),
        ("POST", 307, "POST"),
        ("POST", 308, "POST"),
        ("PUT", 302, "PUT"),
        ("PUT", 303, "GET"),
    ] {
        let probe = following("http://a.example/").method(method).body("{}");
        let probe = probe.header("Content-Type", "application/json");
        let probe = built(probe.header("Authorization", "Bearer s3cr3t"));
        let answer = redirect(status, "/z");
        // An answer to HEAD has no body.
        let answer = answer
            .strip_suffix("move")
            .filter(|_| method == "HEAD")
            .unwrap_or(&answer);
        let (asked, _) = converse(&probe, &[answer, OK]);
        let (_, request) = &asked[1];
        assert!(
            request.starts_with(&format!("{then} /z HTTP/1.1\r\n")),
            "{method} {status}"
        );
        let keeps = then == method;
        assert_eq!(request.ends_with("\r\n\r\n{}"), keeps, "{request}");
        assert_eq!(request.contains("Content-"), keeps, "{request}");
        assert!(
            request.contains("\r\nAuthorization: Bearer s3cr3t\r\n"),
            "{request}"
        );
        assert!(request.contains("\r\nConnection: close\r\n"), "{request}");
    }
}

#[test]
fn only_the_last_response_is_judged() {
    let probe = following("http://a.example/").accept_status(200..=200);
    let probe = probe.expect(Condition::header_equals("X-A", "b"));
    let probe = built(probe.expect(Condition::body_contains("ok")));
    let last = "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 2\r\n\r\nok";
    let (_, report) = converse(&probe, &[&redirect(302, "/z"), last]);
    assert_eq!(report.outcome.class, Class::Success, "{:?}", report.outcome);
    let (_, report) = converse(&probe, &[&redirect(302, "/z"), OK]);
    assert_eq!(report.outcome.message.as_str(), "header X-A is missing");
    // A redirect that is cut short is no redirect.
    let cut = "HTTP/1.1 302 X\r\nLocation: /z\r\nContent-Length: 9\r\n\r\nmove";
    let (asked, report) = converse(&probe, &[cut]);
    assert_eq!((asked.len(), report.outcome.kind), (1, Some(Kind::Reset)));
}

/// One deadline for all of it, and the times of the phases are sums.
#[test]
fn all_requests_together_have_the_time_of_one() {
    let probe = built(following("http://192.0.2.1/"));
    let mut attempt = Attempt::new(&probe, &POLICY, START, START + SECOND).unwrap();
    let step = SECOND / 4;
    for turn in 0..4 {
        let now = START + step * turn;
        let AttemptStep::Connect { to, .. } = attempt.step() else {
            panic!("{turn}: {:?}", attempt.step());
        };
        attempt.handle_connected(now, to, None);
        attempt.handle_sent(now);
        let now = now + step;
        attempt.handle_input(now, redirect(302, &format!("/{turn}")).as_bytes());
    }
    assert!(matches!(attempt.step(), AttemptStep::Close));
    let report = attempt.into_report();
    assert_eq!(report.outcome.kind, Some(Kind::Timeout));
    assert_eq!(report.took, SECOND);
    assert_eq!(report.timings.get(ProbePhase::Head), Some(SECOND));
}

/// Whatever stands in a Location: the host, the port and the framing of the next request stay ours.
#[test]
fn no_location_leads_astray() {
    let mut random = Random(0x5EED);
    let parts = [
        "http:",
        "https:",
        "HTTP:",
        "/",
        "//",
        "a.example",
        "evil.example",
        "@",
        ":",
        "80",
        "443",
        "8080",
        "[::1]",
        "..",
        ".",
        "?",
        "#",
        "%2e%2e",
        "%0d%0a",
        "\\",
        "Host: evil",
        ";",
        "~",
        "x",
        "\t",
        " ",
        "\u{e9}",
        "\r",
        "\u{1}",
    ];
    let probe = built(following("http://a.example:8080/b/c?q"));
    let mut followed = 0;
    for _ in 0..20_000 {
        let count = 1 + random.below(6);
        let location: String = (0..count)
            .map(|_| parts[random.below(parts.len())])
            .collect();
        let (asked, _) = converse(&probe, &[&redirect(302, &location), OK]);
        for (place, request) in &asked[1..] {
            followed += 1;
            let mut lines = request.split("\r\n");
            let first: Vec<_> = lines.next().unwrap().split(' ').collect();
            assert_eq!(
                (first.len(), first[0], first[2]),
                (3, "GET", "HTTP/1.1"),
                "{location}"
            );
            assert!(
                first[1].starts_with('/') && !first[1].contains('#'),
                "{location}"
            );
            let host = lines.next().unwrap();
            let plain = "192.0.2.1:8080";
            match place.strip_suffix(" TLS a.example") {
                None => assert_eq!((&**place, host), (plain, "Host: a.example:8080")),
                Some(place) => {
                    assert!(place.starts_with("192.0.2.1:"), "{place}");
                    assert!(host.starts_with("Host: a.example"), "{host}");
                }
            }
            assert_eq!(
                request.matches("\r\n").count(),
                asked[0].1.matches("\r\n").count()
            );
            assert!(
                !request.contains("evil.example\r\n"),
                "{location}: {request}"
            );
        }
    }
    assert!(followed > 1_000, "{followed}");
}
