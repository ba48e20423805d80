//! What is wrong with a value that a variable of the environment has.

use std::env;

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command, CommandFactory};

use super::cli::Cli;

/// The text of `error` with the name of the variable in place of its flag, which nobody has written;
/// `None` if it is about something else.
pub(super) fn of_variable(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let flag = shown.split(' ').next()?.strip_prefix("--")?;
    let is_flag = |given: &str| {
        let given = given.strip_prefix("--");
        given.is_some_and(|it| it.split('=').next() == Some(flag))
    };
    if env::args().any(|it| is_flag(&it)) {
        return None;
    }
    let command = Cli::command();
    let mut flags = command.get_subcommands().flat_map(Command::get_arguments);
    let has_variable = |it: &&Arg| it.get_long() == Some(flag) && it.get_env().is_some();
    let variable = flags.find(has_variable)?.get_env()?;
    // Else it was given by its short name.
    env::var_os(variable)?;
    let variable = variable.to_str()?;
    let text = error.to_string();
    Some(text.replacen(&format!("'{shown}'"), &format!("'{variable}'"), 1))
}
