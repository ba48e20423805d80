//! What commands print of a running group.

use std::fmt::Write as _;

use health_core::UnixTime;
use serde_json::Value;

use super::client::{ask, names, replica};
use crate::cli::{NameArgs, ShowArgs};
use crate::control::{Reply, Request};
use crate::{CommandError, print, print_json, text};

/// What takes the place of a value that there is not.
const NOTHING: &str = "-";

/// `inspect NAME[-INDEX]`; false if no such group runs.
pub(crate) fn inspect(args: &NameArgs) -> Result<bool, CommandError> {
    shown(args, &Request::Inspect, |group| {
        let mut out = heading(group);
        for check in list(&group["checks"]) {
            let _ = writeln!(
                out,
                "Check:   {} ({}) {}: every {} s, timeout {} s, retries {}, start period {} s",
                word(&check["name"]),
                word(&check["kind"]),
                word(&check["target"]),
                check["interval_seconds"],
                check["timeout_seconds"],
                check["retries"],
                check["start_period_seconds"],
            );
        }
        let rows: Vec<_> = list(&group["replicas"]).map(row).collect();
        let _ = write!(out, "\n{}", text::table(&HEADING, &rows));
        out
    })
}

/// `explain NAME[-INDEX]`; false if no such group runs.
pub(crate) fn explain(args: &NameArgs) -> Result<bool, CommandError> {
    shown(args, &Request::Explain, |group| {
        let mut out = heading(group);
        for replica in list(&group["replicas"]) {
            because(replica, &mut out);
        }
        out
    })
}

/// The documents of all groups that run.
///
/// # Errors
///
/// One of them does not answer.
pub(crate) fn all(args: &ShowArgs) -> Result<Vec<Value>, CommandError> {
    let mut groups = Vec::new();
    for name in names(args) {
        // One that has ended meanwhile is none.
        if let Some(Reply::Status(group)) = ask(args, &name, &Request::Inspect)? {
            groups.push(group);
        }
    }
    Ok(groups)
}

/// The rows of `list` for these groups.
pub(crate) fn table(groups: &[Value]) -> String {
    let replicas = groups.iter().flat_map(|it| list(&it["replicas"]));
    let rows: Vec<_> = replicas.map(row).collect();
    text::table(&HEADING, &rows)
}

/// The names of their replicas.
pub(crate) fn names_of_replicas(groups: &[Value]) -> impl Iterator<Item = String> {
    let replicas = groups.iter().flat_map(|it| list(&it["replicas"]));
    replicas.map(|it| word(&it["name"]))
}

/// The line of `status` for a group.
pub(crate) fn line(group: &Value) -> String {
    let draining = if group["draining"] == true {
        ", draining"
    } else {
        ""
    };
    let mass = if group["mass_failure"] == true {
        ", mass failure"
    } else {
        ""
    };
    format!(
        "group {}  {}{draining}{mass}",
        word(&group["name"]),
        word(&group["health"])
    )
}

fn shown(
    args: &NameArgs,
    request: &Request,
    text: impl FnOnce(&Value) -> String,
) -> Result<bool, CommandError> {
    let Some(group) = asked(args, request)? else {
        return Ok(false);
    };
    if args.show.json {
        print_json(&group);
    } else {
        print(text(&group).trim_end());
    }
    Ok(true)
}

/// The document of a group; by the name of a replica, with that one alone.
fn asked(args: &NameArgs, request: &Request) -> Result<Option<Value>, CommandError> {
    let name = args.name.as_str();
    if let Some(Reply::Status(group)) = ask(&args.show, name, request)? {
        return Ok(Some(group));
    }
    let Some((group, _)) = replica(name) else {
        return Ok(None);
    };
    let Some(Reply::Status(mut group)) = ask(&args.show, group, request)? else {
        return Ok(None);
    };
    let Some(replicas) = group["replicas"].as_array_mut() else {
        return Ok(None);
    };
    replicas.retain(|it| it["name"] == name);
    // It may be a target's name.
    Ok((!replicas.is_empty()).then_some(group))
}

