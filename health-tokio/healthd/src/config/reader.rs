//! Reads a configuration as a tree. Each mistake is reported with file, key, value and what is allowed.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use health_core::parse_duration;
use serde_json::{Map, Value};

use super::position;

/// A mistake in the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfigError {
    origin: String,
    /// The line and the column.
    position: Option<(usize, usize)>,
    key: String,
    value: String,
    allowed: String,
}

impl ConfigError {
    /// `value` is shown; leave it empty where it may be a secret, or where there is none.
    pub(crate) fn new(
        origin: &str,
        key: &str,
        value: impl fmt::Display,
        allowed: impl fmt::Display,
    ) -> Self {
        Self {
            origin: origin.to_owned(),
            position: None,
            key: key.to_owned(),
            value: value.to_string(),
            allowed: allowed.to_string(),
        }
    }
}

impl ConfigError {
    /// What is allowed, or what is wrong.
    pub(super) fn reason(&self) -> &str {
        &self.allowed
    }

    /// The mistake with its place in this file, if it is one of it.
    pub(super) fn placed(mut self, path: &Path) -> Self {
        if self.position.is_none() && self.origin == path.display().to_string() {
            self.position = position::find(path, &self.key).filter(|_| !self.key.is_empty());
        }
        self
    }

    /// The mistake as one of a flag: the key `backoff_max` of a table that was made from flags is
    /// `--backoff-max`, and the command is what stands behind `--`.
    pub(super) fn of_flags(mut self) -> Self {
        let key = self.key.split(['.', '[']).next().unwrap_or_default();
        // What is allowed in them is keys of their own.
        if !["startup", "liveness", "readiness"].contains(&key) {
            self.allowed = with_flags(&self.allowed);
        }
        match key {
            "" => {}
            "command" => {
                self.origin = "-- COMMAND".to_owned();
                // Its words are shown by nobody.
                self.value.clear();
            }
            key => self.origin = format!("--{}", key.replace('_', "-")),
        }
        self.key.clear();
        self
    }
}

/// The text with flags in place of keys that have more than one word.
fn with_flags(text: &str) -> String {
    let words = text.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let words = words.map(|word| match word.contains('_') {
        true => format!("--{}", word.replace('_', "-")),
        false => word.to_owned(),
    });
    words.collect()
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            origin,
            position,
            key,
            value,
            allowed,
        } = self;
        f.write_str(origin)?;
        if let Some((line, column)) = position {
            write!(f, ":{line}:{column}")?;
        }
        if !key.is_empty() {
            write!(f, ": {key}")?;
        }
        if !value.is_empty() {
            write!(f, " = {value}")?;
        }
        write!(f, ": {allowed}")
    }
}

impl std::error::Error for ConfigError {}

pub(super) type Result<T> = std::result::Result<T, ConfigError>;

/// A value and its position.
#[derive(Clone, Debug)]
pub(super) struct Item<'a> {
    origin: &'a str,
    key: String,
    value: &'a Value,
}

/// A table whose keys must all be known.
#[derive(Debug)]
pub(super) struct Table<'a> {
    origin: &'a str,
    key: String,
    map: &'a Map<String, Value>,
    /// The keys that were read so far, which are those allowed.
    known: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Item<'a> {
    /// The whole of a file.
    pub(super) const fn root(origin: &'a str, value: &'a Value) -> Self {
        Self {
            origin,
            key: String::new(),
            value,
        }
    }

    /// The same with this key.
    pub(super) fn named(mut self, key: &str) -> Self {
        self.key = key.to_owned();
        self
    }

    /// Another value at the same position: what its text was read as.
    pub(super) fn in_place<'b>(&'b self, value: &'b Value) -> Item<'b> {
        Item {
            origin: self.origin,
            key: self.key.clone(),
            value,
        }
    }

    pub(super) fn wrong(&self, allowed: impl fmt::Display) -> ConfigError {
        ConfigError::new(self.origin, &self.key, shown(self.value), allowed)
    }

    /// As [`wrong`](Self::wrong), without the value.
    pub(super) fn wrong_secret(&self, allowed: impl fmt::Display) -> ConfigError {
        ConfigError::new(self.origin, &self.key, "", allowed)
    }

    pub(super) fn text(&self) -> Result<&'a str> {
        let text = self.value.as_str().filter(|text| !text.is_empty());
        text.ok_or_else(|| self.wrong("allowed is a text"))
    }

    pub(super) fn flag(&self) -> Result<bool> {
        let flag = self.value.as_bool();
        flag.ok_or_else(|| self.wrong("allowed is true or false"))
    }

    pub(super) fn integer(&self, least: u64, most: u64) -> Result<u64> {
        let number = self.value.as_u64();
        let number = number.filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| self.wrong(format_args!("allowed is {least} to {most}")))
    }

    pub(super) fn fraction(&self) -> Result<f64> {
        let number = self.value.as_f64();
        let number = number.filter(|number| (0.0..=1.0).contains(number));
        number.ok_or_else(|| self.wrong("allowed is 0 to 1"))
    }

    pub(super) fn port(&self) -> Result<u16> {
        let port = self.integer(1, u64::from(u16::MAX))?;
        Ok(u16::try_from(port).unwrap_or(u16::MAX))
    }

    /// A number is seconds.
    pub(super) fn duration(&self) -> Result<Duration> {
        let text = match self.value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let duration = parse_duration(&text);
        duration.map_err(|error| self.wrong(error))
    }

    /// A duration of at least a second, which may be long: in days (`90d`), too.
    pub(super) fn days(&self) -> Result<Duration> {
        let days = self.value.as_str().and_then(|it| it.strip_suffix('d'));
        let duration = match days.map(str::parse::<u32>) {
            Some(Ok(days)) => Duration::from_secs(u64::from(days) * 24 * 3_600),
            _ => self.duration()?,
        };
        if duration < Duration::from_secs(1) {
            return Err(self.wrong("allowed is at least 1s"));
        }
        Ok(duration)
    }

    /// One of these words, whatever its case.
    pub(super) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Result<T> {
        let text = self.value.as_str().unwrap_or_default();
        let found = words
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(text));
        found.map(|(_, it)| *it).ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.wrong(format_args!("allowed is one of: {}", words.join(", ")))
        })
    }

    pub(super) fn table(&self) -> Result<Table<'a>> {
        let map = self.value.as_object();
        let map = map.ok_or_else(|| self.wrong("allowed is a table"))?;
        Ok(Table {
            origin: self.origin,
            key: self.key.clone(),
            map,
            known: RefCell::default(),
        })
    }

    pub(super) fn list(&self) -> Result<Vec<Self>> {
        let list = self.value.as_array();
        let list = list.ok_or_else(|| self.wrong("allowed is a list"))?;
        let items = list.iter().enumerate().map(|(index, value)| Self {
            origin: self.origin,
            key: format!("{}[{index}]", self.key),
            value,
        });
        Ok(items.collect())
    }

    pub(super) fn texts(&self) -> Result<Vec<String>> {
        let items = self.list()?.into_iter();
        items.map(|item| item.text().map(str::to_owned)).collect()
    }

    /// As [`texts`](Self::texts), some of which may be empty, as arguments of programs may.
    pub(super) fn texts_or_empty(&self) -> Result<Vec<String>> {
        let texts = self.list()?.into_iter().map(|item| {
            let text = item.value.as_str().map(str::to_owned);
            text.ok_or_else(|| item.wrong("allowed is a text"))
        });
        texts.collect()
    }

    pub(super) fn is_table(&self) -> bool {
        self.value.is_object()
    }

    pub(super) const fn value(&self) -> &'a Value {
        self.value
    }
}

