//! What becomes of manifests and compose files.

use serde_json::{Value, json};

use super::import_text;

fn read(text: &str) -> (Value, Vec<String>) {
    let made = import_text(text, "file.yaml", None).unwrap_or_else(|error| panic!("{error}"));
    let remarks = made.lines().filter_map(|it| it.strip_prefix("# "));
    let remarks = remarks.skip(1).map(str::to_owned).collect();
    let value = toml::from_str(&made).unwrap_or_else(|error| panic!("{error}\n{made}"));
    (value, remarks)
}

fn wrong(text: &str) -> String {
    let error = import_text(text, "file.yaml", None).expect_err("refused");
    error.to_string()
}

#[test]
fn every_container_of_a_pod_has_its_three_probes() {
    let (made, remarks) = read(
        "apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    spec:
      initContainers:
      - {name: setup, livenessProbe: {tcpSocket: {port: 1}}}
      - name: proxy
        restartPolicy: Always
        readinessProbe: {grpc: {port: 9}}
      containers:
      - name: app
        ports: [{name: http, containerPort: 8080}]
        startupProbe: {httpGet: {path: healthz, port: http}, failureThreshold: 30, periodSeconds: 2}
        livenessProbe:
          httpGet: {path: /live, port: 8443, scheme: HTTPS, httpHeaders: [{name: X-A, value: b}]}
          initialDelaySeconds: 3
          timeoutSeconds: 5
        readinessProbe: {tcpSocket: {port: '8080', host: '::1'}, successThreshold: 2}
      - name: db
        livenessProbe: {exec: {command: [pg_isready, -q]}}
---
kind: Service
metadata: {name: web}
",
    );
    let app = json!([
        {"name": "startup", "kind": "startup", "url": "http://web:8080/healthz", "json": false,
         "expect_status": "200-399", "interval": 2, "timeout": 1, "retries": 30},
        {"name": "liveness", "kind": "liveness", "url": "https://web:8443/live", "json": false,
         "expect_status": "200-399", "interval": 10, "timeout": 5, "retries": 3,
         "initial_delay": 3, "tls": {"insecure": true}, "headers": [{"name": "X-A", "value": "b"}]},
        {"name": "readiness", "kind": "readiness", "url": "tcp://[::1]:8080",
         "interval": 10, "timeout": 1, "retries": 3, "success_threshold": 2},
    ]);
    let targets = &made["target"];
    assert_eq!(targets[0]["name"], "web.app");
    assert_eq!(targets[0]["group"], "web");
    assert_eq!(targets[0]["check"], app);
    let exec = [
        "kubectl",
        "exec",
        "-n",
        "shop",
        "deployment/web",
        "-c",
        "db",
        "--",
        "pg_isready",
        "-q",
    ];
    assert_eq!(targets[1]["check"][0]["exec"], json!(exec));
    assert_eq!(targets.as_array().map(Vec::len), Some(2));
    assert_eq!(
        remarks,
        [
            "Deployment web, container proxy: readinessProbe is of gRPC; left out",
            "Deployment web, container proxy: no probe was taken over",
            "Service: has no pods; left out",
        ]
    );
}

#[test]
fn other_manifests_and_their_mistakes() {
    let pod = |probe: &str| {
        format!(
            "{{\"kind\": \"Pod\", \"metadata\": {{\"name\": \"p\"}}, \"spec\": {{\"containers\": \
                 [{{\"name\": \"c\", \"livenessProbe\": {probe}}}]}}}}"
        )
    };
    let (made, _) = read(&format!(
        "{{\"kind\": \"List\", \"items\": [{}]}}",
        pod("{\"tcpSocket\": {\"port\": 1}}")
    ));
    assert_eq!(made["target"][0]["name"], "p");
    assert_eq!(made["target"][0]["check"][0]["url"], "tcp://p:1");
    let job = "kind: CronJob\nmetadata: {name: j}\nspec: {jobTemplate: {spec: {template: {spec: {\
               containers: [{name: c, livenessProbe: {exec: {command: [a]}}}]}}}}}\n";
    assert_eq!(read(job).0["target"][0]["name"], "j");
    for (probe, expected) in [
        (
            "{\"httpGet\": {\"port\": \"web\"}}",
            "httpGet.port = \"web\": allowed is a number, or",
        ),
        (
            "{\"httpGet\": {}}",
            "livenessProbe.httpGet: port is missing",
        ),
        ("{\"exec\": {}}", "livenessProbe.exec: command is missing"),
        (
            "{\"tcpSocket\": {\"port\": 1}, \"periodSeconds\": 0}",
            "periodSeconds = 0: allowed is 1",
        ),
    ] {
        let error = wrong(&pod(probe));
        assert!(error.contains(expected), "{error}");
    }
    assert!(wrong("a: 1\n").contains("neither a manifest"));
    assert!(wrong("kind: Pod\n").contains("metadata is missing"));
}

#[test]
fn the_healthcheck_of_every_service() {
    let (made, remarks) = read(
        "name: shop
x-check: &check {interval: 1m30s, timeout: 500ms, retries: 5}
services:
  web:
    healthcheck:
      <<: *check
      test: [CMD, curl, -f, 'http://localhost/$$x']
      start_period: 1h5m
      start_interval: 2s
  db: {healthcheck: {test: [CMD-SHELL, 'pg_isready || exit 1']}}
  cache: {healthcheck: {test: redis-cli ping $HOST, interval: 0s}}
  off: {healthcheck: {test: [NONE]}}
  also-off: {healthcheck: {disable: true}}
  image: {healthcheck: {interval: 5s}}
  none: {image: x}
",
    );
    let by_name = |name: &str| {
        let targets = made["target"].as_array().into_iter().flatten();
        let mut named = targets.filter(|it| it["name"] == name);
        named.next().map(|it| it["check"][0].clone())
    };
    let exec = |service: &str, rest: &[&str]| {
        json!([&["docker", "compose", "exec", "-T", service], rest].concat())
    };
    let web = json!({"exec": exec("web", &["curl", "-f", "http://localhost/$x"]), "interval": "90s",
        "timeout": "500ms", "retries": 5, "start_period": "3900s", "start_interval": "2s"});
    assert_eq!(by_name("web"), Some(web));
    let db = json!({"exec": exec("db", &["/bin/sh", "-c", "pg_isready || exit 1"]),
        "interval": "30s", "timeout": "30s", "retries": 3});
    assert_eq!(by_name("db"), Some(db));
    assert_eq!(
        by_name("cache").map(|it| it["interval"].clone()),
        Some("30s".into())
    );
    assert_eq!(made["target"].as_array().map(Vec::len), Some(3));
    assert_eq!(
        remarks,
        [
            "service also-off: its healthcheck is off",
            "service cache: has a variable, which compose replaces and a check does not",
            "service image: its test stands in its image; left out",
            "service none: no healthcheck",
            "service off: its healthcheck is off",
        ]
    );
    for (check, expected) in [
        (
            "{test: [RUN, a]}",
            "services.a.healthcheck.test = […]: allowed is a text, or a list",
        ),
        (
            "{test: a, interval: soon}",
            "interval = \"soon\": allowed is a duration such as 1m30s",
        ),
        (
            "{test: a, interval: 5}",
            "interval = 5: allowed is a duration",
        ),
        ("{test: a, retries: -1}", "retries = -1: allowed is 0"),
    ] {
        let error = wrong(&format!("services: {{a: {{healthcheck: {check}}}}}\n"));
        assert!(error.contains(expected), "{error}");
    }
}
