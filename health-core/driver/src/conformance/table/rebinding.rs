//! From this machine details are shown by names of this machine only: a web page that has its own name
//! resolve to 127.0.0.1 (DNS rebinding) gets what is public.

use health_core::server::Service;

use super::super::answer::{Answer, ok};
use super::super::case::{Case, raw};
use super::access::{forbidden, unauthorized};

pub(super) fn cases() -> Vec<Case> {
    let request = |line: &str, fields: &str| format!("{line}\r\n{fields}\r\n");
    let stats = |name, host: &str, answer: Answer| {
        let fields = format!("Host: {host}\r\n");
        raw(name, request("GET /stats HTTP/1.1", &fields), answer)
    };
    let foreign = "Host: attacker.example:9102\r\n";
    let mut cases = vec![
        stats("host_is_an_address", "127.0.0.1:9102", ok()),
        stats("host_is_an_address_elsewhere", "192.0.2.1", ok()),
        stats("host_is_an_ipv6_address", "[::1]:9102", ok()),
        stats("host_is_localhost", "localhost", ok()),
        stats("host_is_localhost_in_any_case", "LocalHost.:9102", ok()),
        stats("host_is_empty", "", ok()),
        stats("host_that_was_set", "Steering:9102", ok())
            .service(|it| it.allow_hosts(["steering"]).expect("a name")),
        stats("host_that_was_not_set", "steering", forbidden()),
        stats("host_of_a_page", "attacker.example:9102", forbidden()),
        stats("host_below_localhost", "attacker.localhost", forbidden()),
        stats(
            "host_that_begins_as_an_address",
            "127.0.0.1.attacker.example",
            forbidden(),
        ),
        // A browser sends 127.0.0.1 for it.
        stats("host_is_half_an_address", "127.1", forbidden()),
        stats("host_of_a_page_where_tokens_are_set", "attacker.example", {
            unauthorized()
        })
        .service(|it| it.token("s3cret")),
        raw(
            "host_does_not_matter_with_a_token",
            request(
                "GET /stats HTTP/1.1",
                "Host: attacker.example\r\nX-API-Key: s3cret\r\n",
            ),
            ok(),
        )
        .service(|it| it.token("s3cret")),
        stats("host_does_not_matter_where_open", "attacker.example", ok()).service(Service::open),
        stats(
            "host_of_a_page_in_an_allowed_block",
            "attacker.example",
            forbidden(),
        )
        .service(|it| it.allow_peers(["127.0.0.0/8".parse().expect("a block")])),
        raw(
            "host_of_a_page_for_a_verdict",
            request("GET /health HTTP/1.1", foreign),
            ok(),
        ),
        raw(
            "host_of_a_page_for_verbose",
            request("GET /health?verbose HTTP/1.1", foreign),
            ok().lacks("checks"),
        ),
        raw(
            "host_of_a_page_for_events",
            request("GET /health/events HTTP/1.1", foreign),
            forbidden(),
        ),
        raw(
            "host_absent_in_http_1_0",
            request("GET /stats HTTP/1.0", ""),
            ok().closes(),
        ),
        raw(
            "host_of_a_page_in_http_1_0",
            request("GET /stats HTTP/1.0", foreign),
            forbidden().closes(),
        ),
    ];
    // What proxies say of the host they were asked for, no browser is kept from saying.
    let says = [
        "X-Forwarded-Host: localhost\r\n",
        "Forwarded: host=localhost\r\n",
        "X-Host: localhost\r\n",
        "Origin: http://localhost:9102\r\n",
    ];
    let names = [
        "host_forwarded_is_not_host",
        "host_in_forwarded_is_not_host",
        "host_by_another_field_is_not_host",
        "host_of_the_origin_is_not_host",
    ];
    cases.extend(names.into_iter().zip(says).map(|(name, field)| {
        let fields = format!("{foreign}{field}");
        raw(name, request("GET /stats HTTP/1.1", &fields), forbidden())
    }));
    cases.push(raw(
        "host_is_an_address_whatever_is_forwarded",
        request(
            "GET /stats HTTP/1.1",
            "Host: 127.0.0.1\r\nX-Forwarded-Host: attacker.example\r\n",
        ),
        ok(),
    ));
    // RFC 9112 §3.2.2: the target's host replaces that of the field.
    for (name, line, host, answer) in [
        (
            "host_in_the_target_of_a_page",
            "GET http://attacker.example:9102/stats HTTP/1.1",
            "localhost",
            forbidden(),
        ),
        (
            "host_in_the_target_is_localhost",
            "GET http://localhost:9102/stats HTTP/1.1",
            "attacker.example",
            ok(),
        ),
        (
            "host_in_the_target_is_an_address",
            "GET HTTPS://[::1]/stats HTTP/1.1",
            "attacker.example",
            ok(),
        ),
        (
            "host_in_the_target_with_no_field",
            "GET http://attacker.example/stats HTTP/1.0",
            "",
            forbidden().closes(),
        ),
    ] {
        let field = match host {
            "" => String::new(),
            host => format!("Host: {host}\r\n"),
        };
        cases.push(raw(name, request(line, &field), answer));
    }
    cases
}
