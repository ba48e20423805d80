//! From JSON to configurations and answers.
#![allow(
    dead_code,
    reason = "a replay takes targets or checks, as it needs them"
)]

use std::sync::Arc;
use std::time::Duration;

use health_core::Name;
use health_core::ProbeKind;
use health_core::check::{CheckConfig, FirstCheck, OnUnhealthy, Schedule};
use health_core::monitor::{MassFailure, MonitorConfig, Spread, TargetSpec};
use health_core::{Kind, Outcome};
use serde_json::Value;

/// A vector without its expectations.
pub(crate) struct Script {
    pub(crate) monitor: MonitorConfig,
    pub(crate) control: Vec<(u64, String)>,
    pub(crate) until: u64,
    stalls: Vec<(u64, u64)>,
    is_group: bool,
    /// By declaration; a vector of one check gives it no name.
    checks: Vec<(Option<String>, CheckConfig, Vec<Answer>)>,
}

/// What the target does with one attempt.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) ms: u64,
    pub(crate) reaped_ms: Option<u64>,
    word: String,
    kind: Option<String>,
}

impl Script {
    pub(crate) fn read(vector: &Value) -> Self {
        let checks = match vector.get("checks").and_then(Value::as_object) {
            // A JSON map forgets the order its names were declared in; the expected final states
            // have it.
            Some(checks) => {
                let order = vector["expect"]["final"]
                    .as_array()
                    .expect("one state per check");
                let names = order.iter().map(|state| text(&state["check"]));
                names
                    .map(|name| {
                        let check = &checks[&name];
                        (Some(name), config(&check["config"]), answers(check))
                    })
                    .collect()
            }
            None => vec![(None, config(&vector["config"]), answers(vector))],
        };
        let list = |key: &str| vector[key].as_array().cloned().unwrap_or_default();
        Self {
            monitor: monitor(vector),
            control: list("control")
                .iter()
                .map(|it| (number(&it["at"]), text(&it["op"])))
                .collect(),
            until: number(&vector["until_ms"]),
            stalls: list("stalls")
                .iter()
                .map(|it| (number(&it[0]), number(&it[1])))
                .collect(),
            is_group: vector["group"] == true,
            checks,
        }
    }

    /// One target with all checks, or one for each.
    pub(crate) fn targets(&self) -> Vec<TargetSpec> {
        let name = |text: &str| Name::new(text).expect("a valid name");
        let checks = self.checks.iter().map(|(check, config, _)| {
            let check = check.as_deref().unwrap_or("check");
            (name(check), Arc::new(config.clone()))
        });
        if self.is_group {
            let group = TargetSpec::new(name("group"));
            vec![checks.fold(group, |group, (name, config)| group.check(name, config))]
        } else {
            checks
                .map(|(name, config)| TargetSpec::new(name.clone()).check(name, config))
                .collect()
        }
    }

    /// Name and settings of each check.
    pub(crate) fn checks(&self) -> impl Iterator<Item = (Option<&str>, &CheckConfig)> {
        let checks = self.checks.iter();
        checks.map(|(name, config, _)| (name.as_deref(), config))
    }

    /// When a driver acts next: at the first of these times, or later if it is stalled then. `None` if
    /// the vector ends before.
    pub(crate) fn next_step(&self, times: [Option<u64>; 3]) -> Option<u64> {
        let now = self.after_stall(times.into_iter().flatten().min()?);
        (now <= self.until).then_some(now)
    }

    /// When a driver that should act at `at` acts.
    fn after_stall(&self, at: u64) -> u64 {
        let stall = self
            .stalls
            .iter()
            .find(|(from, to)| (*from..*to).contains(&at));
        stall.map_or(at, |(_, to)| *to)
    }

    pub(crate) fn answer(&self, check: usize, attempt: u64) -> Answer {
        let answers = &self.checks[check].2;
        answers[(attempt as usize - 1).min(answers.len() - 1)].clone()
    }

    pub(crate) fn name(&self, check: usize) -> Option<&str> {
        self.checks[check].0.as_deref()
    }

    pub(crate) fn is_group(&self) -> bool {
        self.is_group
    }
}

