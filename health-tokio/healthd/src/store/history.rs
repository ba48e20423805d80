//! What the registry remembers of a target: its uptime, its latencies, its last results and transitions.

use health_core::UnixTime;
use rusqlite::{Connection, Result};
use serde_json::{Map, Value, json};

use super::read::{ResultInfo, TransitionInfo, result, transition};
use super::rollup::{self, DAY, HOUR, LeftOut, Level, Tallies, Tally};

/// The most results and the most transitions of each check.
const MOST: u32 = 50;
/// The days of the document.
const DAYS: u64 = 90;
/// What one point of the latencies of the last 24 hours covers.
const POINT: u64 = HOUR / 6;
/// The windows of the uptime: each begins with a full minute or hour, and which is counted.
const WINDOWS: [(&str, u64, Level); 4] = [
    ("24h", DAY, Level::Minutes),
    ("7d", 7 * DAY, Level::Hours),
    ("30d", 30 * DAY, Level::Hours),
    ("90d", DAYS * DAY, Level::Hours),
];

/// What is remembered of a check.
#[derive(Debug)]
pub(crate) struct CheckHistory {
    pub(crate) name: String,
    /// In the order of [`Level::ALL`].
    levels: [Tallies; 3],
    /// Newest first.
    pub(crate) results: Vec<(ResultInfo, Option<String>)>,
    /// Newest first.
    pub(crate) transitions: Vec<TransitionInfo>,
}

/// The document `GET /targets/NAME/history`; without checks if there is no such target.
///
/// # Errors
///
/// It cannot be read.
pub(crate) fn history(connection: &Connection, name: &str, now: UnixTime) -> Result<Value> {
    let checks = CheckHistory::read(connection, name, now)?;
    let checks: Vec<_> = checks.iter().map(|it| it.document(now)).collect();
    Ok(json!({ "name": name, "checks": checks }))
}

impl CheckHistory {
    /// Of each check of a target.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub(crate) fn read(connection: &Connection, name: &str, now: UnixTime) -> Result<Vec<Self>> {
        // Rollups and what is not in them yet have to be of the same moment.
        let transaction = connection.unchecked_transaction()?;
        let checks: Vec<(i64, String, i64)> = transaction
            .prepare_cached(
                "SELECT c.id, c.name, c.rolled_up FROM targets t JOIN checks c ON c.target_id = t.id
                 WHERE t.name = ?1 ORDER BY c.id",
            )?
            .query_map([name], |row| row.try_into())?
            .collect::<Result<_>>()?;
        let checks = checks.into_iter().map(|(id, check, rolled_up)| {
            let waiting = rollup::waiting(&transaction, id, rolled_up)?;
            let read = |level: Level| {
                let since = level.begin(now.as_millis().saturating_sub(level.keep()));
                rollup::read(&transaction, id, level, since, &waiting)
            };
            Ok(Self {
                levels: [
                    read(Level::Minutes)?,
                    read(Level::Hours)?,
                    read(Level::Days)?,
                ],
                results: results(&transaction, id)?,
                transitions: transitions(&transaction, name, &check)?,
                name: check,
            })
        });
        checks.collect()
    }

    /// What there is of a level, by when it begins.
    pub(crate) fn tallies(&self, level: Level) -> &Tallies {
        &self.levels[level as usize]
    }

    /// Each window of the uptime: its name, and all that was counted and left out in it.
    pub(crate) fn windows(&self, now: UnixTime) -> [(&'static str, Tally); 4] {
        WINDOWS.map(|(name, length, level)| {
            let begin = level.begin(now.as_millis().saturating_sub(length));
            let mut sum = Tally::default();
            let all = self.tallies(level).range(begin..);
            all.for_each(|(_, it)| sum.merge(it));
            (name, sum)
        })
    }

    fn document(&self, now: UnixTime) -> Value {
        let now_ms = now.as_millis();
        let windows = self.windows(now);
        let uptime = windows
            .iter()
            .map(|(name, sum)| ((*name).to_owned(), json!(sum.uptime())));
        let left_out = windows
            .iter()
            .map(|(name, sum)| ((*name).to_owned(), left_out(sum)));
        let first_day = Level::Days.begin(now_ms).saturating_sub((DAYS - 1) * DAY);
        let days = self.tallies(Level::Days).range(first_day..).map(|(at, day)| {
            let (results, failures) = (day.counted(), day.failures());
            json!({ "at": at, "uptime": day.uptime(), "results": results, "failures": failures })
        });
        let minutes = self.tallies(Level::Minutes);
        let day_ago = now_ms.saturating_sub(DAY);
        let mut points = Tallies::new();
        for (at, minute) in minutes.range(day_ago - day_ago % POINT..) {
            points.entry(at - at % POINT).or_default().merge(minute);
        }
        let week_ago = Level::Hours.begin(now_ms.saturating_sub(7 * DAY));
        let hours = self.tallies(Level::Hours).range(week_ago..);
        json!({
            "name": self.name,
            "uptime": uptime.collect::<Map<_, _>>(),
            "left_out": left_out.collect::<Map<_, _>>(),
            "days": days.collect::<Vec<_>>(),
            "latency": {
                "24h": points.iter().map(point).collect::<Vec<_>>(),
                "7d": hours.map(point).collect::<Vec<_>>(),
            },
            "results": self.results.iter().map(of_result).collect::<Vec<_>>(),
            "transitions": self.transitions.iter().map(of_transition).collect::<Vec<_>>(),
        })
    }
}

