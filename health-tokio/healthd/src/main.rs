//! `healthd`: watches targets over HTTP, TCP and commands, keeps a registry of their states, keeps
//! commands running.
//!
//! ```text
//! healthd monitor --target web-1=http://10.0.0.7:8080/health      watches until SIGTERM
//! healthd run --replicas 2 --port 8000 -- ./app --port {port}     keeps running until SIGTERM
//! healthd list | inspect web-1 | explain web-1 | status           shows
//! healthd history web-1 --since 30d                               shows its uptime, day by day
//! healthd add NAME=URL | update NAME | remove NAME               changes the list
//! healthd reactivate | pause | silence web-1                       acts on targets
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

mod action_test;
mod bench;
mod check;
mod cli;
mod commands;
mod config;
mod config_commands;
mod control;
mod daemon;
mod history;
#[cfg_attr(not(target_os = "linux"), path = "no_init.rs")]
mod init;
mod log;
mod quiet;
mod run;
mod show;
mod store;
mod terminal;
mod text;
mod update;
mod usage;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::CommandFactory;

use cli::{ActionArgs, ActionCommand, Cli, Command, LogArgs};
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
            match usage::line(&error) {
                Some(line) => drop(writeln!(io::stderr(), "healthd: {line}")),
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
        Command::Update(args) => update::run(&args),
        Command::Remove(args) => commands::remove(&args),
        Command::Reactivate(args) => commands::quiet::reactivate(args),
        Command::Pause(args) => commands::quiet::pause(args),
        Command::Resume(args) => commands::quiet::resume(args),
        Command::CheckNow(args) => commands::quiet::check_now(args),
        Command::Silence(args) => commands::quiet::silence(args),
        Command::Unsilence(args) => commands::quiet::unsilence(args),
        Command::Restart(args) => run::client::restart(&args),
        Command::List(args) => show::list(&args),
        Command::Inspect(args) => show::inspect(&args),
        Command::Explain(args) => show::explain(&args),
        Command::History(args) => history::run(&args),
        Command::Status(args) => show::status(&args),
        Command::Reload(args) => config_commands::reload(&args),
        Command::Import(args) => config_commands::import(&args),
        Command::Config(args) => config_commands::run(&args.command),
        Command::Action(ActionArgs {
            command: ActionCommand::Test(args),
        }) => action_test::run(&args),
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

fn monitor(flags: &config::Flags, log: LogArgs) -> CommandResult {
    let settings = Settings::read(flags).map_err(|error| CommandError::new(EXIT_USAGE, error))?;
    with_log(log, |terminal| {
        daemon::run(flags.clone(), settings, terminal)
    })
}

/// Runs what logs from then on, on a runtime of its own.
fn with_log<T, F: Future<Output = Result<T, String>>>(
    args: LogArgs,
    start: impl FnOnce(Arc<Terminal>) -> F,
) -> Result<T, CommandError> {
    let terminal = Terminal::new().map_err(|error| CommandError::new(EXIT_FAILURE, error))?;
    let terminal = Arc::new(terminal);
    log::init(args, &terminal);
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
