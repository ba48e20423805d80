//! The commands that change the list: `add`, `remove`, `reactivate`.

use std::path::Path;

use health_core::Name;
use health_core::monitor::registry::TargetStore;
use serde_json::{Map, Value};

use super::cli::{AddArgs, Expect, NameArgs};
use super::config::{Defaults, added, make_directory, split_target};
use super::control::{self, Lock, Reply, Request};
use super::run;
use super::store::{Limits, SqliteStore, StoreError};
use super::{CommandError, CommandResult, EXIT_FAILURE, EXIT_USAGE, print};

pub(super) fn add(args: &AddArgs) -> CommandResult {
    let table = table(args)?;
    // A mistake is reported here, whether or not a monitor runs.
    let target = added(table.clone(), &Defaults::default());
    let target = target.map_err(|error| CommandError::new(EXIT_USAGE, error))?;
    let db = args.show.registry.path();
    make_directory(&db).map_err(|error| CommandError::new(EXIT_FAILURE, error))?;
    change(&db, args.show.json, Request::Add(table), |store| {
        let name = &target.name;
        if store.load()?.iter().any(|it| it.name == *name) {
            return Ok(Reply::Refused(format!(
                "{name}: there is a target of this name"
            )));
        }
        store.put(&[target.definition()])?;
        Ok(Reply::Done(format!("{name} added; no monitor runs")))
    })
}

pub(super) fn remove(args: &NameArgs) -> CommandResult {
    let request = Request::Remove(args.name.clone());
    change_known(args, request, |store, name| {
        store.remove(std::slice::from_ref(name))?;
        Ok(format!("{name} removed; no monitor runs"))
    })
}

pub(super) fn reactivate(args: &NameArgs) -> CommandResult {
    if run::client::reactivate(args)?.is_some() {
        return Ok(());
    }
    let request = Request::Reactivate(args.name.clone());
    change_known(args, request, |store, name| {
        store.reset(std::slice::from_ref(name))?;
        Ok(format!("{name} reactivated; no monitor runs"))
    })
}

/// Changes a target that there is. Where there is no registry there is none, and none is made for that.
fn change_known(
    args: &NameArgs,
    request: Request,
    act: impl FnOnce(&mut SqliteStore, &Name) -> Result<String, StoreError>,
) -> CommandResult {
    let (db, text) = (args.show.registry.path(), &*args.name);
    // A monitor may run all the same: whose disk is full, or whose file was removed.
    if !db.exists() && !control::is_locked(&db) {
        let line = format!(
            "{text}: no such target: there is no registry {}",
            db.display()
        );
        return Err(CommandError::new(EXIT_FAILURE, line));
    }
    change(&db, args.show.json, request, |store| {
        let targets = store.load()?;
        match targets.iter().find(|it| it.name.as_str() == text) {
            Some(target) => act(store, &target.name).map(Reply::Done),
            None => Ok(Reply::Refused(format!("{text}: no such target"))),
        }
    })
}

/// Sends the request to the monitor; if none runs, changes the registry itself.
fn change(
    db: &Path,
    json: bool,
    request: Request,
    alone: impl FnOnce(&mut SqliteStore) -> Result<Reply, StoreError>,
) -> CommandResult {
    let not = |error: &dyn std::fmt::Display| CommandError::new(EXIT_FAILURE, error);
    let lock = Lock::take(db).map_err(|error| not(&error))?;
    let reply = match lock {
        Some(_held) => {
            let mut store =
                SqliteStore::open(db, Limits::default()).map_err(|error| not(&error))?;
            alone(&mut store).map_err(|error| not(&error))?
        }
        None => {
            let answered = control::ask(db, &request);
            let answered = answered.map_err(|error| {
                CommandError::new(
                    EXIT_FAILURE,
                    format!("the monitor does not answer: {error}"),
                )
            })?;
            let busy = || "another healthd is about to start or to stop; try again".to_owned();
            let why = || control::obstacle(db).unwrap_or_else(busy);
            answered.ok_or_else(|| CommandError::new(EXIT_FAILURE, why()))?
        }
    };
    match reply {
        Reply::Refused(line) => Err(CommandError::new(EXIT_FAILURE, line)),
        reply if json => {
            super::print_json(&reply);
            Ok(())
        }
        Reply::Done(line) => {
            print(&line);
            Ok(())
        }
        Reply::Status(_) | Reply::Origin { .. } => Ok(()),
    }
}

/// The arguments as the table of a target in a configuration.
fn table(args: &AddArgs) -> Result<Map<String, Value>, CommandError> {
    let (name, url) = match &args.url {
        Some(url) => (&*args.name, &**url),
        None => {
            split_target(&args.name, "add").map_err(|error| CommandError::new(EXIT_USAGE, error))?
        }
    };
    let mut table = Map::new();
    table.insert("name".into(), name.into());
    table.insert("url".into(), url.into());
    for (key, value) in [
        ("group", &args.group),
        ("interval", &args.interval),
        ("timeout", &args.timeout),
    ] {
        if let Some(value) = value {
            table.insert(key.into(), value.as_str().into());
        }
    }
    if let Some(retries) = args.retries {
        table.insert("retries".into(), retries.into());
    }
    expectations(&args.expect, &mut table)?;
    Ok(table)
}

/// Adds what is expected of an answer, under the keys of a configuration.
pub(super) fn expectations(
    expect: &Expect,
    table: &mut Map<String, Value>,
) -> Result<(), CommandError> {
    if let Some(codes) = &expect.expect_status {
        table.insert("expect_status".into(), codes.as_str().into());
    }
    if let Some(json) = expect.json_body {
        table.insert("json".into(), json.into());
    }
    if let Some(text) = &expect.contains {
        table.insert("contains".into(), text.as_str().into());
    }
    if let Some(most) = expect.max_body {
        table.insert("max_body".into(), most.into());
    }
    let mut headers = Vec::new();
    for header in &expect.headers {
        let (name, value) = header.split_once(':').ok_or_else(|| {
            // Not quoted: it may be a secret.
            CommandError::new(EXIT_USAGE, "--header: allowed is 'NAME: VALUE'")
        })?;
        headers.push(serde_json::json!({ "name": name, "value": value.trim() }));
    }
    if !headers.is_empty() {
        table.insert("headers".into(), headers.into());
    }
    Ok(())
}
