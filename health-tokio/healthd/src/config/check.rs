//! Reads one check, with the keys of Kubernetes, of the orchestrator's schema, or our own.
//!
//! | | ours | Kubernetes | orchestrator |
//! |---|---|---|---|
//! | HTTP | `url` | `httpGet` | `http` |
//! | TCP, TLS | `url = "tcp://…"`, `"tls://…"` | `tcpSocket` | `tcp` |
//! | command | `exec` | `exec.command` | `exec.command` |
//! | every | `interval` | `periodSeconds` | `interval_seconds` |
//! | at most | `timeout` | `timeoutSeconds` | `timeout_seconds` |
//! | failures | `retries` | `failureThreshold` | `retries` |
//! | successes | `success_threshold` | `successThreshold` | |
//! | protected | `start_period` | | `start_period_seconds` |
//! | meanwhile every | `start_interval` | | |
//! | at first | `initial_delay` | `initialDelaySeconds` | |
//! | while a change is pending every | `edge_interval` | | |
//! | while unhealthy every | `down_interval`, times `down_backoff` up to `down_interval_max` | | |
//! | later by up to per cent | `jitter` | | |
//!
//! What is expected of an HTTP answer goes with the form: `url` means status 200 and a body of JSON,
//! the rule of a registry of servers; the other two mean status 200 to 399. `expect_status` and `json`
//! change that. So does the default interval: 60 s for `url` and a list as `exec`, 30 s for the other two,
//! unless an interval is set for all checks.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use health_core::Name;
use health_core::ProbeKind;
use health_core::check::probe::Probe;
use health_core::check::{CheckConfig, OnUnhealthy};

use super::probe::{Grammar, Rule, probe};
use super::reader::{Item, Result, Table};
use super::rhythm;

/// The shortest interval: below it, checks of many targets would be an attack.
pub(crate) const MIN_INTERVAL: Duration = Duration::from_millis(100);
/// The shortest timeout.
pub(crate) const MIN_TIMEOUT: Duration = Duration::from_millis(1);
/// The default interval of checks in the grammar of Kubernetes or of the orchestrator.
const OTHER_INTERVAL: Duration = Duration::from_secs(30);
/// The keys of the interval.
pub(super) const INTERVAL: [&str; 3] = ["interval", "interval_seconds", "periodSeconds"];

/// The keys of the initial delay.
pub(super) const INITIAL_DELAY: [&str; 2] = ["initial_delay", "initialDelaySeconds"];

/// Refuses a duration below `least`, with what is allowed.
pub(crate) fn at_least(
    least: Duration,
    duration: Duration,
) -> std::result::Result<Duration, String> {
    if duration < least {
        return Err(format!("allowed is at least {least:?}"));
    }
    Ok(duration)
}

/// The settings of checks that do not set their own.
#[derive(Clone, Debug)]
pub(crate) struct Defaults {
    pub(crate) check: CheckConfig,
    /// Whether the interval was set; else it depends on the grammar of the check.
    pub(crate) has_interval: bool,
    /// Whether an unhealthy target is taken off the list.
    pub(crate) auto_deregister: bool,
    /// The interval of a deregistered target's checks; 0 for never, `None` for ten intervals.
    pub(crate) recheck_interval: Option<Duration>,
    /// Whether a deregistered target that answers again is reactivated by itself.
    pub(crate) auto_reactivate: bool,
    /// Whether the answer to a `url` has to be JSON.
    pub(crate) json: bool,
    /// The last distinct settings: many targets share the same ones, and store them once.
    seen: RefCell<VecDeque<Arc<CheckConfig>>>,
    /// The last distinct rules, for the same reason.
    rules: RefCell<VecDeque<Rule>>,
}

impl Defaults {
    fn shared(&self, config: CheckConfig) -> Arc<CheckConfig> {
        shared(&mut self.seen.borrow_mut(), Arc::new(config))
    }

    fn shared_rule(&self, rule: Rule) -> Rule {
        shared(&mut self.rules.borrow_mut(), rule)
    }
}

/// The same value, if it is one of the last that were seen.
fn shared<T: Clone + PartialEq>(seen: &mut VecDeque<T>, value: T) -> T {
    const MOST: usize = 16;
    if let Some(same) = seen.iter().find(|it| **it == value) {
        return same.clone();
    }
    if seen.len() == MOST {
        seen.pop_front();
    }
    seen.push_back(value.clone());
    value
}

/// A deregistered target is checked so many times more seldom, if its settings do not say otherwise.
const RECHECK_INTERVALS: u32 = 10;

impl Default for Defaults {
    fn default() -> Self {
        let mut check = CheckConfig::default();
        check.interval = Duration::from_secs(60);
        check.timeout = Duration::from_secs(10);
        // A failure that was found late, after the prober was suspended, is not counted.
        check.lag_tolerance = Some(Duration::from_secs(1));
        Self {
            check,
            has_interval: false,
            auto_deregister: true,
            recheck_interval: None,
            auto_reactivate: false,
            json: true,
            seen: RefCell::default(),
            rules: RefCell::default(),
        }
    }
}

/// A check: its probe and its settings.
#[derive(Clone, Debug)]
pub(crate) struct CheckDef {
    pub(crate) name: Name,
    pub(crate) probe: Probe,
    pub(crate) rule: Rule,
    pub(crate) config: Arc<CheckConfig>,
    /// The file of one of its headers cannot be read.
    pub(super) lacks_header: bool,
}

