//! What is wrong with the arguments, or with a variable of the environment that stands for one.

use std::env;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory};

use super::cli::Cli;

/// The mistake in one line; `None` if it is none, but a request for help.
pub(super) fn line(error: &clap::Error) -> Option<String> {
    let is_help = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => true,
        kind => kind == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
    };
    if is_help {
        return None;
    }
    let text = of_variable(error).unwrap_or_else(|| error.to_string());
    // The usage of a command, and where help is, take lines of their own.
    let parts = text.lines().map(str::trim);
    let parts = parts.take_while(|it| !it.starts_with("Usage:"));
    let parts = parts.filter(|it| !it.is_empty() && !it.starts_with("For more information"));
    let line = parts.collect::<Vec<_>>().join(" ");
    let line = line.replace(" tip: ", "; ");
    let line = line.strip_prefix("error: ").unwrap_or(&line);
    Some(format!("{line}; --help tells more"))
}

/// The text of `error` with the name of the variable in place of its flag, which nobody has written;
/// `None` if it is about something else.
fn of_variable(error: &clap::Error) -> Option<String> {
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
