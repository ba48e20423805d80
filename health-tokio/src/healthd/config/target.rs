//! One target: a name, a group, and its checks.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use health_core::check::ProbeKind;
use health_core::check::{OnUnhealthy, probe::Probe};
use health_core::driver::monitor::Target;
use health_core::monitor::{self, Definition, StoredTarget};
use health_core::name::Name;
use serde_json::{Map, Value, json};

use super::check::{self, CheckDef, Defaults};
use super::reader::{Item, Result, Table};

/// Where a target comes from, which decides who may take it away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::healthd) enum Source {
    /// A file, a flag or the environment: it goes when it is no longer there.
    Config,
    /// `healthd add`: it goes by `healthd remove`.
    Added,
}

/// A target as it was told.
#[derive(Clone, Debug)]
pub(in crate::healthd) struct TargetDef {
    pub(in crate::healthd) name: Name,
    pub(in crate::healthd) group: Name,
    pub(in crate::healthd) source: Source,
    pub(in crate::healthd) checks: Vec<CheckDef>,
    /// What is stored of it.
    pub(in crate::healthd) text: Arc<str>,
    /// Another one if anything of it has changed, be it a password.
    fingerprint: u64,
}

/// The group of a target that has none.
const DEFAULT_GROUP: &str = "targets";
/// Components of the monitor itself; a group is a component beside them.
const RESERVED: [&str; 3] = ["cycle", "schedule", "store"];

impl TargetDef {
    /// Reads a target's table.
    pub(super) fn read(item: &Item<'_>, defaults: &Defaults, source: Source) -> Result<Self> {
        let table = item.table()?;
        let name = check::name(&table.need("name")?)?;
        let group = match table.get("group") {
            Some(item) if RESERVED.iter().any(|it| item.value() == it) => {
                let names = RESERVED.join(", ");
                return Err(item.wrong(format_args!("allowed is any other name than {names}")));
            }
            Some(item) => check::name(&item)?,
            None => Name::new(DEFAULT_GROUP).map_err(|error| table.lacks(error))?,
        };
        let checks = checks(&table, defaults)?;
        for (index, check) in checks.iter().enumerate() {
            if checks[..index].iter().any(|other| other.name == check.name) {
                return Err(table.lacks(format_args!(
                    "two checks named {}; give one another name",
                    check.name
                )));
            }
        }
        let most = monitor::Target::MAX_CHECKS;
        if checks.len() > most {
            return Err(table.lacks(format_args!(
                "{} checks; allowed is 1 to {most}",
                checks.len()
            )));
        }
        table.finish()?;
        let mut def = Self {
            name,
            group,
            source,
            checks,
            text: "".into(),
            fingerprint: 0,
        };
        def.text = def.to_text(item.value());
        def.fingerprint = def.take_fingerprint(item.value());
        Ok(def)
    }

    /// A target that is one address.
    pub(in crate::healthd) fn of_url(
        name: &str,
        url: &str,
        defaults: &Defaults,
        source: Source,
        origin: &str,
    ) -> Result<Self> {
        let value = json!({ "name": name, "url": url });
        Self::read(&Item::root(origin, &value), defaults, source)
    }

    /// What a store has kept of a target that was added at run time; `None` for one of a configuration,
    /// which only its configuration knows.
    pub(in crate::healthd) fn restore(
        stored: &StoredTarget,
        defaults: &Defaults,
    ) -> Option<Result<Self>> {
        let value: Value = serde_json::from_str(&stored.text).ok()?;
        if value.get("source")? != "added" {
            return None;
        }
        let origin = format!("registry, target {}", stored.name);
        let told = value.get("told")?;
        Some(Self::read(
            &Item::root(&origin, told),
            defaults,
            Source::Added,
        ))
    }

    /// For a store.
    pub(in crate::healthd) fn definition(&self) -> Definition {
        Definition {
            name: self.name.clone(),
            checks: self.checks.iter().map(|it| it.name.clone()).collect(),
            text: Arc::clone(&self.text),
        }
    }

    /// For a monitor, going on from what was kept of the checks that still look at the same.
    pub(in crate::healthd) fn target(&self, stored: Option<&StoredTarget>) -> Target {
        let checks = self.checks.iter();
        let target = Target::named(self.name.clone()).group(self.group.clone());
        checks.fold(target, |target, check| {
            let saved = stored.map(|it| it.saved(&check.name));
            target.restored_probe(
                check.name.clone(),
                Arc::clone(&check.config),
                check.probe.clone(),
                saved.unwrap_or_default(),
            )
        })
    }

