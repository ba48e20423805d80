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
use std::time::{Duration, Instant};

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
use super::config::{RunSettings, STOP_MARGIN, Work};
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
/// The longest that the end waits for notices that are not delivered.
const NOTICES: Duration = Duration::from_secs(5);
/// The same when everything was killed.
const NOTICES_FORCED: Duration = Duration::from_secs(1);
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
    let mut signals = Signals::new().map_err(|error| text(&error))?;
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
    let grace = settings.grace;
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
        stopped_at: None,
        forced_by: None,
    };
    let running = running.until_ended(&mut signals, &cycle, &notices).await;
    if let Some(notices) = Arc::into_inner(notices) {
        let enough = signals.recv_end();
        notices
            .finish(running.time_for_notices(grace), enough)
            .await;
    }
    running.health.stop();
    // What the replicas have said last.
    streams.flush(FLUSH);
    if let Some(server) = server {
        server.shutdown(Duration::from_secs(1)).await;
    }
    Ok(running.code())
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
    /// When a signal asked for the end, the first time.
    stopped_at: Option<Instant>,
    /// The number of the signal by which everything was killed.
    forced_by: Option<i32>,
}

impl Running {
    /// Carries out what signals ask for, until all groups have ended.
    async fn until_ended(
        mut self,
        signals: &mut Signals,
        cycle: &Heartbeat,
        notices: &Arc<Notices>,
    ) -> Self {
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
        self
    }

    fn carry_out(&mut self, number: i32, wish: Wish) {
        match wish {
            Wish::Stop if self.stopped_at.is_none() => {
                self.stopped_at = Some(Instant::now());
                self.begin_drain();
                info!(signal = number, "stopping");
                tokio::spawn(stop_in_order(self.groups.clone()));
            }
            Wish::Stop | Wish::Force => {
                warn!(signal = number, "killing everything");
                self.stopped_at.get_or_insert_with(Instant::now);
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

    /// How long the end may wait for notices: whoever stops it waits so long (`grace`), if that is known.
    fn time_for_notices(&self, grace: Option<Duration>) -> Duration {
        let longest = match self.forced_by {
            Some(_) => NOTICES_FORCED,
            None => NOTICES,
        };
        match (self.stopped_at, grace) {
            (Some(at), Some(grace)) => left_of(grace, at.elapsed()).min(longest),
            _ => longest,
        }
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
        if self.stopped_at.is_some() {
            return 0;
        }
        let mut codes = ends().map(|it| it.code);
        codes.rfind(|code| *code != 0).unwrap_or(0)
    }
}

/// What is left of the time that whoever stops healthd gives it, besides what its own end takes.
fn left_of(grace: Duration, elapsed: Duration) -> Duration {
    grace.saturating_sub(STOP_MARGIN).saturating_sub(elapsed)
}

/// Ends the last group first, since it may need those before it.
async fn stop_in_order(groups: Vec<Arc<RunningGroup>>) {
    for group in groups.iter().rev() {
        group.begin_stop();
        group.stopped().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_have_what_the_stop_has_left() {
        let left = |grace, elapsed| {
            let [grace, elapsed] = [grace, elapsed].map(Duration::from_secs);
            left_of(grace, elapsed).as_secs()
        };
        assert_eq!([left(30, 0), left(30, 10), left(11, 10)], [29, 19, 0]);
        assert_eq!([left(11, 12), left(0, 0)], [0, 0]);
    }
}
