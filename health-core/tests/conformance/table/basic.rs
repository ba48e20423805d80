//! Every path in every state of the daemon, and the requests that real probers send.

use super::super::answer::{
    Answer, not_allowed, not_found, ok, ok_in_some_form, options, unavailable,
};
use super::super::case::{Case, Daemon, get, raw};

pub(super) fn cases() -> Vec<Case> {
    [paths(), states(), clients()]
        .into_iter()
        .flatten()
        .collect()
}

fn paths() -> Vec<Case> {
    let path = |name, path, answer: Answer| raw(name, get(path), answer);
    vec![
        path("root", "/", ok().says("status", "healthy")),
        path("health", "/health", ok().says("status", "healthy")),
        path("healthz", "/healthz", ok().says("status", "healthy")),
        path("health_live", "/health/live", ok()),
        path("livez", "/livez", ok()),
        path("live", "/live", ok()),
        path("health_ready", "/health/ready", ok()),
        path("readyz", "/readyz", ok()),
        path("ready", "/ready", ok()),
        path("health_startup", "/health/startup", ok()),
        path("startupz", "/startupz", ok()),
        path("health_started", "/health/started", ok()),
        path("one_component", "/health/check/db", ok()),
        path("unknown_component", "/health/check/nobody", not_found()),
        path("stats", "/stats", ok()),
        path("version", "/version", ok().says("version", "1.2.3")),
        path("unknown_path", "/nothing/here", not_found()),
    ]
}

/// The truth table: what each path says in each state of the daemon.
fn states() -> Vec<Case> {
    let state = |daemon, name, path, answer: Answer| raw(name, get(path), answer).when(daemon);
    let starting = |name, path, answer| state(Daemon::Starting, name, path, answer);
    let failing = |name, path, answer| state(Daemon::Failing, name, path, answer);
    let stuck = |name, path, answer| state(Daemon::Stuck, name, path, answer);
    // An answer given while draining closes, so that the prober's next connection goes elsewhere.
    let draining =
        |name, path, answer: Answer| state(Daemon::Draining, name, path, answer.closes());
    let retry = || unavailable().retry_after();
    vec![
        starting("starting_live", "/health/live", ok()),
        starting("starting_ready", "/health/ready", retry()),
        starting("starting_startup", "/health/startup", unavailable()),
        starting(
            "starting_health",
            "/health",
            retry().says("phase", "starting"),
        ),
        starting("starting_stats", "/stats", ok()),
        starting("starting_version", "/version", ok()),
        failing("failing_live", "/health/live", ok()),
        failing("failing_ready", "/health/ready", unavailable()),
        failing("failing_startup", "/health/startup", ok()),
        failing(
            "failing_health",
            "/health",
            unavailable().says("status", "unhealthy"),
        ),
        failing("failing_component", "/health/check/db", unavailable()),
        failing("failing_stats", "/stats", ok()),
        stuck("missed_heartbeat_live", "/health/live", unavailable()),
        stuck("missed_heartbeat_ready", "/health/ready", unavailable()),
        stuck("missed_heartbeat_health", "/health", unavailable()),
        stuck("missed_heartbeat_startup", "/health/startup", ok()),
        draining("draining_live", "/health/live", ok()),
        draining("draining_ready", "/health/ready", retry()),
        draining("draining_startup", "/health/startup", ok()),
        draining(
            "draining_health",
            "/health",
            retry().says("phase", "draining"),
        ),
        draining("draining_stats", "/stats", ok()),
        draining("draining_unknown_path", "/nothing/here", not_found()),
    ]
}

