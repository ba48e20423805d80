//! What changes the list: `add`, `remove`, `reactivate`.

use std::path::Path;

use health_core::Name;
use health_core::monitor::registry::TargetStore;
use serde_json::{Map, Value};

use super::cli::{AddArgs, Expect, NameArgs};
use super::config::{Defaults, added, split_target};
use super::control::{self, Lock, Reply, Request};
use super::store::{SqliteStore, StoreError};
use super::{Done, Failed, NOT, WRONG, print};

pub(super) fn add(args: &AddArgs) -> Done {
    let told = told(args)?;
    // Wrong is wrong, whether or not a monitor runs.
    let target = added(told.clone(), &Defaults::default());
    let target = target.map_err(|error| Failed::new(WRONG, error))?;
    let db = args.show.registry.path();
    change(&db, args.show.json, Request::Add(told), |store| {
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

pub(super) fn remove(args: &NameArgs) -> Done {
    let request = Request::Remove(args.name.clone());
    change(
        &args.show.registry.path(),
        args.show.json,
        request,
        |store| {
            known(store, &args.name, |store, name| {
                store.remove(std::slice::from_ref(name))?;
                Ok(format!("{name} removed; no monitor runs"))
            })
        },
    )
}

pub(super) fn reactivate(args: &NameArgs) -> Done {
    let request = Request::Reactivate(args.name.clone());
    change(
        &args.show.registry.path(),
        args.show.json,
        request,
        |store| {
            known(store, &args.name, |store, name| {
                store.reset(std::slice::from_ref(name))?;
                Ok(format!("{name} reactivated; no monitor runs"))
            })
        },
    )
}

/// Asks the monitor; if none runs, does it to the registry itself.
fn change(
    db: &Path,
    json: bool,
    request: Request,
    alone: impl FnOnce(&mut SqliteStore) -> Result<Reply, StoreError>,
) -> Done {
    let not = |error: &dyn std::fmt::Display| Failed::new(NOT, error);
    let lock = Lock::take(db).map_err(|error| not(&error))?;
    let reply = match lock {
        Some(_held) => {
            let mut store = SqliteStore::open(db, 1).map_err(|error| not(&error))?;
            alone(&mut store).map_err(|error| not(&error))?
        }
        None => {
            let answered = control::ask(db, &request);
            let answered = answered.map_err(|error| {
                Failed::new(NOT, format!("the monitor does not answer: {error}"))
            })?;
            let busy = "another healthd is about to start or to stop; try again";
            answered.ok_or_else(|| Failed::new(NOT, busy))?
        }
    };
    match reply {
        Reply::Refused(line) => Err(Failed::new(NOT, line)),
        reply if json => {
            super::print_json(&reply);
            Ok(())
        }
        Reply::Done(line) => {
            print(&line);
            Ok(())
        }
        Reply::Status(_) => Ok(()),
    }
}

fn known(
    store: &mut SqliteStore,
    text: &str,
    act: impl FnOnce(&mut SqliteStore, &Name) -> Result<String, StoreError>,
) -> Result<Reply, StoreError> {
    let targets = store.load()?;
    match targets.iter().find(|it| it.name.as_str() == text) {
        Some(target) => act(store, &target.name).map(Reply::Done),
        None => Ok(Reply::Refused(format!("{text}: no such target"))),
    }
}

/// The table of a configuration that the arguments mean.
fn told(args: &AddArgs) -> Result<Map<String, Value>, Failed> {
    let (name, url) = match &args.url {
        Some(url) => (&*args.name, &**url),
        None => split_target(&args.name).map_err(|error| Failed::new(WRONG, error))?,
    };
    let mut told = Map::new();
    told.insert("name".into(), name.into());
    told.insert("url".into(), url.into());
    for (key, value) in [
        ("group", &args.group),
        ("interval", &args.interval),
        ("timeout", &args.timeout),
    ] {
        if let Some(value) = value {
            told.insert(key.into(), value.as_str().into());
        }
    }
    if let Some(retries) = args.retries {
        told.insert("retries".into(), retries.into());
    }
    expectations(&args.expect, &mut told)?;
    Ok(told)
}

/// What is expected of an answer, in the words of a configuration.
pub(super) fn expectations(expect: &Expect, told: &mut Map<String, Value>) -> Result<(), Failed> {
    if let Some(codes) = &expect.expect_status {
        told.insert("expect_status".into(), codes.as_str().into());
    }
    if let Some(json) = expect.json_body {
        told.insert("json".into(), json.into());
    }
    if let Some(text) = &expect.contains {
        told.insert("contains".into(), text.as_str().into());
    }
    let mut headers = Vec::new();
    for header in &expect.headers {
        let (name, value) = header.split_once(':').ok_or_else(|| {
            // Not quoted: it may be a secret.
            Failed::new(WRONG, "--header: allowed is 'NAME: VALUE'")
        })?;
        headers.push(serde_json::json!({ "name": name, "value": value.trim() }));
    }
    if !headers.is_empty() {
        told.insert("headers".into(), headers.into());
    }
    Ok(())
}