    /// Whether its checks look at what those of the other look at: then what was learned about it
    /// holds.
    pub(in crate::healthd) fn is_same_as(&self, other: &Self) -> bool {
        let identities = |def: &Self| -> Vec<String> {
            let checks = def.checks.iter();
            checks
                .map(|it| format!("{} {:?}", it.name, it.probe))
                .collect()
        };
        identities(self) == identities(other)
    }

    /// Whether a store's target of this name is this one: what was learned about it holds then.
    pub(in crate::healthd) fn looks_at_what(&self, stored: &StoredTarget) -> bool {
        let targets = |text: &str| -> Option<Vec<Value>> {
            let value: Value = serde_json::from_str(text).ok()?;
            let checks = value.get("checks")?.as_array()?;
            let parts = checks.iter().map(|it| json!([it["name"], it["target"]]));
            Some(parts.collect())
        };
        targets(&self.text) == targets(&stored.text)
    }

    /// Whether nothing of it has changed.
    pub(in crate::healthd) const fn is_unchanged(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }

    fn take_fingerprint(&self, told: &Value) -> u64 {
        let mut hasher = DefaultHasher::new();
        told.to_string().hash(&mut hasher);
        self.text.hash(&mut hasher);
        for check in &self.checks {
            // With what variables and files have put into it.
            if let Probe::Http(target) = &check.probe {
                target.request().request().hash(&mut hasher);
            }
        }
        hasher.finish()
    }

    /// JSON: what is shown of it and, if nobody else keeps that, what was told.
    fn to_text(&self, told: &Value) -> Arc<str> {
        let checks = self.checks.iter().map(|check| {
            let config = &check.config;
            json!({
                "name": check.name.as_str(),
                "target": check.probe.to_string(),
                "kind": check.config.kind.as_str(),
                "interval_seconds": config.interval.as_secs_f64(),
                "timeout_seconds": config.timeout.as_secs_f64(),
                "retries": config.retries,
                "success_threshold": config.success_threshold,
                "start_period_seconds": config.start_period.as_secs_f64(),
                "on_unhealthy": match config.on_unhealthy {
                    OnUnhealthy::Deregister => "deregister",
                    OnUnhealthy::Restart => "restart",
                    OnUnhealthy::Report => "report",
                },
            })
        });
        let checks: Vec<_> = checks.collect();
        let mut map = Map::new();
        let url = self.checks.first().map(|it| it.probe.to_string());
        map.insert("url".into(), url.into());
        map.insert("group".into(), self.group.as_str().into());
        map.insert("checks".into(), checks.into());
        match self.source {
            Source::Config => map.insert("source".into(), "config".into()),
            Source::Added => {
                map.insert("told".into(), told.clone());
                map.insert("source".into(), "added".into())
            }
        };
        Value::Object(map).to_string().into()
    }
}

/// One check is the target's own table; several are a list, or the three of a Kubernetes container.
fn checks(table: &Table<'_>, defaults: &Defaults) -> Result<Vec<CheckDef>> {
    let host = table.get("host").map(|item| item.text()).transpose()?;
    let mut checks = Vec::new();
    if let Some(list) = table.either(&["checks", "check", "health_checks"])? {
        for (index, item) in list.list()?.iter().enumerate() {
            let of_check = item.table()?;
            let mut check = check::check(&of_check, defaults, host, None)?;
            if let Some(name) = of_check.get("name") {
                check.name = check::name(&name)?;
            } else if checks.iter().any(|it: &CheckDef| it.name == check.name) {
                let name = format!("{}-{}", check.name, index + 1);
                check.name = Name::new(&name).map_err(|error| of_check.lacks(error))?;
            }
            of_check.finish()?;
            checks.push(check);
        }
        if checks.is_empty() {
            return Err(list.wrong("allowed is 1 to 16 checks"));
        }
    }
    for (place, kind) in [
        ("startupProbe", ProbeKind::Startup),
        ("livenessProbe", ProbeKind::Liveness),
        ("readinessProbe", ProbeKind::Readiness),
    ] {
        if let Some(item) = table.get(place) {
            let of_check = item.table()?;
            let mut check = check::check(&of_check, defaults, host, Some(kind))?;
            check.name = Name::new(kind.as_str()).map_err(|error| of_check.lacks(error))?;
            of_check.finish()?;
            checks.push(check);
        }
    }
    if checks.is_empty() {
        checks.push(check::check(table, defaults, host, None)?);
    }
    Ok(checks)
}
