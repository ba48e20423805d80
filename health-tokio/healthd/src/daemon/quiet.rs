//! What people ask of the targets that there are, and windows of maintenance.

use std::collections::BTreeSet;
use std::sync::Arc;

use health_core::monitor::TargetView;
use health_core::monitor::registry::{Quiet, QuietReason, QuietScope};
use health_core::server::Targets;
use health_core::{Name, UnixTime};
use health_driver::monitor::MonitorControl;
use tracing::info;

use super::Daemon;
use super::documents::{now, rfc3339};
use crate::config::Window;
use crate::quiet::{Act, Member, Of, Refusal, Verb};

/// A window may be longer than it seems so shortly before its end: another one begins then.
const REVIEW: u64 = 60_000;

/// The windows of the configuration, and when each is open next.
#[derive(Debug, Default)]
pub(super) struct Windows {
    known: Vec<(Window, Option<(UnixTime, UnixTime)>)>,
    /// When that was computed.
    at: UnixTime,
    /// The names of those that are open, and were logged.
    open: BTreeSet<String>,
}

impl Windows {
    pub(super) fn new(windows: Vec<Window>) -> Self {
        Self {
            known: windows.into_iter().map(|it| (it, None)).collect(),
            ..Self::default()
        }
    }

    /// Other windows from now on.
    pub(super) fn replace(&mut self, windows: Vec<Window>) {
        let open = std::mem::take(&mut self.open);
        *self = Self::new(windows);
        self.open = open;
    }

    /// Computes what has passed; logs which windows begin and end.
    fn update(&mut self, now: UnixTime) -> Vec<(QuietScope, QuietReason)> {
        let is_set_back = now < self.at;
        self.at = now;
        let mut open = BTreeSet::new();
        let mut silences = Vec::new();
        for (window, span) in &mut self.known {
            let is_due = |end: UnixTime| end.as_millis() <= now.as_millis() + REVIEW;
            if is_set_back || span.is_none_or(|(_, end)| is_due(end)) {
                *span = window.span(now);
            }
            let Some(span) = *span else {
                continue;
            };
            if span.0 <= now {
                if !self.open.contains(&window.name) {
                    let (window, until) = (&window.name, rfc3339(span.1));
                    info!(%window, until, "a window of maintenance begins");
                }
                open.insert(window.name.clone());
            }
            silences.extend(window.silences(span));
        }
        for window in self.open.difference(&open) {
            info!(%window, "a window of maintenance ends");
        }
        self.open = open;
        silences
    }
}

impl Daemon {
    /// Carries out what was asked for. Returns a line for people.
    ///
    /// # Errors
    ///
    /// It is refused; nothing has changed.
    pub(super) async fn act(&mut self, act: &Act) -> Result<String, Refusal> {
        act.check()?;
        let members = match &act.of {
            Of::Target(name) => act
                .of
                .members(self.monitor.target(name).into_iter().map(member))?,
            of => of.members(members(&self.monitor))?,
        };
        let names: Vec<_> = members.iter().map(|it| &it.name).collect();
        let done = match act.verb {
            Verb::CheckNow => self.check_now(act, &names)?,
            Verb::Reactivate => {
                let (names, kept) = self.registry.reactivate_all(&names).await;
                let names: Vec<_> = names.iter().collect();
                match act.done(&names, "reactivated") {
                    Some(done) => super::registry::message(&done, &kept),
                    None => return Ok(act.of.all_active()),
                }
            }
            _ => {
                let mut quiet = (*self.monitor.quiet()).clone();
                let done = act.apply(&mut quiet, &members, now())?;
                let kept = self.registry.set_quiet(quiet).await;
                super::registry::message(&done, &kept)
            }
        };
        let (by, why) = (&act.by, act.why());
        info!(by, why, "{done}");
        Ok(done)
    }

    fn check_now(&self, act: &Act, names: &[&Name]) -> Result<String, Refusal> {
        let quiet = self.monitor.quiet();
        let awake = names.iter().filter(|it| quiet.paused(it).is_none());
        let awake: Vec<&Name> = awake.copied().collect();
        // Those of which a check runs are being checked.
        let is_probed = |name: &&Name| {
            let view = self.monitor.target(name.as_str());
            let is_resting = view.is_some_and(|it| {
                it.is_deregistered && it.checks.iter().all(|it| it.next_due.is_none())
            });
            !is_resting
        };
        let probed: Vec<_> = awake.iter().copied().filter(is_probed).collect();
        let refused = || {
            let why = match awake.is_empty() {
                true => "paused: `healthd resume` comes first",
                false => "deregistered, and not checked before `healthd reactivate`",
            };
            Refusal::Refused(format!("{}: {why}", act.of))
        };
        let done = act.done(&probed, "being checked").ok_or_else(refused)?;
        for name in probed {
            self.monitor.trigger(name.as_str());
        }
        Ok(done)
    }

    /// Goes on from what an earlier process has left, before anything is watched.
    pub(super) async fn begin_quiet(&mut self, stored: Quiet) {
        self.monitor.set_quiet(Arc::new(stored));
        self.update_quiet().await;
    }

    /// What is due by the clock: silences that end, windows that begin and end.
    pub(super) async fn update_quiet(&mut self) {
        let before = self.monitor.quiet();
        if before.is_empty() && self.windows.known.is_empty() {
            return;
        }
        let (now, mut quiet) = (now(), (*before).clone());
        for (scope, reason) in quiet.expire(now) {
            let (of, by) = (Of::from(&scope), &reason.by);
            info!(by, "{of} no longer silenced: the time is over");
        }
        quiet.set_windows(self.windows.update(now));
        if quiet != *before {
            // What cannot be kept now is kept later.
            let _ = self.registry.set_quiet(quiet).await;
        }
    }
}

/// All targets, some at a time.
fn members(controls: &MonitorControl) -> impl Iterator<Item = Member> {
    let (mut after, mut is_over) = (None, false);
    let pages = std::iter::from_fn(move || {
        if is_over {
            return None;
        }
        let page = controls.page(after.as_ref(), None);
        is_over = page.next.is_none();
        after = page.next;
        Some(page.entries)
    });
    pages.flatten().map(member)
}

fn member(view: TargetView) -> Member {
    Member {
        name: view.name,
        group: view.group,
    }
}