const HEADING: [&str; 8] = [
    "NAME", "STATE", "INSTANCE", "PID", "SINCE", "RESTARTS", "NEXT IN", "LAST END",
];

fn heading(group: &Value) -> String {
    let [name, health, status] = ["name", "health", "status"].map(|key| word(&group[key]));
    let mut out = format!("Name:    {name}\nHealth:  {health}\n");
    let is_ready = if group["ready"] == true {
        "ready"
    } else {
        "not ready"
    };
    // Writing to a text cannot fail.
    let _ = writeln!(out, "Status:  {}, {is_ready}", text::status(&status));
    if group["mass_failure"] == true {
        let _ = writeln!(
            out,
            "         mass failure: one replica is restarted at a time"
        );
    }
    if group["draining"] == true {
        let _ = writeln!(out, "         it is stopping");
    }
    out
}

fn row(replica: &Value) -> Vec<String> {
    let next = replica["next_ms"].as_f64();
    vec![
        word(&replica["name"]),
        word(&replica["state"]),
        replica["instance"].to_string(),
        number(&replica["pid"]),
        text::age(replica["since"].as_u64()),
        replica["restarts"].to_string(),
        next.map_or_else(|| NOTHING.to_owned(), |ms| format!("{:.1}s", ms / 1e3)),
        end(&replica["last_end"]),
    ]
}

/// `exit, code 1, after 12.3s`.
fn end(end: &Value) -> String {
    if !end.is_object() {
        return NOTHING.to_owned();
    }
    let how = match (end["code"].as_i64(), end["signal"].as_i64()) {
        (Some(code), _) => format!(", code {code}"),
        (_, Some(signal)) => format!(", signal {signal}"),
        _ => String::new(),
    };
    let uptime = end["uptime_ms"].as_f64().unwrap_or(0.0) / 1e3;
    format!("{}{how}, after {uptime:.1}s", word(&end["reason"]))
}

fn because(replica: &Value, out: &mut String) {
    let since = replica["since"].as_u64();
    let _ = writeln!(
        out,
        "\n{} is {} ({}) since {}, instance {}, restarts {}, {} in a row.",
        word(&replica["name"]),
        word(&replica["state"]),
        word(&replica["shown"]),
        text::age(since),
        replica["instance"],
        replica["restarts"],
        replica["streak"],
    );
    let _ = writeln!(out, "  rule      {}", word(&replica["rule"]));
    for it in list(&replica["evidence"]) {
        let _ = writeln!(out, "  evidence  {}", word(it));
    }
    for it in list(&replica["instances"]) {
        let at = it["ended_at"].as_u64().map(time).unwrap_or_default();
        let _ = writeln!(out, "  instance {} ended {at}: {}", it["instance"], end(it));
        let _ = writeln!(out, "    rule      {}", word(&it["rule"]));
        // The first piece of evidence says what the line above says.
        let checks = list(&it["evidence"]).skip(1).zip(list(&it["checks"]));
        for (evidence, check) in checks {
            let _ = writeln!(out, "    evidence  {}", word(evidence));
            lines(&check["detail"], "      > ", out);
        }
        lines(&it["output"], "    | ", out);
    }
}

fn lines(text: &Value, begin: &str, out: &mut String) {
    for line in text.as_str().unwrap_or_default().lines() {
        let _ = writeln!(out, "{begin}{}", text::safe(line));
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(String::new, text::safe)
}

fn number(value: &Value) -> String {
    value
        .as_u64()
        .map_or_else(|| NOTHING.to_owned(), |it| it.to_string())
}

fn time(unix_millis: u64) -> String {
    let text = UnixTime::from_millis(unix_millis).rfc3339();
    String::from_utf8_lossy(&text).into_owned()
}
