//! A group that runs, and what was heard of it.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use health_core::supervise::{GivenUpReason, GroupEvent};
use health_tokio::Health;
use health_tokio::supervise::{Group, GroupControl, GroupHandle, Streams};

use super::events;
use super::notices::Notices;
use crate::config::{GroupSettings, default_addresses};

/// A group that runs.
pub(super) struct RunningGroup {
    pub(super) settings: GroupSettings,
    handle: GroupHandle,
    heard: Mutex<Heard>,
}

/// What events said that no later view says.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    /// Why the whole group was given up.
    pub(super) group_given_up: Option<GivenUpReason>,
    /// Why each replica was given up, if it was.
    pub(super) given_up: Vec<Option<GivenUpReason>>,
    /// It was told to end.
    is_stopping: bool,
}

/// Declares the group, and its component; nothing is started yet.
///
/// # Errors
///
/// One line for people.
pub(super) fn prepare(
    settings: &GroupSettings,
    streams: &Streams,
    health: &Health,
) -> Result<Group, String> {
    let name = settings.name.as_str();
    let of = |error: &dyn std::fmt::Display| format!("group {name}: {error}");
    let output = streams.output(settings.has_prefix().then_some(name));
    let group = Group::new(name, settings.program.clone()).map_err(|error| of(&error))?;
    let group = group.policy(default_addresses());
    let mut group = group
        .config(settings.config.clone())
        .output(output)
        .log_rate(settings.log_rate);
    for (at, check) in settings.checks[0].0.iter().enumerate() {
        let probes = settings.checks.iter().map(|it| it.0[at].probe.clone());
        let probes: Vec<_> = probes.collect();
        let config = (*check.config).clone();
        let checked = group.check(check.name.as_str(), config, move |replica| {
            Ok(probes[usize::from(replica.index())].clone())
        });
        group = checked.map_err(|error| of(&error))?;
    }
    group.component(health).map_err(|error| of(&error))
}

impl RunningGroup {
    /// Starts the processes.
    ///
    /// # Errors
    ///
    /// One line for people.
    pub(super) fn start(group: Group, settings: GroupSettings) -> Result<Self, String> {
        let handle = group.spawn();
        let handle = handle.map_err(|error| format!("group {}: {error}", settings.name))?;
        let replicas = usize::from(settings.config.replicas);
        Ok(Self {
            settings,
            handle,
            heard: Mutex::new(Heard {
                given_up: vec![None; replicas],
                ..Heard::default()
            }),
        })
    }

    pub(super) fn control(&self) -> &GroupControl {
        &self.handle
    }

    /// Logs and notes what happens, until the group has ended.
    pub(super) async fn watch(self: Arc<Self>, notices: Arc<Notices>) {
        let control = self.control();
        while let Some(event) = poll_fn(|cx| control.poll_event(cx.waker())).await {
            self.note(&event);
            events::log(&self, &event);
            notices.observe(&self, &event);
        }
        self.stopped().await;
    }

    /// Waits until the group has ended.
    pub(super) async fn stopped(&self) {
        poll_fn(|cx| self.control().poll_stopped(cx.waker())).await;
    }

    /// Whether it was told to end.
    pub(super) fn is_stopping(&self) -> bool {
        let has_ended = self.control().ended().is_some();
        has_ended || self.lock().is_stopping
    }

    /// Begins to end it.
    pub(super) fn begin_stop(&self) {
        self.lock().is_stopping = true;
        self.control().begin_stop();
    }

    /// Ends it at once.
    pub(super) fn force(&self) {
        self.lock().is_stopping = true;
        self.control().force();
    }

    pub(super) fn heard(&self) -> Heard {
        self.lock().clone()
    }

    fn note(&self, event: &GroupEvent) {
        match *event {
            GroupEvent::GivenUp {
                replica: None,
                reason,
                ..
            } => {
                self.lock().group_given_up = Some(reason);
            }
            GroupEvent::GivenUp {
                replica: Some(replica),
                reason,
                ..
            } => {
                if let Some(place) = self.lock().given_up.get_mut(usize::from(replica)) {
                    *place = Some(reason);
                }
            }
            _ => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
