//! Reads the settings: flags and environment, a file, lists of addresses.
//!
//! ```text
//!  flags, HEALTHD_* ─┐
//!  TOML, JSON, YAML ──┼─► Settings ─► checked as a whole, before anything begins
//!  file_sd lists ────┘
//! ```
//!
//! A flag wins over the environment, and both over the file. A mistake ends the program with code 2 and
//! one line that says where it is, what is wrong, and what is allowed; at a reload, it leaves
//! everything as it was.

mod action;
mod addresses;
mod check;
mod default_db;
mod discovery;
mod document;
mod endpoint;
mod flags;
mod header_files;
mod import;
mod position;
mod probe;
mod reader;
mod reference;
mod rhythm;
mod run;
mod show;
mod stream;
mod target;
mod toml_text;
mod window;
mod yaml;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use health_core::ProbeKind;
use health_core::check::probe::AddressPolicy;
use health_core::monitor::registry::StoredTarget;
use health_core::monitor::{MassFailure, MonitorConfig};
use serde_json::{Map, Value};

pub(super) use action::{Action, Encryption, Handler, Mail, Template, Webhook};
pub(super) use addresses::by_default as default_addresses;
pub(super) use check::{CheckDef, Defaults, MIN_INTERVAL, MIN_TIMEOUT, at_least};
pub(super) use default_db::{default_db, left_behind, make_directory};
pub(super) use discovery::{Found, Lists};
pub(super) use flags::{Flags, split_target};
pub(super) use header_files::HeaderFiles;
pub(super) use import::import;
pub(super) use probe::Rule;
pub(super) use reader::ConfigError;
pub(super) use reference::{markdown, schema};
pub(super) use run::{GroupSettings, RunFlags, RunSettings, STOP_MARGIN, Work};
pub(super) use target::{Listed, Source, TargetDef, fingerprint, stored_list};
pub(super) use toml_text::toml_text;
pub(super) use window::Window;

use super::control;
use super::store::Limits;
use document::parse;
use probe::Grammar;
use reader::{Item, Result, Table};

/// All settings of `healthd monitor`.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// The file it was read from.
    pub(super) file: Option<PathBuf>,
    /// The registry.
    pub(super) db: PathBuf,
    /// The address of its endpoint.
    pub(super) listen: SocketAddr,
    /// The bearer token without which no details are shown.
    pub(super) token: Option<String>,
    /// Other names of this machine, by which it shows details to clients on it.
    pub(super) allow_hosts: Vec<String>,
    /// Settings of checks that do not set their own.
    pub(super) defaults: Defaults,
    pub(super) monitor: MonitorConfig,
    /// Which addresses are connected to.
    pub(super) policy: AddressPolicy,
    /// Whether the number of attempts at once was set.
    pub(super) is_max_stated: bool,
    /// How much is kept of each check.
    pub(super) limits: Limits,
    /// Also those of lists.
    pub(super) targets: Vec<TargetDef>,
    pub(super) lists: Lists,
    /// What was wrong with the lists, besides their targets.
    pub(super) found: Found,
    pub(super) actions: Vec<Action>,
    /// Windows of maintenance.
    pub(super) windows: Vec<Window>,
}

impl Settings {
    /// Reads and checks all settings.
    ///
    /// # Errors
    ///
    /// The first mistake.
    pub(super) fn read(flags: &Flags) -> Result<Self> {
        let mut settings = Self {
            file: flags.config.clone(),
            db: default_db(),
            // Next to the 9102 of a daemon's own endpoint.
            listen: SocketAddr::from(([127, 0, 0, 1], 9103)),
            token: None,
            allow_hosts: Vec::new(),
            defaults: Defaults::default(),
            monitor: MonitorConfig::default(),
            policy: addresses::by_default(),
            is_max_stated: false,
            limits: Limits::default(),
            targets: Vec::new(),
            lists: Lists::default(),
            found: Found::default(),
            actions: Vec::new(),
            windows: Vec::new(),
        };
        if let Some(path) = &flags.config {
            let origin = path.display().to_string();
            let value = parse(path, &origin)?;
            let root = Item::root(&origin, &value);
            let directory = path.parent().unwrap_or(Path::new(""));
            let read = root.table();
            let read = read.and_then(|table| settings.read_file(&table, directory, flags));
            read.map_err(|error| error.placed(path))?;
        } else {
            settings.take_flags(flags)?;
        }
        settings.read_flags(flags)?;
        settings.check()?;
        settings.read_lists();
        Ok(settings)
    }

