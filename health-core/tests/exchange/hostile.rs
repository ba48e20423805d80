//! Servers that send anything, at any time.

use std::time::Duration;

use health_core::Kind;
use health_core::check::probe::{AttemptStep, Condition, HttpProbeBuilder};

use crate::cases::cases;
use crate::{Random, SECOND, START, builder, built, connected, mirror, run};

/// Answers of the table, mutated, joined and cut anyhow, at any time.
#[test]
fn mutated_answers_never_panic_and_stay_bounded() {
    let conditions = [
        Condition::header_equals("X", "a"),
        Condition::body_contains("ok"),
        Condition::body_is_json().soft(),
        Condition::json_at("/a", 1).soft(),
    ];
    let all = conditions
        .into_iter()
        .fold(builder(), HttpProbeBuilder::expect);
    let probes = [mirror(), built(all), built(builder().method("HEAD"))];
    let cases = cases();
    let mut random = Random(5);
    let mut classes = [0_u32; 4];
    for _ in 0..200_000 {
        let mut bytes = cases[random.below(cases.len())].answer.to_vec();
        for _ in 0..random.below(4) {
            let at = random.below(bytes.len() + 1);
            match random.below(5) {
                0 => bytes.insert(at, random.below(256) as u8),
                1 => bytes.truncate(at),
                2 => bytes.extend(cases[random.below(cases.len())].answer),
                3 => bytes
                    .splice(at..at, std::iter::repeat_n(b'9', random.below(300)))
                    .for_each(drop),
                _ => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << random.below(8);
                    }
                }
            }
        }
        let probe = &probes[random.below(3)];
        let eof = random.below(2) == 0;
        let pieces = random.cuts(&bytes);
        let whole = run(probe, [&bytes[..]], eof);
        assert_eq!(
            run(probe, pieces.iter().copied(), eof),
            whole,
            "{:?}",
            bytes.escape_ascii()
        );
        classes[whole.outcome.class as usize] += 1;

        // The same bytes with time passing and calls in any order.
        let mut attempt = connected(probe);
        let mut now = START;
        for piece in pieces {
            now = now + Duration::from_millis(random.below(120) as u64);
            match random.below(8) {
                0 => attempt.handle_timeout(now),
                1 => attempt.handle_error(now, Kind::Reset, ""),
                2 => attempt.handle_eof(now),
                _ => attempt.handle_sent(now),
            }
            let known = attempt.report().cloned();
            attempt.handle_input(now, piece);
            assert!(
                known.is_none() || known.as_ref() == attempt.report(),
                "a report is final"
            );
            assert_eq!(attempt.phase().is_none(), attempt.report().is_some());
            match attempt.step() {
                AttemptStep::Write { until }
                | AttemptStep::Read { until }
                | AttemptStep::Linger { until } => {
                    assert!(now < until && until <= START + SECOND);
                }
                AttemptStep::Close => assert!(attempt.report().is_some()),
                step => panic!("{step:?} of a connection"),
            }
        }
    }
    assert!(
        classes[..3].iter().all(|count| *count > 1_000),
        "all kinds occur: {classes:?}"
    );
}
