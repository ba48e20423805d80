//! The registry of targets as a program, `healthd`.
//!
//! ```text
//! healthd monitor --target web-1=http://10.0.0.7:8080/health      watches until SIGTERM
//! healthd list | inspect web-1 | explain web-1 | status           looks
//! healthd add NAME=URL | remove NAME | reactivate NAME            changes the list
//! healthd check http://10.0.0.7:8080/health                       looks once
//! ```
//!
//! A target that fails three times in a row is unhealthy and is taken off the list: no longer probed,
//! its history kept, until it is reactivated. While half of all targets fail, nothing is taken off: it is
//! likelier the network, or us.
//!
//! Exit codes: 0 done (for `check`: healthy), 1 not done (not healthy), 2 wrong usage or configuration.

#[cfg(not(unix))]
compile_error!("healthd needs Unix signals and sockets");

mod bench;
mod check;
mod cli;
mod commands;
mod config;
mod control;
mod daemon;
mod show;
mod store;
mod terminal;
mod text;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, Parser};
use tracing::level_filters::LevelFilter;

use cli::{Cli, Command, Level};
use config::Settings;
use terminal::Terminal;

/// Something was not done, or is not healthy.
const NOT: u8 = 1;
/// Wrong usage or configuration.
const WRONG: u8 = 2;

/// Does what the arguments say, and says how to exit.
fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help goes to standard output, with 0.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(WRONG));
        }
    };
    let done = match cli.command {
        Command::Monitor(args) => monitor(&args.told(), args.log),
        Command::Check(args) => check::run(&args),
        Command::Add(args) => commands::add(&args),
        Command::Remove(args) => commands::remove(&args),
        Command::Reactivate(args) => commands::reactivate(&args),
        Command::List(args) => show::list(&args),
        Command::Inspect(args) => show::inspect(&args),
        Command::Explain(args) => show::explain(&args),
        Command::Status(args) => show::status(&args),
        Command::Bench(args) => bench::run(&args),
        Command::BenchTargets => bench::targets(),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "healthd", &mut io::stdout());
            Ok(())
        }
        Command::Man => clap_mangen::Man::new(Cli::command())
            .render(&mut io::stdout())
            .map_err(|error| Failed::new(NOT, error)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed { code, line }) => {
            if !line.is_empty() {
                let _ = writeln!(io::stderr(), "healthd: {line}");
            }
            ExitCode::from(code)
        }
    }
}

/// Why a command ends with another code than 0.
struct Failed {
    code: u8,
    /// For people; empty if all is said.
    line: String,
}

impl Failed {
    fn new(code: u8, line: impl ToString) -> Self {
        let line = line.to_string();
        Self { code, line }
    }
}

type Done = Result<(), Failed>;

fn monitor(told: &config::Told, level: Level) -> Done {
    let settings = Settings::read(told).map_err(|error| Failed::new(WRONG, error))?;
    let level = match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
    };
    let terminal = Arc::new(Terminal::new());
    tracing_subscriber::fmt()
        .with_writer(Arc::clone(&terminal))
        .with_ansi(text::has_colours(terminal.is_terminal()))
        .with_max_level(level)
        .with_target(false)
        .init();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failed::new(NOT, error))?;
    let ran = runtime.block_on(daemon::run(told.clone(), settings, terminal));
    // A disk that hangs does not keep the process from ending.
    runtime.shutdown_background();
    ran.map_err(|error| Failed::new(NOT, error))
}

/// To standard output; that nobody reads it (any more) is no failure.
fn print(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

fn print_json(value: &impl serde::Serialize) {
    print(&serde_json::to_string_pretty(value).unwrap_or_default());
}