    fn read_file(&mut self, table: &Table<'_>, directory: &Path, flags: &Flags) -> Result<()> {
        if let Some(item) = table.either(&["db", "database"])? {
            self.db = directory.join(item.text()?);
        }
        if let Some(listen) = endpoint::listen(table)? {
            self.listen = listen;
        }
        self.token = endpoint::token(table)?;
        self.allow_hosts = endpoint::allow_hosts(table)?;
        if let Some(item) = table.either(&["auto_deregister", "auto_deregister_after_failures"])? {
            self.defaults.auto_deregister = item.flag()?;
        }
        if let Some(item) = table.get("auto_reactivate") {
            self.defaults.auto_reactivate = item.flag()?;
        }
        if let Some(item) = table.get("recheck_interval") {
            self.defaults.recheck_interval = Some(check::recheck_interval(&item)?);
        }
        if let Some(item) = table.get("json") {
            self.defaults.json = item.flag()?;
        }
        if let Some(item) = table.get("results") {
            self.limits.results = u32::try_from(item.integer(1, 1_000)?).unwrap_or(1_000);
        }
        if let Some(item) = table.get("keep") {
            self.limits.keep = item.days()?;
        }
        if let Some(item) = table.either(&["max_in_flight", "max_concurrent"])? {
            let most = item.integer(1, 1_000_000)?;
            self.monitor.max_in_flight = usize::try_from(most).unwrap_or(usize::MAX);
            self.is_max_stated = true;
        }
        if let Some(item) = table.get("addresses") {
            self.policy = addresses::read(&item)?;
        }
        if let Some(item) = table.get("mass_failure") {
            self.monitor.mass_failure = mass_failure(&item)?;
        }
        self.defaults.has_interval = table.either(&check::INTERVAL)?.is_some();
        // `on_unhealthy` of a whole file is `auto_deregister`.
        self.defaults.check =
            check::timing(table, &self.defaults, Grammar::Own, ProbeKind::Health)?;
        self.take_flags(flags)?;
        if let Err(error) = self.defaults.check.validate() {
            return Err(table.lacks(error));
        }
        if let Some(list) = table.either(&["target", "targets", "servers"])? {
            for item in list.list()? {
                let target = TargetDef::read_leniently(&item, &self.defaults, Source::Config)?;
                self.targets.push(target);
            }
        }
        let interval = self.defaults.check.interval;
        let program = action::Program::Monitor { interval };
        self.actions = action::read_all(table, program)?;
        self.windows = window::read_all(table)?;
        if let Some(list) = table.get("file_sd") {
            for item in list.list()? {
                self.lists.add(&item, directory)?;
            }
        }
        table.finish()
    }

    fn read_lists(&mut self) {
        let names: BTreeSet<_> = self.targets.iter().map(|it| it.name.clone()).collect();
        self.found = self.lists.read(&self.defaults, |name| names.contains(name));
        self.targets.append(&mut self.found.targets);
    }

    /// Checks what needs all settings.
    fn check(&mut self) -> Result<()> {
        let mut names = BTreeSet::new();
        for target in &self.targets {
            if !names.insert(&target.name) {
                let origin = self.file.as_ref().map(|it| it.display().to_string());
                let origin = origin.unwrap_or_else(|| "--target".to_owned());
                let allowed = "two targets of this name; give one another name";
                return Err(ConfigError::new(
                    &origin,
                    "target.name",
                    &target.name,
                    allowed,
                ));
            }
        }
        let directory = self.db.parent().filter(|it| !it.as_os_str().is_empty());
        // That of the default is made.
        if directory.is_some_and(|it| !it.is_dir()) && self.db != default_db() {
            let allowed = "allowed is a file in a directory that exists";
            return Err(ConfigError::new(
                "settings",
                "db",
                self.db.display(),
                allowed,
            ));
        }
        if self.db.is_dir() {
            let allowed = "allowed is a file; this is a directory";
            return Err(ConfigError::new(
                "settings",
                "db",
                self.db.display(),
                allowed,
            ));
        }
        if let Err(allowed) = control::check_path(&self.db) {
            return Err(ConfigError::new(
                "settings",
                "db",
                self.db.display(),
                allowed,
            ));
        }
        // As many results as a verdict depends on, so that it can be explained.
        let checks = self.targets.iter().flat_map(|it| &it.checks);
        let evidence = checks.map(|it| it.config.retries).max().unwrap_or(0);
        self.limits.results = self.limits.results.max(evidence.min(1_000));
        Ok(())
    }

