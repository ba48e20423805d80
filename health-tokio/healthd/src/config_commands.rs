//! The commands about the configuration: `config check`, `config show`, `import`, `reload`.

use std::path::Path;

use super::cli::{ConfigCommand, ConfigShowArgs, ImportArgs, ReloadArgs};
use super::config::{self, Settings, toml_text};
use super::control::{self, Reply, Request};
use super::{CommandError, CommandResult, EXIT_FAILURE, EXIT_USAGE, print, print_json};

pub(super) fn run(command: &ConfigCommand) -> CommandResult {
    match command {
        ConfigCommand::Check { file } => check(file),
        ConfigCommand::Show(args) => show(args),
        ConfigCommand::Reference => {
            print(config::markdown().trim_end());
            Ok(())
        }
        ConfigCommand::Schema => {
            print_json(&config::schema());
            Ok(())
        }
    }
}

/// Has the monitor read its configuration again.
pub(super) fn reload(args: &ReloadArgs) -> CommandResult {
    let db = args.registry.path();
    let failed = |line: String| CommandError::new(EXIT_FAILURE, line);
    let reply = control::ask(&db, &Request::Reload);
    let reply = reply.map_err(|error| failed(format!("the monitor does not answer: {error}")))?;
    match reply {
        Some(Reply::Done(line)) if args.json => print_json(&serde_json::json!({ "done": line })),
        Some(Reply::Done(line)) => print(&line),
        Some(Reply::Refused(line)) => return Err(failed(line)),
        Some(Reply::Status(_) | Reply::Origin { .. }) => {}
        None => return Err(failed(format!("no monitor runs for {}", db.display()))),
    }
    Ok(())
}

pub(super) fn import(args: &ImportArgs) -> CommandResult {
    let text = config::import(&args.file, args.host.as_deref()).map_err(wrong)?;
    print(text.trim_end());
    Ok(())
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
