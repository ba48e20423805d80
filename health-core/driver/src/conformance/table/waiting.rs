//! What a program answers itself about a target, and later: what becomes of the connection meanwhile.

use std::time::Duration;

use super::super::answer::{ok, unavailable};
use super::super::asked::{asked, asked_within};
use super::super::case::Op::{Answer as Answers, Closed, Drain, Evict, Fail, HalfClose, Silent};
use super::super::case::{Case, Op, expect, get, head, script, send, send_last, wait_ms};

pub(super) fn cases() -> Vec<Case> {
    [waits(), ends()].into_iter().flatten().collect()
}

/// The client asks for what is slow, and nothing comes at once.
fn slow(name: &'static str, then: impl IntoIterator<Item = Op>) -> Case {
    let ops = [send(get("/targets/web-1/slow")), Silent];
    script(name, ops.into_iter().chain(then).collect::<Vec<_>>()).service(asked)
}

fn waits() -> Vec<Case> {
    let answer = || expect(ok().says("name", "web-1"));
    let live = || expect(ok().says("status", "healthy"));
    let never = || send(get("/targets/web-1/never"));
    vec![
        slow("asked_slowly", [Answers, answer(), Silent]),
        slow(
            "asked_slowly_again",
            [
                Answers,
                answer(),
                send(get("/targets/web-2/slow")),
                Silent,
                Answers,
                expect(ok().says("name", "web-2")),
            ],
        ),
        slow(
            "asked_slowly_another_change_ends_nothing",
            [Fail, Silent, Answers, answer()],
        ),
        slow(
            "asked_slowly_and_sent_behind",
            [send(get("/live")), Silent, Answers, answer(), live()],
        ),
        slow(
            "asked_slowly_is_never_evicted",
            [Evict, Silent, Answers, answer()],
        )
        .limits(|limits| limits.connections = 1),
        script(
            "asked_slowly_and_pipelined_behind",
            [
                send(
                    [
                        get("/targets/web-1/slow"),
                        get("/live"),
                        get("/targets/web-2/slow"),
                        get("/live"),
                    ]
                    .concat(),
                ),
                Silent,
                Answers,
                answer(),
                live(),
                Answers,
                expect(ok().says("name", "web-2")),
                live(),
            ],
        )
        .service(asked),
        // The responses before it do not wait.
        script(
            "asked_slowly_behind_others",
            [
                send([get("/live"), get("/targets/web-1/slow"), get("/live")].concat()),
                live(),
                Answers,
                answer(),
                live(),
            ],
        )
        .service(asked),
        script(
            "asked_slowly_by_head",
            [
                send(head("HEAD /targets/web-1/slow HTTP/1.1", "")),
                Silent,
                Answers,
                expect(ok().for_head()),
                Silent,
            ],
        )
        .service(asked),
        script(
            "asked_for_what_never_comes",
            [
                never(),
                wait_ms(60),
                expect(unavailable().retry_after()),
                send(get("/live")),
                live(),
            ],
        )
        .service(|it| asked_within(it, Duration::from_millis(50))),
        script(
            "asked_for_what_never_comes_waits_10_s",
            [
                never(),
                wait_ms(9_999),
                Silent,
                wait_ms(1),
                expect(unavailable().says("error", "No answer came in time")),
            ],
        )
        .service(asked)
        .virtual_only(),
        slow(
            "asked_slowly_and_flooded",
            [
                send(get("/live").repeat(1_000)),
                Answers,
                expect(ok().says("name", "web-1").closes()),
                Op::Ended,
            ],
        )
        // Over a socket nobody knows whether all of it was read before the answer was there.
        .virtual_only(),
    ]
}

fn ends() -> Vec<Case> {
    vec![
        slow("asked_slowly_and_gone", [HalfClose, Closed]),
        slow(
            "asked_slowly_and_drained",
            [
                Drain,
                Silent,
                Answers,
                expect(ok().says("name", "web-1").closes()),
                Closed,
            ],
        ),
        script(
            "a_fin_right_behind_does_not_cancel_what_is_answered_at_once",
            [
                send_last(get("/targets/web-1/history")),
                expect(ok().says("name", "web-1").over()),
            ],
        )
        .service(asked),
    ]
}
