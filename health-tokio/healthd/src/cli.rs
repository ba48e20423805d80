//! The command line.

mod action;
mod config;
mod expect;
mod history;
mod list;
mod log;
mod quiet;
mod registry;
mod run;
mod stream;
mod update;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{BoolishValueParser, Resettable};
use clap::error::Error;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use health_core::parse_duration;
use health_core::server::Service;

pub(super) use action::{ActionArgs, ActionCommand, TestArgs};
pub(super) use config::{ConfigArgs, ConfigCommand, ConfigShowArgs, ImportArgs, ReloadArgs};
pub(super) use expect::{Expect, TargetFlags};
pub(super) use history::HistoryArgs;
pub(super) use list::{Form, ListArgs};
pub(super) use log::{Level, LogArgs, LogFormat};
pub(super) use quiet::{ActArgs, OfArgs, PauseArgs, SilenceArgs};
pub(super) use registry::Registry;
pub(super) use run::{RunArgs, help_of};
pub(super) use stream::StreamArgs;
pub(super) use update::UpdateArgs;

use super::config::{Flags, MIN_INTERVAL, MIN_TIMEOUT, at_least};

/// Watches targets over HTTP, TCP and commands, keeps a registry of their states, keeps commands running.
#[derive(Debug, Parser)]
#[command(name = "healthd", version, propagate_version = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Watch all targets of the registry until SIGTERM; SIGHUP reads the configuration again
    Monitor(MonitorArgs),
    /// Keep a command running in a number of replicas: restart what ends or fails its checks
    #[command(after_help = run::AFTER_HELP)]
    Run(RunArgs),
    /// Check one target once: exit code 0 healthy, 1 not, 2 wrong usage
    Check(CheckArgs),
    /// Put a target on the list
    Add(AddArgs),
    /// Change settings of a target that was added; its state stays where it is still checked in the same place
    Update(UpdateArgs),
    /// Take a target off the list, with its state and results
    Remove(NameArgs),
    /// Put a deregistered target back on the list, without its failures; begin a replica NAME-INDEX of a
    /// running group again that was given up
    Reactivate(ActArgs),
    /// Probe a target no longer, until it is resumed: it counts as neither well nor unwell
    Pause(PauseArgs),
    /// End the pause of a target
    Resume(ActArgs),
    /// Check a target now, and every interval from now
    CheckNow(ActArgs),
    /// Send no notices about a target for some time, and leave its results out of its uptime
    Silence(SilenceArgs),
    /// End the silence of a target
    Unsilence(ActArgs),
    /// Restart the replicas of a running group, one after the other, or one: NAME-INDEX
    Restart(NameArgs),
    /// All running groups and all targets, and their states
    List(ListArgs),
    /// One group or target: its checks, their settings and last results
    Inspect(NameArgs),
    /// Why a group or target has its status: which rule was applied, on what evidence
    Explain(NameArgs),
    /// What became of a target: its uptime, day by day, and its transitions
    History(HistoryArgs),
    /// Running groups, and the monitor itself: whether it runs, how it is configured, how it keeps up
    Status(ShowArgs),
    /// Have the monitor read its configuration again, as by SIGHUP: exit code 0 taken over, 1 refused
    Reload(ReloadArgs),
    /// Print the checks of a pod's manifest or of a compose file as a configuration
    Import(ImportArgs),
    /// Check, show or explain the configuration
    Config(ConfigArgs),
    /// The actions of the configuration: try them
    Action(ActionArgs),
    /// Watch simulated targets on this machine, and measure what that costs
    Bench(BenchArgs),
    /// The simulated targets of bench; ends with its standard input
    #[command(hide = true)]
    BenchTargets,
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Args, Debug)]
pub(super) struct MonitorArgs {
    /// Configuration: TOML, or by its name JSON (.json) or YAML (.yaml, .yml)
    #[arg(long, env = "HEALTHD_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    registry: Registry,
    #[command(flatten)]
    pub(super) daemon: DaemonArgs,
    /// Another name of this machine, by which clients on it are shown details, too: else it has to be
    /// localhost or an address [repeatable]
    #[arg(
        long = "allow-host",
        env = "HEALTHD_ALLOW_HOSTS",
        value_name = "NAME",
        value_delimiter = ',',
        value_parser = host_name
    )]
    allow_hosts: Vec<String>,
    /// A target: healthy is status 200 and a body of JSON [repeatable, or with commas between; one in a URL
    /// is written %2C]
    #[arg(
        long = "target",
        env = "HEALTHD_TARGETS",
        value_name = "NAME=URL",
        value_delimiter = ','
    )]
    targets: Vec<String>,
    /// From one check of a target to the next [default: 60s]
    #[arg(long, env = "HEALTHD_INTERVAL", value_name = "TIME", value_parser = interval)]
    interval: Option<Duration>,
    /// How long one check may take [default: 10s]
    #[arg(long, env = "HEALTHD_TIMEOUT", value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
    /// Failures in a row that make a target unhealthy [default: 3]
    #[arg(long, env = "HEALTHD_RETRIES", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    retries: Option<u32>,
    /// Leave unhealthy targets on the list
    #[arg(
        long,
        env = "HEALTHD_NO_AUTO_DEREGISTER",
        value_parser = BoolishValueParser::new()
    )]
    no_auto_deregister: bool,
    /// From one check of a deregistered target to the next; 0 for never [default: ten intervals]
    #[arg(long, env = "HEALTHD_RECHECK_INTERVAL", value_name = "TIME", value_parser = recheck_interval)]
    recheck_interval: Option<Duration>,
    /// Put a deregistered target back on the list by itself when it answers again
    #[arg(
        long,
        env = "HEALTHD_AUTO_REACTIVATE",
        value_parser = BoolishValueParser::new()
    )]
    auto_reactivate: bool,
}

