//! Reads one group: its name, its command, and where its output goes.

use std::path::Path;
use std::time::Duration;

use health_core::Name;
use health_core::supervise::GroupConfig;
use health_tokio::supervise::{LogRate, Program, ProgramError};

use super::checks::{ReplicaChecks, read_checks};
use super::timing;
use crate::config::reader::{Item, Result, Table};

/// A group: one command in a number of replicas.
#[derive(Clone, Debug)]
pub(crate) struct GroupSettings {
    /// Its replicas are `NAME-0`, `NAME-1`, …
    pub(crate) name: Name,
    pub(crate) work: Work,
    pub(crate) config: GroupConfig,
    pub(crate) program: Program,
    /// The checks of each replica, with its own port.
    pub(crate) checks: Vec<ReplicaChecks>,
    pub(crate) prefix: Prefix,
    pub(crate) log_rate: LogRate,
}

/// What is kept running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// A program and its arguments, which is started for each replica.
    Command(Vec<String>),
    /// Something that another program runs; this command line restarts it.
    Restart(String),
}

/// When a line of a replica begins with its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Prefix {
    /// If there is more than one replica.
    #[default]
    Auto,
    Always,
    Never,
}

/// The longest name: a target's has room for `-999` and more.
const LONGEST_NAME: usize = 58;
/// Components of healthd itself, beside which a group is one.
const RESERVED: [&str; 2] = ["actions", "cycle"];

impl GroupSettings {
    /// Reads the table of a group; what else is in the table is up to the caller.
    pub(super) fn read(table: &Table<'_>) -> Result<Self> {
        let work = work(table)?;
        let name = name(table, &work)?;
        let mut config = timing::config(table)?;
        config.is_external = matches!(work, Work::Restart(_));
        let program = program(table, &work, &name, config.replicas)?;
        let checks = read_checks(table, &program)?;
        if config.is_external && !checks[0].can_give_a_verdict() {
            let what = "restart_command needs a check that can call for a restart: health, liveness or startup";
            return Err(table.lacks(what));
        }
        let prefixes = [
            ("auto", Prefix::Auto),
            ("always", Prefix::Always),
            ("never", Prefix::Never),
        ];
        let prefix = table.get("prefix").map(|it| it.word(&prefixes));
        let log_rate = table.get("log_rate").map(|it| log_rate(&it));
        Ok(Self {
            prefix: prefix.transpose()?.unwrap_or_default(),
            log_rate: log_rate.transpose()?.unwrap_or_default(),
            name,
            work,
            program,
            config,
            checks,
        })
    }

    /// The longest that a stop takes before everything gets `SIGKILL`.
    pub(super) fn stop_time(&self) -> Duration {
        match self.work {
            // Nobody waits for what is not ours.
            Work::Restart(_) => Duration::ZERO,
            Work::Command(_) => self.config.drain_delay + self.config.stop_grace,
        }
    }

    /// Whether lines of its replicas begin with their names.
    pub(crate) fn has_prefix(&self) -> bool {
        match self.prefix {
            Prefix::Auto => self.config.replicas > 1,
            Prefix::Always => true,
            Prefix::Never => false,
        }
    }

    /// Warnings about settings that are allowed but probably a mistake.
    pub(super) fn warnings(&self) -> Vec<String> {
        let (name, checks) = (&self.name, &self.checks[0].0);
        let mut warnings = Vec::new();
        for (at, check) in checks.iter().enumerate() {
            let (timeout, interval) = (check.config.timeout, check.config.interval);
            if timeout >= interval {
                warnings.push(format!(
                    "group {name}, check {}: timeout {timeout:?} is not below interval {interval:?}; \
                     a slow answer skips slots",
                    check.name
                ));
            }
            let second = self.checks.get(1).and_then(|it| it.0.get(at));
            let is_shared =
                second.is_some_and(|it| it.probe.to_string() == check.probe.to_string());
            if is_shared && !check.probe.needs_reap() {
                warnings.push(format!(
                    "group {name}, check {}: all replicas are probed at {}; `port` gives each its own",
                    check.name, check.probe
                ));
            }
        }
        warnings
    }
}

