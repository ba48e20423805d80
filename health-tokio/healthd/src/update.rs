//! `healthd update`: other settings for a target that was added.
//!
//! What was given to `add` is kept in the registry. An update changes keys of it, takes some away, and reads
//! the whole again: so a mistake is the same as in `add`, and leaves everything as it was.

use health_core::monitor::registry::TargetStore;
use serde_json::{Map, Value};

use super::cli::UpdateArgs;
use super::commands::{change_one, place};
use super::config::{Defaults, updated};
use super::control::{Reply, Request};
use super::{CommandError, CommandResult, EXIT_USAGE};

/// The keys that say what is checked, of which a target has one.
const PLACES: [&str; 2] = ["url", "exec"];
/// The keys that no update takes away.
const NEEDED: [&str; 3] = ["name", "url", "exec"];

/// Carries out the command.
pub(super) fn run(args: &UpdateArgs) -> CommandResult {
    let changes = changes(args)?;
    let request = Request::Update {
        name: args.name.clone(),
        changes: changes.clone(),
    };
    change_one(&args.name, &args.show, request, |store, stored| {
        let (target, keeps_state) = match updated(stored, &changes, &Defaults::default()) {
            Ok(updated) => updated,
            Err(error) => return Ok(Reply::Refused(error)),
        };
        if !keeps_state {
            store.reset(std::slice::from_ref(&target.name))?;
        }
        store.put(&[target.definition()])?;
        Ok(Reply::Done(format!(
            "{}; no monitor runs",
            done(&args.name, keeps_state)
        )))
    })
}

/// One line for people.
pub(super) fn done(name: &str, keeps_state: bool) -> String {
    match keeps_state {
        true => format!("{name} updated"),
        false => format!("{name} updated; it is checked in another place now, and begins anew"),
    }
}

/// The keys that change: each with its value, or with null if it is taken away.
fn changes(args: &UpdateArgs) -> Result<Map<String, Value>, CommandError> {
    let usage = |line: &str| CommandError::new(EXIT_USAGE, line);
    let mut changes = Map::new();
    for key in &args.unset {
        if NEEDED.contains(&&**key) {
            return Err(usage(&format!("--unset: {key} is needed")));
        }
        changes.insert(key.clone(), Value::Null);
    }
    match &args.url {
        Some(url) => {
            let (key, place) = place(url, &args.command)?;
            changes.extend(PLACES.map(|it| (it.to_owned(), Value::Null)));
            changes.insert(key.to_owned(), place);
        }
        None if !args.command.is_empty() => return Err(usage("a command is for exec")),
        None => {}
    }
    let given = args.flags.insert(&mut changes);
    given.map_err(|error| usage(&error))?;
    args.stream.add_to(&mut changes);
    match changes.is_empty() {
        true => Err(usage(
            "nothing to change; allowed are a URL, flags and --unset",
        )),
        false => Ok(changes),
    }
}
