//! One target: a name, a group, and its checks.

mod checks;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;

use health_core::check::probe::Probe;
use health_core::check::{CheckConfig, OnUnhealthy};
use health_core::monitor::registry::{Definition, StoredTarget};
use health_core::monitor::{self};
use health_core::{Kind, Name, Outcome};
use health_driver::monitor::{Target, TargetSettings};
use serde_json::{Map, Value, json};

use super::check::{self, CheckDef, Defaults};
use super::discovery::Listing;
use super::header_files::{HeaderFiles, UNREADABLE};
use super::probe::Rule;
use super::reader::{Item, Result};
use super::rhythm;

/// Where a target comes from, which decides who may take it away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A file, a flag or the environment: it goes when it is no longer there.
    Config,
    /// `healthd add`: it goes by `healthd remove`.
    Added,
}

/// A target as it was configured or added.
#[derive(Clone, Debug)]
pub(crate) struct TargetDef {
    pub(crate) name: Name,
    pub(crate) group: Name,
    pub(crate) source: Source,
    pub(crate) checks: Vec<CheckDef>,
    /// If there are any.
    pub(crate) header_files: Option<Box<HeaderFiles>>,
    /// What `healthd add` was given, as JSON; `None` for a target of the configuration.
    pub(super) given: Option<Box<str>>,
    /// If it is of a list.
    pub(crate) listing: Option<Arc<Listing>>,
    /// Of everything that was given, with the values of variables and files.
    fingerprint: u64,
}

/// A target that is watched: what a monitor does not know of it. A hundred thousand of them have to
/// be small.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) source: Source,
    /// If it is of a list.
    pub(crate) listing: Option<Arc<Listing>>,
    given: Option<Box<str>>,
    /// Another one if anything of it has changed, be it a password.
    fingerprint: u64,
    /// See [`TargetDef::probe_fingerprint`].
    probe_fingerprint: u64,
    /// Of its checks, in their order.
    rules: Box<[Rule]>,
}

/// The group of a target that has none.
const DEFAULT_GROUP: &str = "targets";
/// Components and metrics of the monitor itself; a group is a component beside them.
const RESERVED: [&str; 5] = ["actions", "cycle", "log_lines_lost", "schedule", "store"];

/// Where a definition has [`TargetDef::probe_fingerprint`].
const PROBE_FINGERPRINT: &str = "looks_at";
/// Where a definition has the list that the target is of.
const LIST: &str = "list";
/// FNV-1a.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