impl Answer {
    /// A kind without a word of its own goes as the message.
    pub(crate) fn outcome(&self) -> Outcome {
        let word = self.kind.as_deref().unwrap_or_default();
        let kind = Kind::from_word(word);
        let message = if kind.is_some() { "" } else { word }.to_owned();
        let outcome = match self.word.as_str() {
            "success" => Outcome::success(),
            "warning" => Outcome::warning(message),
            "failure" => Outcome::failure_with_message(message),
            "indeterminate" => Outcome::indeterminate(message),
            other => panic!("unknown outcome {other}"),
        };
        Outcome { kind, ..outcome }
    }
}

fn answers(check: &Value) -> Vec<Answer> {
    let results = check["results"].as_array().expect("results");
    let answers = results.iter().map(|result| Answer {
        ms: number(&result["ms"]),
        reaped_ms: result["reaped_ms"].as_u64(),
        word: text(&result["outcome"]),
        kind: result["kind"].as_str().map(str::to_owned),
    });
    answers.collect()
}

fn monitor(vector: &Value) -> MonitorConfig {
    let limit = vector["max_in_flight"].as_u64();
    let guard = vector.get("guard").filter(|guard| guard.is_object());
    let mut config = MonitorConfig::default();
    config.max_in_flight = limit.map_or(usize::MAX, |limit| limit as usize);
    config.max_exec = usize::MAX;
    config.tick = Duration::ZERO;
    config.spread = Spread::AsConfigured;
    config.mass_failure = guard.map(|guard| {
        let mut mass = MassFailure::default();
        mass.min_targets = number(&guard["min_targets"]) as usize;
        mass.failed_fraction = guard["failed_fraction"].as_f64().expect("a fraction");
        mass
    });
    config.trace = true;
    config
}

fn config(value: &Value) -> CheckConfig {
    let mut config = CheckConfig::default();
    for (key, value) in value.as_object().expect("a configuration") {
        let word = value.as_str().unwrap_or_default();
        let millis = value.as_u64().map(Duration::from_millis);
        let count = value.as_u64().unwrap_or_default() as u32;
        let length = millis.unwrap_or_default();
        match key.as_str() {
            "interval_ms" => config.interval = length,
            "timeout_ms" => config.timeout = length,
            "retries" => config.retries = count,
            "success_threshold" => config.success_threshold = count,
            "start_period_ms" => config.start_period = length,
            "start_interval_ms" => config.start_interval = millis,
            "initial_delay_ms" => config.initial_delay = length,
            "first_check" if word == "immediate" => config.first_check = FirstCheck::Immediate,
            "first_check" if word == "after_interval" => {
                config.first_check = FirstCheck::AfterInterval;
            }
            "spread_offset_ms" => config.spread_offset = length,
            "schedule" if word == "fixed_rate" => config.schedule = Schedule::FixedRate,
            "schedule" if word == "fixed_delay" => config.schedule = Schedule::FixedDelay,
            "edge_interval_ms" => config.edge_interval = millis,
            "unhealthy_interval_ms" => config.unhealthy_interval = millis,
            "unhealthy_backoff_factor" => {
                config.unhealthy_backoff_factor = value.as_f64().expect("a factor");
            }
            "unhealthy_interval_max_ms" => config.unhealthy_interval_max = millis,
            "phase" => config.kind = kind(word),
            "on_unhealthy" => config.on_unhealthy = on_unhealthy(word),
            "indeterminate_limit" => config.indeterminate_limit = count,
            "lag_tolerance_ms" => config.lag_tolerance = millis,
            "needs_reap" => config.needs_reap = value == true,
            _ => panic!("unknown setting {key}: {value}"),
        }
    }
    config
}

fn kind(word: &str) -> ProbeKind {
    match word {
        "health" => ProbeKind::Health,
        "startup" => ProbeKind::Startup,
        "liveness" => ProbeKind::Liveness,
        "readiness" => ProbeKind::Readiness,
        _ => panic!("unknown phase {word}"),
    }
}

fn on_unhealthy(word: &str) -> OnUnhealthy {
    match word {
        "report" => OnUnhealthy::Report,
        "restart" => OnUnhealthy::Restart,
        "deregister" => OnUnhealthy::Deregister,
        _ => panic!("unknown action {word}"),
    }
}

fn number(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("not a number: {value}"))
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not a text: {value}"))
        .to_owned()
}
