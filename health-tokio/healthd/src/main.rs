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
use std::time::Duration;

use clap::CommandFactory;
use tracing::level_filters::LevelFilter;

use cli::{Cli, Command, Level};
use config::Settings;
use terminal::Terminal;

/// Something was not done, or is not healthy.
const NOT: u8 = 1;
/// Wrong usage or configuration.
const WRONG: u8 = 2;
/// How long the end waits for somebody to take the last lines of the log.
const FLUSH: Duration = Duration::from_millis(500);

/// Does what the arguments say, and says how to exit.
fn main() -> ExitCode {
    let cli = match Cli::read() {
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
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "healthd", &mut script);
            print_all(&script)
        }
        Command::Man => {
            let mut page = Vec::new();
            let rendered = clap_mangen::Man::new(Cli::command()).render(&mut page);
            rendered
                .map_err(|error| Failed::new(NOT, error))
                .and_then(|()| print_all(&page))
        }
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
    let terminal = Terminal::new().map_err(|error| Failed::new(NOT, error))?;
    let terminal = Arc::new(terminal);
    tracing_subscriber::fmt()
        .with_writer(Arc::clone(&terminal))
        .with_ansi(text::has_colours(terminal.is_terminal()))
        .with_max_level(level)
        .with_target(false)
        // By `eprintln!`, which panics where nobody reads it.
        .log_internal_errors(false)
        .init();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failed::new(NOT, error))?;
    let ran = runtime.block_on(daemon::run(told.clone(), settings, Arc::clone(&terminal)));
    // A disk that hangs does not keep the process from ending.
    runtime.shutdown_background();
    if let Err(error) = &ran {
        let _ = (&*terminal).write_all(format!("healthd: {error}\n").as_bytes());
    }
    terminal.flush(FLUSH);
    ran.map_err(|_| Failed::new(NOT, ""))
}

/// To standard output; that nobody reads it (any more) is no failure.
fn print(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

fn print_all(bytes: &[u8]) -> Done {
    let _ = io::stdout().write_all(bytes);
    Ok(())
}

fn print_json(value: &impl serde::Serialize) {
    print(&serde_json::to_string_pretty(value).unwrap_or_default());
}