    /// The settings that are read at the start only and differ in `new`.
    pub(super) fn fixed_unlike(&self, new: &Self) -> Vec<&'static str> {
        let fixed = [
            ("db", self.db != new.db),
            ("listen", self.listen != new.listen),
            ("addresses", self.policy != new.policy),
        ];
        let changed = fixed.into_iter().filter(|(_, is_changed)| *is_changed);
        changed.map(|(name, _)| name).collect()
    }

    /// Warnings about settings that are allowed but probably a mistake.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut warnings = self.found.warnings();
        let checks = self.targets.iter().flat_map(|target| {
            let checks = target.checks.iter();
            checks.map(move |check| (target, check))
        });
        let mut slow = checks.filter(|(_, check)| check.config.timeout >= check.config.interval);
        if let Some((target, check)) = slow.next() {
            let (timeout, interval) = (check.config.timeout, check.config.interval);
            let others = slow.count();
            warnings.push(format!(
                "target {}, check {}: timeout {timeout:?} is not below interval {interval:?}; \
                 a slow answer skips slots ({others} more like it)",
                target.name, check.name,
            ));
        }
        warnings
    }
}

fn mass_failure(item: &Item<'_>) -> Result<Option<MassFailure>> {
    if !item.is_table() {
        return match item.flag()? {
            true => Ok(Some(MassFailure::default())),
            false => Ok(None),
        };
    }
    let table = item.table()?;
    let mut guard = MassFailure::default();
    if let Some(item) = table.get("min_targets") {
        guard.min_targets = usize::try_from(item.integer(1, 1_000_000)?).unwrap_or(usize::MAX);
    }
    if let Some(item) = table.get("failed_fraction") {
        guard.failed_fraction = item.fraction()?;
    }
    table.finish()?;
    Ok(Some(guard))
}

/// Reads a file as `healthd monitor` would, or as `healthd run` if it describes groups: what it has in
/// it, and warnings.
///
/// # Errors
///
/// The first mistake.
pub(super) fn check_file(path: &Path) -> Result<(String, Vec<String>)> {
    let origin = path.display().to_string();
    let config = Some(path.to_owned());
    let count = |number: usize, one: &str| match number {
        1 => format!("1 {one}"),
        number => format!("{number} {one}s"),
    };
    if parse(path, &origin)?.get("run").is_some() {
        let flags = RunFlags {
            config,
            ..RunFlags::default()
        };
        let settings = RunSettings::read(&flags)?;
        let (groups, actions) = (settings.groups.len(), settings.actions.len());
        let found = format!("{}, {}", count(groups, "group"), count(actions, "action"));
        return Ok((found, settings.warnings()));
    }
    let flags = Flags {
        config,
        ..Flags::default()
    };
    let settings = Settings::read(&flags)?;
    let (targets, actions) = (settings.targets.len(), settings.actions.len());
    let found = format!("{}, {}", count(targets, "target"), count(actions, "action"));
    Ok((found, settings.warnings()))
}

/// Reads the target that a command names, in the form of a table as in a file.
pub(super) fn added(table: Map<String, Value>, defaults: &Defaults) -> Result<TargetDef> {
    let value = Value::Object(table);
    TargetDef::read(&Item::root("add", &value), defaults, Source::Added)
}

/// The added target with these keys changed, and those that are null taken away; and whether it is still
/// checked in the same place, so that its state stays.
///
/// # Errors
///
/// A mistake, or a target of a configuration; a line for people.
pub(super) fn updated(
    stored: &StoredTarget,
    changes: &Map<String, Value>,
    defaults: &Defaults,
) -> std::result::Result<(TargetDef, bool), String> {
    let name = &stored.name;
    let Some(mut table) = TargetDef::told(stored) else {
        return Err(format!(
            "{name}: it is changed in the configuration that it comes from"
        ));
    };
    for (key, value) in changes {
        match (value, table.get_mut(key)) {
            (Value::Null, None) => {
                // Or its name is wrong, and then nothing would say so.
                if key != "url" && key != "exec" {
                    return Err(format!("{name}: it has no {key} of its own"));
                }
            }
            (Value::Null, Some(_)) => drop(table.remove(key)),
            // What is a warning is changed one by one.
            (Value::Object(new), Some(Value::Object(old))) if key == "warn" => {
                old.extend(new.clone());
            }
            (value, _) => drop(table.insert(key.clone(), value.clone())),
        }
    }
    let value = Value::Object(table);
    let target = TargetDef::read(&Item::root("update", &value), defaults, Source::Added);
    let target = target.map_err(|error| error.to_string())?;
    let keeps_state = target.probes_the_same_as(stored);
    Ok((target, keeps_state))
}

/// As [`added`], for a check.
pub(super) fn checked(table: Map<String, Value>, defaults: &Defaults) -> Result<TargetDef> {
    let value = Value::Object(table);
    TargetDef::read(&Item::root("check", &value), defaults, Source::Added)
}

#[cfg(test)]
mod tests;
