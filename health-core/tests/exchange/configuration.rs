//! What a probe may be told, and what is refused before anything is sent.

use health_core::ConfigError;
use health_core::check::probe::{Condition, HttpProbe, HttpProbeBuilder, Probe};

use crate::builder;

#[track_caller]
fn refused(builder: HttpProbeBuilder) -> ConfigError {
    builder.build().expect_err("refused")
}

fn request(builder: HttpProbeBuilder) -> String {
    let probe = builder.build().expect("allowed");
    String::from_utf8(probe.request().to_vec()).unwrap()
}

#[test]
fn no_line_end_gets_into_a_request() {
    for evil in [
        "a\r\nX: y",
        "a\nb",
        "a\rb",
        "a\0b",
        "a\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        "\u{85}\n",
    ] {
        let path = format!("/{evil}");
        assert_eq!(refused(builder().path(&path)).field(), "path");
        assert_eq!(refused(builder().method(evil)).field(), "method");
        // What stands behind a colon is a port.
        let authority = refused(HttpProbe::builder(format!("http://{evil}")));
        assert!(["host", "port"].contains(&authority.field()), "{authority}");
        let url = HttpProbe::builder(format!("http://a.example/{evil}"));
        assert_eq!(refused(url).field(), "path");
        assert_eq!(refused(builder().header("Host", evil)).field(), "host");
        assert_eq!(refused(builder().header(evil, "v")).field(), "header");
        assert_eq!(
            refused(builder().header("X", evil)).field(),
            "value of header"
        );
        assert_eq!(
            refused(builder().header("User-Agent", evil)).field(),
            "value of header"
        );
        assert_eq!(
            refused(builder().expect(Condition::header(evil))).field(),
            "expected header"
        );
    }
}

#[test]
fn a_body_is_framed_and_no_part_of_the_head() {
    let with_body = builder().method("POST").body("Host: evil\r\n\r\n{}");
    let probe = with_body.build().expect("allowed");
    let text = String::from_utf8(probe.request().to_vec()).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    assert!(head.contains("\r\nContent-Length: 16"), "{head}");
    assert_eq!(body, "Host: evil\r\n\r\n{}");
    assert!(!format!("{probe:?}").contains("evil"));
    let most = 64 * 1_024;
    assert!(builder().body("x".repeat(most)).build().is_ok());
    assert_eq!(
        refused(builder().body("x".repeat(most + 1))).field(),
        "body"
    );
}

#[test]
fn errors_name_the_field_the_value_and_what_is_allowed() {
    for (builder, text) in [
        (
            builder().path("health"),
            "path \"health\": allowed are visible ASCII characters but #, beginning with /; \
             others are percent-encoded",
        ),
        (
            builder().accept_status(100..=399),
            "status \"100-399\": allowed are ranges within 200-599, the lower end first",
        ),
        (
            builder().method("CONNECT"),
            "method \"CONNECT\": allowed are GET, HEAD, OPTIONS and other tokens but CONNECT",
        ),
        (
            builder().header("Authorization", "Bearer s3cr3t\n"),
            "value of header \"Authorization\": allowed is text without control characters (a \
             line end is one) and without spaces around it",
        ),
        (
            builder().header("transfer-encoding", "chunked"),
            "header \"transfer-encoding\": allowed are headers that do not frame the request or \
             keep the connection: the probe sets those itself",
        ),
        (
            builder().expect(Condition::json_at("status", 1)),
            "JSON pointer \"status\": allowed are JSON pointers (RFC 6901): empty, or beginning \
             with / and with each ~ followed by 0 or 1",
        ),
        (
            builder().method("HEAD").expect(Condition::body_is_json()),
            "method \"HEAD\": allowed are methods whose answers have a body, if it is judged",
        ),
    ] {
        assert_eq!(refused(builder).to_string(), text);
    }
    for (field, builder) in [
        ("status", builder().accept_status(200..=600)),
        ("status", builder().accept_status(RANGE_BACKWARDS)),
        ("path", builder().path("/a#b")),
        ("path", builder().path("/ä")),
        ("path", builder().path("*")),
        (
            "expected content",
            builder().expect(Condition::body_contains("")),
        ),
        (
            "headers",
            (0..96).fold(builder(), |builder, _| builder.header("X", "y")),
        ),
        ("request", builder().path("/".repeat(16_384))),
    ] {
        assert_eq!(refused(builder).field(), field);
    }
}

