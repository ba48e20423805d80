//! Reads lists of addresses in the format of Prometheus (`file_sd`): `[{"targets": ["host:port"], "labels": {}}]`,
//! in JSON or YAML.
//!
//! Lists are written by other programs, again and again. So nothing that is wrong with one ends more than
//! it has to: a mistake in an entry leaves out that entry, and while a list is absent or cannot be read,
//! its targets stay as they were.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use health_core::Name;
use serde_json::json;

use super::check::Defaults;
use super::document::parse_list;
use super::header_files::{Stamp, stamp};
use super::reader::{Item, Result};
use super::target::{Source, TargetDef, fingerprint};

/// What a list says about all targets of one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listing {
    /// The list.
    pub(crate) file: PathBuf,
    /// Without those whose names begin with `__`, which are for whoever reads the list.
    pub(crate) labels: Arc<BTreeMap<String, String>>,
}

/// All lists of a configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lists {
    tables: Vec<FileSd>,
    /// The files as they were when they were last read.
    stamps: Vec<(PathBuf, Option<Stamp>)>,
}

/// What was read of lists.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(crate) targets: Vec<TargetDef>,
    /// The files, or the directories of a pattern, that are absent or cannot be read.
    pub(crate) unread: Vec<PathBuf>,
    /// What is wrong with lists and entries: a line each.
    pub(crate) problems: Vec<String>,
}

/// A table `file_sd`.
#[derive(Clone, Debug)]
struct FileSd {
    /// Their last part may have a `*`.
    patterns: Vec<PathBuf>,
    scheme: Option<String>,
    path: Option<String>,
    group: Option<String>,
}

/// The most labels of an entry.
const MOST_LABELS: usize = 64;
/// The longest label, in bytes.
const LONGEST_LABEL: usize = 1_024;

impl Lists {
    /// Reads one `file_sd` table of a configuration.
    ///
    /// `files` are paths, relative to the configuration's directory. Each address is probed at
    /// `http://ADDRESS/health`; `scheme` and `path`, or the labels `__scheme__` and `__metrics_path__`,
    /// change that. The label `job` names the group.
    pub(super) fn add(&mut self, item: &Item<'_>, directory: &Path) -> Result<()> {
        let table = item.table()?;
        let files = table.need("files")?.texts()?;
        let text = |name| -> Result<Option<String>> {
            let item = table.get(name);
            item.map(|item| item.text().map(str::to_owned)).transpose()
        };
        self.tables.push(FileSd {
            patterns: files.iter().map(|it| directory.join(it)).collect(),
            scheme: text("scheme")?,
            path: text("path")?,
            group: text("group")?,
        });
        table.finish()
    }

    /// Whether a file has changed, come or gone since they were last read.
    pub(crate) fn have_changed(&self) -> bool {
        !self.tables.is_empty() && self.stamps != self.stamp()
    }

    /// Reads them all. A name that `is_taken` is left out.
    pub(crate) fn read(&mut self, defaults: &Defaults, is_taken: impl Fn(&Name) -> bool) -> Found {
        // First: what changes meanwhile is read again.
        self.stamps = self.stamp();
        let mut reading = Reading {
            defaults,
            is_taken,
            found: Found::default(),
            names: BTreeMap::new(),
        };
        for table in &self.tables {
            for pattern in &table.patterns {
                match expand(pattern) {
                    Ok(files) => files.iter().for_each(|it| reading.list(table, it)),
                    Err(error) => {
                        let directory = directory(pattern);
                        let problem = format!("{}: {error}", directory.display());
                        reading.found.problems.push(problem);
                        reading.found.unread.push(directory.to_owned());
                    }
                }
            }
        }
        reading.found
    }

    fn stamp(&self) -> Vec<(PathBuf, Option<Stamp>)> {
        let patterns = self.tables.iter().flat_map(|it| &it.patterns);
        let files: BTreeSet<_> = patterns
            .flat_map(|it| expand(it).unwrap_or_default())
            .collect();
        let stamps = files.into_iter().map(|it| {
            let stamp = stamp(&it);
            (it, stamp)
        });
        stamps.collect()
    }
}

impl Found {
    /// The first problems, and how many more there are.
    pub(crate) fn warnings(&self) -> Vec<String> {
        const MOST: usize = 20;
        let mut warnings: Vec<_> = self.problems.iter().take(MOST).cloned().collect();
        if let Some(more) = self.problems.len().checked_sub(MOST).filter(|it| *it > 0) {
            warnings.push(format!("{more} more mistakes in lists"));
        }
        warnings
    }

    /// Whether the list that names a target could not be read, so that the target stays.
    pub(crate) fn lacks(&self, file: &Path) -> bool {
        let is_in = |it: &PathBuf| file == it || file.parent() == Some(it);
        self.unread.iter().any(is_in)
    }
}

/// Lists that are being read.
struct Reading<'a, T> {
    defaults: &'a Defaults,
    is_taken: T,
    found: Found,
    /// The names so far, with their URLs.
    names: BTreeMap<String, String>,
}

