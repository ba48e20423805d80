//! Target `exchange`: a hostile server's bytes against the client's side of a probe.
//!
//! | bytes | |
//! |---|---|
//! | 0 | bits 0–1: which probe, bit 2: the server closes behind its last byte, bit 3: redirects are followed |
//! | 1–5 | the lengths of the pieces, over and over, as in `request`; and what else happens in the second conversation |

use std::time::Duration;

use health_core::Instant;
use health_core::Kind;
use health_core::check::probe::{
    AddressPolicy, Attempt, AttemptStep, Condition, Destination, HttpProbe, Probe, Report,
};

use crate::request::Pieces;

const START: Instant = Instant::from_micros(1_000_000);
const TIMEOUT: Duration = Duration::from_secs(1);
const MOST_BUFFERED: usize = 384 * 1024;

/// Checks one input.
///
/// # Panics
///
/// If it matters how the answer was cut, or if a promise of the machine is broken.
pub fn check(data: &[u8]) {
    let Some((&[settings, ref lengths @ ..], answer)) = data.split_first_chunk::<6>() else {
        return;
    };
    let probe = probe(settings);
    let closes = settings & 4 != 0;
    let whole = converse(&probe, [answer], closes);
    let bytes = converse(&probe, answer.chunks(1), closes);
    assert_eq!(whole, bytes, "byte by byte");
    let cut = converse(&probe, Pieces::new(answer, lengths), closes);
    assert_eq!(whole, cut, "cut");
    disturb(&probe, answer, lengths);
}

fn probe(settings: u8) -> Probe {
    let builder = HttpProbe::builder("http://192.0.2.1:8080");
    let builder = match settings & 3 {
        0 => builder,
        1 => builder.method("HEAD"),
        // Its cause quotes the body, so a body that is read otherwise shows.
        2 => builder
            .capture_body(true)
            .expect(Condition::body_contains("\u{1}").soft()),
        _ => builder
            .expect(Condition::header_equals("X", "a"))
            .expect(Condition::body_contains("ok"))
            .expect(Condition::body_is_json().soft())
            .expect(Condition::json_at("/a/0", 1).soft()),
    };
    let redirects = if settings & 8 == 0 { 0 } else { 2 };
    let builder = builder.follow_redirects(redirects);
    builder.build().expect("a valid probe").into()
}

/// An attempt whose connection stands, and took no time.
fn connected(probe: &Probe) -> Attempt<'_> {
    static POLICY: AddressPolicy = AddressPolicy::new();
    let attempt = Attempt::new(probe, &POLICY, START, START + TIMEOUT);
    let mut attempt = attempt.expect("not a command");
    let AttemptStep::Connect { to, .. } = attempt.step() else {
        panic!("an address, not a name");
    };
    attempt.handle_connected(START, to, None);
    assert!(matches!(attempt.step(), AttemptStep::Write { .. }));
    attempt
}

/// When the step of a connection is to be given up; `None` once it is over.
fn until(step: AttemptStep<'_>) -> Option<Instant> {
    match step {
        AttemptStep::Connect { until, .. }
        | AttemptStep::Write { until }
        | AttemptStep::Read { until }
        | AttemptStep::Linger { until } => Some(until),
        AttemptStep::Close => None,
        step => panic!("{step:?} of a connection"),
    }
}

/// An attempt in which no time passes while there is something to read: its report.
fn converse<'a>(probe: &Probe, pieces: impl IntoIterator<Item = &'a [u8]>, closes: bool) -> Report {
    let mut pieces = pieces.into_iter();
    let mut attempt = connected(probe);
    attempt.handle_sent(START);
    while let Some(until) = until(attempt.step()) {
        if let AttemptStep::Connect { to, .. } = attempt.step() {
            redirected(&attempt, to);
            // What follows in the stream belongs to no answer any more.
            watch(&mut attempt, |it| it.handle_timeout(until));
            continue;
        }
        match pieces.next() {
            Some(piece) => watch(&mut attempt, |it| it.handle_input(START, piece)),
            None if closes => watch(&mut attempt, |it| it.handle_eof(START)),
            None => watch(&mut attempt, |it| it.handle_timeout(until)),
        }
    }
    attempt.into_report()
}

