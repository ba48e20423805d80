//! The commands that show: `list`, `inspect`, `explain`, `status`.

use std::fmt::Write as _;
use std::path::Path;

use health_core::UnixTime;
use serde_json::Value;

use super::cli::{NameArgs, ShowArgs};
use super::control::{self, Reply, Request};
use super::run::show as group;
use super::store::read::{CheckInfo, Reader, TargetInfo, TransitionInfo};
use super::text::REACTIVATE;
use super::{CommandError, CommandResult, EXIT_FAILURE, print, print_json, text};

/// How many transitions `explain` shows.
const TRANSITIONS: u32 = 20;

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
        false => open(&db)?.targets().map_err(not)?,
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

pub(super) fn inspect(args: &NameArgs) -> CommandResult {
    if group::inspect(args)? {
        return Ok(());
    }
    let target = find(args)?;
    if args.show.json {
        print_json(&document(&target));
        return Ok(());
    }
    let mut out = format!("Name:    {}\n", target.name);
    // Writing to a text cannot fail.
    let _ = writeln!(out, "Group:   {}", word(&target.definition["group"]));
    let _ = writeln!(
        out,
        "Health:  {} healthy{}",
        healthy(&target),
        deregistered(&target)
    );
    if let Some(at) = target.answers_since() {
        let _ = writeln!(
            out,
            "Answers: again{}; {} brings it back",
            since(at),
            reactivate(&target)
        );
    }
    for check in &target.checks {
        describe(&target, check, &mut out);
    }
    print(out.trim_end());
    Ok(())
}

