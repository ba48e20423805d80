//! Rollups: what came of the results of each minute, hour and day of a check.
//!
//! ```text
//!  result ─► ring of the last results ── once for each time round ─► minutes, hours, days
//!                      └──────────── and what is not in them yet ───────┴─► history
//! ```
//!
//! Nothing of them is in memory. The ring of results holds what is not rolled up yet: before a check's
//! results would be overwritten, all of them go into its rollups, in the transaction that writes the next
//! one. So a process that is killed loses no more than its last batch, and none is counted twice: the
//! number up to which results are rolled up stands beside the check. Who reads adds what is still in the
//! ring.
//!
//! A row holds many tallies, since a row alone takes more than a minute of one success (two bytes).

mod bytes;
mod series;
mod sketch;
mod tally;

use std::collections::BTreeMap;

use health_core::Class;
use rusqlite::{Connection, OptionalExtension, Result, Row, Transaction as Tx};

pub(crate) use tally::{LeftOut, Sample, Tally};

use series::{Series, pack, unpack};

const MINUTE: u64 = 60_000;
pub(crate) const HOUR: u64 = 60 * MINUTE;
pub(crate) const DAY: u64 = 24 * HOUR;

/// By what results are rolled up. Times are milliseconds; all begin at 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Minutes,
    Hours,
    Days,
}

/// The tallies of a check at one level, by when they begin.
pub(crate) type Tallies = BTreeMap<u64, Tally>;

impl Level {
    pub(crate) const ALL: [Self; 3] = [Self::Minutes, Self::Hours, Self::Days];

    /// What one tally covers.
    pub(crate) const fn unit(self) -> u64 {
        match self {
            Self::Minutes => MINUTE,
            Self::Hours => HOUR,
            Self::Days => DAY,
        }
    }

    /// What one row covers: so much that it is usually below the quarter of a page that SQLite puts into one
    /// place.
    const fn row(self) -> u64 {
        match self {
            Self::Minutes => HOUR,
            Self::Hours => 12 * HOUR,
            Self::Days => 16 * DAY,
        }
    }

    /// How long it is kept.
    pub(crate) const fn keep(self) -> u64 {
        match self {
            Self::Minutes => 48 * HOUR,
            Self::Hours => 90 * DAY,
            Self::Days => 2 * 365 * DAY,
        }
    }

    /// The tally that this moment belongs to begins then.
    pub(crate) const fn begin(self, at: u64) -> u64 {
        at - at % self.unit()
    }
}

/// Adds the results of a check that are in the ring and have a number after that.
pub(super) fn roll_up(tx: &Tx<'_>, check: i64, after: i64) -> Result<()> {
    add(tx, check, &waiting(tx, check, after)?)
}

/// Adds these results of a check.
pub(super) fn add(tx: &Tx<'_>, check: i64, samples: &[Sample]) -> Result<()> {
    for level in Level::ALL {
        let mut rows: BTreeMap<u64, Series> = BTreeMap::new();
        for sample in samples {
            let at = sample.begin_at - sample.begin_at % level.row();
            let place = ((sample.begin_at - at) / level.unit()) as u32;
            let tally = rows.entry(at).or_default().entry(place).or_default();
            tally.add(sample);
        }
        for (at, mut row) in rows {
            let known = tx
                .prepare_cached(
                    "SELECT data FROM rollups WHERE check_id = ?1 AND level = ?2 AND at = ?3",
                )?
                .query_row((check, level as u8, at), |row| {
                    Ok(unpack(row.get_ref(0)?.as_blob()?))
                })
                .optional()?;
            for (place, tally) in known.flatten().unwrap_or_default() {
                row.entry(place).or_default().merge(&tally);
            }
            tx.prepare_cached(
                "INSERT OR REPLACE INTO rollups (check_id, level, at, data)
                 VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute((check, level as u8, at, pack(&row)))?;
        }
    }
    Ok(())
}

/// Deletes those of a check that are older than they are to be kept.
pub(super) fn forget(tx: &Tx<'_>, check: i64, now: u64) -> Result<()> {
    for level in Level::ALL {
        // The row has to be over as well.
        let before = now.saturating_sub(level.keep() + level.row());
        tx.prepare_cached("DELETE FROM rollups WHERE check_id = ?1 AND level = ?2 AND at < ?3")?
            .execute((check, level as u8, before))?;
    }
    Ok(())
}

/// The tallies of a check that begin then or later, with the results that are not rolled up yet.
pub(super) fn read(
    connection: &Connection,
    check: i64,
    level: Level,
    since: u64,
    waiting: &[Sample],
) -> Result<Tallies> {
    let mut tallies = Tallies::new();
    let mut statement = connection.prepare_cached(
        "SELECT at, data FROM rollups WHERE check_id = ?1 AND level = ?2 AND at >= ?3",
    )?;
    let from = since - since % level.row();
    let mut rows = statement.query((check, level as u8, from))?;
    while let Some(row) = rows.next()? {
        let at: u64 = row.get(0)?;
        for (place, tally) in unpack(row.get_ref(1)?.as_blob()?).unwrap_or_default() {
            tallies.insert(at + u64::from(place) * level.unit(), tally);
        }
    }
    for sample in waiting {
        let tally = tallies.entry(level.begin(sample.begin_at)).or_default();
        tally.add(sample);
    }
    Ok(tallies.split_off(&since))
}

/// The results of a check in the ring that have a number after that.
pub(super) fn waiting(connection: &Connection, check: i64, after: i64) -> Result<Vec<Sample>> {
    let mut statement = connection.prepare_cached(
        "SELECT begin_at, took_us, class, left_out FROM results WHERE check_id = ?1 AND number > ?2",
    )?;
    let samples = statement.query_map((check, after), sample)?;
    samples.collect()
}

fn sample(row: &Row<'_>) -> Result<Sample> {
    let left_out = row.get_ref(3)?.as_str_or_null()?;
    Ok(Sample {
        begin_at: row.get(0)?,
        took_us: row.get::<_, i64>(1)?.try_into().unwrap_or(u32::MAX),
        class: match row.get_ref(2)?.as_str()? {
            "success" => Class::Success,
            "warning" => Class::Warning,
            "failure" => Class::Failure,
            _ => Class::Indeterminate,
        },
        left_out: left_out.and_then(LeftOut::from_word),
    })
}
