//! The native document as serde sees it.

use alloc::borrow::Cow;
use alloc::string::String;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{ComponentState, HeartbeatState, Phase, ProbeKind, Snapshot};
use crate::base::Name;
use crate::base::{Instant, Moment};

/// The verbose native document, in the order in which the endpoint writes it, for daemons that
/// send it elsewhere.
///
/// Serialising does not check who will read the result, so private causes and published values
/// are left out; messages are not. `healthy` is true of healthy and degraded. Dates are there only if the
/// registry knows the time ([`Registry::set_wall_clock`](super::Registry::set_wall_clock)), as with
/// the handle `Health` of every driver.
impl Serialize for Snapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let status = self.status(ProbeKind::Health);
        let word = match self.phase() {
            phase @ (Phase::Draining | Phase::Stopped) => phase.as_str(),
            Phase::Starting | Phase::Running => status.as_str(),
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("status", word)?;
        map.serialize_entry("healthy", &status.is_up())?;
        if let Some(date) = self.date(self.taken()) {
            map.serialize_entry("timestamp", &date)?;
        }
        map.serialize_entry("service", self.service())?;
        map.serialize_entry("version", self.version())?;
        map.serialize_entry("phase", self.phase().as_str())?;
        // One decimal, rounded down: 12.399 s are 12.3.
        let tenths = self.uptime().as_millis() / 100;
        map.serialize_entry("uptime_seconds", &(tenths as f64 / 10.0))?;
        map.serialize_entry("consecutive_failures", &self.consecutive_failures())?;
        map.serialize_entry("components", &Components(self))?;
        let omitted = self
            .components()
            .len()
            .saturating_sub(Self::MOST_COMPONENTS);
        if omitted > 0 {
            map.serialize_entry("components_omitted", &omitted)?;
        }
        names(&mut map, "stalled", || self.stalled())?;
        names(&mut map, "pending", || self.pending())?;
        names(&mut map, "excused", || self.excused())?;
        if self.in_flight() > 0 {
            map.serialize_entry("in_flight", &self.in_flight())?;
        }
        map.serialize_entry("checks", &Checks(self))?;
        map.end()
    }
}

impl Snapshot {
    /// Names in `components`: more would push the document beyond what probers read.
    pub(crate) const MOST_COMPONENTS: usize = 32;

    fn date(&self, at: Instant) -> Option<Date> {
        self.wall_clock().map(|clock| Date(clock, at))
    }
}

struct Date(Moment, Instant);

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.unix_at(self.1).rfc3339();
        let text: Cow<'_, str> = String::from_utf8_lossy(&text);
        serializer.serialize_str(&text)
    }
}

struct Components<'a>(&'a Snapshot);

impl Serialize for Components<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let components = self.0.components().iter().take(Snapshot::MOST_COMPONENTS);
        serializer.collect_map(components.map(|one| (one.name().as_str(), one.status().is_up())))
    }
}

struct Checks<'a>(&'a Snapshot);

impl Serialize for Checks<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for one in self.0.components() {
            map.serialize_entry(one.name().as_str(), &Component(self.0, one))?;
        }
        for one in self.0.heartbeats() {
            map.serialize_entry(one.name().as_str(), &Heartbeat(self.0, one))?;
        }
        map.end()
    }
}

struct Component<'a>(&'a Snapshot, &'a ComponentState);

impl Serialize for Component<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(snapshot, component) = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("status", component.status().as_str())?;
        map.serialize_entry("consecutive_failures", &component.streak().failures())?;
        if let Some(date) = snapshot.date(component.since()) {
            map.serialize_entry("since", &date)?;
        }
        if let Some(took) = component.timing().last() {
            map.serialize_entry("duration_ms", &(took.as_millis() as u64))?;
        }
        if let Some((at, outcome)) = component.last() {
            map.serialize_entry("age_ms", &age(snapshot, at))?;
            if !outcome.message.as_str().is_empty() {
                map.serialize_entry("message", outcome.message.as_str())?;
            }
        }
        map.end()
    }
}

struct Heartbeat<'a>(&'a Snapshot, &'a HeartbeatState);

impl Serialize for Heartbeat<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(snapshot, beat) = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("status", beat.status().as_str())?;
        if let Some(date) = snapshot.date(beat.since()) {
            map.serialize_entry("since", &date)?;
        }
        map.serialize_entry("age_ms", &age(snapshot, beat.last()))?;
        map.serialize_entry("deadline_ms", &(beat.deadline().as_millis() as u64))?;
        map.end()
    }
}

fn age(snapshot: &Snapshot, at: Instant) -> u64 {
    snapshot.taken().duration_since(at).as_millis() as u64
}

/// An array of names; nothing at all if there are none.
fn names<'s, M: SerializeMap, I: Iterator<Item = &'s Name>>(
    map: &mut M,
    key: &'static str,
    names: impl Fn() -> I,
) -> Result<(), M::Error> {
    struct Names<F>(F);
    impl<'s, I: Iterator<Item = &'s Name>, F: Fn() -> I> Serialize for Names<F> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq((self.0)().map(Name::as_str))
        }
    }
    if names().next().is_none() {
        return Ok(());
    }
    map.serialize_entry(key, &Names(names))
}
