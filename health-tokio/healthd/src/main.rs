//! `healthd`: watches targets over HTTP, TCP and commands, keeps a registry of their states, keeps
//! commands running.
//!
//! ```text
//! healthd monitor --target web-1=http://10.0.0.7:8080/health      watches until SIGTERM
//! healthd run --replicas 2 --port 8000 -- ./app --port {port}     keeps running until SIGTERM
//! healthd list | inspect web-1 | explain web-1 | status           shows
//! healthd history web-1 --since 30d                               shows its uptime, day by day
//! healthd add NAME=URL | remove NAME | reactivate NAME            changes the list
//! healthd check http://10.0.0.7:8080/health                       checks once
//! ```
//!
//! A target that fails three times in a row is unhealthy and is taken off the list: no longer probed,
//! its history kept, until it is reactivated. While half of all targets fail, nothing is taken off: the
//! cause is then more likely the network or this program.
//!
//! Exit codes: 0 done (for `check`: healthy), 1 not done (not healthy), 2 wrong usage or configuration; of
//! `run` also that of a command that was given up, 126 or 127 if it cannot be run or is not there, and 128
//! and the signal's number after a signal that forced the end.

#[cfg(not(unix))]
compile_error!("healthd needs Unix signals and sockets");

mod bench;
mod check;
mod cli;
mod commands;
mod config;
mod control;
mod daemon;
mod history;
#[cfg_attr(not(target_os = "linux"), path = "no_init.rs")]
mod init;
mod run;
mod show;
mod store;
mod terminal;
mod text;
mod usage;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::CommandFactory;
use tracing::level_filters::LevelFilter;

use cli::{Cli, Command, Level};
use config::Settings;
use terminal::Terminal;

/// Exit code: the command failed, or the target is not healthy.
const EXIT_FAILURE: u8 = 1;
/// Exit code: wrong usage or configuration.
const EXIT_USAGE: u8 = 2;
/// How long the end waits for the last lines of the log to be written.
const FLUSH: Duration = Duration::from_millis(500);

/// Carries out the command and returns its exit code.
fn main() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => {
            match usage::of_variable(&error) {
                Some(text) => drop(io::stderr().write_all(text.as_bytes())),
                // Help goes to standard output, with 0.
                None => drop(error.print()),
            }
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(EXIT_USAGE));
        }
    };
    let done = match cli.command {
        Command::Monitor(args) => match init::run(args.daemon.init) {
            Ok(Some(code)) => return code,
            Ok(None) => monitor(&args.flags(), args.daemon.log),
            Err(error) => Err(error),
        },
        Command::Run(args) => match init::run(args.daemon.init) {
            Ok(Some(code)) => return code,
            Ok(None) => run::run(&args),
            Err(error) => Err(error),
        },
        Command::Check(args) => check::run(&args),
        Command::Add(args) => commands::add(&args),
        Command::Remove(args) => commands::remove(&args),
        Command::Reactivate(args) => commands::reactivate(&args),
        Command::Restart(args) => run::client::restart(&args),
        Command::List(args) => show::list(&args),
        Command::Inspect(args) => show::inspect(&args),
        Command::Explain(args) => show::explain(&args),
        Command::History(args) => history::run(&args),
        Command::Status(args) => show::status(&args),
        Command::Bench(args) => bench::run(&args),
        Command::BenchTargets => bench::targets(),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "healthd", &mut script);
            print_all(&script)
        }
        Command::Man => {
            let mut page = Vec::new();
            let rendered = clap_mangen::Man::new(Cli::command()).render(&mut page);
            rendered
                .map_err(|error| CommandError::new(EXIT_FAILURE, error))
                .and_then(|()| print_all(&page))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(CommandError { code, line }) => {
            if !line.is_empty() {
                let _ = writeln!(io::stderr(), "healthd: {line}");
            }
            ExitCode::from(code)
        }
    }
}

/// Why a command ends with another code than 0.
struct CommandError {
    code: u8,
    /// One line for people; empty if everything has been printed already.
    line: String,
}

impl CommandError {
    fn new(code: u8, line: impl ToString) -> Self {
        let line = line.to_string();
        Self { code, line }
    }
}

type CommandResult = Result<(), CommandError>;

fn monitor(flags: &config::Flags, level: Level) -> CommandResult {
    let settings = Settings::read(flags).map_err(|error| CommandError::new(EXIT_USAGE, error))?;
    with_log(level, |terminal| {
        daemon::run(flags.clone(), settings, terminal)
    })
}

/// Runs what logs from then on, on a runtime of its own.
fn with_log<T, F: Future<Output = Result<T, String>>>(
    level: Level,
    start: impl FnOnce(Arc<Terminal>) -> F,
) -> Result<T, CommandError> {
    let level = match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
    };
    let terminal = Terminal::new().map_err(|error| CommandError::new(EXIT_FAILURE, error))?;
    let terminal = Arc::new(terminal);
    tracing_subscriber::fmt()
        .with_writer(Arc::clone(&terminal))
        .with_ansi(text::has_colours(terminal.is_terminal()))
        .with_max_level(level)
        .with_target(false)
        // They are printed by `eprintln!`, which panics if standard error is closed.
        .log_internal_errors(false)
        .init();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::new(EXIT_FAILURE, error))?;
    let ran = runtime.block_on(async { start(Arc::clone(&terminal)).await });
    // Without waiting for threads that hang on a disk.
    runtime.shutdown_background();
    if let Err(error) = &ran {
        terminal.say(&format!("healthd: {error}"));
    }
    terminal.flush(FLUSH);
    ran.map_err(|_| CommandError::new(EXIT_FAILURE, ""))
}

/// Prints to standard output; an output that is closed or full is not an error.
fn print(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

fn print_all(bytes: &[u8]) -> CommandResult {
    let _ = io::stdout().write_all(bytes);
    Ok(())
}

fn print_json(value: &impl serde::Serialize) {
    print(&serde_json::to_string_pretty(value).unwrap_or_default());
}
