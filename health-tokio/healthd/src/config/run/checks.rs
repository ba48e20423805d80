//! Reads the checks of a group, and makes those of each replica of them.

use std::sync::Arc;
use std::time::Duration;

use health_core::ProbeKind;
use health_core::check::OnUnhealthy;
use health_core::monitor::Target;
use health_tokio::supervise::Program;
use serde_json::{Map, Value};

use super::short;
use super::template::Replica;
use crate::config::check::{self, CheckDef, Defaults, INITIAL_DELAY};
use crate::config::reader::{Item, Result, Table};

/// The checks of one replica.
#[derive(Clone, Debug)]
pub(crate) struct ReplicaChecks(pub(crate) Vec<CheckDef>);

/// A check as it was written, before it is filled in for a replica.
pub(super) struct Template<'a> {
    pub(super) item: Item<'a>,
    pub(super) table: Map<String, Value>,
}

/// Where replicas are probed.
const HOST: &str = "127.0.0.1";
/// Who is unhealthy is restarted, and nothing else is done about it.
const REFUSED: [&str; 3] = ["auto_reactivate", "on_unhealthy", "recheck_interval"];

impl ReplicaChecks {
    /// Whether one of them calls for a restart.
    pub(super) fn can_give_a_verdict(&self) -> bool {
        let mut kinds = self.0.iter().map(|it| it.config.kind);
        kinds.any(|kind| kind != ProbeKind::Readiness)
    }
}

/// The checks of each replica of a program.
pub(super) fn read_checks(table: &Table<'_>, program: &Program) -> Result<Vec<ReplicaChecks>> {
    let host = table.get("health_host");
    let templates = templates(table)?;
    if let (Some(item), true) = (&host, templates.is_empty()) {
        return Err(item.wrong("allowed only with a check"));
    }
    if templates.len() > Target::MAX_CHECKS {
        let (count, most) = (templates.len(), Target::MAX_CHECKS);
        return Err(table.lacks(format_args!("{count} checks; allowed is at most {most}")));
    }
    let host = host.as_ref().map_or(Ok(HOST), Item::text)?;
    let defaults = defaults();
    let replicas = (0..program.replicas()).map(|index| {
        let replica = Replica::new(program, index);
        let mut checks: Vec<CheckDef> = Vec::new();
        for template in &templates {
            let mut check = template.read(&replica, host, &defaults)?;
            let delay = &mut Arc::make_mut(&mut check.config).initial_delay;
            if template.has_delay() && delay.is_zero() {
                // 0 would mean: as long as it takes to be up.
                *delay = Duration::from_nanos(1);
            }
            if checks.iter().any(|it| it.name == check.name) {
                return Err(template.item.wrong_secret(format_args!(
                    "two checks named {}; give one a check_name",
                    check.name
                )));
            }
            checks.push(check);
        }
        Ok(ReplicaChecks(checks))
    });
    replicas.collect()
}

/// All checks: the short forms, and those that are tables.
fn templates<'a>(table: &Table<'a>) -> Result<Vec<Template<'a>>> {
    let mut templates = short::templates(table)?;
    if let Some(list) = table.either(&["check", "checks"])? {
        for item in list.list()? {
            let check = item.table()?;
            if let Some((_, refused)) = check
                .entries()
                .find(|(key, _)| REFUSED.iter().any(|it| it == key))
            {
                return Err(refused.wrong_secret("a replica that is unhealthy is restarted"));
            }
            let table = item.value().as_object().cloned().unwrap_or_default();
            templates.push(Template { item, table });
        }
    }
    Ok(templates)
}

/// What holds for checks that say nothing else.
fn defaults() -> Defaults {
    let mut defaults = Defaults::default();
    defaults.check.interval = Duration::from_secs(30);
    defaults.check.on_unhealthy = OnUnhealthy::Report;
    defaults.has_interval = true;
    defaults.auto_deregister = false;
    defaults.recheck_interval = Some(Duration::ZERO);
    defaults.json = false;
    defaults
}

impl Template<'_> {
    fn has_delay(&self) -> bool {
        INITIAL_DELAY
            .iter()
            .any(|key| self.table.contains_key(*key))
    }

    fn read(&self, replica: &Replica<'_>, host: &str, defaults: &Defaults) -> Result<CheckDef> {
        let mut filled = self.table.clone();
        if !replica.has_port() && texts(&self.table).iter().any(|it| it.contains("{port}")) {
            // It would reach the program as it is.
            return Err(self.item.wrong_secret("{port} is allowed only with port"));
        }
        replica.check(&mut filled);
        let filled = Value::Object(filled);
        let item = self.item.in_place(&filled);
        let table = item.table()?;
        let check = check::check(&table, defaults, Some(host), None)?;
        table.finish()?;
        Ok(check)
    }
}

/// Every text in it.
fn texts(table: &Map<String, Value>) -> Vec<&str> {
    let texts = table.values().flat_map(|value| match value {
        Value::String(text) => vec![text.as_str()],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        Value::Object(table) => texts(table),
        _ => Vec::new(),
    });
    texts.collect()
}
