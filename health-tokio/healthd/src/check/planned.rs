//! Finds out what `healthd check` probes, and by which rule: of its flags, or of a target.
//!
//! A target is looked for in the configuration that is named, then in the registry: `healthd add` keeps all
//! settings there. The settings of other targets are known only to their monitor, which says where it has
//! them from.

use std::path::PathBuf;
use std::time::Duration;

use health_core::check::probe::{AddressPolicy, Probe};
use serde_json::{Map, Value};

use crate::cli::CheckArgs;
use crate::config::{
    Defaults, Flags, Rule, Settings, Source, TargetDef, checked, default_addresses,
};
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
    /// Which addresses are connected to.
    pub(super) policy: AddressPolicy,
}

/// What the arguments mean: one probe, or the checks of a target.
pub(super) fn plan(args: &CheckArgs) -> Result<Vec<Planned>, CommandError> {
    if args.target == "exec" {
        if args.expect.is_any_of_network() || args.stream.is_any() {
            let what = "--header and what is expected of an answer are for http, https and unix";
            return Err(usage(what));
        }
        return command(args).map(|it| vec![it]);
    }
    if !args.command.is_empty() {
        return Err(usage("a command is for exec"));
    }
    let is_url = args.target.contains("://") || args.target.starts_with("unix:");
    if is_url {
        return url(args).map(|it| vec![it]);
    }
    if args.expect.is_any() || args.stream.is_any() {
        let what = "what is expected belongs to the target; allowed is it with a URL";
        return Err(usage(what));
    }
    let (target, policy) = find(args)?;
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
        policy: policy.clone(),
    });
    Ok(planned.collect())
}

/// By Kubernetes' rule for a healthy answer, unless the flags say otherwise.
fn url(args: &CheckArgs) -> Result<Planned, CommandError> {
    let mut table = table(args, "url", args.target.as_str().into())?;
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
        timeout: args.timeout.unwrap_or(TIMEOUT),
        policy: policy(args),
    })
}

fn command(args: &CheckArgs) -> Result<Planned, CommandError> {
    let table = table(args, "exec", args.command.clone().into())?;
    let (probe, rule) = read(table, &Defaults::default())?;
    Ok(Planned {
        name: None,
        probe,
        rule,
        as_target: None,
        timeout: args.timeout.unwrap_or(TIMEOUT),
        policy: policy(args),
    })
}

/// The table of a target that is checked like this.
fn table(args: &CheckArgs, key: &str, place: Value) -> Result<Map<String, Value>, CommandError> {
    let mut table = Map::new();
    table.insert("name".into(), "check".into());
    table.insert(key.into(), place);
    args.expect.insert(&mut table).map_err(usage)?;
    args.stream.add_to(&mut table);
    if let Some(timeout) = args.timeout {
        // A limit on the time of an answer has to be below it.
        table.insert("timeout".into(), timeout.as_secs_f64().into());
    }
    Ok(table)
}

fn read(table: Map<String, Value>, defaults: &Defaults) -> Result<(Probe, Rule), CommandError> {
    let mut target = checked(table, defaults).map_err(usage)?;
    let check = target.checks.swap_remove(0);
    Ok((check.probe, check.rule))
}

/// The target of this name, with its own settings.
fn find(args: &CheckArgs) -> Result<(TargetDef, AddressPolicy), CommandError> {
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
    let (defaults, targets, policy) = match settings {
        Some(it) => (it.defaults, it.targets, it.policy),
        None => (Defaults::default(), Vec::new(), default_addresses()),
    };
    if let Some(target) = targets.into_iter().find(|it| it.name.as_str() == name) {
        return Ok((target, policy));
    }
    if let Some(url) = url {
        let target = TargetDef::of_url(name, &url, &defaults, Source::Config, "check");
        return Ok((target.map_err(usage)?, policy));
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
    Ok((target.map_err(usage)?, policy))
}

/// Those of the configuration that is named, if it can be read: it may be one of `healthd run`.
fn policy(args: &CheckArgs) -> AddressPolicy {
    let settings = args
        .config
        .clone()
        .and_then(|it| read_settings(Some(it), None).ok());
    settings.map_or_else(default_addresses, |it| it.policy)
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
