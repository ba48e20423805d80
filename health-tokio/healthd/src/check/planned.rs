//! Finds out what `healthd check` probes, and by which rule: of its flags, or of a target.
//!
//! A target is looked for in the configuration that is named, then in the registry: `healthd add` keeps all
//! settings there. The settings of other targets are known only to their monitor, which says where it has
//! them from.

use std::path::PathBuf;
use std::time::Duration;

use health_core::check::probe::{ExecProbe, Probe};
use serde_json::{Map, Value};

use crate::cli::CheckArgs;
use crate::commands::expectations;
use crate::config::{Defaults, Flags, Rule, Settings, Source, TargetDef, checked};
use crate::control::{self, Reply, Request};
use crate::store;
use crate::{CommandError, EXIT_USAGE};

/// The timeout of what is not a target.
const TIMEOUT: Duration = Duration::from_secs(10);
/// What Kubernetes accepts as healthy.
const STATUSES: &str = "200-399";

/// A probe to be carried out.
pub(super) struct Planned {
    /// The name of the check, if it is a target's.
    pub(super) name: Option<String>,
    pub(super) probe: Probe,
    pub(super) rule: Rule,
    /// The probe and rule of a target with this URL, if they are others.
    pub(super) as_target: Option<(Probe, Rule)>,
    pub(super) timeout: Duration,
}

/// What the arguments mean: one probe, or the checks of a target.
pub(super) fn plan(args: &CheckArgs) -> Result<Vec<Planned>, CommandError> {
    let timeout = args.timeout.unwrap_or(TIMEOUT);
    if args.target == "exec" {
        if args.expect.is_any() {
            let what = "--header and what is expected of an answer are for http, https and unix";
            return Err(usage(what));
        }
        let command = ExecProbe::command(args.command.clone()).build();
        return Ok(vec![Planned {
            name: None,
            probe: command.map_err(usage)?.into(),
            rule: Rule::ExitCode,
            as_target: None,
            timeout,
        }]);
    }
    if !args.command.is_empty() {
        return Err(usage("a command is for exec"));
    }
    let is_url = args.target.contains("://") || args.target.starts_with("unix:");
    if is_url {
        return url(args, timeout).map(|it| vec![it]);
    }
    if args.expect.is_any() {
        let what = "what is expected belongs to the target; allowed is it with a URL";
        return Err(usage(what));
    }
    let target = find(args)?;
    if let Some(problem) = target.header_problem() {
        return Err(usage(problem));
    }
    let checks = target.checks.into_iter();
    let planned = checks.map(|it| Planned {
        name: Some(it.name.to_string()),
        probe: it.probe,
        rule: it.rule,
        as_target: None,
        timeout: args.timeout.unwrap_or(it.config.timeout),
    });
    Ok(planned.collect())
}

/// By Kubernetes' rule for a healthy answer, unless the flags say otherwise.
fn url(args: &CheckArgs, timeout: Duration) -> Result<Planned, CommandError> {
    let mut table = Map::new();
    table.insert("name".into(), "check".into());
    table.insert("url".into(), args.target.as_str().into());
    expectations(&args.expect, &mut table)?;
    let target = read(table.clone(), &Defaults::default())?;
    let is_http = ["http://", "https://", "unix:"];
    if is_http.iter().any(|it| args.target.starts_with(it)) {
        table.entry("expect_status").or_insert(STATUSES.into());
    }
    let mut lenient = Defaults::default();
    lenient.json = false;
    let (probe, rule) = read(table, &lenient)?;
    Ok(Planned {
        name: None,
        as_target: Some(target).filter(|(_, it)| *it != rule),
        probe,
        rule,
        timeout,
    })
}

fn read(table: Map<String, Value>, defaults: &Defaults) -> Result<(Probe, Rule), CommandError> {
    let mut target = checked(table, defaults).map_err(usage)?;
    let check = target.checks.swap_remove(0);
    Ok((check.probe, check.rule))
}

/// The target of this name, with its own settings.
fn find(args: &CheckArgs) -> Result<TargetDef, CommandError> {
    let name = &args.target;
    let mut settings = match &args.config {
        Some(_) => Some(read_settings(args.config.clone(), args.registry.stated())?),
        None => None,
    };
    let db = settings.as_ref().map(|it| it.db.clone());
    let db = db.unwrap_or_else(|| args.registry.path());
    // Without a monitor, what is configured and what was added is still known.
    let (config, url) = match control::ask(&db, &Request::Origin(name.clone())) {
        Ok(Some(Reply::Origin { config, url })) => (config, url),
        _ => (None, None),
    };
    if settings.is_none() && config.is_some() {
        settings = Some(read_settings(config, None)?);
    }
    let (defaults, targets) = match settings {
        Some(it) => (it.defaults, it.targets),
        None => (Defaults::default(), Vec::new()),
    };
    if let Some(target) = targets.into_iter().find(|it| it.name.as_str() == name) {
        return Ok(target);
    }
    if let Some(url) = url {
        let target = TargetDef::of_url(name, &url, &defaults, Source::Config, "check");
        return target.map_err(usage);
    }
    let stored = store::peek(&db).map_err(usage)?;
    let Some(stored) = stored.targets.iter().find(|it| it.name.as_str() == name) else {
        let allowed = "allowed is the name of a target, a URL, or exec";
        return Err(usage(format!("{name}: no such target; {allowed}")));
    };
    let unknown =
        "its settings are those of a configuration that is not known; name it by --config";
    let target = TargetDef::restore(stored, &defaults);
    let target = target.ok_or_else(|| usage(format!("{name}: {unknown}")))?;
    target.map_err(usage)
}

fn read_settings(config: Option<PathBuf>, db: Option<PathBuf>) -> Result<Settings, CommandError> {
    let flags = Flags {
        config,
        db,
        ..Flags::default()
    };
    Settings::read(&flags).map_err(usage)
}

fn usage(error: impl std::fmt::Display) -> CommandError {
    CommandError::new(EXIT_USAGE, error)
}
