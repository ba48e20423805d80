//! The commands that show: `list` and `status`; `inspect` and `explain` are in [`target`].

mod target;

use health_core::UnixTime;
use serde_json::Value;

use super::cli::ShowArgs;
use super::control::{self, Reply, Request};
use super::run::show as group;
use super::store::read::{Reader, TargetInfo};
use super::text::REACTIVATE;
use super::{CommandError, CommandResult, EXIT_FAILURE, print, print_json, text};

pub(super) use target::{changed, explain, inspect};

pub(super) fn list(args: &ShowArgs) -> CommandResult {
    let groups = group::all(args)?;
    if !groups.is_empty() && !args.json {
        print(&group::table(&groups));
    }
    let db = args.registry.path();
    // There is none where only groups run.
    let has_none = !groups.is_empty() && !db.exists();
    let mut targets = match has_none {
        true => Vec::new(),
        false => open(args)?.targets().map_err(failed)?,
    };
    targets.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    if args.json {
        let targets = targets.iter().map(document);
        print_json(&groups.into_iter().chain(targets).collect::<Vec<_>>());
        return Ok(());
    }
    if targets.is_empty() && !groups.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = targets.iter().map(row).collect();
    let heading = [
        "NAME",
        "STATUS",
        "HEALTHY",
        "FAILURES",
        "CHECKED",
        "MS",
        "TARGET",
        "LAST ERROR",
    ];
    print(&text::table(&heading, &rows));
    Ok(())
}

pub(super) fn status(args: &ShowArgs) -> CommandResult {
    let groups = group::all(args)?;
    if !args.json {
        groups.iter().for_each(|it| print(&group::line(it)));
    }
    let db = args.registry.path();
    let reply = control::ask(&db, &Request::Status);
    let reply = reply.map_err(|error| {
        CommandError::new(
            EXIT_FAILURE,
            format!("the monitor does not answer: {error}"),
        )
    })?;
    let Some(Reply::Status(mut status)) = reply else {
        if !groups.is_empty() {
            if args.json {
                print_json(
                    &serde_json::json!({ "running": false, "registry": db, "groups": groups }),
                );
            }
            return Ok(());
        }
        // Asked only where no monitor can be about to start.
        let obstacle = control::obstacle(&db).filter(|_| control::is_locked(&db));
        if let Some(obstacle) = obstacle {
            return Err(CommandError::new(EXIT_FAILURE, obstacle));
        }
        if args.json {
            print_json(&serde_json::json!({ "running": false, "registry": db }));
        }
        let groups = match args.registry.is_alone() {
            true => "",
            false => ", and no group runs",
        };
        return Err(CommandError::new(
            EXIT_FAILURE,
            format!("no monitor runs for {}{groups}", db.display()),
        ));
    };
    if args.json {
        if !groups.is_empty() {
            status["groups"] = groups.into();
        }
        print_json(&status);
        return Ok(());
    }
    let mut lines = Vec::new();
    // First of all.
    let gone = status
        .as_object_mut()
        .and_then(|it| it.remove("deregistered"));
    for it in gone.iter().flat_map(|it| it.as_array()).flatten() {
        let [name, status, reason] = ["name", "status", "reason"].map(|key| word(&it[key]));
        let remark = match &*status {
            "answers-again" => format!("`{REACTIVATE} {name}` brings it back"),
            _ => reason,
        };
        let since = it["since"].as_u64().map(time).unwrap_or_default();
        lines.push((format!("{status}.{name}"), format!("{since}  {remark}")));
    }
    flatten("", &status, &mut lines);
    let width = lines.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    for (key, value) in lines {
        print(&format!("{key:<width$}  {value}"));
    }
    Ok(())
}

pub(super) fn failed(error: impl std::fmt::Display) -> CommandError {
    CommandError::new(EXIT_FAILURE, error)
}

fn open(args: &ShowArgs) -> Result<Reader, CommandError> {
    let db = args.registry.path();
    if !args.registry.is_alone() && !db.exists() {
        let db = db.display();
        let line = format!("no such group runs, and there is no registry {db}");
        return Err(CommandError::new(EXIT_FAILURE, line));
    }
    Reader::open(&db).map_err(failed)
}

fn healthy(target: &TargetInfo) -> String {
    let healthy = target.checks.iter().filter(|it| it.status == "healthy");
    format!("{}/{}", healthy.count(), target.checks.len())
}

/// The command that brings it back.
fn reactivate(target: &TargetInfo) -> String {
    format!("`{REACTIVATE} {}`", target.name)
}

/// A target for programs: what the registry has, and what follows from it.
fn document(target: &TargetInfo) -> Value {
    let mut value = serde_json::to_value(target).unwrap_or_default();
    value["status"] = target.status().into();
    if target.is_deregistered() {
        value["answers_since"] = target.answers_since().into();
        value["reactivate"] = format!("{REACTIVATE} {}", target.name).into();
    }
    value
}

/// What the last column of the list says: why it is off the list and how it is brought back, or the last
/// error.
fn remark(target: &TargetInfo) -> String {
    let gone = target.checks.iter().find(|it| !it.is_active);
    let failing = || target.checks.iter().find(|it| it.consecutive_failures > 0);
    let error = || failing().and_then(|it| it.last_error.as_deref());
    match (gone, target.answers_since()) {
        (Some(_), Some(at)) => {
            let age = text::age(Some(at));
            format!("answers since {age}: {}", reactivate(target))
        }
        (Some(check), None) => {
            let reason = check.deactivated_reason.as_deref().or_else(error);
            let reason = text::safe(reason.unwrap_or_default());
            match check.deactivated_at {
                Some(at) => format!("since {}: {reason}", text::age(Some(at))),
                None => reason,
            }
        }
        (None, _) => error().map(text::safe).unwrap_or_default(),
    }
}

fn row(target: &TargetInfo) -> Vec<String> {
    let checks = &target.checks;
    let failures = checks
        .iter()
        .map(|it| it.consecutive_failures)
        .max()
        .unwrap_or(0);
    let slowest = checks.iter().filter_map(|it| it.last_response_ms);
    let slowest = slowest.fold(None, |most: Option<f64>, it| {
        Some(most.map_or(it, |m| m.max(it)))
    });
    vec![
        target.name.clone(),
        text::status(target.status()),
        healthy(target),
        failures.to_string(),
        text::age(checks.iter().filter_map(|it| it.last_checked_at).max()),
        slowest.map(|ms| format!("{ms:.1}")).unwrap_or_default(),
        word(&target.definition["url"]),
        remark(target),
    ]
}

pub(super) fn time(unix_millis: u64) -> String {
    let text = UnixTime::from_millis(unix_millis).rfc3339();
    String::from_utf8_lossy(&text).into_owned()
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(String::new, text::safe)
}

fn flatten(prefix: &str, value: &Value, lines: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let dot = if prefix.is_empty() { "" } else { "." };
                flatten(&format!("{prefix}{dot}{key}"), value, lines);
            }
        }
        Value::String(text) => lines.push((prefix.to_owned(), text.clone())),
        Value::Null => lines.push((prefix.to_owned(), "-".to_owned())),
        other => lines.push((prefix.to_owned(), other.to_string())),
    }
}