/// Whatever the server has said, the next request goes to its own address and is one request.
fn redirected(attempt: &Attempt<'_>, to: Destination<'_>) {
    let Destination::Tcp(to) = to else {
        panic!("{to:?} is another kind of address");
    };
    assert_eq!(to.ip().to_string(), "192.0.2.1");
    assert!(to.port() == 8080 || attempt.tls().is_some(), "{to}");
    let request = std::str::from_utf8(attempt.request()).expect("it is text");
    let (head, body) = request.split_once("\r\n\r\n").expect("a head");
    assert_eq!(body, "");
    let mut lines = head.split("\r\n");
    let first: Vec<_> = lines.next().unwrap_or_default().split(' ').collect();
    let [method, path, "HTTP/1.1"] = first[..] else {
        panic!("{first:?}");
    };
    assert!(
        ["GET", "HEAD"].contains(&method) && path.starts_with('/'),
        "{first:?}"
    );
    let host = lines.next().unwrap_or_default();
    assert!(host.starts_with("Host: 192.0.2.1"), "{host}");
    assert!(
        head.bytes()
            .all(|it| matches!(it, b' '..=b'~' | b'\r' | b'\n'))
    );
    // Accept, Accept-Encoding, User-Agent, Connection.
    assert_eq!(lines.count(), 4, "{head}");
}

/// The same bytes while time passes and things happen in any order.
fn disturb(probe: &Probe, answer: &[u8], lengths: &[u8]) {
    let mut attempt = connected(probe);
    let mut now = START;
    for (piece, event) in Pieces::new(answer, lengths).zip(lengths.iter().cycle()) {
        match event % 8 {
            0 => watch(&mut attempt, |it| it.handle_eof(now)),
            1 => watch(&mut attempt, |it| it.handle_error(now, Kind::Reset, "")),
            2 => now = now + Duration::from_millis(u64::from(*event)),
            3 => watch(&mut attempt, |it| it.handle_timeout(now)),
            _ => watch(&mut attempt, |it| it.handle_sent(now)),
        }
        watch(&mut attempt, |it| it.handle_input(now, piece));
    }
    // It ends without anything but time; what was not asked for keeps no connection open.
    for _ in 0..2 {
        if let Some(until) = until(attempt.step()) {
            watch(&mut attempt, |it| it.handle_timeout(until));
        }
    }
    assert_eq!(attempt.step(), AttemptStep::Close);
    assert!(attempt.report().is_some(), "over without a report");
}

/// Lets something happen, and checks what must hold around everything that happens.
fn watch(attempt: &mut Attempt<'_>, happen: impl FnOnce(&mut Attempt<'_>)) {
    let before = attempt.report().cloned();
    let step = attempt.step();
    happen(attempt);
    assert_eq!(attempt.step(), attempt.step(), "asking changes nothing");
    if before.is_some() {
        assert_eq!(attempt.report(), before.as_ref(), "a report is final");
    }
    assert_eq!(attempt.phase().is_none(), attempt.report().is_some());
    let buffered = attempt.buffered();
    assert!(buffered <= MOST_BUFFERED, "{buffered} bytes kept");
    if step == AttemptStep::Close {
        assert_eq!(attempt.step(), AttemptStep::Close, "nothing reopens");
    }
    if let Some(until) = until(attempt.step()) {
        assert!(until <= START + TIMEOUT, "{until:?} is behind the deadline");
    }
    if let Some(report) = attempt.report() {
        let message = report.outcome.message.as_str();
        let is_plain = message.bytes().all(|b| matches!(b, b' '..=b'~'));
        assert!(is_plain && message.len() < 200, "message {message:?}");
    }
}
