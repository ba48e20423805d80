//! Finds out when a file that holds the value of a header has changed.
//!
//! Tokens are replaced from time to time: one that is read only at the start is refused later. While a
//! file cannot be read, the checks that need it are not made: what a target says to an old token is
//! nothing against it.

use std::fs;
use std::os::unix::fs::MetadataExt;

use health_core::check::probe::Probe;
use serde_json::Value;

use super::check::Defaults;
use super::reader::{Item, Result};
use super::target::{Source, TargetDef};

/// Stands for the value of a header whose file cannot be read. It is never sent.
const UNREADABLE: &str = "(the file of this header cannot be read)";

/// The files of a target's headers, and the target's table to read it again.
#[derive(Clone, Debug)]
pub(crate) struct HeaderFiles {
    /// The target's table.
    target: Value,
    files: Vec<(String, Option<Stamp>)>,
}

/// Differs when anything of the file has changed, its mode too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    changed: (i64, i64),
    length: u64,
}

impl HeaderFiles {
    /// The files that a target's table names; `None` if it names none. Call it before they are read.
    pub(super) fn of(target: &Value) -> Option<Box<Self>> {
        let mut files = Vec::new();
        collect(target, false, &mut files);
        if files.is_empty() {
            return None;
        }
        let files = files.into_iter().map(|it| {
            let stamp = stamp(&it);
            (it, stamp)
        });
        let (target, files) = (target.clone(), files.collect());
        Some(Box::new(Self { target, files }))
    }

    /// Whether one of them has changed since the last call.
    pub(crate) fn has_changed(&mut self) -> bool {
        let mut has_changed = false;
        for (file, known) in &mut self.files {
            let found = stamp(file);
            has_changed |= std::mem::replace(known, found) != found;
        }
        has_changed
    }

    /// The target with the checks that lack the content of a file marked as such.
    ///
    /// # Errors
    ///
    /// Something else is wrong with it.
    pub(crate) fn read_without(&self, defaults: &Defaults, source: Source) -> Result<TargetDef> {
        let mut without = self.target.clone();
        replace_unreadable(&mut without, false);
        let mut target = TargetDef::read(&Item::root("target", &without), defaults, source)?;
        for check in &mut target.checks {
            if let Probe::Http(http) = &check.probe {
                let request = String::from_utf8_lossy(http.request());
                check.lacks_header = request.contains(UNREADABLE);
            }
        }
        // What was given stays what it was.
        target.given = target.given.map(|_| self.target.to_string().into());
        target.header_files = Some(Box::new(self.clone()));
        Ok(target)
    }

    /// The target with the current content of the files.
    ///
    /// # Errors
    ///
    /// One of them cannot be read.
    pub(crate) fn read_again(&self, defaults: &Defaults, source: Source) -> Result<TargetDef> {
        TargetDef::read(&Item::root("target", &self.target), defaults, source)
    }
}

/// Collects the files that headers name, anywhere in the table.
fn collect(value: &Value, is_header: bool, files: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if let Some(file) = map.get("file").and_then(Value::as_str) {
                if is_header {
                    files.push(file.to_owned());
                }
            }
            for (key, value) in map {
                collect(value, is_header || is_headers(key), files);
            }
        }
        Value::Array(list) => list.iter().for_each(|it| collect(it, is_header, files)),
        _ => {}
    }
}

/// Puts [`UNREADABLE`] in the place of each file of a header that cannot be read.
fn replace_unreadable(value: &mut Value, is_header: bool) {
    let file = value.get("file").and_then(Value::as_str);
    if is_header && file.is_some_and(|file| fs::read_to_string(file).is_err()) {
        *value = UNREADABLE.into();
        return;
    }
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                replace_unreadable(value, is_header || is_headers(key));
            }
        }
        Value::Array(list) => {
            let each = list.iter_mut();
            each.for_each(|it| replace_unreadable(it, is_header));
        }
        _ => {}
    }
}

fn is_headers(key: &str) -> bool {
    key == "headers" || key == "httpHeaders"
}

fn stamp(file: &str) -> Option<Stamp> {
    let metadata = fs::metadata(file).ok()?;
    Some(Stamp {
        device: metadata.dev(),
        inode: metadata.ino(),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
        length: metadata.len(),
    })
}