impl TargetDef {
    /// Reads a target's table.
    pub(super) fn read(item: &Item<'_>, defaults: &Defaults, source: Source) -> Result<Self> {
        let header_files = HeaderFiles::of(item.value());
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
        let mut checks = checks::checks(&table, defaults)?;
        checks.shrink_to_fit();
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
            header_files,
            given: (source == Source::Added).then(|| item.value().to_string().into()),
            listing: None,
            fingerprint: 0,
        };
        def.fingerprint = def.take_fingerprint(item.value());
        Ok(def)
    }

    /// As [`read`](Self::read), but of files of headers that cannot be read only the checks that need them
    /// are marked as such: no passing trouble of ours is to end the watch over a target.
    pub(super) fn read_leniently(
        item: &Item<'_>,
        defaults: &Defaults,
        source: Source,
    ) -> Result<Self> {
        let error = match Self::read(item, defaults, source) {
            Ok(target) => return Ok(target),
            Err(error) => error,
        };
        let Some(mut files) = HeaderFiles::of(item.value()) else {
            return Err(error);
        };
        let without = files.without_unreadable();
        let mut target = Self::read(&item.in_place(&without), defaults, source)?;
        for check in &mut target.checks {
            if let Probe::Http(http) = &check.probe {
                let request = String::from_utf8_lossy(http.request());
                check.lacks_header = request.contains(UNREADABLE);
            }
        }
        files.problem = Some(error.to_string().into());
        // What was given stays what it was.
        target.given = target.given.map(|_| item.value().to_string().into());
        target.header_files = Some(files);
        Ok(target)
    }

    /// Why the file of one of its headers cannot be read.
    pub(crate) fn header_problem(&self) -> Option<&str> {
        self.header_files.as_ref()?.problem()
    }

    /// The same as one of a list.
    pub(super) fn listed_in(mut self, listing: &Arc<Listing>) -> Self {
        let mut hasher = DefaultHasher::new();
        (self.fingerprint, &listing.labels).hash(&mut hasher);
        self.fingerprint = hasher.finish();
        self.listing = Some(Arc::clone(listing));
        self
    }

    /// A target that is one address.
    pub(crate) fn of_url(
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
    pub(crate) fn restore(stored: &StoredTarget, defaults: &Defaults) -> Option<Result<Self>> {
        let origin = format!("registry, target {}", stored.name);
        let given = Value::Object(Self::told(stored)?);
        Some(Self::read_leniently(
            &Item::root(&origin, &given),
            defaults,
            Source::Added,
        ))
    }

    /// The table that a target which was added at run time was described by.
    pub(super) fn told(stored: &StoredTarget) -> Option<Map<String, Value>> {
        let mut value: Value = serde_json::from_str(&stored.text).ok()?;
        let is_added = value.get("source")? == "added";
        match value.get_mut("told")?.take() {
            Value::Object(told) if is_added => Some(told),
            _ => None,
        }
    }

    /// For a store.
    pub(crate) fn definition(&self) -> Definition {
        let checks = self.checks.iter().map(|it| {
            let target = it.probe.to_string();
            (&it.name, target, &*it.config, it.rule.as_str())
        });
        let listed = self.listed();
        definition(&self.name, Some(&self.group), &listed, checks)
    }

    /// What is to be remembered of it while a monitor watches it.
    pub(crate) fn listed(&self) -> Listed {
        Listed {
            source: self.source,
            listing: self.listing.clone(),
            given: self.given.clone(),
            fingerprint: self.fingerprint,
            probe_fingerprint: self.probe_fingerprint(),
            rules: self.checks.iter().map(|it| it.rule.clone()).collect(),
        }
    }

    /// For a monitor, continuing the stored state of the checks that still probe the same.
    pub(crate) fn target(&self, stored: Option<&StoredTarget>) -> Target {
        let checks = self.checks.iter();
        let target = Target::named(self.name.clone()).group(self.group.clone());
        checks.fold(target, |target, check| {
            let saved = stored.map(|it| it.saved(&check.name)).unwrap_or_default();
            let (name, config) = (check.name.clone(), Arc::clone(&check.config));
            let probe = check.probe.clone();
            let error = stored.and_then(|it| it.last_error(&check.name)).cloned();
            let target = if check.lacks_header {
                // Ours, and no verdict on the target, which would refuse a request without it.
                let outcome = Outcome::indeterminate("prober cannot read the file of a header");
                let outcome = outcome.of_kind(Kind::Certificates);
                target.restored_lacking(name, config, probe, outcome, saved)
            } else {
                target.restored_probe(name, config, probe, saved)
            };
            match error {
                Some(error) => target.restored_error(error),
                None => target,
            }
        })
    }

    /// Whether the stored target of this name probes the same: then its state stays.
    pub(crate) fn probes_the_same_as(&self, stored: &StoredTarget) -> bool {
        let stored: Value = serde_json::from_str(&stored.text).unwrap_or_default();
        if let Some(probe_fingerprint) = stored.get(PROBE_FINGERPRINT) {
            return *probe_fingerprint == shown(self.probe_fingerprint());
        }
        // Kept before there was a fingerprint.
        let kept = stored["checks"].as_array().map_or(&[][..], Vec::as_slice);
        let kept = kept.iter().map(|it| json!([it["name"], it["target"]]));
        let checks = self.checks.iter();
        kept.eq(checks.map(|it| json!([it.name.as_str(), it.probe.to_string()])))
    }

    /// Changes if a check probes something else: another address or path, another query, other
    /// arguments. Expectations, credentials and the schedule are left out.
    ///
    /// It is stored, and so has to be the same in every version.
    fn probe_fingerprint(&self) -> u64 {
        let mut parts = Vec::new();
        let mut add = |part: &str| parts.push(part.to_owned());
        for check in &self.checks {
            add(check.name.as_str());
            add(&check.probe.to_string());
            match &check.probe {
                Probe::Http(http) => {
                    add(http.method());
                    add(http.path());
                }
                Probe::Exec(command) => command.argv().for_each(&mut add),
                _ => {}
            }
        }
        fingerprint(parts.iter().map(String::as_str))
    }

    fn take_fingerprint(&self, given: &Value) -> u64 {
        let mut hasher = DefaultHasher::new();
        given.to_string().hash(&mut hasher);
        self.definition().text.hash(&mut hasher);
        for check in &self.checks {
            // With what variables and files have put into it.
            if let Probe::Http(http) = &check.probe {
                http.request().hash(&mut hasher);
            }
        }
        hasher.finish()
    }
}