/// Requests as their programs send them.
fn clients() -> Vec<Case> {
    let client =
        |name, lines: &[&str], answer: Answer| raw(name, lines.join("\r\n") + "\r\n\r\n", answer);
    let any = "Accept: */*";
    vec![
        client(
            "kubelet_probe",
            &[
                "GET /livez HTTP/1.1",
                "Host: 10.244.0.7:9102",
                "User-Agent: kube-probe/1.30",
                any,
                "Connection: close",
            ],
            ok().closes(),
        ),
        client(
            "kubelet_probe_while_starting",
            &[
                "GET /readyz HTTP/1.1",
                "Host: 10.244.0.7:9102",
                "User-Agent: kube-probe/1.30",
                any,
                "Connection: close",
            ],
            unavailable().retry_after().closes(),
        )
        .when(Daemon::Starting),
        client(
            "haproxy_default_check",
            &["OPTIONS / HTTP/1.0"],
            options(200).closes(),
        ),
        client(
            "haproxy_default_check_of_a_failing_daemon",
            &["OPTIONS / HTTP/1.0"],
            options(503).closes(),
        )
        .when(Daemon::Failing),
        client(
            "haproxy_http_check_send",
            &[
                "GET /health HTTP/1.1",
                "host: steering",
                "connection: close",
            ],
            ok().closes(),
        ),
        client(
            "alb",
            &[
                "GET /health HTTP/1.1",
                "Host: 10.0.1.15:9102",
                "Connection: close",
                "User-Agent: ELB-HealthChecker/2.0",
                "Accept-Encoding: gzip, compressed",
            ],
            ok().without("content-encoding").closes(),
        ),
        client(
            "classic_elb",
            &[
                "GET /health HTTP/1.1",
                "host: 10.0.1.15:9102",
                "User-Agent: ELB-HealthChecker/1.0",
                any,
                "Connection: keep-alive",
            ],
            ok(),
        ),
        client(
            "gce",
            &[
                "GET / HTTP/1.1",
                "Host: 10.128.0.2",
                "User-Agent: GoogleHC/1.0",
                "Connection: Keep-alive",
            ],
            ok().begins("{\"status\":\"healthy\""),
        ),
        client(
            "envoy",
            &[
                "GET /healthz HTTP/1.1",
                "host: steering",
                "user-agent: Envoy/HC",
                "x-envoy-expected-rq-timeout-ms: 1000",
                "x-forwarded-proto: http",
            ],
            ok(),
        ),
        client(
            "traefik",
            &[
                "GET /ready HTTP/1.1",
                "Host: 10.0.0.9:9102",
                "User-Agent: Go-http-client/1.1",
                "Accept-Encoding: gzip",
            ],
            ok().without("content-encoding"),
        ),
        // It asks for plain text first: the form is the endpoint's to choose, the code is not.
        client(
            "consul",
            &[
                "GET /health HTTP/1.1",
                "Host: localhost:9102",
                "User-Agent: Consul Health Check",
                "Accept: text/plain, text/*, */*",
                "Accept-Encoding: gzip",
                "Connection: close",
            ],
            ok_in_some_form().closes(),
        ),
        client(
            "prometheus_scrape",
            &[
                "GET /stats HTTP/1.1",
                "Host: 127.0.0.1:9102",
                "User-Agent: Prometheus/2.53.0",
                "Accept: application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                "Accept-Encoding: gzip",
                "X-Prometheus-Scrape-Timeout-Seconds: 10",
            ],
            ok_in_some_form(),
        ),
        client(
            "blackbox_exporter",
            &[
                "GET /health HTTP/1.1",
                "Host: 127.0.0.1:9102",
                "User-Agent: Blackbox Exporter/0.25.0",
                "Accept-Encoding: gzip",
                "Connection: close",
            ],
            ok().closes(),
        ),
        client(
            "curl",
            &[
                "GET /health HTTP/1.1",
                "Host: localhost:9102",
                "User-Agent: curl/7.88.1",
                any,
            ],
            ok(),
        ),
        client(
            "curl_head",
            &[
                "HEAD /health HTTP/1.1",
                "Host: localhost:9102",
                "User-Agent: curl/7.88.1",
                any,
            ],
            ok().to_head(),
        ),
        client(
            "curl_data",
            &[
                "POST /health HTTP/1.1",
                "Host: localhost:9102",
                "User-Agent: curl/7.88.1",
                any,
                "Content-Length: 3",
                "Content-Type: application/x-www-form-urlencoded",
                "",
                "a=b",
            ],
            not_allowed().closes(),
        ),
        client(
            "curl_offers_http2",
            &[
                "GET /health HTTP/1.1",
                "Host: localhost:9102",
                "User-Agent: curl/7.88.1",
                any,
                "Connection: Upgrade, HTTP2-Settings",
                "Upgrade: h2c",
                "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA",
            ],
            ok().without("upgrade"),
        ),
        client(
            "wget",
            &[
                "GET /health HTTP/1.1",
                "Host: localhost:9102",
                "User-Agent: Wget/1.21.3",
                any,
                "Accept-Encoding: identity",
                "Connection: Keep-Alive",
            ],
            ok(),
        ),
        client(
            "wget_spider",
            &[
                "HEAD /health HTTP/1.1",
                "Host: localhost:9102",
                "User-Agent: Wget/1.21.3",
                any,
                "Accept-Encoding: identity",
                "Connection: Keep-Alive",
            ],
            ok().to_head(),
        ),
        client(
            "busybox_wget",
            &[
                "GET /health HTTP/1.1",
                "Host: localhost:9102",
                "User-Agent: Wget",
                "Connection: close",
            ],
            ok().closes(),
        ),
        client(
            "nagios_check_http",
            &[
                "GET /health HTTP/1.1",
                "User-Agent: check_http/v2.3.3 (nagios-plugins 2.3.3)",
                "Connection: close",
                "Host: localhost:9102",
            ],
            ok().closes(),
        ),
        client(
            "nagios_check_http_1_0",
            &[
                "GET / HTTP/1.0",
                "User-Agent: check_http/v1.4.16 (nagios-plugins 1.4.16)",
                "Connection: close",
            ],
            ok().closes(),
        ),
        client(
            "monit",
            &[
                "GET /health HTTP/1.1",
                "Host: localhost:9102",
                any,
                "User-Agent: Monit/5.33.0",
                "Connection: close",
            ],
            ok().closes(),
        ),
        client(
            "varnish_probe",
            &[
                "GET /ready HTTP/1.1",
                "Host: 127.0.0.1",
                "Connection: close",
            ],
            ok().closes(),
        ),
        client(
            "nginx_proxy",
            &[
                "GET /health HTTP/1.0",
                "Host: upstream",
                "Connection: close",
            ],
            ok().closes(),
        ),
        client(
            "apache_bench",
            &[
                "GET /health HTTP/1.0",
                "Host: 127.0.0.1:9102",
                "User-Agent: ApacheBench/2.3",
                any,
            ],
            ok().closes(),
        ),
        client(
            "apache_bench_keep_alive",
            &[
                "GET /health HTTP/1.0",
                "Connection: Keep-Alive",
                "Host: 127.0.0.1:9102",
                "User-Agent: ApacheBench/2.3",
                any,
            ],
            ok().keeps_1_0(),
        ),
        client(
            "browser",
            &[
                "GET / HTTP/1.1",
                "Host: localhost:9102",
                "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
                "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                "Accept-Language: de,en;q=0.5",
                "Accept-Encoding: gzip, deflate, br",
                "Connection: keep-alive",
                "Upgrade-Insecure-Requests: 1",
            ],
            ok_in_some_form(),
        ),
    ]
}
