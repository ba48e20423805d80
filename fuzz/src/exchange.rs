//! Target `exchange`: a hostile server's bytes against the client's side of a probe.
//!
//! | bytes | |
//! |---|---|
//! | 0 | bits 0–1: which probe, bit 2: the server closes behind its last byte |
//! | 1–5 | the lengths of the pieces, over and over, as in `request`; and what else happens in the second conversation |

use std::sync::Arc;
use std::time::Duration;

use health_core::check::exchange::{Condition, Exchange, HttpProbe, Report, Step};
use health_core::Instant;

use crate::request::Pieces;

const START: Instant = Instant::from_micros(1_000_000);
const TIMEOUT: Duration = Duration::from_secs(1);
const MOST_BUFFERED: usize = 32 * 1024;

/// Checks one input.
///
/// # Panics
///
/// If it matters how the answer was cut, or if a promise of the machine is broken.
pub fn check(data: &[u8]) {
    let Some((&[settings, ref lengths @ ..], answer)) = data.split_first_chunk::<6>() else {
        return;
    };
    let probe = Arc::new(probe(settings));
    let closes = settings & 4 != 0;
    let whole = converse(&probe, [answer], closes);
    let bytes = converse(&probe, answer.chunks(1), closes);
    assert_eq!(whole, bytes, "byte by byte");
    let cut = converse(&probe, Pieces::new(answer, lengths), closes);
    assert_eq!(whole, cut, "cut");
    disturb(&probe, answer, lengths);
}

fn probe(settings: u8) -> HttpProbe {
    let builder = HttpProbe::builder("db.example:8080");
    let builder = match settings & 3 {
        0 => builder,
        1 => builder.method("HEAD").keep_alive(true),
        // Its cause quotes the body, so a body that is read otherwise shows.
        2 => builder
            .capture_body(true)
            .expect(Condition::body_contains("\u{1}").soft()),
        _ => builder
            .keep_alive(true)
            .expect(Condition::header_equals("X", "a"))
            .expect(Condition::body_contains("ok"))
            .expect(Condition::body_is_json().soft())
            .expect(Condition::json_at("/a/0", 1).soft()),
    };
    builder.build().expect("a valid probe")
}

/// An exchange in which no time passes while there is something to read: its report, and whether
/// the connection may be kept.
fn converse<'a>(
    probe: &Arc<HttpProbe>,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    closes: bool,
) -> (Report, Step) {
    let mut pieces = pieces.into_iter();
    let mut exchange = Exchange::new(Arc::clone(probe), START, START + TIMEOUT);
    exchange.handle_sent(START);
    loop {
        let step = exchange.step();
        // What comes on a kept connection counts too: it makes that one useless.
        let next = pieces.next();
        match (step, next) {
            (Step::Close, _) | (Step::Keep, None) => return (exchange.into_report(), step),
            (_, Some(piece)) => watch(&mut exchange, |it| it.handle_input(START, piece)),
            (_, None) if closes => watch(&mut exchange, |it| it.handle_eof(START)),
            (Step::Write { until } | Step::Read { until } | Step::Linger { until }, None) => {
                watch(&mut exchange, |it| it.handle_timeout(until));
            }
        }
    }
}

/// The same bytes while time passes and things happen in any order.
fn disturb(probe: &Arc<HttpProbe>, answer: &[u8], lengths: &[u8]) {
    let mut exchange = Exchange::new(Arc::clone(probe), START, START + TIMEOUT);
    let mut now = START;
    for (piece, event) in Pieces::new(answer, lengths).zip(lengths.iter().cycle()) {
        match event % 8 {
            0 => watch(&mut exchange, |it| it.handle_eof(now)),
            1 => watch(&mut exchange, |it| it.handle_error(now, "connection reset")),
            2 => now = now + Duration::from_millis(u64::from(*event)),
            3 => watch(&mut exchange, |it| it.handle_timeout(now)),
            _ => watch(&mut exchange, |it| it.handle_sent(now)),
        }
        watch(&mut exchange, |it| it.handle_input(now, piece));
    }
    // It ends without anything but time; what was not asked for keeps no connection open.
    for _ in 0..2 {
        if let Step::Write { until } | Step::Read { until } | Step::Linger { until } =
            exchange.step()
        {
            watch(&mut exchange, |it| it.handle_timeout(until));
        }
    }
    assert!(matches!(exchange.step(), Step::Close | Step::Keep));
    assert!(exchange.report().is_some(), "over without a report");
}

/// Lets something happen, and checks what must hold around everything that happens.
fn watch(exchange: &mut Exchange, happen: impl FnOnce(&mut Exchange)) {
    let before = exchange.report().cloned();
    let step = exchange.step();
    happen(exchange);
    assert_eq!(exchange.step(), exchange.step(), "asking changes nothing");
    if before.is_some() {
        assert_eq!(exchange.report(), before.as_ref(), "a report is final");
    }
    assert_eq!(exchange.part().is_none(), exchange.report().is_some());
    let buffered = exchange.buffered();
    assert!(buffered <= MOST_BUFFERED, "{buffered} bytes kept");
    if step == Step::Close {
        assert_eq!(exchange.step(), Step::Close, "nothing reopens");
    }
    if let Step::Write { until } | Step::Read { until } | Step::Linger { until } = exchange.step() {
        assert!(until <= START + TIMEOUT, "{until:?} is behind the deadline");
    }
    if let Some(report) = exchange.report() {
        let message = report.outcome.message.as_str();
        let is_plain = message.bytes().all(|b| matches!(b, b' '..=b'~'));
        assert!(is_plain && message.len() < 200, "message {message:?}");
    }
}