/// The list that a stored target was of.
pub(crate) fn stored_list(stored: &StoredTarget) -> Option<PathBuf> {
    let stored: Value = serde_json::from_str(&stored.text).ok()?;
    Some(stored.get(LIST)?.as_str()?.into())
}

/// Of these parts, the same in every version.
pub(crate) fn fingerprint<'a>(parts: impl IntoIterator<Item = &'a str>) -> u64 {
    let mut hash = FNV_OFFSET;
    for part in parts {
        // Behind each part what none of them has.
        for byte in part.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME);
        }
    }
    hash
}

impl Listed {
    /// Whether nothing of it has changed.
    pub(crate) fn is_unchanged(&self, new: &TargetDef) -> bool {
        (self.fingerprint, self.source) == (new.fingerprint, new.source)
    }

    /// Whether its checks probe the same as those of the other: then its state stays.
    pub(crate) fn probes_the_same_as(&self, new: &TargetDef) -> bool {
        self.probe_fingerprint == new.probe_fingerprint()
    }

    /// For a store that has lost it.
    pub(crate) fn definition(&self, name: &Name, settings: &TargetSettings) -> Definition {
        let checks = settings.checks.iter().zip(&self.rules);
        let checks =
            checks.map(|(it, rule)| (&it.name, it.target.clone(), &it.config, rule.as_str()));
        definition(name, settings.group.as_ref(), self, checks)
    }
}

/// What is stored of a target, as JSON: what is shown of it and, if it was added, what was given.
fn definition<'a>(
    name: &Name,
    group: Option<&Name>,
    listed: &Listed,
    checks: impl Iterator<Item = (&'a Name, String, &'a CheckConfig, &'a str)>,
) -> Definition {
    let (mut names, mut texts) = (Vec::new(), Vec::new());
    let mut url = None;
    for (name, target, config, rule) in checks {
        names.push(name.clone());
        texts.push(json!({
            "name": name.as_str(),
            "target": target,
            "expects": rule,
            "rhythm": rhythm::words(config),
            "kind": config.kind.as_str(),
            "interval_seconds": config.interval.as_secs_f64(),
            "timeout_seconds": config.timeout.as_secs_f64(),
            "retries": config.retries,
            "success_threshold": config.success_threshold,
            "start_period_seconds": config.start_period.as_secs_f64(),
            "recheck_interval_seconds": config.recheck_interval.unwrap_or_default().as_secs_f64(),
            "auto_reactivate": config.auto_reactivate,
            "on_unhealthy": match config.on_unhealthy {
                OnUnhealthy::Deregister => "deregister",
                OnUnhealthy::Restart => "restart",
                OnUnhealthy::Report => "report",
            },
        }));
        url.get_or_insert(target);
    }
    let mut map = Map::new();
    map.insert("url".into(), url.into());
    map.insert("group".into(), group.map(Name::as_str).into());
    map.insert("checks".into(), texts.into());
    let probe_fingerprint = shown(listed.probe_fingerprint);
    map.insert(PROBE_FINGERPRINT.into(), probe_fingerprint.into());
    let given = listed.given.as_deref();
    let source = if given.is_some() { "added" } else { "config" };
    map.insert("source".into(), source.into());
    if let Some(listing) = &listed.listing {
        map.insert("labels".into(), json!(*listing.labels));
        let file = listing.file.display().to_string();
        map.insert(LIST.into(), file.into());
    }
    if let Some(given) = given.and_then(|given| serde_json::from_str::<Value>(given).ok()) {
        map.insert("told".into(), given);
    }
    Definition {
        name: name.clone(),
        checks: names,
        text: Value::Object(map).to_string().into(),
    }
}

/// As it is stored: not every reader of JSON knows numbers of 64 bits.
fn shown(probe_fingerprint: u64) -> String {
    format!("{probe_fingerprint:016x}")
}
