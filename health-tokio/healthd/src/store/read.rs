//! Reads the registry for the commands that show it, whether or not a monitor runs.

use std::path::Path;

use health_core::UnixTime;
use health_core::monitor::registry::CheckChange;
use rusqlite::{Connection, Row};
use serde::Serialize;
use serde_json::Value;

use super::schema::{VERSION, open_to_read};
use super::{CheckHistory, StoreError, history};

/// A registry opened for reading.
#[derive(Debug)]
pub(crate) struct Reader {
    connection: Connection,
    path: std::path::PathBuf,
}

/// A target as it is shown. Times are milliseconds since 1970.
#[derive(Debug, Serialize)]
pub(crate) struct TargetInfo {
    pub(crate) name: String,
    /// The JSON that was stored, without the parts that may hold secrets.
    pub(crate) definition: Value,
    pub(crate) checks: Vec<CheckInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) paused: Option<QuietInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) silenced: Option<QuietInfo>,
}

/// Why a target is paused or silenced, as it is shown.
#[derive(Debug, Serialize)]
pub(crate) struct QuietInfo {
    pub(crate) since: u64,
    pub(crate) until: Option<u64>,
    pub(crate) why: String,
    pub(crate) by: String,
    /// All of it, for people.
    #[serde(skip)]
    pub(crate) text: String,
}

impl TargetInfo {
    /// The worst of its checks; whether it is on the list comes first.
    pub(crate) fn status(&self) -> &'static str {
        let has = |word: &str| self.checks.iter().any(|it| it.status == word);
        if !self.is_deregistered() {
            if self.paused.is_some() {
                return "paused";
            }
            let words = ["unhealthy", "unknown", "starting"];
            words
                .into_iter()
                .find(|word| has(word))
                .unwrap_or("healthy")
        } else if self.answers_since().is_some() {
            "answers-again"
        } else {
            "deregistered"
        }
    }

    /// Its group; empty if it has none.
    pub(crate) fn group(&self) -> &str {
        self.definition["group"].as_str().unwrap_or_default()
    }

    /// What the check probes.
    pub(crate) fn address(&self, check: &CheckInfo) -> String {
        let checks = self.definition["checks"].as_array();
        let settings = checks.into_iter().flatten();
        let settings = settings.clone().find(|it| it["name"] == *check.name);
        let address = settings.and_then(|it| it["target"].as_str());
        crate::text::safe(address.unwrap_or_default())
    }

    pub(crate) fn is_deregistered(&self) -> bool {
        self.checks.iter().any(|it| !it.is_active)
    }

    /// Since when each of its checks has succeeded again, if it is deregistered.
    pub(crate) fn answers_since(&self) -> Option<u64> {
        let since = self.checks.iter().map(|it| it.answers_since);
        since.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// Sorts: the worst first, then by name.
    pub(crate) fn sort_key(&self) -> (usize, &str) {
        let words = [
            "deregistered",
            "answers-again",
            "unhealthy",
            "unknown",
            "starting",
            "paused",
        ];
        let status = self.status();
        let place = words.iter().position(|word| *word == status);
        (place.unwrap_or(words.len()), &self.name)
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct CheckInfo {
    pub(crate) name: String,
    pub(crate) status: String,
    /// When it last changed.
    pub(crate) since: Option<u64>,
    pub(crate) is_active: bool,
    pub(crate) consecutive_failures: u32,
    pub(crate) consecutive_successes: u32,
    pub(crate) last_checked_at: Option<u64>,
    pub(crate) last_success_at: Option<u64>,
    pub(crate) last_response_ms: Option<f64>,
    pub(crate) last_error_kind: Option<String>,
    pub(crate) last_error: Option<String>,
    pub(crate) last_evidence: Option<String>,
    pub(crate) deactivated_at: Option<u64>,
    pub(crate) deactivated_reason: Option<String>,
    /// Deregistered, and its rechecks have succeeded since then.
    pub(crate) answers_since: Option<u64>,
    /// Oldest first; empty in the list of all targets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) results: Vec<ResultInfo>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ResultInfo {
    pub(crate) begin_at: u64,
    pub(crate) took_ms: f64,
    pub(crate) class: String,
    pub(crate) kind: Option<String>,
    pub(crate) message: String,
    /// Whether it moved a streak.
    pub(crate) counted: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct TransitionInfo {
    pub(crate) at: u64,
    pub(crate) check: String,
    pub(crate) change: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) failures: u32,
    pub(crate) successes: u32,
    pub(crate) kind: Option<String>,
    pub(crate) message: String,
    /// The rule that was applied.
    pub(crate) rule: &'static str,
}

/// Of a definition: headers and arguments as they were given, and a fingerprint of arguments.
const HIDDEN: [&str; 2] = ["told", "looks_at"];
const CHECKS: &str = "SELECT t.name, t.definition, c.id, c.name, c.status, c.is_active,
        c.consecutive_failures, c.consecutive_successes, c.last_checked_at, c.last_success_at,
        c.last_response_ms, c.last_error_kind, c.last_error, c.last_evidence, c.deactivated_at,
        c.deactivated_reason, c.since, c.answers_since
 FROM targets t JOIN checks c ON c.target_id = t.id";

impl Reader {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            connection: open_to_read(path, VERSION)?,
            path: path.to_owned(),
        })
    }

    /// All targets by name, without their results.
    pub(crate) fn targets(&self) -> Result<Vec<TargetInfo>, StoreError> {
        self.ask(|connection| {
            let mut statement = connection.prepare(&format!("{CHECKS} ORDER BY t.name, c.id"))?;
            collect(statement.query(())?)
        })
    }

    /// One target, with its results; `None` if there is none of that name.
    pub(crate) fn target(&self, name: &str) -> Result<Option<TargetInfo>, StoreError> {
        self.ask(|connection| {
            let of_name = format!("{CHECKS} WHERE t.name = ?1 ORDER BY c.id");
            let mut statement = connection.prepare(&of_name)?;
            let Some(mut target) = collect(statement.query([name])?)?.pop() else {
                return Ok(None);
            };
            for check in &mut target.checks {
                let mut statement = connection.prepare_cached(
                    "SELECT r.begin_at, r.took_us, r.class, r.kind, r.message, r.counted
                     FROM results r JOIN checks c ON c.id = r.check_id
                     JOIN targets t ON t.id = c.target_id
                     WHERE t.name = ?1 AND c.name = ?2 ORDER BY r.number",
                )?;
                let results = statement.query_map([name, &check.name], result)?;
                check.results = results.collect::<rusqlite::Result<_>>()?;
            }
            Ok(Some(target))
        })
    }

    /// The last transitions of a target, oldest first. They go with it.
    pub(crate) fn transitions(
        &self,
        target: &str,
        most: u32,
    ) -> Result<Vec<TransitionInfo>, StoreError> {
        self.ask(|connection| {
            let mut statement = connection.prepare(
                "SELECT at, \"check\", change, from_status, to_status, failures, successes, kind,
                        message
                 FROM transitions WHERE target = ?1 ORDER BY id DESC LIMIT ?2",
            )?;
            let rows = statement.query_map((target, most), transition)?;
            let mut transitions: Vec<_> = rows.collect::<rusqlite::Result<_>>()?;
            transitions.reverse();
            Ok(transitions)
        })
    }

    /// What is remembered of each check of a target; nothing if there is none of that name.
    pub(crate) fn history(
        &self,
        name: &str,
        now: UnixTime,
    ) -> Result<Vec<CheckHistory>, StoreError> {
        self.ask(|connection| CheckHistory::read(connection, name, now))
    }

    /// The same as a document.
    pub(crate) fn history_document(&self, name: &str, now: UnixTime) -> Result<Value, StoreError> {
        self.ask(|connection| history(connection, name, now))
    }

    fn ask<R>(
        &self,
        ask: impl FnOnce(&Connection) -> rusqlite::Result<R>,
    ) -> Result<R, StoreError> {
        ask(&self.connection).map_err(|error| StoreError::new(&self.path, error))
    }
}

