//! Runs `healthd run`: keeps the processes of its groups running until they end or a signal ends them.
//!
//! ```text
//!  signals ─┐               ┌─ thread "monitor" of each group: checks, and the supervisor
//!  sockets ─┼─► main task ──┤  thread "supervise": processes and their output
//!  clock ───┘       │       └─ thread "health": the endpoint
//!                   ├─ lookup:    is the program there at all?
//!                   ├─ place:     where commands find a running group
//!                   ├─ group:     one that runs, and what was heard of it
//!                   ├─ events:    its lines in the log
//!                   ├─ reports:   what a service manager is told
//!                   └─ documents: what `inspect` and `explain` show of it
//! ```
//!
//! A stop ends the last group first, each wholly before the next. The endpoint answers until the end.

pub(super) mod client;
mod documents;
mod events;
mod group;
mod list;
mod lookup;
mod notices;
mod place;
mod reports;
mod requests;
pub(super) mod show;
mod signals;

use std::sync::Arc;
use std::time::Duration;

use health_core::server::Targets;
use health_driver::Heartbeat;
use health_tokio::supervise::Streams;
use health_tokio::systemd::NotifierHandle;
use health_tokio::{Handle, Health, Service};
use rustix::process::{Resource, getrlimit};
use tokio::task::JoinSet;
use tokio::time::interval;
use tracing::{info, warn};

use super::cli::RunArgs;
use super::config::{RunSettings, Work};
use super::terminal::Terminal;
use super::{CommandError, CommandResult, EXIT_FAILURE, EXIT_USAGE, FLUSH};
use group::RunningGroup;
use list::Groups;
use notices::Notices;
use requests::Desk;
use signals::{Signals, Wish};

/// Without a beat for so long, healthd itself is not alive.
const ALIVE: Duration = Duration::from_secs(30);
/// From one beat to the next.
const BEAT: Duration = Duration::from_secs(1);
/// Of each replica: two pipes, its process, two checks at once.
const DESCRIPTORS: u64 = 5;
/// For everything else.
const RESERVE: u64 = 128;
/// What is added to the number of the signal that forced the end.
const OF_SIGNAL: i32 = 128;

/// Keeps the groups running, and returns when all have ended.
pub(super) fn run(args: &RunArgs) -> CommandResult {
    let settings = RunSettings::read(&args.flags());
    let settings = settings.map_err(|error| CommandError::new(EXIT_USAGE, error))?;
    for group in &settings.groups {
        if let Work::Command(words) = &group.work {
            // Its name may be made from the replica's.
            for index in 0..group.config.replicas {
                lookup::check(&group.program.fill(&words[0], index))?;
            }
        }
    }
    let code = super::with_log(args.daemon.log, |terminal| serve(settings, terminal))?;
    match code {
        0 => Ok(()),
        code => Err(CommandError::new(code, "")),
    }
}

/// Returns the exit code.
async fn serve(settings: RunSettings, terminal: Arc<Terminal>) -> Result<u8, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    // From here on a signal no longer ends the process.
    let signals = Signals::new().map_err(|error| text(&error))?;
    let (desks, no_place) = Desk::open_all(&settings)?;
    let health = Health::new("healthd", env!("CARGO_PKG_VERSION"));
    let cycle = health
        .heartbeat("cycle", ALIVE)
        .map_err(|error| text(&error))?;
    let streams = Streams::new();
    let mut prepared = Vec::new();
    for group in &settings.groups {
        prepared.push(group::prepare(group, &streams, &health)?);
    }
    let shown = Arc::new(Groups::default());
    let server = endpoint(&settings, &health, Arc::clone(&shown));
    if let Some(address) = server.as_ref().and_then(Handle::local_addr) {
        // Whatever the level of the log is: whoever starts healthd reads it.
        terminal.say(&format!("listening on http://{address}"));
    }
    let few = make_room(&settings);
    let warnings = settings.warnings().into_iter().chain(no_place).chain(few);
    warnings.for_each(|it| warn!("{it}"));
    let notifier = reports::begin(&health, &settings.groups, Arc::clone(&shown));
    let notices = Arc::new(Notices::new(settings.actions, &health)?);
    let mut groups = Vec::new();
    for (group, settings) in prepared.into_iter().zip(settings.groups) {
        groups.push(Arc::new(RunningGroup::start(group, settings)?));
    }
    shown.begin(groups.clone());
    health.set_running();
    for (desk, group) in desks.into_iter().zip(&groups) {
        tokio::spawn(desk.serve(Arc::clone(group)));
    }
    let running = Running {
        groups,
        health,
        notifier,
        is_stopping: false,
        forced_by: None,
    };
    let (code, health) = running.until_ended(signals, &cycle, &notices).await;
    health.stop();
    if let Some(notices) = Arc::into_inner(notices) {
        notices.finish().await;
    }
    // What the replicas have said last.
    streams.flush(FLUSH);
    if let Some(server) = server {
        server.shutdown(Duration::from_secs(1)).await;
    }
    Ok(code)
}

