//! The commands about the configuration: `config check`, `config show`.

use std::path::Path;

use super::cli::{ConfigCommand, ConfigShowArgs};
use super::config::{self, Settings, toml_text};
use super::{CommandError, CommandResult, EXIT_USAGE, print, print_json};

pub(super) fn run(command: &ConfigCommand) -> CommandResult {
    match command {
        ConfigCommand::Check { file } => check(file),
        ConfigCommand::Show(args) => show(args),
    }
}

fn check(file: &Path) -> CommandResult {
    let (found, warnings) = config::check_file(file).map_err(wrong)?;
    print(&format!("{}: {found}", file.display()));
    warnings
        .iter()
        .for_each(|it| print(&format!("warning: {it}")));
    Ok(())
}

fn show(args: &ConfigShowArgs) -> CommandResult {
    let settings = Settings::read(&args.monitor.flags()).map_err(wrong)?;
    match args.json {
        true => print_json(&settings.shown()),
        false => print(toml_text(&settings.shown()).trim_end()),
    }
    Ok(())
}

fn wrong(error: config::ConfigError) -> CommandError {
    CommandError::new(EXIT_USAGE, error)
}
