//! The commands on targets that there are: `pause`, `resume`, `silence`, `unsilence`, `check-now`,
//! `reactivate`.

use health_core::Name;
use health_core::monitor::registry::{StoredTarget, TargetStore};
use serde_json::Value;

use super::{change, not_there};
use crate::cli::{ActArgs, NameArgs, OfArgs, PauseArgs, ShowArgs, SilenceArgs};
use crate::control::{Reply, Request};
use crate::daemon::now;
use crate::quiet::{Act, Member, Of, Refusal, Verb, caller, document, sentence};
use crate::store::{SqliteStore, StoreError, read_quiet};
use crate::{CommandError, CommandResult, EXIT_FAILURE, EXIT_USAGE, print, print_json, run, text};

pub(crate) fn pause(args: PauseArgs) -> CommandResult {
    act(args.of, &args.show, Verb::Pause { why: args.why })
}

pub(crate) fn resume(args: ActArgs) -> CommandResult {
    act(args.of, &args.show, Verb::Resume)
}

pub(crate) fn silence(args: SilenceArgs) -> CommandResult {
    if args.list {
        return list(&args.show);
    }
    let length = args.length.unwrap_or_default();
    let verb = Verb::Silence {
        length,
        why: args.why,
    };
    act(args.of, &args.show, verb)
}

pub(crate) fn unsilence(args: ActArgs) -> CommandResult {
    act(args.of, &args.show, Verb::Unsilence)
}

pub(crate) fn check_now(args: ActArgs) -> CommandResult {
    act(args.of, &args.show, Verb::CheckNow)
}

pub(crate) fn reactivate(args: ActArgs) -> CommandResult {
    let ActArgs { of, show } = args;
    let Some(name) = of.name.clone() else {
        return act(of, &show, Verb::Reactivate);
    };
    let args = NameArgs { name, show };
    match run::client::reactivate(&args)? {
        Some(()) => Ok(()),
        None => act(of, &args.show, Verb::Reactivate),
    }
}

fn act(of: OfArgs, show: &ShowArgs, verb: Verb) -> CommandResult {
    let of = match (of.name, of.group, of.all) {
        (Some(name), ..) => Of::Target(name),
        (_, Some(name), _) => Of::Group(name),
        (.., true) => Of::All,
        _ => {
            let line = "whom? allowed is one of NAME, --group NAME, --all";
            return Err(CommandError::new(EXIT_USAGE, line));
        }
    };
    let act = Act {
        verb,
        of,
        by: caller(),
    };
    act.check()
        .map_err(|error| CommandError::new(EXIT_USAGE, format!("--{error}")))?;
    let db = show.registry.path();
    not_there(&db, &act.of)?;
    let request = Request::Act(act.clone());
    change(&db, show.json, request, |store| alone(&act, store))
}

/// Where no monitor runs.
fn alone(act: &Act, store: &mut SqliteStore) -> Result<Reply, StoreError> {
    let targets = store.load()?;
    let members = match act.of.members(targets.iter().map(member)) {
        Ok(members) => members,
        Err(refusal) => return Ok(refused(&refusal)),
    };
    let done = match act.verb {
        Verb::CheckNow => {
            let line = "no monitor runs; `healthd check NAME` checks a target once";
            return Ok(Reply::Refused(line.to_owned()));
        }
        Verb::Reactivate => {
            let is_gone = |it: &&StoredTarget| it.checks.iter().any(|it| it.saved.deregistered);
            let gone: Vec<_> = targets.iter().filter(is_gone).map(|it| &it.name).collect();
            let names = members.iter().map(|it| &it.name);
            let names: Vec<_> = names.filter(|it| gone.contains(it)).collect();
            let Some(done) = act.done(&names, "reactivated") else {
                return Ok(Reply::Done(act.of.all_active()));
            };
            let names: Vec<Name> = names.into_iter().cloned().collect();
            store.reset(&names)?;
            done
        }
        _ => {
            let mut quiet = store.load_quiet()?;
            quiet.expire(now());
            match act.apply(&mut quiet, &members, now()) {
                Ok(done) => {
                    store.write_quiet(&quiet)?;
                    done
                }
                Err(refusal) => return Ok(refused(&refusal)),
            }
        }
    };
    Ok(Reply::Done(format!("{done}; no monitor runs")))
}

fn member(target: &StoredTarget) -> Member {
    let definition: Value = serde_json::from_str(&target.text).unwrap_or_default();
    let group = definition["group"].as_str().map(Name::new);
    Member {
        name: target.name.clone(),
        group: group.and_then(Result::ok),
    }
}

fn refused(refusal: &Refusal) -> Reply {
    Reply::Refused(refusal.to_string())
}

/// `silence --list`: from the registry, whether or not a monitor runs.
fn list(show: &ShowArgs) -> CommandResult {
    let quiet = read_quiet(&show.registry.path());
    let mut quiet = quiet.map_err(|error| CommandError::new(EXIT_FAILURE, error))?;
    quiet.expire(now());
    if show.json {
        print_json(&document(&quiet));
        return Ok(());
    }
    let pauses = quiet.pauses();
    let mut rows: Vec<_> = pauses
        .map(|(name, it)| vec![name.to_string(), "paused".to_owned(), sentence(it)])
        .collect();
    for (scope, it) in quiet.silences().chain(quiet.windows()) {
        let state = match it.since <= now() {
            true => "silenced".to_owned(),
            false => format!("from {}", crate::daemon::rfc3339(it.since)),
        };
        rows.push(vec![Of::from(scope).to_string(), state, sentence(it)]);
    }
    if rows.is_empty() {
        print("nothing is paused or silenced");
        return Ok(());
    }
    print(&text::table(
        &["WHO", "STATE", "UNTIL, BY WHOM, WHY"],
        &rows,
    ));
    Ok(())
}
