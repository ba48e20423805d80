//! `healthd check`: one check of one target, with the time of each part.

use std::fmt::Write as _;

use health_core::check::probe::{ExecProbe, Probe, Report};
use health_core::{Cause, Class, Kind};
use serde_json::{Map, Value, json};

use super::cli::CheckArgs;
use super::commands::expectations;
use super::config::{Defaults, added};
use super::text::millis;
use super::{CommandError, CommandResult, EXIT_FAILURE, EXIT_USAGE, print, print_json};
use health_tokio::probe;

pub(super) fn run(args: &CheckArgs) -> CommandResult {
    let probe = target(args)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::new(EXIT_FAILURE, error))?;
    let report = runtime.block_on(probe::probe(&probe, args.timeout));
    if args.json {
        print_json(&document(&probe, &report));
    } else {
        print(&line(&probe, &report));
    }
    match report.outcome.class {
        Class::Success | Class::Warning => Ok(()),
        Class::Failure | Class::Indeterminate => Err(CommandError::new(EXIT_FAILURE, "")),
    }
}

/// The probe: by Kubernetes' rule for a healthy answer, unless the flags say otherwise.
fn target(args: &CheckArgs) -> Result<Probe, CommandError> {
    let wrong = |error: &dyn std::fmt::Display| CommandError::new(EXIT_USAGE, error);
    if args.target == "exec" {
        let command = ExecProbe::command(args.command.clone()).build();
        return Ok(command.map_err(|error| wrong(&error))?.into());
    }
    if !args.command.is_empty() {
        return Err(wrong(&"a command is for exec"));
    }
    let mut table = Map::new();
    table.insert("name".into(), "check".into());
    table.insert("url".into(), args.target.as_str().into());
    let is_http = !args.target.starts_with("tcp://");
    if is_http {
        table.insert("expect_status".into(), "200-399".into());
    }
    expectations(&args.expect, &mut table)?;
    let mut defaults = Defaults::default();
    defaults.json = false;
    let mut target = added(table, &defaults, "check").map_err(|error| wrong(&error))?;
    Ok(target.checks.swap_remove(0).probe)
}

fn verdict(report: &Report) -> &'static str {
    match report.outcome.class {
        Class::Success => "healthy",
        Class::Warning => "healthy, with a warning",
        Class::Failure => "unhealthy",
        Class::Indeterminate => "cannot tell",
    }
}

fn line(probe: &Probe, report: &Report) -> String {
    let mut text = format!("{}: {probe}", verdict(report));
    let outcome = &report.outcome;
    // Writing to a text cannot fail.
    if !outcome.message.as_str().is_empty() {
        let _ = write!(text, ": {}", outcome.message.as_str());
    }
    if let Some(cause) = &outcome.cause {
        let cause = cause.reveal().escape_debug().to_string();
        let _ = write!(text, "\n  cause    {cause}");
    }
    if let Some(address) = report.address {
        let _ = write!(text, "\n  address  {address}");
    }
    if let Some(status) = report.status {
        let _ = write!(text, "\n  status   {status}");
    }
    for (part, took) in report.timings.iter() {
        let _ = write!(text, "\n  {part:<8} {:>9.3} ms", millis(took));
    }
    let _ = write!(text, "\n  {:<8} {:>9.3} ms", "total", millis(report.took));
    text
}

fn document(probe: &Probe, report: &Report) -> Value {
    let timings = report.timings.iter();
    let timings = timings.map(|(part, took)| (part.to_owned(), millis(took).into()));
    let timings: Map<String, Value> = timings.collect();
    let outcome = &report.outcome;
    json!({
        "target": probe.to_string(),
        "healthy": matches!(outcome.class, Class::Success | Class::Warning),
        "verdict": verdict(report),
        "message": outcome.message.as_str(),
        "kind": outcome.kind.map(Kind::as_str),
        "cause": outcome.cause.as_ref().map(Cause::reveal),
        "address": report.address.map(|it| it.to_string()),
        "status": report.status,
        "took_ms": millis(report.took),
        "timings_ms": timings,
    })
}
