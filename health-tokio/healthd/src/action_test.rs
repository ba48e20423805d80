//! `healthd action test`: sends a specimen of a notice to actions of the configuration.

use std::sync::Arc;

use super::cli::TestArgs;
use super::config::{Action, Settings};
use super::daemon::{deliver, now, specimen};
use super::store::OutboxRow;
use super::{CommandError, CommandResult, EXIT_FAILURE, EXIT_USAGE, print};

pub(super) fn run(args: &TestArgs) -> CommandResult {
    let settings = Settings::read(&args.flags());
    let settings = settings.map_err(|error| CommandError::new(EXIT_USAGE, error))?;
    let actions = chosen(&settings.actions, args.name.as_deref())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::new(EXIT_FAILURE, error))?;
    let mut is_taken = true;
    for action in actions {
        is_taken &= runtime.block_on(test(action));
    }
    match is_taken {
        true => Ok(()),
        false => Err(CommandError::new(EXIT_FAILURE, "")),
    }
}

/// Those of that name, or else of that kind.
fn chosen<'a>(actions: &'a [Action], name: Option<&str>) -> Result<Vec<&'a Action>, CommandError> {
    let Some(name) = name else {
        return Ok(actions.iter().collect());
    };
    let named = actions.iter().filter(|it| &*it.name == name);
    let of_kind = actions.iter().filter(|it| it.handler.kind() == name);
    let found: Vec<_> = match named.clone().next() {
        Some(_) => named.collect(),
        None => of_kind.collect(),
    };
    if found.is_empty() {
        let there = actions.iter().map(|it| &*it.name);
        let there = there.collect::<Vec<_>>().join(", ");
        let line = format!("{name}: no such action; there are: {there}");
        return Err(CommandError::new(EXIT_USAGE, line));
    }
    Ok(found)
}

/// Sends it, and also its end to a receiver that would keep an incident open.
async fn test(action: &Action) -> bool {
    let ends = [false, true];
    let count = if action.handler.has_incidents() { 2 } else { 1 };
    let mut is_taken = true;
    for is_over in ends.into_iter().take(count) {
        let document = specimen(&action.name, is_over);
        let row = OutboxRow {
            number: 1,
            action: Arc::clone(&action.name),
            notice: document["id"].as_str().unwrap_or_default().into(),
            event: document["event"].as_str().unwrap_or_default().into(),
            at: now(),
            document: document.to_string().into(),
            attempts: 0,
            is_done: false,
        };
        let (name, place, event) = (&action.name, &action.handler, &row.event);
        match deliver(action, &row, 1).await {
            Ok(answer) => print(&format!("{name}: {place} has taken {event}: {answer}")),
            Err(refusal) => {
                let text = refusal.text;
                print(&format!("{name}: {place} has not taken {event}: {text}"));
                is_taken = false;
            }
        }
    }
    is_taken
}
