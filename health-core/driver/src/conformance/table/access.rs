//! Who may see more than a verdict, and how often: verdicts are public and never limited.

use std::time::Duration;

use health_core::server::{Access, Service};

use super::super::answer::{Answer, not_allowed, ok, ok_in_some_form, options, probe, unavailable};
use super::super::case::{Case, Daemon, expect, get, head, raw, script, send};

pub(super) fn cases() -> Vec<Case> {
    [tokens(), addresses(), closures(), limits()]
        .into_iter()
        .flatten()
        .collect()
}

const PRIVATE: [&str; 4] = ["/stats", "/metrics", "/health/history", "/health/events"];

pub(super) fn unauthorized() -> Answer {
    probe(401)
        .says("error", "Unauthorized")
        .with("www-authenticate", "Bearer")
}

pub(super) fn forbidden() -> Answer {
    probe(403)
        .says("error", "Forbidden")
        .without("www-authenticate")
}

fn too_many() -> Answer {
    probe(429).says("error", "Too many requests").retry_after()
}

fn ask(name: &'static str, path: &str, field: &str, answer: Answer) -> Case {
    raw(name, head(format!("GET {path} HTTP/1.1"), field), answer)
}

fn tokens() -> Vec<Case> {
    let with = |name, path: &str, field: &str, answer: Answer| {
        ask(name, path, field, answer).service(|it| it.token("s3cret").token("other"))
    };
    let key = |name, field: &str, answer: Answer| {
        ask(name, "/stats", field, answer)
            .service(|it| it.token("s3cret").api_key_header("X-Key").expect("a name"))
    };
    let mut cases = vec![
        with(
            "token_by_bearer",
            "/stats",
            "Authorization: Bearer s3cret",
            ok(),
        ),
        with(
            "token_by_another_one",
            "/stats",
            "Authorization: Bearer other",
            ok(),
        ),
        // RFC 9110 §11.1: the scheme's name in any case, then one or more spaces.
        with(
            "token_scheme_in_any_case",
            "/stats",
            "AUTHORIZATION: bEARER   s3cret",
            ok(),
        ),
        with("token_by_api_key", "/stats", "x-api-key: s3cret", ok()),
        with(
            "token_by_api_key_beside_a_wrong_bearer",
            "/stats",
            "Authorization: Bearer x\r\nX-API-Key: s3cret",
            ok(),
        ),
        with("token_missing", "/stats", "", unauthorized()),
        with(
            "token_wrong",
            "/stats",
            "Authorization: Bearer s3creT",
            unauthorized(),
        ),
        with(
            "token_longer",
            "/stats",
            "Authorization: Bearer s3cret2",
            unauthorized(),
        ),
        with(
            "token_empty",
            "/stats",
            "Authorization: Bearer",
            unauthorized(),
        ),
        with(
            "token_by_another_scheme",
            "/stats",
            "Authorization: Basic s3cret",
            unauthorized(),
        ),
        with(
            "token_in_the_second_line",
            "/stats",
            "Authorization: Bearer x\r\nAuthorization: Bearer s3cret",
            unauthorized(),
        ),
        with(
            "token_in_the_query",
            "/stats?token=s3cret",
            "",
            unauthorized(),
        ),
        with("token_missing_for_metrics", "/metrics", "", unauthorized()),
        with(
            "token_missing_for_history",
            "/health/history",
            "",
            unauthorized(),
        ),
        with(
            "token_missing_for_events",
            "/health/events",
            "",
            unauthorized(),
        ),
        // The document without causes: asking for more than one may see is no error.
        with(
            "token_missing_for_verbose",
            "/health?verbose",
            "",
            ok().without("www-authenticate"),
        ),
        with(
            "token_for_verbose",
            "/health?verbose",
            "X-API-Key: s3cret",
            ok().has("checks"),
        ),
        with("token_not_needed_for_version", "/version", "", ok()),
        with(
            "token_wrong_for_a_verdict",
            "/ready",
            "Authorization: Bearer x",
            ok(),
        ),
        key("api_key_in_a_field_of_its_own", "X-Key: s3cret", ok()),
        key(
            "api_key_in_the_usual_field",
            "X-API-Key: s3cret",
            unauthorized(),
        ),
        raw(
            "token_missing_for_head",
            head("HEAD /stats HTTP/1.1", ""),
            unauthorized().for_head(),
        )
        .service(|it| it.token("s3cret")),
        raw(
            "token_missing_for_options",
            head("OPTIONS /stats HTTP/1.1", ""),
            options(401),
        )
        .service(|it| it.token("s3cret")),
        raw(
            "token_missing_for_post",
            head("POST /stats HTTP/1.1", ""),
            not_allowed(),
        )
        .service(|it| it.token("s3cret")),
        ask(
            "token_that_is_empty_opens_nothing",
            "/stats",
            "Authorization: Bearer ",
            unauthorized(),
        )
        .service(|it| it.token("")),
    ];
    cases.extend([
        ask("verdicts_only_for_liveness", "/livez", "", ok()).service(Service::verdicts_only),
        ask("verdicts_only_while_failing", "/health", "", unavailable())
            .when(Daemon::Failing)
            .service(Service::verdicts_only),
    ]);
    let names = [
        "verdicts_only_stats",
        "verdicts_only_metrics",
        "verdicts_only_history",
        "verdicts_only_events",
    ];
    cases.extend(names.into_iter().zip(PRIVATE).map(|(name, path)| {
        ask(name, path, "Authorization: Bearer s3cret", forbidden())
            .service(|it| it.token("s3cret").verdicts_only())
    }));
    cases
}

