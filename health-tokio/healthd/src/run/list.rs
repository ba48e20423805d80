//! All groups as the endpoint shows them: at `/targets` and `/metrics`.

use std::sync::{Arc, OnceLock};

use health_core::Name;
use health_core::monitor::{MonitorStatus, ReadyTarget, TargetStatus, TargetView};
use health_core::server::{Page, Targets};
use health_core::supervise::{EndReport, GroupReport, ReplicaReport};
use health_tokio::monitor::MonitorControl;
use health_tokio::supervise::ReplicaView;

use super::group::RunningGroup;

/// The groups that run, in the order of their start; none until they have been started.
#[derive(Default)]
pub(super) struct Groups(OnceLock<Vec<Arc<RunningGroup>>>);

/// The most entries of a page.
const PAGE: usize = 128;

impl Groups {
    /// Shows these, once.
    pub(super) fn begin(&self, groups: Vec<Arc<RunningGroup>>) {
        let _ = self.0.set(groups);
    }

    /// How each group is: its words, or with its name if there are several.
    pub(super) fn words(&self) -> String {
        let words = self.all().iter().map(|it| {
            let summary = it.control().summary();
            match self.all().len() {
                1 => summary.to_string(),
                _ => format!("{} {summary}", it.settings.name),
            }
        });
        words.collect::<Vec<_>>().join("; ")
    }

    fn all(&self) -> &[Arc<RunningGroup>] {
        self.0.get().map_or(&[], Vec::as_slice)
    }

    fn monitors(&self) -> impl Iterator<Item = &MonitorControl> {
        self.all().iter().map(|it| it.control().monitor())
    }

    /// The pages of all monitors as one, by name.
    fn merge<T>(
        &self,
        name: impl Fn(&T) -> &Name,
        page: impl Fn(&MonitorControl) -> Page<T>,
    ) -> Page<T> {
        let mut entries = Vec::new();
        // What comes after the end of a page that is not the last one is left for the next page.
        let mut end: Option<Name> = None;
        for monitor in self.monitors() {
            let page = page(monitor);
            entries.extend(page.entries);
            end = match (end, page.next) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
        entries.sort_by(|a, b| name(a).cmp(name(b)));
        if let Some(end) = &end {
            entries.retain(|it| name(it) <= end);
        }
        if entries.len() > PAGE {
            entries.truncate(PAGE);
            end = entries.last().map(|it| name(it).clone());
        }
        Page { entries, next: end }
    }
}

impl Targets for Groups {
    fn status(&self) -> MonitorStatus {
        let mut all = self.monitors().map(MonitorControl::status);
        let first = all.next().unwrap_or_default();
        all.fold(first, |mut sum, it| {
            sum.merge(&it);
            sum
        })
    }

    fn page(&self, after: Option<&Name>, only: Option<TargetStatus>) -> Page<TargetView> {
        self.merge(
            |it: &TargetView| &it.name,
            |monitor| monitor.page(after, only),
        )
    }

    fn target(&self, name: &Name) -> Option<TargetView> {
        let mut monitors = self.monitors();
        monitors.find_map(|it| it.target(name.as_str()))
    }

    fn ready(&self, after: Option<&Name>) -> Page<ReadyTarget> {
        let mut page = self.merge(ReadyTarget::name, |monitor| monitor.ready(after));
        // The supervisor knows more than the checks: what is being ended may still answer them.
        let ready = self.all().iter().flat_map(|it| it.control().views());
        let ready = ready.filter(|it| it.state == health_core::supervise::ReplicaState::Ready);
        let ready: std::collections::BTreeSet<_> = ready.map(|it| it.name).collect();
        page.entries.retain(|it| ready.contains(it.name()));
        page
    }

    fn groups(&self) -> Vec<GroupReport> {
        self.all().iter().map(|it| report(it)).collect()
    }
}

fn report(group: &RunningGroup) -> GroupReport {
    let replicas = group.control().views().into_iter().map(replica).collect();
    let (name, summary) = (group.settings.name.clone(), group.control().summary());
    GroupReport::new(name, summary, replicas)
}

fn replica(mut view: ReplicaView) -> ReplicaReport {
    let mut it = ReplicaReport::new(view.name, view.state);
    (it.instance, it.pid, it.port) = (view.instance, view.pid, view.port);
    (it.restarts, it.streak) = (view.restarts, view.streak);
    it.restarts_by = view.restarts_by;
    (it.next_in, it.since, it.began_at) = (view.next_in, Some(view.since), view.began_at);
    it.dropped_lines = view.dropped_lines;
    it.last_end = view.ended.pop().map(|end| EndReport {
        instance: end.instance,
        reason: end.reason,
        exit: end.exit,
        uptime: end.uptime,
        output: end.output,
    });
    it
}
