//! `status`: running groups, and the monitor: what it watches, how it is set, how it keeps up.

use serde_json::{Map, Value};

use super::{quiet, time, word};
use crate::cli::ShowArgs;
use crate::control::{self, Reply, Request};
use crate::run::show as group;
use crate::text::{self, REACTIVATE, thousands};
use crate::{CommandError, CommandResult, EXIT_FAILURE, print, print_json};

pub(crate) fn status(args: &ShowArgs) -> CommandResult {
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
        return without_monitor(args, groups);
    };
    if args.json {
        if !groups.is_empty() {
            status["groups"] = groups.into();
        }
        print_json(&status);
        return Ok(());
    }
    print(&text(status));
    Ok(())
}

fn without_monitor(args: &ShowArgs, groups: Vec<Value>) -> CommandResult {
    let db = args.registry.path();
    if !groups.is_empty() {
        if args.json {
            print_json(&serde_json::json!({ "running": false, "registry": db, "groups": groups }));
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
    Err(CommandError::new(
        EXIT_FAILURE,
        format!("no monitor runs for {}{groups}", db.display()),
    ))
}

/// The document of a monitor for people: a headline, what needs somebody, then how it is and works.
fn text(status: Value) -> String {
    let Value::Object(mut status) = status else {
        return String::new();
    };
    let mut take = |key: &str| status.remove(key).unwrap_or_default();
    let mut out = Vec::new();
    drop(take("running"));
    let uptime = take("uptime_seconds").as_u64().unwrap_or(0);
    out.push(format!(
        "healthd {} has run for {} (pid {}) and answers on http://{}",
        word(&take("version")),
        duration(uptime as f64),
        take("pid"),
        word(&take("listen")),
    ));
    let targets = take("targets");
    out.push(counts(&targets));
    if take("mass_failure") == true {
        out.push("MASS FAILURE: too many targets fail at once; nothing is done about them until it is over".into());
    }
    let gone = take("deregistered");
    let gone = gone.as_array().into_iter().flatten().map(|it| {
        let [name, status, reason] = ["name", "status", "reason"].map(|key| word(&it[key]));
        let remark = match &*status {
            "answers-again" => format!("`{REACTIVATE} {name}` brings it back"),
            _ => reason,
        };
        let since = it["since"].as_u64().map(time).unwrap_or_default();
        vec![format!("  {name}"), text::status(&status), since, remark]
    });
    let gone: Vec<_> = gone.collect();
    if !gone.is_empty() {
        out.push(String::new());
        out.push(text::table(
            &["  OFF THE LIST", "STATUS", "SINCE", "REASON"],
            &gone,
        ));
    }
    let quiet = take("quiet");
    let quiet: Vec<_> = quiet
        .as_array()
        .into_iter()
        .flatten()
        .map(quiet::status)
        .collect();
    if !quiet.is_empty() {
        out.push(String::new());
        out.extend(quiet.iter().map(|(key, value)| format!("  {key}  {value}")));
    }
    out.push(String::new());
    let (interval, timeout) = (take("interval_seconds"), take("timeout_seconds"));
    let then = match take("auto_deregister_after_failures") == true {
        true => "then deregistered",
        false => "then reported",
    };
    let settings = format!(
        "every {}, timeout {}, unhealthy after {}, {then}",
        seconds(&interval),
        seconds(&timeout),
        failures(&take("max_consecutive_failures")),
    );
    let (config, registry) = (word(&take("config")), word(&take("registry")));
    let in_flight = (take("in_flight"), take("max_in_flight"), take("demand"));
    let mut lines = vec![("Settings".to_owned(), settings)];
    if !config.is_empty() {
        lines.push(("File".to_owned(), config));
    }
    lines.push(("Registry".to_owned(), registry));
    lines.extend(work(&take("checks")));
    lines.push((
        "At once".to_owned(),
        format!(
            "{} under way, at most {}; {} if no target answers",
            number(&in_flight.0),
            number(&in_flight.1),
            number(&in_flight.2),
        ),
    ));
    let store = take("store");
    lines.push((
        "Store".to_owned(),
        format!(
            "{} batches written, {} failed, {} results lost; {} behind",
            number(&store["batches"]),
            number(&store["failures"]),
            number(&store["lost"]),
            millis(&store["lag_ms"]),
        ),
    ));
    lines.push((
        "Log".to_owned(),
        format!("{} lines lost", number(&take("log")["lost"])),
    ));
    flatten("", &status, &mut lines);
    let width = lines.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    out.extend(
        lines
            .iter()
            .map(|(key, value)| format!("{key:<width$}  {value}")),
    );
    out.join("\n")
}

/// `4 targets: 1 healthy, 1 unhealthy, 2 deregistered`; what there is none of is left out.
fn counts(targets: &Value) -> String {
    let count = |key: &str| targets[key].as_u64().unwrap_or(0);
    // What answers again is off the list still.
    let down = count("deregistered").saturating_sub(count("answers_again"));
    let counts = [
        ("healthy", count("healthy")),
        ("unhealthy", count("unhealthy")),
        ("deregistered", down),
        ("answers-again", count("answers_again")),
        ("unknown", count("unknown")),
    ];
    let counts = counts.map(|(word, count)| {
        (count > 0).then(|| format!("{} {}", thousands(count), text::status(word)))
    });
    let counts: Vec<_> = counts.into_iter().flatten().collect();
    let total = count("total");
    let noun = if total == 1 { "target" } else { "targets" };
    let colon = if counts.is_empty() { "" } else { ": " };
    format!("{} {noun}{colon}{}", thousands(total), counts.join(", "))
}

fn work(checks: &Value) -> [(String, String); 2] {
    let count = |key: &str| number(&checks[key]);
    let done = format!(
        "{} made: {} succeeded, {} with a warning, {} failed, {} without a verdict; \
         {} actions suppressed",
        count("attempts"),
        count("successes"),
        count("warnings"),
        count("failures"),
        count("indeterminate"),
        count("suppressed"),
    );
    let pace = format!(
        "half begin within {} of their time, 99 % within {}, the latest after {}; {} left out",
        millis(&checks["lag_p50_ms"]),
        millis(&checks["lag_p99_ms"]),
        millis(&checks["max_lag_ms"]),
        count("skipped_slots"),
    );
    [("Checks".to_owned(), done), ("Pace".to_owned(), pace)]
}

fn number(value: &Value) -> String {
    value.as_u64().map_or_else(|| "-".to_owned(), thousands)
}

fn millis(value: &Value) -> String {
    value
        .as_f64()
        .map_or_else(|| "-".to_owned(), |ms| format!("{ms:.1} ms"))
}

fn seconds(value: &Value) -> String {
    value.as_f64().map_or_else(|| "-".to_owned(), duration)
}

fn failures(value: &Value) -> String {
    let number = value.as_u64().and_then(|it| u32::try_from(it).ok());
    text::count(number.unwrap_or(0), "failure", "failures in a row")
}

/// `2 s`, `1 h 30 min`: the two largest units.
fn duration(seconds: f64) -> String {
    let whole = seconds as u64;
    let parts = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    if whole < 60 {
        return format!("{seconds} s");
    }
    let mut left = whole;
    let mut texts = Vec::new();
    for (unit, word) in parts {
        if left >= unit && texts.len() < 2 {
            texts.push(format!("{} {word}", left / unit));
            left %= unit;
        }
    }
    texts.join(" ")
}

/// What has no block of its own.
fn flatten(prefix: &str, map: &Map<String, Value>, lines: &mut Vec<(String, String)>) {
    for (key, value) in map {
        let dot = if prefix.is_empty() { "" } else { "." };
        let key = format!("{prefix}{dot}{key}");
        match value {
            Value::Object(map) => flatten(&key, map, lines),
            Value::String(text) => lines.push((key, text::safe(text))),
            Value::Null => lines.push((key, "-".to_owned())),
            other => lines.push((key, other.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_their_two_largest_units() {
        let seconds = [0.5, 2.0, 60.0, 61.0, 5_400.0, 90_061.0];
        let texts = [
            "0.5 s",
            "2 s",
            "1 min",
            "1 min 1 s",
            "1 h 30 min",
            "1 d 1 h",
        ];
        assert_eq!(seconds.map(duration), texts);
    }
}
