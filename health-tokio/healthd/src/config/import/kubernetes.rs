//! The probes of all containers of a pod, or of the pods that something else makes.

use health_core::ProbeKind;
use serde_json::{Map, Value, json};

use super::Imported;
use crate::config::reader::{Item, Result, Table};

/// A container, and where it is reached.
struct Container<'a> {
    /// The container's own table.
    table: &'a Table<'a>,
    host: &'a str,
    /// What runs a command in it.
    exec: Vec<String>,
    /// How it is called in remarks.
    title: String,
}

const PROBES: [(&str, ProbeKind); 3] = [
    ("startupProbe", ProbeKind::Startup),
    ("livenessProbe", ProbeKind::Liveness),
    ("readinessProbe", ProbeKind::Readiness),
];

/// Reads one manifest, or a list of them.
pub(super) fn read(item: &Item<'_>, host: Option<&str>, found: &mut Imported) -> Result<()> {
    let table = item.table()?;
    let kind = table.need("kind")?.text()?;
    if let Some(items) = table.get("items").filter(|_| kind.ends_with("List")) {
        return items
            .list()?
            .iter()
            .try_for_each(|it| read(it, host, found));
    }
    let path: &[&'static str] = match kind {
        "Pod" => &["spec"],
        "CronJob" => &["spec", "jobTemplate", "spec", "template", "spec"],
        "Deployment"
        | "StatefulSet"
        | "DaemonSet"
        | "ReplicaSet"
        | "ReplicationController"
        | "Job" => &["spec", "template", "spec"],
        _ => {
            found.remarks.push(format!("{kind}: has no pods; left out"));
            return Ok(());
        }
    };
    let metadata = table.need("metadata")?.table()?;
    let name = metadata.need("name")?.text()?;
    let namespace = metadata.get("namespace").map(|it| it.text()).transpose()?;
    let mut spec = table;
    for step in path {
        spec = spec.need(step)?.table()?;
    }
    let mut containers = spec.need("containers")?.list()?;
    // Those that stay beside the others have probes as they have.
    for init in spec
        .get("initContainers")
        .map_or(Ok(Vec::new()), |it| it.list())?
    {
        let policy = init.table()?.get("restartPolicy");
        if policy.is_some_and(|it| it.value() == "Always") {
            containers.push(init);
        }
    }
    let is_alone = containers.len() == 1;
    for container in &containers {
        let table = container.table()?;
        let its_name = table.need("name")?.text()?;
        let mut exec = vec!["kubectl".to_owned(), "exec".to_owned()];
        if let Some(namespace) = namespace {
            exec.extend(["-n".to_owned(), namespace.to_owned()]);
        }
        exec.push(format!("{}/{name}", kind.to_lowercase()));
        exec.extend(["-c".to_owned(), its_name.to_owned(), "--".to_owned()]);
        let title = format!("{kind} {name}, container {its_name}");
        let container = Container {
            table: &table,
            host: host.unwrap_or(name),
            exec,
            title,
        };
        let target = match is_alone {
            true => name.to_owned(),
            false => format!("{name}.{its_name}"),
        };
        let mut checks = Vec::new();
        for (key, kind) in PROBES {
            if let Some(probe) = table.get(key) {
                checks.extend(container.probe(key, &probe, kind, found)?);
            }
        }
        if checks.is_empty() {
            let title = &container.title;
            found
                .remarks
                .push(format!("{title}: no probe was taken over"));
        }
        found.add(&target, name, checks);
    }
    Ok(())
}

impl Container<'_> {
    /// The probe as a check of ours; `None` if there is none for it.
    fn probe(
        &self,
        key: &str,
        item: &Item<'_>,
        kind: ProbeKind,
        found: &mut Imported,
    ) -> Result<Option<Value>> {
        let table = item.table()?;
        let mut check = Map::new();
        let mut put = |key: &str, value: Value| drop(check.insert(key.to_owned(), value));
        put("name", kind.as_str().into());
        put("kind", kind.as_str().into());
        if let Some(http) = table.get("httpGet") {
            let http = http.table()?;
            let scheme = http.get("scheme").map_or(Ok("HTTP"), |it| it.text())?;
            let scheme = scheme.to_ascii_lowercase();
            let path = http.get("path").map_or(Ok("/"), |it| it.text())?;
            let slash = if path.starts_with('/') { "" } else { "/" };
            let address = self.address(&http)?;
            put("url", format!("{scheme}://{address}{slash}{path}").into());
            // As the kubelet judges: any body, no certificate.
            put("expect_status", "200-399".into());
            put("json", false.into());
            if scheme == "https" {
                put("tls", json!({ "insecure": true }));
            }
            if let Some(headers) = http.get("httpHeaders") {
                put("headers", headers.value().clone());
            }
        } else if let Some(tcp) = table.get("tcpSocket") {
            let address = self.address(&tcp.table()?)?;
            put("url", format!("tcp://{address}").into());
        } else if let Some(exec) = table.get("exec") {
            let command = exec.table()?.need("command")?.texts_or_empty()?;
            let words = self.exec.iter().cloned().chain(command);
            put("exec", words.collect::<Vec<_>>().into());
        } else {
            let what = if table.get("grpc").is_some() {
                "gRPC"
            } else {
                "no known kind"
            };
            let title = &self.title;
            found
                .remarks
                .push(format!("{title}: {key} is of {what}; left out"));
            return Ok(None);
        }
        let number = |key, least: u64, default: u64| -> Result<u64> {
            let item = table.get(key);
            item.map_or(Ok(default), |it| it.integer(least, 1_000_000))
        };
        put("interval", number("periodSeconds", 1, 10)?.into());
        put("timeout", number("timeoutSeconds", 1, 1)?.into());
        put("retries", number("failureThreshold", 1, 3)?.into());
        let successes = number("successThreshold", 1, 1)?;
        if successes > 1 {
            put("success_threshold", successes.into());
        }
        let delay = number("initialDelaySeconds", 0, 0)?;
        if delay > 0 {
            put("initial_delay", delay.into());
        }
        Ok(Some(Value::Object(check)))
    }

    /// Host and port of a probe; a port may have a name of the container's.
    fn address(&self, probe: &Table<'_>) -> Result<String> {
        let host = probe.get("host").map_or(Ok(self.host), |it| it.text())?;
        let host = match host.contains(':') && !host.starts_with('[') {
            true => format!("[{host}]"),
            false => host.to_owned(),
        };
        let port = probe.need("port")?;
        let Some(name) = port.value().as_str() else {
            return Ok(format!("{host}:{}", port.port()?));
        };
        let ports = self.table.get("ports");
        for known in ports.map_or(Ok(Vec::new()), |it| it.list())? {
            let known = known.table()?;
            if known.get("name").is_some_and(|it| it.value() == name) {
                return Ok(format!("{host}:{}", known.need("containerPort")?.port()?));
            }
        }
        match name.parse::<u16>() {
            Ok(port) if port > 0 => Ok(format!("{host}:{port}")),
            _ => Err(port.wrong("allowed is a number, or the name of a port of the container")),
        }
    }
}
