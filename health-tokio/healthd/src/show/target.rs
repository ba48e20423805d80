//! The commands that show one target: `inspect` and `explain`.

use std::fmt::Write as _;

use serde_json::Value;

use super::{document, failed, healthy, list, open, quiet, reactivate, time, word};
use crate::cli::NameArgs;
use crate::control::{self, Reply, Request};
use crate::run::show as group;
use crate::store::read::{CheckInfo, TargetInfo, TransitionInfo};
use crate::store::read_quiet;
use crate::{CommandError, CommandResult, EXIT_FAILURE, print, print_json, text};

/// How many results `inspect` shows of a check; its JSON has all that are kept.
const RESULTS: usize = 10;
/// How many transitions `explain` shows.
const TRANSITIONS: u32 = 20;

pub(crate) fn inspect(args: &NameArgs) -> CommandResult {
    if group::inspect(args)? {
        return Ok(());
    }
    let reader = open(&args.show)?;
    let Some(mut target) = reader.target(&args.name).map_err(failed)? else {
        return inspect_group(args, reader.targets().map_err(failed)?);
    };
    add_quiet(args, &mut target);
    let now = last_attempts(args);
    if args.show.json {
        let mut value = document(&target);
        value["now"] = now;
        print_json(&value);
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
    out += &quiet::lines(&target);
    if let Some(at) = target.answers_since() {
        let _ = writeln!(
            out,
            "Answers: again{}; {} brings it back",
            since(at),
            reactivate(&target)
        );
    }
    for check in &target.checks {
        describe(&target, check, &now["checks"][&check.name], &mut out);
    }
    print(out.trim_end());
    Ok(())
}

/// A group of targets, if that is its name.
fn inspect_group(args: &NameArgs, mut targets: Vec<TargetInfo>) -> CommandResult {
    targets.retain(|it| it.group() == args.name);
    if targets.is_empty() {
        return Err(no_such(args));
    }
    targets.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    if args.show.json {
        let targets: Vec<_> = targets.iter().map(document).collect();
        print_json(&serde_json::json!({ "group": args.name, "targets": targets }));
        return Ok(());
    }
    let well = targets.iter().filter(|it| it.status() == "healthy").count();
    print(&format!(
        "Group:   {}\nHealth:  {well}/{} healthy\n",
        args.name,
        targets.len()
    ));
    print(&list::of(&targets, &args.show));
    Ok(())
}

/// What a monitor that runs knows beyond the registry; null if none does.
fn last_attempts(args: &NameArgs) -> Value {
    match control::ask(&args.show.registry.path(), &Request::Now(args.name.clone())) {
        Ok(Some(Reply::Status(now))) => now,
        _ => Value::Null,
    }
}

pub(crate) fn explain(args: &NameArgs) -> CommandResult {
    if group::explain(args)? {
        return Ok(());
    }
    let reader = open(&args.show)?;
    let transitions = reader
        .transitions(&args.name, TRANSITIONS)
        .map_err(failed)?;
    let mut target = reader.target(&args.name).map_err(failed)?;
    if let Some(target) = &mut target {
        add_quiet(args, target);
    }
    if target.is_none() && transitions.is_empty() {
        return Err(no_such(args));
    }
    if args.show.json {
        let target = target.as_ref().map(document);
        print_json(&serde_json::json!({ "target": target, "transitions": transitions }));
        return Ok(());
    }
    let mut out = String::new();
    match &target {
        Some(target) => {
            out += &quiet::lines(target);
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

fn add_quiet(args: &NameArgs, target: &mut TargetInfo) {
    let quiet = read_quiet(&args.show.registry.path());
    quiet::add(&quiet.unwrap_or_default(), target);
}

/// What was looked at.
fn no_such(args: &NameArgs) -> CommandError {
    let registry = &args.show.registry;
    let groups = match registry.is_alone() {
        true => "",
        false => ", and no such group runs",
    };
    let (name, db) = (&args.name, registry.path());
    let line = format!("{name}: no such target in {}{groups}", db.display());
    CommandError::new(EXIT_FAILURE, line)
}

fn deregistered(target: &TargetInfo) -> String {
    let gone = target.checks.iter().find(|it| !it.is_active);
    gone.map_or(String::new(), |check| {
        let reason = check.deactivated_reason.as_deref().unwrap_or_default();
        let since = check.deactivated_at.map(time).unwrap_or_default();
        format!(", deregistered {since}: {}", text::safe(reason))
    })
}

fn describe(target: &TargetInfo, check: &CheckInfo, last: &Value, out: &mut String) {
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
        if let Some(expects) = it["expects"].as_str() {
            let _ = writeln!(out, "  expects    {}", text::safe(expects));
        }
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
        if let Some(rhythm) = it["rhythm"].as_str() {
            let _ = writeln!(out, "  rhythm     {rhythm}");
        }
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
    attempt(last, out);
    let older = check.results.len().saturating_sub(RESULTS);
    for it in &check.results[older..] {
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

/// The last attempt as the monitor has seen it: address, phases, a command's output.
fn attempt(last: &Value, out: &mut String) {
    if !last.is_object() {
        return;
    }
    let phases = last["phases"].as_array().into_iter().flatten();
    let phases = phases.map(|it| format!("{} {} ms", word(&it["phase"]), it["ms"]));
    let mut parts: Vec<_> = phases.collect();
    if let Some(address) = last["address"].as_str() {
        parts.insert(0, format!("to {}", text::safe(address)));
    }
    let _ = writeln!(out, "  last       {}", parts.join(", "));
    for line in last["output"].as_str().unwrap_or_default().lines() {
        let _ = writeln!(out, "    | {}", text::safe(line));
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

pub(crate) fn changed(it: &TransitionInfo) -> String {
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