impl<'a> Table<'a> {
    pub(super) fn get(&self, name: &'static str) -> Option<Item<'a>> {
        self.known.borrow_mut().insert(name);
        #[cfg(test)]
        asked::add(&self.key, name);
        let value = self.map.get(name)?;
        Some(self.item(name, value))
    }

    /// The value under one of these names, which mean the same.
    pub(super) fn either(&self, names: &[&'static str]) -> Result<Option<Item<'a>>> {
        let mut found = names.iter().filter_map(|name| self.get(name));
        let first = found.next();
        match found.next() {
            Some(second) => Err(second.wrong(format_args!(
                "allowed is one of {}, which mean the same",
                names.join(", ")
            ))),
            None => Ok(first),
        }
    }

    pub(super) fn need(&self, name: &'static str) -> Result<Item<'a>> {
        self.get(name)
            .ok_or_else(|| self.lacks(format_args!("{name} is missing")))
    }

    /// An error about the table as a whole.
    pub(super) fn lacks(&self, what: impl fmt::Display) -> ConfigError {
        ConfigError::new(self.origin, &self.key, "", what)
    }

    /// All entries, for a table whose keys are free.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a str, Item<'a>)> {
        let map = self.map;
        map.iter()
            .map(|(name, value)| (name.as_str(), self.item(name, value)))
    }

    /// Refuses keys that were not read: they would have no effect. Call it last.
    pub(super) fn finish(&self) -> Result<()> {
        let known = self.known.borrow();
        for (name, value) in self.map {
            if !known.contains(name.as_str()) {
                let names: Vec<_> = known.iter().copied().collect();
                let names = names.join(", ");
                let item = self.item(name, value);
                return Err(item.wrong_secret(format_args!("no such key; allowed are: {names}")));
            }
        }
        Ok(())
    }

    fn item(&self, name: &str, value: &'a Value) -> Item<'a> {
        let key = if self.key.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.key)
        };
        Item {
            origin: self.origin,
            key,
            value,
        }
    }
}

/// The value, shortened to fit into one line.
fn shown(value: &Value) -> String {
    const MOST: usize = 60;
    let text = match value {
        Value::Object(_) => "{…}".to_owned(),
        Value::Array(_) => "[…]".to_owned(),
        other => other.to_string(),
    };
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The keys that were asked for, for the test of the reference.
#[cfg(test)]
pub(super) mod asked {
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    thread_local! {
        static ASKED: RefCell<BTreeSet<(String, &'static str)>> = RefCell::default();
    }

    /// Of the table at this place.
    pub(super) fn add(place: &str, name: &'static str) {
        let mut path = place.to_owned();
        while let (Some(begin), Some(end)) = (path.find('['), path.find(']')) {
            path.replace_range(begin..=end, "");
        }
        ASKED.with_borrow_mut(|it| it.insert((path, name)));
    }

    /// All of this thread since the last call: the path of the table, and the name.
    pub(in crate::config) fn take() -> BTreeSet<(String, &'static str)> {
        ASKED.take()
    }
}
