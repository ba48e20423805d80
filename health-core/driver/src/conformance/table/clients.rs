//! Requests as probers and other clients send them, byte for byte but for names and addresses.

use super::super::answer::{
    Answer, for_browser, not_allowed, ok, ok_in_some_form, options, unavailable,
};
use super::super::case::{Case, Daemon, raw};

pub(super) fn cases() -> Vec<Case> {
    let client =
        |name, lines: &[&str], answer: Answer| raw(name, lines.join("\r\n") + "\r\n\r\n", answer);
    vec![
        client(
            "kubelet_probe",
            &[
                "GET /livez HTTP/1.1",
                "Host: 10.244.0.7:9102",
                "User-Agent: kube-probe/1.30",
                "Accept: */*",
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
                "Accept: */*",
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
                "Accept: */*",
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
                "Accept: */*",
            ],
            ok(),
        ),
        client(
            "curl_head",
            &[
                "HEAD /health HTTP/1.1",
                "Host: localhost:9102",
                "User-Agent: curl/7.88.1",
                "Accept: */*",
            ],
            ok().for_head(),
        ),
        client(
            "curl_data",
            &[
                "POST /health HTTP/1.1",
                "Host: localhost:9102",
                "User-Agent: curl/7.88.1",
                "Accept: */*",
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
                "Accept: */*",
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
                "Accept: */*",
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
                "Accept: */*",
                "Accept-Encoding: identity",
                "Connection: Keep-Alive",
            ],
            ok().for_head(),
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
                "Accept: */*",
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
                "Accept: */*",
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
                "Accept: */*",
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
            for_browser(200),
        ),
        client(
            "browser_of_a_failing_daemon",
            &["GET /health HTTP/1.1", "Host: a", "Accept: text/html"],
            for_browser(503),
        )
        .when(Daemon::Failing),
        client(
            "browser_at_a_verdict_without_page",
            &[
                "GET /health/ready HTTP/1.1",
                "Host: a",
                "Accept: text/html,*/*;q=0.8",
            ],
            ok(),
        ),
        client(
            "fetch_of_any_text",
            &["GET /health HTTP/1.1", "Host: a", "Accept: text/*"],
            ok_in_some_form().with("content-type", "text/plain; charset=utf-8"),
        ),
    ]
}
