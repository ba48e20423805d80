//! The client's side of an HTTP probe against everything a server may send.

// A test has std, and its helpers may unwrap as the tests themselves may.
#![allow(
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    clippy::unwrap_used
)]

mod cases;
mod configuration;
mod conversation;
#[cfg(feature = "expect")]
mod further;
mod hostile;
#[cfg(feature = "expect")]
mod redirects;
mod reference;

use std::time::Duration;

use cases::{Case, Expect, cases};
use health_core::check::probe::{
    AddressPolicy, Attempt, AttemptStep, Condition, Destination, HttpProbe, HttpProbeBuilder,
    Probe, Report,
};
use health_core::{Class, Instant, Kind};

const START: Instant = Instant::from_micros(1_000);
/// How much of a body is read, by default.
const MAX_BODY: usize = 1_024 * 1_024;
const SECOND: Duration = Duration::from_secs(1);

fn builder() -> HttpProbeBuilder {
    HttpProbe::builder("http://a.example")
}

fn built(builder: HttpProbeBuilder) -> Probe {
    builder.build().unwrap().into()
}

/// An attempt whose connection stands, and took no time.
fn connected(probe: &Probe) -> Attempt<'_> {
    static POLICY: AddressPolicy = AddressPolicy::new();
    let address = "192.0.2.1:80".parse().unwrap();
    let mut attempt = Attempt::new(probe, &POLICY, START, START + SECOND).unwrap();
    attempt.handle_resolved(START, [address]);
    let (to, until) = (Destination::Tcp(address), START + SECOND);
    assert_eq!(attempt.step(), AttemptStep::Connect { to, until });
    attempt.handle_connected(START, to, None);
    assert_eq!(attempt.step(), AttemptStep::Write { until });
    attempt
}

/// One that has sent its request.
fn begun(probe: &Probe) -> Attempt<'_> {
    let mut attempt = connected(probe);
    attempt.handle_sent(START);
    attempt
}

/// Feeds the pieces, then the end of the stream if `eof`, then the deadline.
fn run<'a>(probe: &Probe, pieces: impl IntoIterator<Item = &'a [u8]>, eof: bool) -> Report {
    let mut attempt = begun(probe);
    for piece in pieces {
        attempt.handle_input(START, piece);
        assert!(attempt.buffered() <= 128 * 1_024);
    }
    if eof {
        attempt.handle_eof(START);
    }
    attempt.handle_timeout(START + SECOND);
    assert!(matches!(attempt.step(), AttemptStep::Close));
    attempt.into_report()
}

/// xorshift64*: enough for cuts and mutations, and the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit.max(1)
    }

    fn cuts<'a>(&mut self, mut bytes: &'a [u8]) -> Vec<&'a [u8]> {
        let mut pieces = Vec::new();
        while !bytes.is_empty() {
            let longest = [1, 3, 20, 5_000][self.below(4)];
            let (piece, rest) = bytes.split_at((1 + self.below(longest)).min(bytes.len()));
            pieces.push(piece);
            bytes = rest;
        }
        pieces
    }
}

#[track_caller]
fn same_in_any_cut(probe: &Probe, bytes: &[u8], eof: bool, random: &mut Random) -> Report {
    let whole = run(probe, [bytes], eof);
    let start = bytes[..bytes.len().min(100)].escape_ascii();
    assert_eq!(
        run(probe, bytes.chunks(1), eof),
        whole,
        "byte by byte: {start}"
    );
    for _ in 0..4 {
        assert_eq!(run(probe, random.cuts(bytes), eof), whole, "cut: {start}");
    }
    whole
}

/// A probe whose failure quotes the body: how these tests look at it.
fn mirror() -> Probe {
    let never = Condition::body_contains("\u{1}").soft();
    built(builder().capture_body(true).expect(never))
}

fn body_of(report: &Report) -> &str {
    let cause = report
        .outcome
        .cause
        .as_ref()
        .map_or("", |cause| cause.reveal());
    cause.strip_prefix("body: ").unwrap_or(cause)
}