impl Work {
    /// The key of the file.
    const fn key(&self) -> &'static str {
        match self {
            Self::Command(_) => "command",
            Self::Restart(_) => "restart_command",
        }
    }
}

fn work(table: &Table<'_>) -> Result<Work> {
    match (table.get("command"), table.get("restart_command")) {
        (Some(item), None) => {
            let words = item.texts_or_empty()?;
            if words.first().is_none_or(String::is_empty) {
                return Err(item.wrong("allowed is a program and its arguments"));
            }
            Ok(Work::Command(words))
        }
        (None, Some(item)) => Ok(Work::Restart(item.text()?.to_owned())),
        (Some(_), Some(second)) => {
            Err(second.wrong("allowed is either a command or a restart_command, not both"))
        }
        (None, None) => {
            Err(table.lacks("nothing to run; allowed is one of: -- COMMAND, restart_command"))
        }
    }
}

fn name(table: &Table<'_>, work: &Work) -> Result<Name> {
    let allowed = "allowed are 1 to 58 characters of A-Z a-z 0-9 _ . : -";
    if let Some(item) = table.get("name") {
        let text = item.text()?;
        if RESERVED.contains(&text) {
            let names = RESERVED.join(", ");
            return Err(item.wrong(format_args!("allowed is any other name than {names}")));
        }
        let name = Name::new(text).ok().filter(|_| text.len() <= LONGEST_NAME);
        return name.ok_or_else(|| item.wrong(allowed));
    }
    let program = match work {
        Work::Command(words) => Path::new(&words[0]).file_name(),
        Work::Restart(_) => None,
    };
    let program = program.map(|it| it.to_string_lossy().into_owned());
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_.:-".contains(c);
    let text: String = program
        .unwrap_or_default()
        .chars()
        .take(LONGEST_NAME)
        .map(|c| if is_allowed(c) { c } else { '-' })
        .collect();
    let name = Name::new(&text)
        .ok()
        .filter(|it| !RESERVED.contains(&it.as_str()));
    name.ok_or_else(|| table.lacks("name is missing"))
}

/// What each replica runs, with its port.
fn program(table: &Table<'_>, work: &Work, name: &Name, replicas: u16) -> Result<Program> {
    let command = table.need(work.key())?;
    let program = match work {
        Work::Command(words) => Program::new(words.iter().cloned()),
        Work::Restart(line) => Program::external(line.as_str()),
    };
    let mut program = program.map_err(|error| command.wrong_secret(error))?;
    if let Some(item) = table.get("stop_signal") {
        let with_signal = program.stop_signal(item.text()?);
        let allowed = "allowed is the name of a signal, such as TERM, INT, QUIT";
        program = with_signal.map_err(|_| item.wrong(allowed))?;
    }
    let (base, step) = (table.get("port"), table.get("port_step"));
    if let Some(item) = &base {
        let step = step.map(|it| it.integer(0, u64::from(u16::MAX)));
        let step = u16::try_from(step.transpose()?.unwrap_or(1)).unwrap_or(u16::MAX);
        program = program.port(item.port()?, step);
    } else if let Some(step) = step {
        return Err(step.wrong("allowed only with port"));
    }
    program
        .of_group(name.as_str(), replicas)
        .map_err(|error| match (&error, base) {
            (ProgramError::Port(last), Some(base)) => base.wrong(format_args!(
                "allowed is a port from which that of the last replica is at most 65535, not {last}"
            )),
            (ProgramError::NoPort, _) => command.wrong_secret("{port} is allowed only with port"),
            _ => command.wrong_secret(error),
        })
}

/// `10000/30s`; 0 for no limit.
fn log_rate(item: &Item<'_>) -> Result<LogRate> {
    if item.value() == 0 || item.value() == "0" {
        return Ok(LogRate::NONE);
    }
    let (lines, period) = timing::rate(item)?;
    let lines = u32::try_from(lines).unwrap_or(u32::MAX);
    if lines == 0 || period.is_zero() {
        return Err(item.wrong("allowed is LINES/TIME, such as 10000/30s, or 0 for no limit"));
    }
    Ok(LogRate { lines, period })
}
