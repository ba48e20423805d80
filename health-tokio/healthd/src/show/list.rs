//! `list`: all running groups and all targets, the worst first.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use serde_json::Value;

use super::{document, failed, healthy, open, quiet, reactivate, word};
use crate::cli::{Form, ListArgs, ShowArgs};
use crate::run::show as group;
use crate::store::read::{CheckInfo, TargetInfo};
use crate::store::read_quiet;
use crate::text::{self, Cells};
use crate::{CommandResult, control};

/// From one list to the next of `--watch`.
const PAUSE: Duration = Duration::from_secs(2);
/// Clears the terminal, and begins at its upper left corner.
const CLEAR: &str = "\x1b[H\x1b[2J";

pub(crate) fn list(args: &ListArgs) -> CommandResult {
    let mut out = io::stdout();
    if !args.watch {
        let _ = writeln!(out, "{}", listed(args)?);
        return Ok(());
    }
    let begin = if out.is_terminal() { CLEAR } else { "" };
    loop {
        // A registry that is just made anew is there again in two seconds.
        let text = listed(args).unwrap_or_else(|error| error.line);
        let end = if begin.is_empty() { "\n" } else { "" };
        if writeln!(out, "{begin}{text}{end}")
            .and_then(|()| out.flush())
            .is_err()
        {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
}

fn listed(args: &ListArgs) -> Result<String, crate::CommandError> {
    let mut groups = group::all(&args.show)?;
    for it in &mut groups {
        let name = word(&it["name"]);
        if let Some(replicas) = it["replicas"].as_array_mut() {
            replicas.retain(|it| args.wants(&word(&it["shown"]), &name));
        }
    }
    let db = args.show.registry.path();
    // There is none where only groups run.
    let has_none = !groups.is_empty() && !db.exists();
    let all = match has_none {
        true => Vec::new(),
        false => open(&args.show)?.targets().map_err(failed)?,
    };
    let total = all.len();
    let mut targets = all;
    // A registry that cannot be read has been said to be so already.
    let quiet = read_quiet(&db).unwrap_or_default();
    targets.iter_mut().for_each(|it| quiet::add(&quiet, it));
    targets.retain(|it| args.wants(it.status(), it.group()));
    targets.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    if args.is_json() {
        let groups = groups.into_iter().filter(|it| {
            let of_group = args
                .group
                .as_deref()
                .is_none_or(|group| it["name"] == group);
            of_group && (args.status.is_empty() || it["replicas"] != Value::Array(Vec::new()))
        });
        let list: Vec<_> = groups.chain(targets.iter().map(document)).collect();
        return Ok(serde_json::to_string_pretty(&list).unwrap_or_default());
    }
    if args.output == Form::Name {
        let names = targets.into_iter().map(|it| it.name);
        return Ok(group::names_of_replicas(&groups)
            .chain(names)
            .collect::<Vec<_>>()
            .join("\n"));
    }
    let mut blocks = Vec::new();
    let has_replicas = group::names_of_replicas(&groups).next().is_some();
    if has_replicas {
        blocks.push(group::table(&groups));
    }
    if total > 0 || !has_replicas {
        let is_running = control::is_locked(&db);
        let width = (args.output == Form::Table)
            .then(text::terminal_width)
            .flatten();
        blocks.push(table(&targets, args.output == Form::Wide, is_running).fitting(width));
        blocks.push(totals(&targets, total, is_running));
    }
    Ok(blocks.join("\n\n"))
}

/// Some targets, as wide as the terminal.
pub(super) fn of(targets: &[TargetInfo], show: &ShowArgs) -> String {
    let is_running = control::is_locked(&show.registry.path());
    table(targets, false, is_running).fitting(text::terminal_width())
}

fn table(targets: &[TargetInfo], is_wide: bool, is_running: bool) -> Cells {
    let mut heading = vec![
        "NAME", "STATUS", "GROUP", "HEALTHY", "SINCE", "CHECKED", "MS",
    ];
    if is_wide {
        heading.extend(["FAILURES", "TARGET"]);
    }
    heading.push("LAST ERROR");
    let rows = targets.iter().map(|it| row(it, is_wide, is_running));
    Cells::new(heading, rows.collect())
}

fn row(target: &TargetInfo, is_wide: bool, is_running: bool) -> Vec<String> {
    let checks = &target.checks;
    let worst = worst(target);
    let since = since(target).map(text::span);
    let slowest = checks.iter().filter_map(|it| it.last_response_ms);
    let slowest = slowest.reduce(f64::max);
    let status = target.status();
    let mut row = vec![
        target.name.clone(),
        // What nobody looks at any more is not shown in the colour of health.
        if is_running {
            text::status(status)
        } else {
            status.to_owned()
        },
        target.group().to_owned(),
        healthy(target),
        since.unwrap_or_default(),
        text::age(checks.iter().filter_map(|it| it.last_checked_at).max()),
        slowest.map(|ms| format!("{ms:.1}")).unwrap_or_default(),
    ];
    if is_wide {
        let failures = worst.map_or(0, |it| it.consecutive_failures);
        row.push(failures.to_string());
        row.push(worst.map(|it| target.address(it)).unwrap_or_default());
    }
    row.push(quiet::remark(target, remark(target, worst)));
    row
}

/// The check that makes its status, of which the last columns tell.
fn worst(target: &TargetInfo) -> Option<&CheckInfo> {
    let checks = &target.checks;
    let gone = checks.iter().find(|it| !it.is_active);
    let of_status = || checks.iter().find(|it| it.status == target.status());
    let failing = checks.iter().find(|it| it.consecutive_failures > 0);
    gone.or(failing.filter(|_| target.status() == "healthy"))
        .or_else(of_status)
        .or(checks.first())
}

/// Since when it has its status.
fn since(target: &TargetInfo) -> Option<u64> {
    let gone = target
        .checks
        .iter()
        .filter_map(|it| it.deactivated_at)
        .min();
    let status = target.status();
    let of_status = target.checks.iter().filter(|it| it.status == status);
    let since = of_status.filter_map(|it| it.since);
    match status {
        "answers-again" => target.answers_since(),
        "deregistered" => gone,
        // It is healthy since the last of its checks is.
        "healthy" => since.max(),
        _ => since.min(),
    }
}

/// Why it is off the list and how it is brought back, or the last error.
fn remark(target: &TargetInfo, worst: Option<&CheckInfo>) -> String {
    if target.answers_since().is_some() && target.is_deregistered() {
        return format!("answers again; {} brings it back", reactivate(target));
    }
    let Some(check) = worst else {
        return String::new();
    };
    let reason = check
        .deactivated_reason
        .as_deref()
        .filter(|_| !check.is_active);
    let error = check
        .last_error
        .as_deref()
        .filter(|_| check.consecutive_failures > 0);
    reason.or(error).map(text::safe).unwrap_or_default()
}

/// `12 targets: 9 healthy, 2 unhealthy, 1 deregistered`.
fn totals(targets: &[TargetInfo], total: usize, is_running: bool) -> String {
    // The other way round: those that are well are most of them.
    let mut counts: Vec<(&str, u32)> = Vec::new();
    for it in targets.iter().rev() {
        match counts.iter_mut().find(|count| count.0 == it.status()) {
            Some(count) => count.1 += 1,
            None => counts.push((it.status(), 1)),
        }
    }
    let counts: Vec<_> = counts
        .iter()
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    let of = match targets.len() == total {
        true => String::new(),
        false => format!(" of {total}"),
    };
    let shown = targets.len();
    let noun = if total == 1 { "target" } else { "targets" };
    let colon = if counts.is_empty() { "" } else { ": " };
    let line = format!("{shown}{of} {noun}{colon}{}", counts.join(", "));
    if is_running {
        return line;
    }
    let checks = targets.iter().flat_map(|it| &it.checks);
    let last = checks.filter_map(|it| it.last_checked_at).max();
    match last {
        Some(at) => format!("no monitor runs: as of {}\n{line}", text::age(Some(at))),
        None => format!("no monitor runs: none was ever checked\n{line}"),
    }
}