impl<T: Fn(&Name) -> bool> Reading<'_, T> {
    fn list(&mut self, of: &FileSd, file: &Path) {
        let origin = file.display().to_string();
        let value = parse_list(file, &origin);
        let entries = value.as_ref().map_err(Clone::clone);
        let entries = entries.and_then(|value| Item::root(&origin, value).list());
        match entries {
            Ok(entries) => {
                for entry in entries {
                    if let Err(error) = self.entry(of, file, &entry) {
                        let problem = format!("{error}; this entry is left out");
                        self.found.problems.push(problem);
                    }
                }
            }
            Err(error) => {
                let problem =
                    format!("{error}; its targets stay as they were until it can be read");
                self.found.problems.push(problem);
                self.found.unread.push(file.to_owned());
            }
        }
    }

    fn entry(&mut self, of: &FileSd, file: &Path, entry: &Item<'_>) -> Result<()> {
        let table = entry.table()?;
        let addresses = table.need("targets")?.list()?;
        let mut labels = BTreeMap::new();
        if let Some(item) = table.get("labels") {
            for (name, value) in item.table()?.entries() {
                let text = value.value().as_str();
                let text = text.filter(|it| it.len().max(name.len()) <= LONGEST_LABEL);
                let allowed = || value.wrong("allowed is a text of at most 1024 bytes");
                let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
                if name.is_empty() || !name.chars().all(is_name) {
                    return Err(value.wrong("allowed in its name are A-Z a-z 0-9 _"));
                }
                labels.insert(name.to_owned(), text.ok_or_else(allowed)?.to_owned());
            }
            if labels.len() > MOST_LABELS {
                return Err(item.wrong(format_args!("allowed are {MOST_LABELS} labels")));
            }
        }
        let label = |name: &str| labels.get(name).filter(|it| !it.is_empty());
        let scheme = label("__scheme__").or(of.scheme.as_ref());
        let scheme = scheme.map_or("http", |it| it.as_str()).to_owned();
        let path = label("__metrics_path__").or(of.path.as_ref());
        let path = path.map_or("/health", |it| it.as_str()).to_owned();
        let group = label("job").or(of.group.as_ref()).cloned();
        labels.retain(|name, _| !name.starts_with("__"));
        let listing = Arc::new(Listing {
            file: file.to_owned(),
            labels: Arc::new(labels),
        });
        for address in addresses {
            let read = self.address(&address, &scheme, &path, group.as_deref(), &listing);
            if let Err(error) = read {
                self.found
                    .problems
                    .push(format!("{error}; this address is left out"));
            }
        }
        Ok(())
    }

    fn address(
        &mut self,
        address: &Item<'_>,
        scheme: &str,
        path: &str,
        group: Option<&str>,
        listing: &Arc<Listing>,
    ) -> Result<()> {
        let text = address.text()?;
        let url = format!("{scheme}://{text}{path}");
        let mut name = name_of(text);
        if self.names.get(&name).is_some_and(|known| *known != url) {
            name = shortened(&name, &url);
        }
        if self.names.contains_key(&name) {
            // Listed twice, it is one target.
            return Ok(());
        }
        let mut table = json!({ "name": name, "url": url });
        if let Some(group) = group {
            table["group"] = name_of(group).into();
        }
        let target = TargetDef::read(&address.in_place(&table), self.defaults, Source::Config);
        let target = target.map_err(|error| address.wrong(error.reason()))?;
        if (self.is_taken)(&target.name) {
            let taken = format!("there is a target {name} outside of the lists");
            return Err(address.wrong(taken));
        }
        self.names.insert(name, url);
        self.found.targets.push(target.listed_in(listing));
        Ok(())
    }
}

/// The files that match a pattern, sorted; without a `*`, the one file, whether or not it is there.
fn expand(pattern: &Path) -> io::Result<Vec<PathBuf>> {
    let last = pattern.file_name().and_then(|it| it.to_str()).unwrap_or("");
    let Some((before, after)) = last.split_once('*') else {
        return Ok(vec![pattern.to_owned()]);
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(directory(pattern))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|it| it.to_str()).unwrap_or("");
        let fits = name.len() >= before.len() + after.len();
        if fits && name.starts_with(before) && name.ends_with(after) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn directory(pattern: &Path) -> &Path {
    let parent = pattern.parent();
    parent
        .filter(|it| !it.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// An address as a name: characters that a name may not have became `_`.
fn name_of(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.:-".contains(c);
    let name: String = text.trim_matches(['[', ']']).chars().collect();
    let name = name.chars().map(|c| if allowed(c) { c } else { '_' });
    let name: String = name.collect();
    if name.len() <= Name::MAX_LEN {
        return name;
    }
    shortened(&name, text)
}

/// The beginning of a name, followed by a fingerprint of the whole text.
fn shortened(name: &str, text: &str) -> String {
    const KEPT: usize = 50;
    let name = &name[..name.len().min(KEPT)];
    format!("{name}-{:012x}", fingerprint([text]) & 0xFFFF_FFFF_FFFF)
}
