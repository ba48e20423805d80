//! Windows of maintenance: times at which targets are silenced, by a cron line in a time zone.

use std::time::Duration;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use health_core::monitor::registry::{QuietReason, QuietScope};
use health_core::{Name, UnixTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::check;
use super::reader::{Item, Result, Table};

/// A window of maintenance.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(crate) name: String,
    cron: Cron,
    zone: TimeZone,
    length: Duration,
    scopes: Vec<QuietScope>,
    why: String,
}

/// The longest window: a year.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3_600);
/// Windows that begin before another one has ended, or just then, are one; so far ahead that is looked for.
const AHEAD: Duration = Duration::from_secs(60);

/// The windows of a file.
pub(super) fn read_all(table: &Table<'_>) -> Result<Vec<Window>> {
    let mut windows: Vec<Window> = Vec::new();
    if let Some(list) = table.either(&["window", "windows"])? {
        for item in list.list()? {
            let window = Window::read(&item)?;
            if windows.iter().any(|it| it.name == window.name) {
                let allowed = "two windows of this name; give one another name";
                return Err(item.table()?.need("name")?.wrong(allowed));
            }
            windows.push(window);
        }
    }
    Ok(windows)
}

impl Window {
    fn read(item: &Item<'_>) -> Result<Self> {
        let table = item.table()?;
        let name = check::name(&table.need("name")?)?.as_str().to_owned();
        let cron = cron(&table.need("cron")?)?;
        let length = table.need("for")?;
        let zone = match table.get("zone") {
            Some(item) => zone(&item)?,
            None => TimeZone::UTC,
        };
        let mut scopes: Vec<_> = names(&table, "targets")?.map(QuietScope::Target).collect();
        scopes.extend(names(&table, "groups")?.map(QuietScope::Group));
        if scopes.is_empty() {
            scopes.push(QuietScope::All);
        }
        let why = table.get("why").map(|it| it.text()).transpose()?;
        table.finish()?;
        Ok(Self {
            name,
            cron,
            zone,
            length: self::length(&length)?,
            scopes,
            why: why.unwrap_or_default().to_owned(),
        })
    }

    /// The window that is open at that time, or else the next one; `None` if there is none any more.
    /// Its length is time as it passes: two hours are two hours, also if the clocks are changed in them.
    pub(crate) fn span(&self, now: UnixTime) -> Option<(UnixTime, UnixTime)> {
        let at = self.zoned(now)?;
        let end = |begin: &Zoned| begin.checked_add(self.length).ok();
        let is_open = |begin: &Zoned| end(begin).is_some_and(|end| end > at);
        let before = self.cron.find_previous_occurrence(&at, true).ok();
        let begin = match before.filter(is_open) {
            Some(begin) => begin,
            None => self.cron.find_next_occurrence(&at, false).ok()?,
        };
        let mut until = end(&begin)?;
        let enough = at.checked_add(AHEAD).ok()?;
        let mut last = begin.clone();
        while until <= enough {
            last = match self.cron.find_next_occurrence(&last, false) {
                Ok(next) if next <= until => next,
                _ => break,
            };
            until = end(&last)?;
        }
        Some((unix(&begin), unix(&until)))
    }

    /// What is silenced from `begin` to `end`.
    pub(crate) fn silences(
        &self,
        (begin, end): (UnixTime, UnixTime),
    ) -> impl Iterator<Item = (QuietScope, QuietReason)> {
        let reason = QuietReason {
            since: begin,
            until: Some(end),
            why: self.why.as_str().into(),
            by: format!("window {}", self.name).into(),
        };
        let scopes = self.scopes.iter();
        scopes.map(move |scope| (scope.clone(), reason.clone()))
    }

    fn zoned(&self, at: UnixTime) -> Option<Zoned> {
        let millis = i64::try_from(at.as_millis()).ok()?;
        let at = Timestamp::from_millisecond(millis).ok()?;
        Some(at.to_zoned(self.zone.clone()))
    }
}

/// The names under this key, if there is one.
fn names(table: &Table<'_>, key: &'static str) -> Result<std::vec::IntoIter<Name>> {
    let Some(list) = table.get(key) else {
        return Ok(Vec::new().into_iter());
    };
    let items = list.list()?;
    // With nobody left in it, it would be for all.
    if items.is_empty() {
        return Err(list.wrong("allowed are names; without this key it is for all targets"));
    }
    let names: Result<Vec<_>> = items.iter().map(check::name).collect();
    Ok(names?.into_iter())
}

fn unix(at: &Zoned) -> UnixTime {
    let millis = at.timestamp().as_millisecond();
    UnixTime::from_millis(u64::try_from(millis).unwrap_or_default())
}

fn cron(item: &Item<'_>) -> Result<Cron> {
    let parser = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build();
    let allowed = "allowed is 'MINUTE HOUR DAY MONTH WEEKDAY', as 30 2 * * SUN";
    let wrong = |error: &dyn std::fmt::Display| item.wrong(format_args!("{error}; {allowed}"));
    let cron = parser.parse(item.text()?).map_err(|error| wrong(&error))?;
    // A 30th of February is no mistake of its form.
    let begin = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    let next = cron.find_next_occurrence(&begin, true);
    next.map_err(|_| wrong(&"it never comes"))?;
    Ok(cron)
}

fn zone(item: &Item<'_>) -> Result<TimeZone> {
    let zone = TimeZone::get(item.text()?);
    zone.map_err(|_| {
        item.wrong("allowed is a name of the IANA time zones, as Europe/Berlin or UTC")
    })
}

fn length(item: &Item<'_>) -> Result<Duration> {
    let length = item.days()?;
    if length > LONGEST {
        return Err(item.wrong("allowed is at most 366d"));
    }
    Ok(length)
}
