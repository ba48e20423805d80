//! Reads lists of addresses in the format of Prometheus (`file_sd`): `[{"targets": ["host:port"], "labels": {}}]`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use health_core::Name;
use serde_json::json;

use super::check::Defaults;
use super::document::parse_list;
use super::reader::{Item, Result};
use super::target::{Source, TargetDef, fingerprint};

/// Reads one `file_sd` table of a configuration, and the lists it names.
///
/// `files` are paths, relative to the configuration's directory, whose last part may have a `*`. Each
/// address is probed at `http://ADDRESS/health`; `scheme` and `path`, or the labels `__scheme__` and
/// `__metrics_path__`, change that. The label `job` names the group. `names` are the names derived so far,
/// with their URLs.
pub(super) fn read(
    item: &Item<'_>,
    directory: &Path,
    defaults: &Defaults,
    names: &mut BTreeMap<String, String>,
) -> Result<Vec<TargetDef>> {
    let mut targets = Vec::new();
    let table = item.table()?;
    let files = table.need("files")?;
    let text =
        |name| -> Result<Option<&str>> { table.get(name).map(|item| item.text()).transpose() };
    let (scheme, path, group) = (text("scheme")?, text("path")?, text("group")?);
    for file in files.list()? {
        let pattern = directory.join(file.text()?);
        let paths = expand(&pattern).map_err(|error| file.wrong(error))?;
        if paths.is_empty() {
            return Err(file.wrong("no such file"));
        }
        for file in paths {
            let origin = file.display().to_string();
            let value = parse_list(&file, &origin)?;
            for entry in Item::root(&origin, &value).list()? {
                let table = entry.table()?;
                let addresses = table.need("targets")?;
                let labels = table.get("labels").map(|it| it.table()).transpose()?;
                let label = |name: &'static str| -> Result<Option<&str>> {
                    let item = labels.as_ref().and_then(|labels| labels.get(name));
                    item.map(|item| item.text()).transpose()
                };
                let scheme = label("__scheme__")?.or(scheme).unwrap_or("http");
                let path = label("__metrics_path__")?.or(path).unwrap_or("/health");
                let group = label("job")?.or(group);
                for address in addresses.list()? {
                    let text = address.text()?;
                    let url = format!("{scheme}://{text}{path}");
                    let mut name = name_of(text);
                    if names.get(&name).is_some_and(|known| *known != url) {
                        name = shortened(&name, &url);
                    }
                    if names.insert(name.clone(), url.clone()).is_some() {
                        // Listed twice, it is one target.
                        continue;
                    }
                    let mut table = json!({ "name": name, "url": url });
                    if let Some(group) = group {
                        table["group"] = name_of(group).into();
                    }
                    let target = Item::root(&origin, &table);
                    let target = TargetDef::read(&target, defaults, Source::Config);
                    targets.push(target.map_err(|error| address.wrong(error))?);
                }
            }
        }
    }
    table.finish()?;
    Ok(targets)
}

/// The files that match a pattern, sorted.
fn expand(pattern: &Path) -> std::result::Result<Vec<PathBuf>, std::io::Error> {
    let last = pattern.file_name().and_then(|it| it.to_str()).unwrap_or("");
    let Some((before, after)) = last.split_once('*') else {
        return Ok(vec![pattern.to_owned()]);
    };
    let directory = pattern.parent().unwrap_or(Path::new("."));
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
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

/// An address as a name: characters that a name may not have become `_`.
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