#[test]
fn every_case_in_any_cut() {
    let probe = mirror();
    let mut random = Random(1);
    for Case {
        name,
        answer,
        eof,
        expect,
    } in cases()
    {
        let report = same_in_any_cut(&probe, answer, *eof, &mut random);
        let message = report.outcome.message.as_str();
        match *expect {
            Expect::Body(body) => {
                assert_eq!(message, r#"body does not contain "\u{1}""#, "{name}");
                assert_eq!(
                    (report.outcome.kind, body_of(&report)),
                    (None, body),
                    "{name}"
                );
                assert_eq!(report.outcome.class, Class::Warning, "{name}");
            }
            Expect::Failure(kind, expected) => {
                assert_eq!(
                    (report.outcome.kind, message),
                    (Some(kind), expected),
                    "{name}"
                );
                assert_eq!(report.outcome.class, Class::Failure, "{name}");
            }
            Expect::Waits(expected) => {
                assert_eq!(report.outcome.kind, Some(Kind::Timeout), "{name}");
                assert_eq!(message, expected, "{name}");
            }
        }
    }
}

#[test]
fn the_borders_of_what_is_read() {
    let probe = mirror();
    let mut random = Random(2);
    let mut judged = |bytes: String, eof| {
        let report = same_in_any_cut(&probe, bytes.as_bytes(), eof, &mut random);
        report
            .outcome
            .kind
            .map(|_| report.outcome.message.as_str().to_owned())
    };
    let some = |text: &str| Some(text.to_owned());

    let head = |filler: usize| {
        let fixed = "HTTP/1.1 204 X\r\nX: \r\n\r\n".len();
        format!(
            "HTTP/1.1 204 X\r\nX: {}\r\n\r\n",
            "x".repeat(filler - fixed)
        )
    };
    assert_eq!(judged(head(65_536), false), None);
    let too_long = some("response head is longer than 65536 bytes");
    assert_eq!(judged(head(65_537), false), too_long);
    assert_eq!(
        judged("HTTP/1.1 204 X".to_owned() + &"x".repeat(99_999), false),
        too_long
    );

    // Any number of fields and of interim answers, within that limit.
    let fields = |count| format!("HTTP/1.1 204 X\r\n{}\r\n", "A: b\r\n".repeat(count));
    assert_eq!(judged(fields(101), false), None);
    assert_eq!(judged(fields(10_919), false), None, "65532 bytes");
    assert_eq!(judged(fields(10_920), false), too_long);

    let interim = |count| "HTTP/1.1 103 E\r\n\r\n".repeat(count) + "HTTP/1.1 204 X\r\n\r\n";
    assert_eq!(judged(interim(9), false), None);
    assert_eq!(judged(interim(3_639), false), None, "65520 bytes");
    assert_eq!(judged(interim(3_640), false), too_long);
    let early = |count| {
        let hints = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n".repeat(count);
        hints + &head(16_385)
    };
    assert_eq!(judged(early(20), false), None);

    // Empty lines before it count.
    assert_eq!(judged("\r\n".repeat(99) + &head(65_338), false), None);
    assert_eq!(judged("\r\n".repeat(99) + &head(65_339), false), too_long);
    assert_eq!(judged("\n".repeat(65_537), false), too_long);

    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n";
    let line = |length: usize| format!("{chunked}0;{}\r\n\r\n", "x".repeat(length - 2));
    assert_eq!(judged(line(256), false), None);
    let too_long = some("malformed answer: chunk line is longer than 256 bytes");
    assert_eq!(judged(line(257), false), too_long);
    let second = format!(
        "{chunked}1\r\nx\r\n{}",
        line(256).trim_start_matches(chunked)
    );
    assert_eq!(judged(second, false), None, "each line has its own limit");

    let trailers = |length: usize| format!("{chunked}0\r\nA:{}\r\n\r\n", "x".repeat(length - 6));
    assert_eq!(judged(trailers(4_096), false), None);
    let too_long = some("malformed answer: trailers are longer than 4096 bytes");
    assert_eq!(judged(trailers(4_097), false), too_long);
}

#[test]
fn a_longer_body_is_cut_and_not_a_failure() {
    const MOST: usize = 25_000;
    let builder = || builder().max_body(MOST);
    let find = |needle: &str| built(builder().expect(Condition::body_contains(needle)));
    let json = built(builder().expect(Condition::body_is_json()));
    let first = built(builder().expect(Condition::json_at("/0", 1)));
    let mut random = Random(3);
    let body = |length: usize| "[".to_owned() + &" ".repeat(length - 3) + "1]";
    let framed = |length: usize| {
        let body = body(length);
        let (a, b) = body.split_at(length / 2);
        [
            (
                format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}"),
                false,
            ),
            (format!("HTTP/1.1 200 OK\r\n\r\n{body}"), true),
            (
                format!(
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{a}\r\n{:x}\r\n{b}\r\n0\r\n\r\n",
                    a.len(),
                    b.len(),
                ),
                false,
            ),
        ]
    };
    for (answer, eof) in framed(MOST) {
        for probe in [&json, &first, &find("1]")] {
            let report = same_in_any_cut(probe, answer.as_bytes(), eof, &mut random);
            assert_eq!(report.outcome.class, Class::Success);
        }
    }
    for (answer, eof) in framed(MOST + 1) {
        let mut message = |probe: &Probe| {
            let report = same_in_any_cut(probe, answer.as_bytes(), eof, &mut random);
            report.outcome.message.as_str().to_owned()
        };
        assert_eq!(message(&find("[")), "");
        assert_eq!(
            message(&find("1]")),
            r#"body does not contain "1]" in its first 25000 bytes"#
        );
        let longer = "body is longer than 25000 bytes: not judged as JSON";
        assert_eq!(message(&json), longer);
        assert_eq!(message(&first), longer);
    }
    let endless = b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n";
    let probe = find("x");
    let mut attempt = begun(&probe);
    attempt.handle_input(START, endless);
    assert_eq!(
        attempt.buffered(),
        2,
        "nothing is allocated by a declared size"
    );
}