const RANGE_BACKWARDS: std::ops::RangeInclusive<u16> = {
    let (high, low) = (399, 200);
    high..=low
};

#[test]
fn own_headers_are_replaced_and_removed() {
    assert_eq!(
        request(
            builder()
                .header("host", "b:81")
                .header("ACCEPT", "")
                .header("user-agent", "u/1")
        ),
        "GET / HTTP/1.1\r\nHost: b:81\r\nAccept-Encoding: identity\r\nConnection: close\r\nuser-agent: u/1\r\n\r\n",
    );
    assert_eq!(
        request(
            builder()
                .method("OPTIONS")
                .path("*")
                .header("X", "")
                .header("X", "2")
        ),
        "OPTIONS * HTTP/1.1\r\nHost: a.example\r\nAccept: */*\r\nAccept-Encoding: identity\r\nUser-Agent: health-probe/0.1\r\n\
         Connection: close\r\nX: \r\nX: 2\r\n\r\n",
    );
    let any = request(builder().header("accept-encoding", ""));
    assert!(
        !any.to_ascii_lowercase().contains("accept-encoding"),
        "{any}"
    );
    let own = request(builder().header("accept-encoding", "gzip"));
    assert!(
        own.contains("accept-encoding: gzip") && !own.contains("identity"),
        "{own}"
    );
    assert!(request(builder().method("POST")).contains("\r\nContent-Length: 0\r\n"));
    let most = (0..95).fold(builder(), |builder, _| builder.header("X", "y"));
    assert_eq!(
        request(most).lines().count(),
        102,
        "100 fields, request line, empty line"
    );
}

#[test]
fn secrets_are_masked() {
    let builder = builder().path("/x?y=1").header("Authorization", "s3cr3t");
    assert!(!format!("{builder:?}").contains("s3cr3t"));
    let probe = builder.build().unwrap();
    let shown = format!("{probe:?}");
    assert!(!shown.contains("s3cr3t"));
    for part in [
        "\"GET\"",
        "/x?...",
        "a.example",
        "Authorization",
        "accepted: 200-399",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let request = String::from_utf8_lossy(probe.request());
    assert!(request.starts_with("GET /x?y=1 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("\r\nHost: a.example\r\n"), "{request}");
}

/// An error is shown to whoever reads the log, and so is a `Debug`.
#[test]
fn neither_an_error_nor_debug_quotes_a_password_or_a_token() {
    for text in [
        "postgres://app:hunter2@db/app",
        "tcp://user:hunter2@db:5432",
        "tcp://hunter2@db:5432",
        "tcp://hunter2@db",
        "tcp://db:5432?hunter2",
        "tcp://db?hunter2:80",
        "http://user:hunter2@db/",
        "http://user:hunter2/x@db/",
        "http://user:x/hunter2@db/",
        "http://user:hunter2?x@db/",
        "http://db/?token=hunter2 x",
        "http://db/#hunter2",
        "http://db?hunter2",
        "HTTP://db/?hunter2",
        "unix:run/a.sock?hunter2",
        "unix:/run/a\0.sock?hunter2:/",
        "hunter2@db:80",
        "db?hunter2",
    ] {
        let error = text.parse::<Probe>().expect_err(text);
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
    for builder in [
        HttpProbe::builder("http://db").path("/?hunter2 "),
        HttpProbe::builder("http://db").header("Host", "user:hunter2@db"),
    ] {
        assert!(!format!("{builder:?}").contains("hunter2"));
        let error = builder.build().expect_err("refused");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
    let probe: Probe = "http://db/?token=hunter2".parse().expect("valid");
    assert!(!format!("{probe:?}").contains("hunter2"), "{probe:?}");
}