pub(super) fn explain(args: &NameArgs) -> CommandResult {
    if group::explain(args)? {
        return Ok(());
    }
    let reader = open(&args.show.registry.path())?;
    let transitions = reader.transitions(&args.name, TRANSITIONS).map_err(not)?;
    let target = reader.target(&args.name).map_err(not)?;
    if target.is_none() && transitions.is_empty() {
        return Err(CommandError::new(
            EXIT_FAILURE,
            format!("{}: no such target", args.name),
        ));
    }
    if args.show.json {
        let target = target.as_ref().map(document);
        print_json(&serde_json::json!({ "target": target, "transitions": transitions }));
        return Ok(());
    }
    let mut out = String::new();
    match &target {
        Some(target) => {
            for check in &target.checks {
                because(check, &transitions, &mut out);
            }
        }
        None => {
            let _ = writeln!(
                out,
                "{} is no longer on the list; what is left is its history",
                args.name
            );
        }
    }
    let _ = writeln!(out, "\nTransitions, oldest first:");
    for it in &transitions {
        let _ = writeln!(out, "  {}  {}  {}", time(it.at), it.check, changed(it));
        let _ = writeln!(out, "    rule {}", it.rule);
    }
    print(out.trim_end());
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
        if args.json {
            print_json(&serde_json::json!({ "running": false, "registry": db }));
        }
        return Err(CommandError::new(
            EXIT_FAILURE,
            format!("no monitor runs for {}", db.display()),
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

fn not(error: impl std::fmt::Display) -> CommandError {
    CommandError::new(EXIT_FAILURE, error)
}

fn open(db: &Path) -> Result<Reader, CommandError> {
    Reader::open(db).map_err(not)
}

fn find(args: &NameArgs) -> Result<TargetInfo, CommandError> {
    let target = open(&args.show.registry.path())?.target(&args.name);
    let none = || CommandError::new(EXIT_FAILURE, format!("{}: no such target", args.name));
    target.map_err(not)?.ok_or_else(none)
}

fn healthy(target: &TargetInfo) -> String {
    let healthy = target.checks.iter().filter(|it| it.status == "healthy");
    format!("{}/{}", healthy.count(), target.checks.len())
}

fn deregistered(target: &TargetInfo) -> String {
    let gone = target.checks.iter().find(|it| !it.is_active);
    gone.map_or(String::new(), |check| {
        let reason = check.deactivated_reason.as_deref().unwrap_or_default();
        let since = check.deactivated_at.map(time).unwrap_or_default();
        format!(", deregistered {since}: {}", text::safe(reason))
    })
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

fn describe(target: &TargetInfo, check: &CheckInfo, out: &mut String) {
    let settings = target.definition["checks"].as_array().into_iter().flatten();
    let settings = settings
        .clone()
        .find(|it| it["name"] == check.name.as_str());
    let _ = writeln!(
        out,
        "\nCheck {}: {}{}",
        check.name,
        text::status(&check.status),
        check.since.map(since).unwrap_or_default()
    );
    if let Some(it) = settings {
        let _ = writeln!(out, "  target     {}", word(&it["target"]));
        let _ = writeln!(
            out,
            "  settings   {}, every {} s, timeout {} s, retries {}, success threshold {}, start period {} s, then {}{}",
            word(&it["kind"]),
            it["interval_seconds"],
            it["timeout_seconds"],
            it["retries"],
            it["success_threshold"],
            it["start_period_seconds"],
            word(&it["on_unhealthy"]),
            recheck(it),
        );
    }
    let (failures, successes) = (check.consecutive_failures, check.consecutive_successes);
    let failures = text::count(failures, "failure", "failures");
    let successes = text::count(successes, "success", "successes");
    let _ = writeln!(out, "  in a row   {failures}, {successes}");
    let _ = writeln!(out, "  checked    {}", text::age(check.last_checked_at));
    let _ = writeln!(out, "  succeeded  {}", text::age(check.last_success_at));
    if let Some(error) = check.last_error.as_deref() {
        let _ = writeln!(out, "  last error {}", text::safe(error));
    }
    if let Some(evidence) = check.last_evidence.as_deref() {
        let _ = writeln!(out, "  evidence   {}", text::safe(evidence));
    }
    for it in &check.results {
        let counted = if it.counted { "" } else { " (not counted)" };
        let message = text::safe(&it.message);
        let _ = writeln!(
            out,
            "  {}  {:<13} {:>9.3} ms  {message}{counted}",
            time(it.begin_at),
            it.class,
            it.took_ms
        );
    }
}

/// Why the check has its status: the last transition, and the results that caused it.
fn because(check: &CheckInfo, transitions: &[TransitionInfo], out: &mut String) {
    let _ = writeln!(
        out,
        "Check {} is {}.",
        check.name,
        text::status(&check.status)
    );
    let turn = transitions.iter().rev();
    let turn = turn
        .filter(|it| it.check == check.name)
        .find(|it| it.change == "status");
    let Some(turn) = turn else {
        let _ = writeln!(out, "  It has not turned yet: no threshold was reached.");
        return;
    };
    let _ = writeln!(
        out,
        "  since     {} ({})",
        time(turn.at),
        text::age(Some(turn.at))
    );
    let _ = writeln!(out, "  rule      {}", turn.rule);
    let in_a_row = turn.failures.max(turn.successes) as usize;
    let until = check
        .results
        .iter()
        .filter(|it| it.counted && it.begin_at <= turn.at);
    let evidence: Vec<_> = until.collect();
    let first = evidence.len().saturating_sub(in_a_row);
    for it in &evidence[first..] {
        let kind = it
            .kind
            .as_deref()
            .map(|kind| format!(" [{kind}]"))
            .unwrap_or_default();
        let message = text::safe(&it.message);
        let _ = writeln!(
            out,
            "  evidence  {}  {} {message}{kind}",
            time(it.begin_at),
            it.class
        );
    }
    if evidence.len() < in_a_row {
        let lacking = in_a_row - evidence.len();
        let _ = writeln!(out, "  evidence  {lacking} more, no longer kept");
    }
}

fn changed(it: &TransitionInfo) -> String {
    let what = if it.change == "status" {
        format!("{} -> {}", it.from, it.to)
    } else {
        it.change.replace('_', " ")
    };
    let (failures, successes) = (it.failures, it.successes);
    let in_a_row = match (failures, successes) {
        (0, 0) => String::new(),
        (0, successes) => {
            let successes = text::count(successes, "success", "successes");
            format!(", {successes} in a row")
        }
        (failures, _) => {
            let failures = text::count(failures, "failure", "failures");
            format!(", {failures} in a row")
        }
    };
    let message = text::safe(&it.message);
    let colon = if message.is_empty() { "" } else { ": " };
    format!("{what}{in_a_row}{colon}{message}")
}

fn time(unix_millis: u64) -> String {
    let text = UnixTime::from_millis(unix_millis).rfc3339();
    String::from_utf8_lossy(&text).into_owned()
}

fn since(unix_millis: u64) -> String {
    let age = text::age(Some(unix_millis));
    format!(" since {} ({age})", time(unix_millis))
}

/// What becomes of it when it is deregistered.
fn recheck(settings: &Value) -> String {
    if settings["on_unhealthy"] != "deregister" {
        return String::new();
    }
    let interval = &settings["recheck_interval_seconds"];
    let every = match interval.as_f64() {
        Some(0.0) | None => " and not check again".to_owned(),
        Some(_) => format!(" and check every {interval} s"),
    };
    let is_auto = settings["auto_reactivate"] == true;
    every + if is_auto { ", reactivate" } else { "" }
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