fn collect(mut rows: rusqlite::Rows<'_>) -> rusqlite::Result<Vec<TargetInfo>> {
    let mut targets: Vec<TargetInfo> = Vec::new();
    while let Some(row) = rows.next()? {
        let name = row.get_ref(0)?.as_str()?;
        if targets.last().is_none_or(|last| last.name != name) {
            let definition = serde_json::from_str(row.get_ref(1)?.as_str()?);
            let mut definition: Value = definition.unwrap_or_default();
            if let Some(map) = definition.as_object_mut() {
                HIDDEN.iter().for_each(|key| drop(map.remove(*key)));
            }
            targets.push(TargetInfo {
                name: name.to_owned(),
                definition,
                checks: Vec::new(),
                paused: None,
                silenced: None,
            });
        }
        if let Some(target) = targets.last_mut() {
            target.checks.push(check(row)?);
        }
    }
    Ok(targets)
}

fn check(row: &Row<'_>) -> rusqlite::Result<CheckInfo> {
    Ok(CheckInfo {
        name: row.get(3)?,
        status: row.get(4)?,
        since: row.get(16)?,
        is_active: row.get(5)?,
        consecutive_failures: row.get(6)?,
        consecutive_successes: row.get(7)?,
        last_checked_at: row.get(8)?,
        last_success_at: row.get(9)?,
        last_response_ms: row.get(10)?,
        last_error_kind: row.get(11)?,
        last_error: row.get(12)?,
        last_evidence: row.get(13)?,
        deactivated_at: row.get(14)?,
        deactivated_reason: row.get(15)?,
        answers_since: row.get(17)?,
        results: Vec::new(),
    })
}

pub(super) fn result(row: &Row<'_>) -> rusqlite::Result<ResultInfo> {
    Ok(ResultInfo {
        begin_at: row.get(0)?,
        took_ms: row.get::<_, f64>(1)? / 1_000.0,
        class: row.get(2)?,
        kind: row.get(3)?,
        message: row.get(4)?,
        counted: row.get(5)?,
    })
}

pub(super) fn transition(row: &Row<'_>) -> rusqlite::Result<TransitionInfo> {
    let (change, from, to): (String, String, String) = (row.get(2)?, row.get(3)?, row.get(4)?);
    let statuses = (!to.is_empty()).then_some((&*from, &*to));
    let rule = CheckChange::from_words(&change, statuses).map_or("", CheckChange::rule);
    Ok(TransitionInfo {
        at: row.get(0)?,
        check: row.get(1)?,
        change,
        from,
        to,
        failures: row.get(5)?,
        successes: row.get(6)?,
        kind: row.get(7)?,
        message: row.get(8)?,
        rule,
    })
}