/// Reads the check that a table describes. `kind` is set if the key of the table determines it.
pub(super) fn check(
    table: &Table<'_>,
    defaults: &Defaults,
    host: Option<&str>,
    kind: Option<ProbeKind>,
) -> Result<CheckDef> {
    let stated = table.either(&["kind", "phase"])?;
    let kind = match (kind, stated) {
        (Some(_), Some(item)) => return Err(item.wrong_secret("the place says it already")),
        (Some(kind), None) => kind,
        (None, Some(item)) => item.word(&[
            ("health", ProbeKind::Health),
            ("startup", ProbeKind::Startup),
            ("liveness", ProbeKind::Liveness),
            ("readiness", ProbeKind::Readiness),
        ])?,
        (None, None) => ProbeKind::Health,
    };
    let parsed = probe(table, defaults, host)?;
    let rule = defaults.shared_rule(parsed.rule);
    let name = match table.either(&["check_name"])? {
        Some(item) => name(&item)?,
        None => Name::new(parsed.name).map_err(|error| table.lacks(error))?,
    };
    let mut config = timing(table, defaults, parsed.grammar, kind)?;
    let warn = table.get("warn").map(|item| item.table()).transpose()?;
    let limits = [Some(table), warn.as_ref()].into_iter().flatten();
    for item in limits.filter_map(|it| it.get("max_latency")) {
        if item.duration()? >= config.timeout {
            let timeout = config.timeout;
            return Err(item.wrong(format_args!(
                "allowed is less than the timeout, {timeout:?}"
            )));
        }
    }
    config.needs_reap = parsed.probe.needs_reap();
    config.kind = kind;
    if let Err(error) = config.validate() {
        return Err(table.lacks(error));
    }
    let config = defaults.shared(config);
    Ok(CheckDef {
        name,
        probe: parsed.probe,
        rule,
        config,
        lacks_header: false,
    })
}

pub(super) fn name(item: &Item<'_>) -> Result<Name> {
    Name::new(item.text()?)
        .map_err(|_| item.wrong("allowed are 1 to 64 characters of A-Z a-z 0-9 _ . : -"))
}

/// The interval of a deregistered target's checks; 0 for never.
pub(super) fn recheck_interval(item: &Item<'_>) -> Result<Duration> {
    let interval = item.duration()?;
    if !interval.is_zero() && interval < Duration::from_millis(1) {
        return Err(item.wrong("allowed is 0 for never, or at least 1ms"));
    }
    Ok(interval)
}

/// The settings of a check that are about time and thresholds; also those of a whole file.
pub(super) fn timing(
    table: &Table<'_>,
    defaults: &Defaults,
    grammar: Grammar,
    kind: ProbeKind,
) -> Result<CheckConfig> {
    let mut config = defaults.check.clone();
    if grammar == Grammar::Other && !defaults.has_interval {
        config.interval = OTHER_INTERVAL;
    }
    let duration = |names: &[&'static str], value: &mut Duration| -> Result<()> {
        if let Some(item) = table.either(names)? {
            *value = item.duration()?;
        }
        Ok(())
    };
    let count = |names: &[&'static str], value: &mut u32| -> Result<()> {
        if let Some(item) = table.either(names)? {
            *value = u32::try_from(item.integer(1, 1_000_000)?).unwrap_or(u32::MAX);
        }
        Ok(())
    };
    if let Some(item) = table.either(&INTERVAL)? {
        config.interval = at_least(MIN_INTERVAL, item.duration()?).map_err(|it| item.wrong(it))?;
    }
    if let Some(item) = table.either(&["timeout", "timeout_seconds", "timeoutSeconds"])? {
        config.timeout = at_least(MIN_TIMEOUT, item.duration()?).map_err(|it| item.wrong(it))?;
    }
    count(&["retries", "failureThreshold"], &mut config.retries)?;
    let successes = ["success_threshold", "successThreshold"];
    count(&successes, &mut config.success_threshold)?;
    let start = ["start_period", "start_period_seconds"];
    duration(&start, &mut config.start_period)?;
    duration(&INITIAL_DELAY, &mut config.initial_delay)?;
    if let Some(item) = table.get("start_interval") {
        let interval = at_least(MIN_INTERVAL, item.duration()?).map_err(|it| item.wrong(it))?;
        config.start_interval = Some(interval);
    }
    rhythm::read(table, &mut config)?;
    if let Some(item) = table.get("lag_tolerance") {
        config.lag_tolerance = Some(item.duration()?);
    }
    let recheck_interval = match table.get("recheck_interval") {
        Some(item) => Some(recheck_interval(&item)?),
        None => defaults.recheck_interval,
    };
    let recheck_interval =
        recheck_interval.unwrap_or(config.interval.saturating_mul(RECHECK_INTERVALS));
    config.recheck_interval = Some(recheck_interval).filter(|it| !it.is_zero());
    config.auto_reactivate = match table.get("auto_reactivate") {
        Some(item) => item.flag()?,
        None => defaults.auto_reactivate,
    };
    let by_default = match kind {
        // A target that is not ready or has not started is not dead.
        ProbeKind::Readiness | ProbeKind::Startup => OnUnhealthy::Report,
        ProbeKind::Health | ProbeKind::Liveness if defaults.auto_deregister => {
            OnUnhealthy::Deregister
        }
        ProbeKind::Health | ProbeKind::Liveness => OnUnhealthy::Report,
    };
    config.on_unhealthy = match table.get("on_unhealthy") {
        Some(item) => item.word(&[
            ("report", OnUnhealthy::Report),
            ("deregister", OnUnhealthy::Deregister),
        ])?,
        None => by_default,
    };
    Ok(config)
}