/// A health document may be long: of a hundred components, say. It is judged as it comes.
#[test]
fn a_long_document_is_judged_and_not_kept() {
    let all = builder()
        .expect(Condition::body_is_json())
        .expect(Condition::body_contains("\"last\":"))
        .expect(Condition::json_at("/last/status", "UP"));
    let (probe, bare) = (built(all), built(builder()));
    let part = |n| format!("\"component-{n}\":{{\"status\":\"UP\",\"text\":\"caf\u{e9} {n}\"}},");
    for (count, length, eof) in [(300, true, false), (10_000, false, true)] {
        let parts: String = (0..count).map(part).collect();
        let body = format!("{{{parts}\"last\":{{\"status\":\"UP\"}}}}");
        let head = if length {
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len())
        } else {
            "HTTP/1.1 200 OK\r\n\r\n".to_owned()
        };
        let answer = head + &body;
        assert!(body.len() > 12_000 && body.len() < MAX_BODY);
        let mut attempt = begun(&probe);
        for piece in answer.as_bytes().chunks(16 * 1_024) {
            attempt.handle_input(START, piece);
            assert!(attempt.buffered() <= 1_024, "{}", attempt.buffered());
        }
        if eof {
            attempt.handle_eof(START);
        }
        let report = attempt.into_report();
        assert_eq!(report.outcome.class, Class::Success, "{:?}", report.outcome);
        let outcome = run(&bare, answer.as_bytes().chunks(1_000), eof).outcome;
        assert_eq!(outcome.class, Class::Success);
        // What is not UTF-8 is not JSON, wherever it stands.
        let broken = answer.replace("caf\u{e9} 250", "caf\0");
        let mut broken = broken.into_bytes();
        let at = broken.iter().position(|byte| *byte == 0).unwrap();
        broken[at] = 0xE9;
        let broken = [&broken[..at + 1], &b"       "[..5], &broken[at + 1..]].concat();
        let outcome = run(&probe, broken.chunks(1_000), eof).outcome;
        assert_eq!(outcome.message.as_str(), "body is not valid JSON");
    }
    let endless = "HTTP/1.1 200 OK\r\n\r\n[".to_owned() + &" ".repeat(MAX_BODY);
    let message = "body is longer than 1048576 bytes: not judged as JSON";
    let pieces = || endless.as_bytes().chunks(16 * 1_024);
    assert_eq!(
        run(&probe, pieces(), false).outcome.message.as_str(),
        message
    );
    assert_eq!(run(&bare, pieces(), false).outcome.class, Class::Success);
}

#[test]
fn a_content_coding_is_named_and_not_read_as_text() {
    let coded = |field: &str| {
        let head = format!("HTTP/1.1 200 OK\r\n{field}\r\nContent-Length: 2\r\n\r\n{{}}");
        let probe = built(builder().expect(Condition::body_is_json()));
        let report = run(&probe, [head.as_bytes()], false);
        assert_eq!(
            run(&built(builder()), [head.as_bytes()], false)
                .outcome
                .kind,
            None
        );
        report.outcome.message.as_str().to_owned()
    };
    for (field, name) in [
        ("Content-Encoding: gzip", "gzip"),
        ("content-encoding: GZIP", "gzip"),
        ("Content-Encoding: identity, br", "br"),
        (
            "Content-Encoding: identity\r\nContent-Encoding: zstd",
            "zstd",
        ),
        ("Content-Encoding: s3cr3t", "unknown"),
    ] {
        let message = format!("body has the content coding {name}, which is not decoded");
        assert_eq!(coded(field), message, "{field}");
    }
    for field in ["Content-Encoding: identity", "Content-Encoding:", "X: gzip"] {
        assert_eq!(coded(field), "", "{field}");
    }
}