/// What `monitor` and `run` have in common.
#[derive(Args, Debug)]
pub(super) struct DaemonArgs {
    /// Where it answers for its own health, and for that of what it runs; port 0 takes one that is free
    /// [default: 127.0.0.1:9103; of run 127.0.0.1:9104]
    #[arg(long, env = "HEALTHD_LISTEN", value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// Show details only to clients that send this bearer token
    #[arg(
        long,
        env = "HEALTHD_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true
    )]
    token: Option<String>,
    /// Run as the child of a process that reaps orphans and passes signals on; PID 1 always does (Linux)
    #[arg(long, env = "HEALTHD_INIT", value_parser = BoolishValueParser::new())]
    pub(super) init: bool,
    #[command(flatten)]
    pub(super) log: LogArgs,
}

#[derive(Args, Debug)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    pub(super) registry: Registry,
    /// Where the sockets of running groups are; with --db, not by HEALTHD_DB, no group is asked
    #[arg(long, env = "HEALTHD_RUN_DIR", value_name = "DIR")]
    pub(super) run_dir: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct NameArgs {
    /// The target, the group, or a replica of it, as web-0
    pub(super) name: String,
    #[command(flatten)]
    pub(super) show: ShowArgs,
}

#[derive(Args, Debug)]
pub(super) struct CheckArgs {
    /// http(s)://…, tcp://host:port, tls://host:port, unix:/path.sock:/path, exec, or the name of a target
    pub(super) target: String,
    /// The command, for exec
    #[arg(last = true)]
    pub(super) command: Vec<String>,
    /// How long it may take in all [default: 10s, or the target's own]
    #[arg(long, short, value_name = "TIME", value_parser = duration)]
    pub(super) timeout: Option<Duration>,
    /// The monitor's configuration, for the name of a target in it
    #[arg(long, env = "HEALTHD_CONFIG", value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    #[command(flatten)]
    pub(super) registry: Registry,
    #[command(flatten)]
    pub(super) expect: Expect,
    #[command(flatten)]
    pub(super) stream: StreamArgs,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct BenchArgs {
    /// How many targets
    #[arg(long, value_name = "N", default_value = "10000", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(super) targets: u32,
    /// From one check of a target to the next
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = interval)]
    pub(super) interval: Duration,
    /// How long
    #[arg(long = "for", value_name = "TIME", default_value = "180s", value_parser = duration)]
    pub(super) length: Duration,
    /// Store nothing: the prober alone
    #[arg(long)]
    pub(super) no_store: bool,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct AddArgs {
    /// NAME=URL, or NAME followed by the URL
    pub(super) name: String,
    /// http(s)://…, tcp://host:port, tls://host:port, unix:/path.sock:/path, or exec with a command
    pub(super) url: Option<String>,
    /// The command, for exec
    #[arg(last = true)]
    pub(super) command: Vec<String>,
    #[command(flatten)]
    pub(super) flags: TargetFlags,
    #[command(flatten)]
    pub(super) stream: StreamArgs,
    #[command(flatten)]
    pub(super) show: ShowArgs,
}

impl Cli {
    /// Reads the command line and the environment.
    ///
    /// # Errors
    ///
    /// A mistake, or a request for help: clap's error, with its exit code.
    pub(super) fn read() -> Result<Self, Error> {
        let mut command = without_empty_variables(Self::command());
        let matches = command.try_get_matches_from_mut(std::env::args_os())?;
        Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
    }
}

/// Ignores variables that are set but empty: compose files leave a variable out that way.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|arg| {
        let value = arg.get_env().and_then(std::env::var_os);
        if value.is_some_and(|it| it.is_empty()) {
            arg.env(Resettable::Reset)
        } else {
            arg
        }
    });
    command.mut_subcommands(without_empty_variables)
}

impl MonitorArgs {
    pub(super) fn flags(&self) -> Flags {
        Flags {
            config: self.config.clone(),
            db: self.registry.stated(),
            listen: self.daemon.listen,
            token: self.daemon.token.clone(),
            allow_hosts: self.allow_hosts.clone(),
            interval: self.interval,
            timeout: self.timeout,
            retries: self.retries,
            keep_unhealthy: self.no_auto_deregister,
            recheck_interval: self.recheck_interval,
            auto_reactivate: self.auto_reactivate,
            targets: self.targets.clone(),
        }
    }
}

fn host_name(text: &str) -> Result<String, health_core::ConfigError> {
    Service::new().allow_hosts([text])?;
    Ok(text.to_owned())
}

/// A duration of which zero makes no sense.
fn duration(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text).map_err(|error| error.to_string())?;
    at_least(MIN_TIMEOUT, duration)
}

/// From one check to the next.
fn interval(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text).map_err(|error| error.to_string())?;
    at_least(MIN_INTERVAL, duration)
}

fn recheck_interval(text: &str) -> Result<Duration, String> {
    match parse_duration(text) {
        Ok(interval) if interval.is_zero() => Ok(interval),
        _ => duration(text).map_err(|error| format!("{error}, or 0 for never")),
    }
}
