//! Reads the configuration again while the monitor runs, and takes over everything but where the registry
//! and the endpoint are.

use health_core::UnixTime;
use health_core::health::Gauge;
use health_core::{NameError, server::Service};
use health_tokio::{Health, monitor};
use serde_json::{Value, json};
use tracing::{error, warn};

use super::documents::now;
use super::registry::Scope;
use super::{Daemon, with_token};
use crate::config::Settings;

/// What came of the readings so far.
pub(super) struct Reloads {
    /// 1 if the last one was taken over, else 0; under the name that Prometheus has for itself.
    is_successful: Gauge,
    /// When one was taken over last.
    at: Gauge,
    last: Option<(UnixTime, Result<String, String>)>,
}

impl Reloads {
    /// The configuration was read at the start.
    ///
    /// # Errors
    ///
    /// Never, if called once.
    pub(super) fn new(health: &Health) -> Result<Self, NameError> {
        let mut new = Self {
            is_successful: health.gauge(
                "healthd_config_last_reload_successful",
                "Whether the configuration was taken over when it was last read.",
            )?,
            at: health.gauge(
                "healthd_config_last_reload_success_timestamp_seconds",
                "When a configuration was last taken over.",
            )?,
            last: None,
        };
        new.show(now(), true);
        Ok(new)
    }

    /// For `status`; `None` before the first.
    pub(super) fn shown(&self) -> Option<Value> {
        let (at, done) = self.last.as_ref()?;
        Some(json!({
            "at": at.as_millis(),
            "successful": done.is_ok(),
            "result": done.as_ref().unwrap_or_else(|error| error),
        }))
    }

    fn handle(&mut self, done: &Result<String, String>) {
        let at = now();
        self.show(at, done.is_ok());
        self.last = Some((at, done.clone()));
    }

    fn show(&mut self, at: UnixTime, is_successful: bool) {
        self.is_successful.set(f64::from(u8::from(is_successful)));
        if is_successful {
            self.at.set(at.as_millis() as f64 / 1e3);
        }
    }
}

impl Daemon {
    /// Reads all settings again; returns a line about what has changed.
    ///
    /// # Errors
    ///
    /// The first mistake, and everything stays as it was.
    pub(super) async fn reload(&mut self) -> Result<String, String> {
        let done = match Settings::read(&self.flags) {
            Ok(settings) => Ok(self.take_over(settings).await),
            Err(error) => {
                error!(%error, "configuration not read; everything stays as it was");
                Err(error.to_string())
            }
        };
        self.reloads.handle(&done);
        done
    }

    async fn take_over(&mut self, mut new: Settings) -> String {
        new.warnings().iter().for_each(|it| warn!("{it}"));
        let fixed = self.settings.fixed_unlike(&new).join(", ");
        if !fixed.is_empty() {
            warn!(changed = %fixed, "this changes with the next start");
        }
        (new.db, new.listen) = (self.settings.db.clone(), self.settings.listen);
        if !new.is_max_stated {
            new.monitor.max_in_flight = monitor::defaults().max_in_flight;
        }
        let (configured, old) = (std::mem::take(&mut new.targets), &self.settings);
        if old.limits != new.limits {
            self.registry.set_limits(new.limits).await;
        }
        if old.monitor.max_in_flight != new.monitor.max_in_flight {
            self.monitor.set_max_in_flight(new.monitor.max_in_flight);
        }
        if old.monitor.mass_failure != new.monitor.mass_failure {
            self.monitor.set_mass_failure(new.monitor.mass_failure);
        }
        if old.actions != new.actions {
            // The reporter lives as long as the monitor does.
            let _ = self.actions.send(new.actions.clone());
        }
        if (&old.token, &old.allow_hosts) != (&new.token, &new.allow_hosts) {
            if let Some(server) = &self.server {
                server.set_service(with_token(self.service(&new), new.token.as_deref()));
            }
        }
        self.windows.replace(std::mem::take(&mut new.windows));
        self.update_quiet().await;
        self.settings = new;
        let pace = self.settings.defaults.check.interval;
        let _ = self
            .pace
            .send_if_modified(|it| std::mem::replace(it, pace) != pace);
        let found = &self.settings.found;
        let done = self.registry.reload(configured, found, Scope::All).await;
        done.log("configuration read");
        self.warn_of_limits();
        match fixed.is_empty() {
            true => format!("configuration read: {done}"),
            false => format!("configuration read: {done}; with the next start: {fixed}"),
        }
    }

    /// What the endpoint shows, and to whom besides those with a token.
    pub(super) fn service(&self, settings: &Settings) -> Service {
        let service = self.service.clone().allow_hosts(&settings.allow_hosts);
        service.expect("names are checked when the settings are read")
    }

    /// Takes over what lists say, if one of them has changed, come or gone.
    pub(super) async fn read_lists(&mut self) {
        let Settings {
            lists, defaults, ..
        } = &mut self.settings;
        if !lists.have_changed() {
            return;
        }
        let mut found = lists.read(defaults, |name| self.registry.is_outside_of_lists(name));
        found.warnings().iter().for_each(|it| warn!("{it}"));
        let targets = std::mem::take(&mut found.targets);
        let done = self.registry.reload(targets, &found, Scope::Lists).await;
        done.log("lists read");
        self.warn_of_limits();
    }
}