/// How many results were left out, for each reason.
fn left_out(sum: &Tally) -> Value {
    let counts = LeftOut::ALL.map(|why| (why.as_str().to_owned(), json!(sum.left_out(why))));
    Value::Object(counts.into_iter().collect())
}

/// A point of a chart: what successes took, in milliseconds.
fn point((at, tally): (&u64, &Tally)) -> Value {
    json!({
        "at": at,
        "p50_ms": tally.latency.quantile_ms(0.5).map(rounded),
        "p99_ms": tally.latency.quantile_ms(0.99).map(rounded),
        "results": tally.counted(),
        "failures": tally.failures(),
    })
}

fn of_result((it, left_out): &(ResultInfo, Option<String>)) -> Value {
    json!({
        "at": it.begin_at,
        "took_ms": it.took_ms,
        "class": it.class,
        "kind": it.kind,
        "message": it.message,
        "counted": it.counted,
        "left_out": left_out,
    })
}

fn of_transition(it: &TransitionInfo) -> Value {
    let status = |word: &str| (!word.is_empty()).then(|| word.to_owned());
    json!({
        "at": it.at,
        "change": it.change,
        "from": status(&it.from),
        "to": status(&it.to),
        "reason": it.message,
    })
}

/// To the microsecond: it is not known better.
fn rounded(ms: f64) -> f64 {
    (ms * 1e3).round() / 1e3
}

fn results(connection: &Connection, check: i64) -> Result<Vec<(ResultInfo, Option<String>)>> {
    let mut statement = connection.prepare_cached(
        "SELECT begin_at, took_us, class, kind, message, counted, left_out FROM results
         WHERE check_id = ?1 ORDER BY number DESC LIMIT ?2",
    )?;
    let rows = statement.query_map((check, MOST), |row| Ok((result(row)?, row.get(6)?)))?;
    rows.collect()
}

fn transitions(connection: &Connection, target: &str, check: &str) -> Result<Vec<TransitionInfo>> {
    let mut statement = connection.prepare_cached(
        "SELECT at, \"check\", change, from_status, to_status, failures, successes, kind, message
         FROM transitions WHERE target = ?1 AND \"check\" = ?2 ORDER BY id DESC LIMIT ?3",
    )?;
    let rows = statement.query_map((target, check, MOST), transition)?;
    rows.collect()
}
