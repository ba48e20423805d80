//! Reads what `healthd run` keeps running: one group by flags, or any number by a file.
//!
//! ```text
//!  flags ──► a table, as in the file ─┐                   ┌─ timing:   GroupConfig
//!  [[run]] of the file ───────────────┴─► GroupSettings ──┼─ checks:   for each replica
//!                                                         └─ template: {port} {index} {name}
//! ```
//!
//! A flag is a key with `_` in place of `-`, so both are read by the same lines and a mistake is named
//! by what was written.

mod checks;
mod group;
mod short;
mod template;
mod timing;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};

use super::action::{self, Action};
use super::reader::{Item, Result, Table};
use super::{ConfigError, endpoint, parse};

pub(crate) use group::{GroupSettings, Work};

/// Everything `healthd run` is told.
#[derive(Clone, Debug)]
pub(crate) struct RunSettings {
    /// The address of its endpoint.
    pub(crate) listen: SocketAddr,
    /// The bearer token without which no details are shown.
    pub(crate) token: Option<String>,
    /// Other names of this machine, by which it shows details to clients on it.
    pub(crate) allow_hosts: Vec<String>,
    /// Where the sockets of groups are; `None` for the default.
    pub(crate) run_dir: Option<PathBuf>,
    /// In the order of their start; the last one is stopped first.
    pub(crate) groups: Vec<GroupSettings>,
    pub(crate) actions: Vec<Action>,
    /// How long whoever stops healthd waits, if that was said.
    pub(crate) grace: Option<Duration>,
}

/// The values of flags and environment.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunFlags {
    pub(crate) config: Option<PathBuf>,
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) token: Option<String>,
    pub(crate) run_dir: Option<PathBuf>,
    pub(crate) grace: Option<String>,
    /// The flags that describe the group, under the keys of the file.
    pub(crate) group: Map<String, Value>,
}

/// What a stop takes besides its drain and its grace.
pub(crate) const STOP_MARGIN: Duration = Duration::from_secs(1);

impl RunSettings {
    /// Reads and checks all settings.
    ///
    /// # Errors
    ///
    /// The first mistake.
    pub(crate) fn read(flags: &RunFlags) -> Result<Self> {
        let mut settings = Self {
            // Next to the 9103 of a monitor.
            listen: SocketAddr::from(([127, 0, 0, 1], 9104)),
            token: None,
            allow_hosts: Vec::new(),
            run_dir: None,
            groups: Vec::new(),
            actions: Vec::new(),
            grace: None,
        };
        if let Some(path) = &flags.config {
            let read = settings.read_file(path, flags);
            read.map_err(|error| error.placed(path))?;
        } else {
            let of_flags = settings.read_group(flags);
            of_flags.map_err(ConfigError::of_flags)?;
        }
        if let Some(listen) = flags.listen {
            settings.listen = listen;
        }
        if flags.token.is_some() {
            settings.token.clone_from(&flags.token);
        }
        if flags.run_dir.is_some() {
            settings.run_dir.clone_from(&flags.run_dir);
        }
        Ok(settings)
    }

    fn read_file(&mut self, path: &Path, flags: &RunFlags) -> Result<()> {
        if let Some((key, value)) = flags.group.iter().next() {
            let allowed = "not allowed with --config, whose file describes the groups";
            let mistake = Item::root("", value).named(key).wrong(allowed);
            return Err(mistake.of_flags());
        }
        let origin = path.display().to_string();
        let value = parse(path, &origin)?;
        let table = Item::root(&origin, &value).table()?;
        if let Some(listen) = endpoint::listen(&table)? {
            self.listen = listen;
        }
        self.token = endpoint::token(&table)?;
        self.allow_hosts = endpoint::allow_hosts(&table)?;
        let directory = path.parent().unwrap_or(Path::new(""));
        if let Some(item) = table.get("run_dir") {
            self.run_dir = Some(directory.join(item.text()?));
        }
        self.actions = action::read_all(&table, action::Program::Run)?;
        let mut names = Vec::new();
        for item in table.need("run")?.list()? {
            let group = item.table()?;
            self.groups.push(GroupSettings::read(&group)?);
            group.finish()?;
            let name = &self.groups[self.groups.len() - 1].name;
            if names.contains(name) {
                return Err(item.wrong_secret(format_args!(
                    "two groups named {name}; give one another name"
                )));
            }
            names.push(name.clone());
        }
        if self.groups.is_empty() {
            return Err(table.lacks("run is empty; allowed is at least one group"));
        }
        match &flags.grace {
            Some(grace) => {
                // Known to the file as well, where the flag wins.
                let _ = table.get("grace");
                let value = Value::from(grace.as_str());
                let item = Item::root("", &value).named("grace");
                self.check_grace(&item).map_err(ConfigError::of_flags)?;
            }
            None => self.check_grace_of(&table)?,
        }
        table.finish()
    }

    /// The group that flags describe.
    fn read_group(&mut self, flags: &RunFlags) -> Result<()> {
        let mut map = flags.group.clone();
        if let Some(grace) = &flags.grace {
            map.insert("grace".to_owned(), grace.as_str().into());
        }
        let value = Value::Object(map);
        let table = Item::root("run", &value).table()?;
        self.groups.push(GroupSettings::read(&table)?);
        self.check_grace_of(&table)?;
        table.finish()
    }

    fn check_grace_of(&mut self, table: &Table<'_>) -> Result<()> {
        table
            .get("grace")
            .map_or(Ok(()), |it| self.check_grace(&it))
    }

    /// Whether all groups can be stopped, one after the other, before whoever stops healthd loses
    /// patience.
    fn check_grace(&mut self, item: &Item<'_>) -> Result<()> {
        let grace = item.duration()?;
        let stops = self.groups.iter().map(GroupSettings::stop_time);
        let needed = stops.sum::<Duration>() + STOP_MARGIN;
        if needed > grace {
            return Err(item.wrong(format_args!(
                "allowed is at least {needed:?}: drain_delay, stop_grace and 1 s"
            )));
        }
        self.grace = Some(grace);
        Ok(())
    }

    /// Warnings about settings that are allowed but probably a mistake.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.groups
            .iter()
            .flat_map(GroupSettings::warnings)
            .collect()
    }
}

#[cfg(test)]
mod tests;
