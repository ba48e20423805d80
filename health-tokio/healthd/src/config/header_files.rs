//! Finds out when a file that holds the value of a header has changed.
//!
//! Tokens are replaced from time to time: one that is read only at the start is refused later. While a
//! file cannot be read, also at the start, the checks that need it are not made: what a target says to an
//! old token, or to none, is nothing against it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde_json::Value;

use super::check::Defaults;
use super::reader::{Item, Result};
use super::target::{Source, TargetDef};

/// Stands for the value of a header whose file cannot be read. It is never sent.
pub(super) const UNREADABLE: &str = "(the file of this header cannot be read)";

/// The files of a target's headers, and the target's table to read it again.
#[derive(Clone, Debug)]
pub(crate) struct HeaderFiles {
    /// The target's table.
    target: Value,
    files: Vec<(String, Option<Stamp>)>,
    /// Why one of them cannot be read.
    pub(super) problem: Option<Box<str>>,
}

/// Differs when anything of the file has changed, its mode too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
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
            let stamp = stamp(it.as_ref());
            (it, stamp)
        });
        let (target, files) = (target.clone(), files.collect());
        Some(Box::new(Self {
            target,
            files,
            problem: None,
        }))
    }

    /// Why a file cannot be read: the checks that need it are not made.
    pub(crate) fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Whether one of them has changed since the last call, or can be read again.
    pub(crate) fn has_changed(&mut self) -> bool {
        let mut has_changed = false;
        for (file, known) in &mut self.files {
            let found = stamp(file.as_ref());
            has_changed |= std::mem::replace(known, found) != found;
        }
        let is_readable = |(file, _): &(String, _)| read_value(file).is_ok();
        has_changed || self.problem.is_some() && self.files.iter().all(is_readable)
    }

    /// The target's table with [`UNREADABLE`] in the place of each file that cannot be read.
    pub(super) fn without_unreadable(&self) -> Value {
        let mut without = self.target.clone();
        replace_unreadable(&mut without, false);
        without
    }

    /// The target with the current content of the files.
    ///
    /// # Errors
    ///
    /// Something else is wrong with it.
    pub(crate) fn read_again(&self, defaults: &Defaults, source: Source) -> Result<TargetDef> {
        TargetDef::read_leniently(&Item::root("target", &self.target), defaults, source)
    }
}

/// The value of a header that a file holds.
///
/// # Errors
///
/// It cannot be read, or holds none: it is just being written, or is no text of one line.
pub(super) fn read_value(file: &str) -> std::result::Result<String, String> {
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let value = text.trim_end();
    if value.is_empty() {
        return Err("the file is empty".to_owned());
    }
    // Not quoted: it may be a secret.
    match value.chars().any(|c| c.is_control() && c != '\t') {
        true => Err("allowed is a file of one line".to_owned()),
        false => Ok(value.to_owned()),
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
    if is_header && file.is_some_and(|file| read_value(file).is_err()) {
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

/// `None` if there is no such file.
pub(super) fn stamp(file: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(file).ok()?;
    Some(Stamp {
        device: metadata.dev(),
        inode: metadata.ino(),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
        length: metadata.len(),
    })
}