fn addresses() -> Vec<Case> {
    vec![
        ask("peer_on_this_machine", "/stats", "X-Test: peer", ok()),
        ask("peer_in_the_list", "/stats", "", ok())
            .service(|it| it.allow_peers(["127.0.0.0/8".parse().expect("a block")])),
        ask("peer_not_in_the_list", "/stats", "", forbidden())
            .service(|it| it.allow_peers(["10.0.0.0/8".parse().expect("a block")])),
        // What a client says of its own address is nothing to go by.
        ask(
            "peer_forged",
            "/stats",
            "X-Forwarded-For: 10.0.0.1\r\nForwarded: for=10.0.0.1",
            forbidden(),
        )
        .service(|it| it.allow_peers(["10.0.0.0/8".parse().expect("a block")])),
        ask(
            "peer_not_in_the_list_with_token",
            "/metrics",
            "Authorization: Bearer s3cret",
            ok_in_some_form(),
        )
        .service(|it| {
            let block = "10.0.0.0/8".parse().expect("a block");
            it.token("s3cret").allow_peers([block])
        }),
        ask("open_to_everybody", "/stats", "", ok()).service(|it| it.token("s3cret").open()),
    ]
}

fn closures() -> Vec<Case> {
    let with = |name, path: &str, field: &str, answer: Answer| {
        ask(name, path, field, answer).service(|it| {
            it.authorize(|request| match request.bearer()? {
                b"all" => Some(Access::Detailed),
                b"stats" => (request.path() == "/stats").then_some(Access::Detailed),
                _ => panic!("a library that panics over a token"),
            })
        })
    };
    vec![
        with(
            "closure_says_yes",
            "/metrics",
            "Authorization: Bearer all",
            ok_in_some_form(),
        ),
        with(
            "closure_knows_the_path",
            "/stats",
            "Authorization: Bearer stats",
            ok(),
        ),
        with(
            "closure_says_no",
            "/metrics",
            "Authorization: Bearer stats",
            unauthorized(),
        ),
        with("closure_without_a_token", "/stats", "", unauthorized()),
        with(
            "closure_that_panics",
            "/stats",
            "Authorization: Bearer boom",
            unauthorized(),
        ),
        // It is not even called.
        with(
            "closure_is_no_business_of_verdicts",
            "/health",
            "Authorization: Bearer boom",
            ok(),
        ),
    ]
}

/// One at once, and another in an hour.
fn limits() -> Vec<Case> {
    let limited = |name, first: &str, second: &str, answer: Answer| {
        let ops = [
            send(get(first)),
            expect(ok_in_some_form()),
            send(get(second)),
            expect(answer),
        ];
        script(name, ops).service(|it| it.limit_details(1, Duration::from_secs(3600)))
    };
    let once_more = |name, path| limited(name, path, path, too_many());
    vec![
        once_more("limit_of_stats", "/stats"),
        once_more("limit_of_metrics", "/metrics"),
        once_more("limit_of_history", "/health/history"),
        limited("limit_of_events", "/stats", "/health/events", too_many()),
        once_more("limit_of_verbose", "/health?verbose"),
        once_more("limit_of_a_verbose_component", "/health/check/db?verbose"),
        limited(
            "limit_is_one_for_all",
            "/stats",
            "/metrics?format=openmetrics",
            too_many(),
        ),
        limited("limit_is_none_for_verdicts", "/stats", "/health", ok()),
        limited(
            "limit_is_none_for_liveness",
            "/stats",
            "/livez?verbose",
            ok_in_some_form(),
        ),
        limited(
            "limit_is_none_for_text",
            "/stats",
            "/readyz?verbose&format=text",
            ok_in_some_form(),
        ),
        limited("limit_is_none_for_version", "/stats", "/version", ok()),
        limited("limit_is_not_spent_by_verdicts", "/health", "/stats", ok()),
    ]
}
