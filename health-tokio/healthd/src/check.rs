//! `healthd check`: one check of a URL, a command or a target, with its rule and the time of each part.

mod planned;

use std::fmt::Write as _;

use health_core::check::probe::Report;
use health_core::{Cause, Class, Kind};
use serde_json::{Map, Value, json};

use super::cli::CheckArgs;
use super::config::Rule;
use super::text::millis;
use super::{CommandError, CommandResult, EXIT_FAILURE, print, print_json};
use health_tokio::probe::Prober;
use planned::{Planned, plan};

/// The result of a check.
struct Checked {
    planned: Planned,
    report: Report,
    /// By the rule of a target with this URL, if that was applied too.
    as_target: Option<(Rule, Report)>,
}

pub(super) fn run(args: &CheckArgs) -> CommandResult {
    let planned = plan(args)?;
    let is_target = planned.first().is_some_and(|it| it.name.is_some());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::new(EXIT_FAILURE, error))?;
    let mut results = Vec::new();
    for it in planned {
        let result = runtime.block_on(check(it));
        if !args.json {
            print(&result.text());
        }
        results.push(result);
    }
    let is_healthy = results.iter().all(|it| is_healthy(&it.report));
    if args.json && is_target {
        let checks: Vec<_> = results.iter().map(Checked::document).collect();
        print_json(&json!({ "name": args.target, "healthy": is_healthy, "checks": checks }));
    } else if args.json {
        results.iter().for_each(|it| print_json(&it.document()));
    }
    match is_healthy {
        true => Ok(()),
        false => Err(CommandError::new(EXIT_FAILURE, "")),
    }
}

/// What is unhealthy by the first rule is unhealthy by that of a target, which is the stricter one.
async fn check(planned: Planned) -> Checked {
    let prober = Prober::new().policy(planned.policy.clone());
    let report = prober.probe(&planned.probe, planned.timeout).await;
    let as_target = match &planned.as_target {
        Some((probe, rule)) if is_healthy(&report) => {
            Some((rule.clone(), prober.probe(probe, planned.timeout).await))
        }
        _ => None,
    };
    Checked {
        planned,
        report,
        as_target,
    }
}

fn is_healthy(report: &Report) -> bool {
    matches!(report.outcome.class, Class::Success | Class::Warning)
}

fn verdict(report: &Report) -> &'static str {
    match report.outcome.class {
        Class::Success => "healthy",
        Class::Warning => "healthy, with a warning",
        Class::Failure => "unhealthy",
        Class::Indeterminate => "cannot tell",
    }
}

impl Checked {
    fn text(&self) -> String {
        let Planned {
            name, probe, rule, ..
        } = &self.planned;
        let report = &self.report;
        let mut text = format!("{}: {probe}", verdict(report));
        let outcome = &report.outcome;
        // Writing to a text cannot fail.
        if !outcome.message.as_str().is_empty() {
            let _ = write!(text, ": {}", outcome.message.as_str());
        }
        if let Some(name) = name {
            let _ = write!(text, "\n  check    {name}");
        }
        let _ = write!(text, "\n  rule     {rule}");
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
        if let Some(expires) = report.certificate_expires {
            let date = expires.rfc3339();
            let date = String::from_utf8_lossy(&date);
            let _ = write!(text, "\n  certificate until {date}");
        }
        for (part, took) in report.timings.iter() {
            let _ = write!(text, "\n  {part:<8} {:>9.3} ms", millis(took));
        }
        let _ = write!(text, "\n  {:<8} {:>9.3} ms", "total", millis(report.took));
        if let Some((rule, report)) = &self.as_target {
            if !is_healthy(report) {
                let _ = write!(
                    text,
                    "\n{} as a target of this URL: {} (rule: {rule}; expect_status and json change it)",
                    verdict(report),
                    report.outcome.message.as_str(),
                );
            }
        }
        text
    }

    fn document(&self) -> Value {
        let Planned {
            name, probe, rule, ..
        } = &self.planned;
        let report = &self.report;
        let timings = report.timings.iter();
        let timings = timings.map(|(part, took)| (part.to_owned(), millis(took).into()));
        let timings: Map<String, Value> = timings.collect();
        let outcome = &report.outcome;
        let as_target = self.as_target.as_ref().map(|(rule, report)| {
            json!({
                "healthy": is_healthy(report),
                "verdict": verdict(report),
                "rule": rule.to_string(),
                "message": report.outcome.message.as_str(),
            })
        });
        json!({
            "check": name,
            "target": probe.to_string(),
            "healthy": is_healthy(report),
            "verdict": verdict(report),
            "rule": rule.to_string(),
            "message": outcome.message.as_str(),
            "kind": outcome.kind.map(Kind::as_str),
            "cause": outcome.cause.as_ref().map(Cause::reveal),
            "address": report.address.map(|it| it.to_string()),
            "status": report.status,
            "probe_ssl_earliest_cert_expiry": report.certificate_expires.map(|it| it.as_millis() / 1_000),
            "took_ms": millis(report.took),
            "timings_ms": timings,
            "as_target": as_target,
        })
    }
}
