//! The commands that change the list: `add`, `remove`, and what `update` shares with them; what is asked of the
//! targets on it is in [`quiet`].

pub(super) mod quiet;

use std::fmt::Display;
use std::path::Path;

use health_core::Name;
use health_core::monitor::registry::{StoredTarget, TargetStore};
use serde_json::{Map, Value};

use super::cli::{AddArgs, NameArgs, ShowArgs};
use super::config::{Defaults, added, make_directory, split_target};
use super::control::{self, Lock, Reply, Request};
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

fn change_known(
    args: &NameArgs,
    request: Request,
    act: impl FnOnce(&mut SqliteStore, &Name) -> Result<String, StoreError>,
) -> CommandResult {
    change_one(&args.name, &args.show, request, |store, target| {
        act(store, &target.name).map(Reply::Done)
    })
}

/// Changes a target that there is. Where there is no registry there is none, and none is made for that.
pub(super) fn change_one(
    text: &str,
    show: &ShowArgs,
    request: Request,
    act: impl FnOnce(&mut SqliteStore, &StoredTarget) -> Result<Reply, StoreError>,
) -> CommandResult {
    let db = show.registry.path();
    not_there(&db, &text)?;
    change(&db, show.json, request, |store| {
        let targets = store.load()?;
        match targets.iter().find(|it| it.name.as_str() == text) {
            Some(target) => act(store, target),
            None => Ok(Reply::Refused(format!("{text}: no such target"))),
        }
    })
}

/// Refuses what is asked of a target where there is neither a registry nor a monitor.
fn not_there(db: &Path, of: &impl Display) -> CommandResult {
    // A monitor may run all the same: whose disk is full, or whose file was removed.
    if db.exists() || control::is_locked(db) {
        return Ok(());
    }
    let db = db.display();
    let line = format!("{of}: no such target: there is no registry {db}");
    Err(CommandError::new(EXIT_FAILURE, line))
}

/// Sends the request to the monitor; if none runs, changes the registry itself.
fn change(
    db: &Path,
    json: bool,
    request: Request,
    alone: impl FnOnce(&mut SqliteStore) -> Result<Reply, StoreError>,
) -> CommandResult {
    let not = |error: &dyn Display| CommandError::new(EXIT_FAILURE, error);
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
    let usage = |error: &dyn Display| CommandError::new(EXIT_USAGE, error);
    let (name, url) = match &args.url {
        Some(url) => (&*args.name, &**url),
        None => split_target(&args.name, "add").map_err(|error| usage(&error))?,
    };
    let mut table = Map::new();
    table.insert("name".into(), name.into());
    let (key, place) = place(url, &args.command)?;
    table.insert(key.into(), place);
    args.flags
        .insert(&mut table)
        .map_err(|error| usage(&error))?;
    args.stream.add_to(&mut table);
    Ok(table)
}

/// What is checked, under its key: a URL, or behind `exec` a command.
pub(super) fn place(url: &str, command: &[String]) -> Result<(&'static str, Value), CommandError> {
    match (url, command) {
        ("exec", command) => Ok(("exec", command.into())),
        (url, []) => Ok(("url", url.into())),
        _ => Err(CommandError::new(EXIT_USAGE, "a command is for exec")),
    }
}
