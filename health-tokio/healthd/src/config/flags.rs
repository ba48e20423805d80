//! The settings that flags and the environment give.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::reader::Result;
use super::{ConfigError, Settings, Source, TargetDef};

/// The values of flags and environment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    pub(crate) config: Option<PathBuf>,
    pub(crate) db: Option<PathBuf>,
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) token: Option<String>,
    pub(crate) allow_hosts: Vec<String>,
    pub(crate) interval: Option<Duration>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retries: Option<u32>,
    pub(crate) keep_unhealthy: bool,
    pub(crate) recheck_interval: Option<Duration>,
    pub(crate) auto_reactivate: bool,
    /// `NAME=URL`.
    pub(crate) targets: Vec<String>,
}

impl Settings {
    /// Takes the flags about checks: they have to be known before targets are read.
    pub(super) fn take_flags(&mut self, flags: &Flags) -> Result<()> {
        let check = &mut self.defaults.check;
        if let Some(interval) = flags.interval {
            check.interval = interval;
            self.defaults.has_interval = true;
        }
        if let Some(timeout) = flags.timeout {
            check.timeout = timeout;
        }
        if let Some(retries) = flags.retries {
            check.retries = retries;
        }
        if flags.keep_unhealthy {
            self.defaults.auto_deregister = false;
        }
        if flags.auto_reactivate {
            self.defaults.auto_reactivate = true;
        }
        if flags.recheck_interval.is_some() {
            self.defaults.recheck_interval = flags.recheck_interval;
        }
        let valid = self.defaults.check.validate();
        valid.map_err(|error| ConfigError::new("settings", "", "", error))
    }

    /// Takes the other flags, which win over the file.
    pub(super) fn read_flags(&mut self, flags: &Flags) -> Result<()> {
        if let Some(db) = &flags.db {
            self.db.clone_from(db);
        }
        if let Some(listen) = flags.listen {
            self.listen = listen;
        }
        if flags.token.is_some() {
            self.token.clone_from(&flags.token);
        }
        if !flags.allow_hosts.is_empty() {
            self.allow_hosts.clone_from(&flags.allow_hosts);
        }
        for text in &flags.targets {
            let (name, url) = split_target(text, "--target")?;
            let defaults = &self.defaults;
            let target = TargetDef::of_url(name, url, defaults, Source::Config, "--target");
            self.targets.push(target?);
        }
        Ok(())
    }
}

/// `NAME=URL`.
pub(crate) fn split_target<'a>(text: &'a str, origin: &str) -> Result<(&'a str, &'a str)> {
    text.split_once('=').ok_or_else(|| {
        let allowed = "allowed is NAME=URL; a comma in a URL is written %2C";
        ConfigError::new(origin, "", format_args!("{text:?}"), allowed)
    })
}
