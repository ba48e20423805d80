//! What is said over a connection that is no HTTP.

use health_core::check::probe::{StreamProbe, StreamProbeBuilder};

use super::*;

fn tcp(build: impl FnOnce(StreamProbeBuilder) -> StreamProbeBuilder) -> Probe {
    let built = build(StreamProbe::builder("tcp://192.0.2.1:25")).build();
    built.expect("a probe").into()
}

fn redis() -> Probe {
    tcp(|it| it.send("PING\r\n").expect("+PONG\r\n"))
}

/// The step is to write these bytes, and they are written.
#[track_caller]
fn sends(attempt: &mut Attempt<'_>, now: Instant, bytes: &str) {
    assert!(matches!(attempt.step(), AttemptStep::Write { .. }));
    assert_eq!(attempt.request(), bytes.as_bytes());
    attempt.handle_sent(now);
}

#[track_caller]
fn reads(attempt: &Attempt<'_>) {
    let until = at(1_000);
    assert_eq!(attempt.step(), AttemptStep::Read { until });
}

#[test]
fn a_question_and_its_answer_however_it_is_cut() {
    let probe = redis();
    for size in 1..=7 {
        let mut attempt = begin(&probe, &OPEN);
        connected(&mut attempt, at(1));
        sends(&mut attempt, at(3), "PING\r\n");
        for piece in b"+PONG\r\n".chunks(size) {
            reads(&attempt);
            attempt.handle_input(at(10), piece);
        }
        let report = ends(attempt, Class::Success, None, "");
        let times: Vec<_> = report.timings.iter().collect();
        let millis = Duration::from_millis;
        let expected = [("connect", 1), ("send", 2), ("wait", 7)];
        assert_eq!(times, expected.map(|(name, took)| (name, millis(took))));
    }
}

#[test]
fn a_conversation_with_the_time_of_its_parts_together() {
    let probe = tcp(|it| {
        let it = it.expect("220 ").send("EHLO me\r\n").expect("250 ");
        it.send("QUIT\r\n").expect("221")
    });
    let mut attempt = begin(&probe, &OPEN);
    connected(&mut attempt, at(1));
    reads(&attempt);
    attempt.handle_input(at(11), b"220-mail\r\n220 ready\r\n");
    sends(&mut attempt, at(12), "EHLO me\r\n");
    reads(&attempt);
    attempt.handle_input(at(22), b"250-mail\r\n250-SIZE\r\n");
    reads(&attempt);
    attempt.handle_input(at(32), b"250 HELP\r\n");
    sends(&mut attempt, at(34), "QUIT\r\n");
    attempt.handle_input(at(44), b"221 bye\r\n");
    let report = ends(attempt, Class::Success, None, "");
    let wait = report.timings.get(ProbePhase::Head);
    assert_eq!(wait, Some(Duration::from_millis(40)));
    let send = report.timings.get(ProbePhase::Send);
    assert_eq!(send, Some(Duration::from_millis(3)));
}

/// What comes before it is asked for is not lost, and answers what is expected next.
#[test]
fn a_peer_that_is_ahead() {
    let probe = tcp(|it| it.expect("a").send("x").expect("b"));
    let mut attempt = begin(&probe, &OPEN);
    connected(&mut attempt, at(1));
    attempt.handle_input(at(2), b"a\nb\n");
    sends(&mut attempt, at(3), "x");
    ends(attempt, Class::Success, None, "");
}

#[test]
fn the_last_step_may_be_to_send() {
    let probe = tcp(|it| it.send("x"));
    let mut attempt = begin(&probe, &OPEN);
    connected(&mut attempt, at(1));
    sends(&mut attempt, at(3), "x");
    ends(attempt, Class::Success, None, "");
}

/// The message quotes the setting; what came is in the private cause.
#[test]
fn another_answer() {
    type End = fn(&mut Attempt<'_>);
    let ends_as: [(&str, End); 3] = [
        ("timeout", |it| it.handle_timeout(at(1_000))),
        ("connection closed", |it| it.handle_eof(at(20))),
        ("connection reset", |it| {
            it.handle_error(at(20), Kind::Reset, "os error 104");
        }),
    ];
    let probe = redis();
    for (what, end) in ends_as {
        let mut attempt = begin(&probe, &OPEN);
        connected(&mut attempt, at(1));
        sends(&mut attempt, at(3), "PING\r\n");
        attempt.handle_input(at(10), b"-NOAUTH Authentication required.\r\n");
        end(&mut attempt);
        let message = format!("what came does not begin with \"+PONG\\r\\n\" ({what})");
        let report = ends(attempt, Class::Failure, Some(Kind::BadResponse), &message);
        let cause = report.outcome.cause.expect("what came");
        let came = "received: -NOAUTH Authentication required.\r\n";
        assert_eq!(cause.reveal(), came);
    }
}

#[test]
fn no_answer() {
    let probe = redis();
    let begun = || {
        let mut attempt = begin(&probe, &OPEN);
        connected(&mut attempt, at(1));
        attempt
    };
    let mut unsent = begun();
    unsent.handle_timeout(at(1_000));
    let message = "timeout while sending the request";
    ends(unsent, Class::Failure, Some(Kind::Timeout), message);

    let mut silent = begun();
    sends(&mut silent, at(3), "PING\r\n");
    silent.handle_timeout(at(1_000));
    let message = "timeout while waiting for \"+PONG\\r\\n\"";
    ends(silent, Class::Failure, Some(Kind::Timeout), message);

    let mut closed = begun();
    sends(&mut closed, at(3), "PING\r\n");
    closed.handle_eof(at(4));
    let message = "connection closed while waiting for \"+PONG\\r\\n\"";
    ends(closed, Class::Failure, Some(Kind::Reset), message);

    let mut ours = begun();
    ours.handle_error(at(4), Kind::Memory, "no buffer");
    let message = "prober has no memory left";
    ends(ours, Class::Indeterminate, Some(Kind::Memory), message);
}

#[test]
fn a_peer_that_never_stops() {
    let probe = redis();
    let mut attempt = begin(&probe, &OPEN);
    connected(&mut attempt, at(1));
    sends(&mut attempt, at(3), "PING\r\n");
    for _ in 0..4 {
        reads(&attempt);
        attempt.handle_input(at(4), &[b'x'; 4_096]);
    }
    let message = "what came does not begin with \"+PONG\\r\\n\" (16384 bytes)";
    ends(attempt, Class::Failure, Some(Kind::BadResponse), message);
}

/// A handshake first, for the name of the target.
#[test]
fn over_tls() {
    let probe = StreamProbe::builder("tls://mail.example:465").expect("220");
    let probe = Probe::from(probe.build().expect("a probe"));
    let mut attempt = begin(&probe, &OPEN);
    attempt.handle_resolved(at(1), [address("192.0.2.1:465")]);
    connected(&mut attempt, at(2));
    let (name, until) = ("mail.example", at(1_000));
    assert_eq!(attempt.step(), AttemptStep::Secure { name, until });
    assert!(attempt.tls().is_some());
    attempt.handle_secured(at(3));
    reads(&attempt);
    attempt.handle_input(at(4), b"220 mail\r\n");
    ends(attempt, Class::Success, None, "");
}