/// Starts the endpoint. If its port is in use, the groups run without it and it is tried again.
fn endpoint(settings: &RunSettings, health: &Health, groups: Arc<Groups>) -> Option<Handle> {
    let groups: Arc<dyn Targets> = groups;
    let service = Service::new().targets(groups);
    let service = service.allow_hosts(&settings.allow_hosts);
    let service = service.expect("names are checked when the settings are read");
    crate::daemon::endpoint(settings.listen, settings.token.as_deref(), health, service)
}

/// Raises the limit of descriptors where the groups need more. Replicas inherit it, and some programs do
/// not work with a high one: so it is done only if it has to be, and said.
fn make_room(settings: &RunSettings) -> Option<String> {
    let replicas = settings
        .groups
        .iter()
        .map(|it| u64::from(it.config.replicas));
    let needed = replicas.sum::<u64>() * DESCRIPTORS + RESERVE;
    let current = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    (current < needed).then(|| {
        crate::daemon::raise_descriptors();
        format!(
            "the limit of descriptors, {current}, is raised for so many replicas, which inherit it"
        )
    })
}

/// All groups, and whether they are to end.
struct Running {
    /// In the order of their start.
    groups: Vec<Arc<RunningGroup>>,
    health: Health,
    /// What reports to a service manager, until the end is reported.
    notifier: Option<NotifierHandle>,
    is_stopping: bool,
    /// The number of the signal by which everything was killed.
    forced_by: Option<i32>,
}

impl Running {
    /// Carries out what signals ask for, until all groups have ended. Returns the exit code.
    async fn until_ended(
        mut self,
        mut signals: Signals,
        cycle: &Heartbeat,
        notices: &Arc<Notices>,
    ) -> (u8, Health) {
        let mut watched = JoinSet::new();
        for group in &self.groups {
            watched.spawn(Arc::clone(group).watch(Arc::clone(notices)));
        }
        let mut beats = interval(BEAT);
        loop {
            tokio::select! {
                ended = watched.join_next() => if ended.is_none() { break },
                (number, wish) = signals.recv() => self.carry_out(number, wish),
                _ = beats.tick() => cycle.beat(),
            }
        }
        self.begin_drain();
        (self.code(), self.health)
    }

    fn carry_out(&mut self, number: i32, wish: Wish) {
        match wish {
            Wish::Stop if !self.is_stopping => {
                self.is_stopping = true;
                self.begin_drain();
                info!(signal = number, "stopping");
                tokio::spawn(stop_in_order(self.groups.clone()));
            }
            Wish::Stop | Wish::Force => {
                warn!(signal = number, "killing everything");
                self.is_stopping = true;
                self.forced_by.get_or_insert(number);
                self.begin_drain();
                self.groups.iter().for_each(|it| it.force());
            }
            Wish::Forward => {
                let groups = self.groups.iter();
                groups.for_each(|it| it.control().signal_leaders(number));
            }
        }
    }

    fn begin_drain(&mut self) {
        self.health.begin_drain();
        // Dropped, it says so at once: before the first process gets a signal.
        self.notifier = None;
    }

    /// The exit code, when all groups have ended.
    fn code(&self) -> u8 {
        let ends = || self.groups.iter().filter_map(|it| it.control().ended());
        if ends().any(|it| it.left > 0) {
            return EXIT_FAILURE;
        }
        if let Some(number) = self.forced_by {
            return u8::try_from(OF_SIGNAL + number).unwrap_or(u8::MAX);
        }
        if self.is_stopping {
            return 0;
        }
        let mut codes = ends().map(|it| it.code);
        codes.rfind(|code| *code != 0).unwrap_or(0)
    }
}

/// Ends the last group first, since it may need those before it.
async fn stop_in_order(groups: Vec<Arc<RunningGroup>>) {
    for group in groups.iter().rev() {
        group.begin_stop();
        group.stopped().await;
    }
}
