//! The settings as they are in effect, without secrets.

use std::time::Duration;

use health_core::check::{CheckConfig, OnUnhealthy};
use serde_json::{Map, Value, json};

use super::{CheckDef, Settings, TargetDef};

/// Stands for a secret that is set.
const MASKED: &str = "(secret)";

impl Settings {
    /// All of them, under the keys of a file, with what flags, the environment and defaults set.
    pub(crate) fn shown(&self) -> Map<String, Value> {
        let (defaults, monitor) = (&self.defaults, &self.monitor);
        let mut shown = Map::new();
        let mut put = |key: &str, value: Value| drop(shown.insert(key.to_owned(), value));
        put("db", self.db.display().to_string().into());
        put("listen", self.listen.to_string().into());
        put("token", self.token.as_ref().map(|_| MASKED).into());
        put("allow_hosts", self.allow_hosts.clone().into());
        timing(&defaults.check, &mut put);
        let recheck_interval = defaults.recheck_interval.map(text);
        put("recheck_interval", recheck_interval.into());
        put("auto_deregister", defaults.auto_deregister.into());
        put("auto_reactivate", defaults.auto_reactivate.into());
        put("json", defaults.json.into());
        put("results", self.limits.results.into());
        put("keep", text(self.limits.keep).into());
        // Else it follows from the limits of the system.
        let max_in_flight = self.is_max_stated.then_some(monitor.max_in_flight);
        put("max_in_flight", max_in_flight.into());
        put(
            "mass_failure",
            match monitor.mass_failure {
                Some(it) => json!({
                    "min_targets": it.min_targets,
                    "failed_fraction": it.failed_fraction,
                }),
                None => false.into(),
            },
        );
        let targets = self.targets.iter().map(TargetDef::shown);
        put("target", targets.collect());
        let actions = self.actions.iter().map(|it| it.shown());
        put("action", actions.collect());
        shown
    }
}

impl TargetDef {
    fn shown(&self) -> Value {
        let checks: Vec<_> = self.checks.iter().map(CheckDef::shown).collect();
        json!({ "name": self.name.as_str(), "group": self.group.as_str(), "check": checks })
    }
}

impl CheckDef {
    fn shown(&self) -> Value {
        let mut shown = Map::new();
        let mut put = |key: &str, value: Value| drop(shown.insert(key.to_owned(), value));
        put("name", self.name.as_str().into());
        put("probe", self.probe.to_string().into());
        put("rule", self.rule.to_string().into());
        put("kind", self.config.kind.as_str().into());
        timing(&self.config, &mut put);
        let recheck_interval = self.config.recheck_interval.unwrap_or_default();
        put("recheck_interval", text(recheck_interval).into());
        put("auto_reactivate", self.config.auto_reactivate.into());
        let on_unhealthy = match self.config.on_unhealthy {
            OnUnhealthy::Deregister => "deregister",
            OnUnhealthy::Restart => "restart",
            OnUnhealthy::Report => "report",
        };
        put("on_unhealthy", on_unhealthy.into());
        Value::Object(shown)
    }
}

fn timing(config: &CheckConfig, put: &mut impl FnMut(&str, Value)) {
    put("interval", text(config.interval).into());
    put("timeout", text(config.timeout).into());
    put("retries", config.retries.into());
    put("success_threshold", config.success_threshold.into());
    put("start_period", text(config.start_period).into());
    put("start_interval", config.start_interval.map(text).into());
    put("initial_delay", text(config.initial_delay).into());
    put("lag_tolerance", config.lag_tolerance.map(text).into());
}

/// A duration as a file has it.
pub(super) fn text(duration: Duration) -> String {
    match duration.subsec_nanos() {
        0 => format!("{}s", duration.as_secs()),
        _ => format!("{}ms", duration.as_secs_f64() * 1e3),
    }
}
