//! JSON of which every field has to be known.

use std::time::Duration;

use serde_json::{Map, Value};

/// An object whose fields are taken one by one; what is left at the [end](Self::end) is a mistake.
pub(crate) struct Fields {
    what: String,
    map: Map<String, Value>,
}

impl Fields {
    pub(crate) fn of(what: &str, value: &Value) -> Result<Self, String> {
        let what = what.to_owned();
        match value {
            Value::Object(map) => Ok(Self {
                what,
                map: map.clone(),
            }),
            _ => Err(format!("{what} is not an object: {value}")),
        }
    }

    /// Nothing is left.
    pub(crate) fn end(self) -> Result<(), String> {
        match self.map.keys().next() {
            Some(key) => Err(format!("{} has an unknown field {key:?}", self.what)),
            None => Ok(()),
        }
    }

    /// The field, if it is there; it may be null.
    pub(crate) fn take(&mut self, key: &str) -> Option<Value> {
        self.map.remove(key)
    }

    pub(crate) fn value(&mut self, key: &str) -> Result<Value, String> {
        let value = self.take(key);
        value.ok_or_else(|| format!("{} has no {key:?}", self.what))
    }

    pub(crate) fn text(&mut self, key: &str) -> Result<String, String> {
        let value = self.value(key)?;
        let text = value.as_str().map(str::to_owned);
        text.ok_or_else(|| self.wrong(key, "a text", &value))
    }

    pub(crate) fn flag(&mut self, key: &str, default: bool) -> Result<bool, String> {
        match self.take(key) {
            None => Ok(default),
            Some(value) => value
                .as_bool()
                .ok_or_else(|| self.wrong(key, "true or false", &value)),
        }
    }

    pub(crate) fn number(&mut self, key: &str) -> Result<u64, String> {
        let value = self.value(key)?;
        number(&value).map_err(|_| self.wrong(key, "a whole number", &value))
    }

    /// A number that has a default.
    pub(crate) fn number_or(&mut self, key: &str, default: u64) -> Result<u64, String> {
        if self.map.contains_key(key) {
            return self.number(key);
        }
        Ok(default)
    }

    /// The field, or null, or the default if it is not there.
    pub(crate) fn nullable(
        &mut self,
        key: &str,
        default: Option<u64>,
    ) -> Result<Option<u64>, String> {
        match self.map.get(key) {
            None => Ok(default),
            Some(Value::Null) => {
                self.take(key);
                Ok(None)
            }
            Some(_) => self.number(key).map(Some),
        }
    }

    pub(crate) fn list(&mut self, key: &str) -> Result<Vec<Value>, String> {
        match self.take(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(list)) => Ok(list),
            Some(value) => Err(self.wrong(key, "a list", &value)),
        }
    }

    /// A number or a list of numbers; none if it is not there.
    pub(crate) fn numbers(&mut self, key: &str) -> Result<Vec<u64>, String> {
        match self.take(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(list)) => list.iter().map(number).collect(),
            Some(value) => Ok(vec![number(&value)?]),
        }
    }

    pub(crate) fn wrong(&self, key: &str, wanted: &str, value: &Value) -> String {
        format!("{key:?} of {} is not {wanted}: {value}", self.what)
    }
}

pub(crate) fn number(value: &Value) -> Result<u64, String> {
    let number = value.as_u64();
    number.ok_or_else(|| format!("not a whole number: {value}"))
}

pub(crate) fn millis(value: u64) -> Duration {
    Duration::from_millis(value)
}
