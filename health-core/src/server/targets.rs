//! The targets of a monitor in the endpoint's documents: `/targets`, `/metrics`, and a line of `/health`.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::num::NonZeroU16;
use core::{fmt, iter};

use super::guard::{self, PanicGuard};
use super::query::InlineName;
use crate::base::Moment;
use crate::base::Name;
use crate::monitor::{MonitorStatus, ReadyTarget, Summary, TargetStatus, TargetView};
use crate::render::exposition::Exposition;
use crate::render::{self, Watched, probes};
#[cfg(feature = "supervise")]
use crate::supervise::GroupReport;

/// The most targets in one response.
const MAX_TARGETS: u16 = 1_000;

/// The targets of a monitor, for a [`Service`](super::Service) to show. A driver's handle of a monitor
/// implements it.
///
/// It is called on the endpoint's thread, where probes wait for their responses: each call has to
/// return at once. A long list is read in pages, so that no lock has to be held for all of it; what is
/// added or removed between two pages may be shown or missing, and what changes its status as well.
pub trait Targets: Send + Sync {
    /// The whole monitor in numbers. It is called for each document of `/health`.
    fn status(&self) -> MonitorStatus;

    /// Some of the targets whose names come after `after`, or the first of all, in the order of names;
    /// those that are [one of](TargetStatus::is_one_of) `only`, if that is given.
    fn page(&self, after: Option<&Name>, only: Option<TargetStatus>) -> Page<TargetView>;

    /// The same for targets that may be sent work and have an address.
    fn ready(&self, after: Option<&Name>) -> Page<ReadyTarget>;

    /// The target of this name, for its own document. By default none.
    #[cfg(feature = "registry")]
    fn target(&self, name: &Name) -> Option<TargetView> {
        let _ = name;
        None
    }

    /// The groups whose processes are kept running; each of their replicas that has checks is a target of
    /// its name. By default none.
    #[cfg(feature = "supervise")]
    fn groups(&self) -> Vec<GroupReport> {
        Vec::new()
    }
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// In the order of names. An empty page need not be the last one.
    pub entries: Vec<T>,
    /// The `after` of the next page; `None` at the end.
    pub next: Option<Name>,
}

/// What a service shows of a monitor.
#[derive(Clone)]
pub(super) struct TargetList {
    targets: Arc<dyn Targets>,
    /// Around each call: a panic ends that call, and the list is as if it were empty.
    pub(super) guard: PanicGuard,
}

impl fmt::Debug for TargetList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TargetList")
    }
}

impl TargetList {
    pub(super) const fn new(targets: Arc<dyn Targets>) -> Self {
        let guard = guard::UNGUARDED;
        Self { targets, guard }
    }

    /// How many there are, and how many of them are healthy.
    pub(super) fn watched(&self) -> Option<Watched> {
        let summary = guard::call(self.guard, || self.targets.status())?.summary;
        Some(Watched {
            total: summary.total,
            healthy: summary.healthy(),
        })
    }

    /// Appends the targets that `query` asks for.
    pub(super) fn write_list(&self, moment: Moment, query: &TargetQuery, out: &mut Vec<u8>) {
        let status = self.status();
        // The groups stand on one page of the list only, and not where targets of one status are asked for.
        #[cfg(feature = "supervise")]
        let is_whole = query.after.is_none() && query.status.is_none();
        let most = query.limit().unwrap_or(MAX_TARGETS.into());
        let by_name = query.after.and_then(|it| it.by_name());
        let mut targets: Vec<_> = match by_name {
            Some(after) => {
                let page = |after: Option<&Name>| self.targets.page(after, query.status);
                self.entries(Some(after), page).take(most + 1).collect()
            }
            None => self.sorted(query, &status.summary).take(most + 1).collect(),
        };
        let has_more = targets.len() > most;
        targets.truncate(most);
        let last = targets.last().filter(|_| has_more);
        let next = last.map(|it| match query.after {
            Some(Cursor { status: None, .. }) => String::from(it.name.as_str()),
            _ => format!("{}{SEPARATOR}{}", it.status, it.name),
        });
        #[cfg(feature = "supervise")]
        let groups = self.groups();
        let list = render::TargetList {
            status: &status,
            targets: &targets,
            next: next.as_deref(),
            #[cfg(feature = "supervise")]
            groups: &groups,
            #[cfg(feature = "supervise")]
            most_replicas: if is_whole { most } else { 0 },
        };
        render::targets(moment, &list, out);
    }

    /// Appends the targets that may be sent work: all of them, unless `query` has a limit. Prometheus reads
    /// no pages, and drops what a list does not name.
    pub(super) fn write_ready(&self, query: &TargetQuery, out: &mut Vec<u8>) {
        let after = query.after.and_then(|it| it.name());
        let targets = self.entries(after, |after| self.targets.ready(after));
        render::ready_targets(targets.take(query.limit().unwrap_or(usize::MAX)), out);
    }

    /// The target of this name.
    #[cfg(feature = "registry")]
    pub(super) fn find(&self, name: &InlineName) -> Option<TargetView> {
        let name = Name::new(name.as_str()).ok()?;
        guard::call(self.guard, || self.targets.target(&name))?
    }

    /// Appends the target of this name.
    #[cfg(feature = "registry")]
    pub(super) fn write_target(&self, moment: Moment, name: &InlineName, out: &mut Vec<u8>) {
        let Some(target) = self.find(name) else {
            // It was removed just now.
            return render::error("Not found", out);
        };
        #[cfg(feature = "supervise")]
        let groups = self.groups();
        let list = render::TargetList {
            status: &self.status(),
            targets: &[target],
            next: None,
            #[cfg(feature = "supervise")]
            groups: &groups,
            #[cfg(feature = "supervise")]
            most_replicas: 0,
        };
        render::target(moment, &list, out);
    }

    /// Appends a table of the first targets, the worst first.
    #[cfg(feature = "page")]
    pub(super) fn write_table(&self, out: &mut Vec<u8>) {
        let status = self.status();
        let every = TargetQuery::default();
        let all = self.sorted(&every, &status.summary);
        let targets: Vec<_> = all.take(MAX_TARGETS.into()).collect();
        render::table(&status, &targets, out);
    }

    /// Appends metrics of the whole, and of each of the first targets.
    pub(super) fn write_metrics(&self, e: &mut Exposition<'_>) {
        let status = self.status();
        let targets = self.worst_first(&status.summary);
        let omitted = status.summary.total.saturating_sub(targets.len());
        probes::monitor(&status, omitted, e);
        probes::probes(&status, &targets, e);
        #[cfg(feature = "supervise")]
        render::groups::groups(&self.groups(), e);
    }

    #[cfg(feature = "supervise")]
    fn groups(&self) -> Vec<GroupReport> {
        guard::call(self.guard, || self.targets.groups()).unwrap_or_default()
    }

    /// The targets that `query` asks for, the worst first, those of one status by name. Of each status that
    /// any target has, the list is read once.
    fn sorted(&self, query: &TargetQuery, summary: &Summary) -> impl Iterator<Item = TargetView> {
        let (only, after, summary) = (query.status, query.after, *summary);
        let asked_for = TargetStatus::ALL.into_iter().filter(move |status| {
            let is_behind = after
                .and_then(|it| it.status)
                .is_none_or(|it| it.place() <= status.place());
            let is_wanted = only.is_none_or(|only| status.is_one_of(only));
            is_behind && is_wanted && summary.count(*status) > 0
        });
        asked_for.flat_map(move |status| {
            let after = after.filter(|it| it.status == Some(status));
            let of_status = move |after: Option<&Name>| self.targets.page(after, Some(status));
            let entries = self.entries(after.and_then(|it| it.name()), of_status);
            entries.filter(move |it| it.status == status)
        })
    }

    /// As many targets as are shown: those that were deregistered before the others, since they have to
    /// be seen however many there are.
    fn worst_first(&self, summary: &Summary) -> Vec<TargetView> {
        let of = |only| self.entries(None, move |after| self.targets.page(after, only));
        let most = usize::from(MAX_TARGETS);
        let is_one_of = |it: &TargetView, only| it.status.is_one_of(only);
        if summary.deregistered == 0 || summary.total <= most {
            return of(None).take(most).collect();
        }
        let gone = [TargetStatus::Deregistered, TargetStatus::AnswersAgain];
        let first = gone.into_iter().flat_map(|only| of(Some(only)));
        let rest = of(None).filter(|it| !gone.iter().any(|only| is_one_of(it, *only)));
        first.chain(rest).take(most).collect()
    }

    fn status(&self) -> MonitorStatus {
        guard::call(self.guard, || self.targets.status()).unwrap_or_default()
    }

    /// The entries of all pages after a name; each page is read when the one before is used up.
    fn entries<T>(
        &self,
        mut after: Option<Name>,
        mut read: impl FnMut(Option<&Name>) -> Page<T>,
    ) -> impl Iterator<Item = T> {
        let (guard, mut is_over) = (self.guard, false);
        let pages = iter::from_fn(move || {
            if is_over {
                return None;
            }
            let page = guard::call(guard, || read(after.as_ref()))?;
            // A page that does not advance would be read without end.
            is_over = page.next <= after;
            after = page.next;
            Some(page.entries)
        });
        pages.flatten()
    }
}

/// Between the status and the name in a [`Cursor`]: not in a name, and in no need of an encoding.
const SEPARATOR: char = '~';

/// A target in a list: `unhealthy~web-2` in the one that is sorted by status and name. Without a status, in
/// the one that is sorted by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cursor {
    status: Option<TargetStatus>,
    name: InlineName,
}

impl Cursor {
    fn parse(value: &[u8]) -> Option<Self> {
        let is_encoded = |it: &[u8]| it.eq_ignore_ascii_case(b"%7e");
        let plain = value.iter().position(|it| *it == SEPARATOR as u8);
        let encoded = value.windows(3).position(is_encoded);
        let (word, name) = match (plain, encoded) {
            (Some(at), _) => (Some(&value[..at]), &value[at + 1..]),
            (None, Some(at)) => (Some(&value[..at]), &value[at + 3..]),
            (None, None) => (None, value),
        };
        let status = match word {
            Some(word) => Some(TargetStatus::from_word(InlineName::decode(word)?.as_str())?),
            None => None,
        };
        let name = InlineName::decode(name)?;
        Some(Self { status, name })
    }

    fn name(&self) -> Option<Name> {
        Name::new(self.name.as_str()).ok()
    }

    /// The name, if the list is to be sorted by it.
    fn by_name(&self) -> Option<Name> {
        self.name().filter(|_| self.status.is_none())
    }
}

/// The parameters of `/targets`. Unknown ones are ignored; the last of several counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TargetQuery {
    is_ready: bool,
    /// Those that come after this one: `?after=`.
    after: Option<Cursor>,
    /// Those of this status: `?status=`.
    status: Option<TargetStatus>,
    /// At most so many: `?limit=`.
    limit: Option<NonZeroU16>,
    after_is_bad: bool,
    status_is_bad: bool,
    limit_is_bad: bool,
}

impl TargetQuery {
    /// Only those that may be sent work: `?ready`.
    pub(super) const fn is_ready(&self) -> bool {
        self.is_ready
    }

    fn limit(&self) -> Option<usize> {
        self.limit.map(|most| most.get().into())
    }

    /// What is allowed, if the query is not; it is answered 400.
    pub(super) const fn error(&self) -> Option<&'static str> {
        if self.after_is_bad {
            Some(
                "after is the next of another answer, or the name of a target: 1 to 64 characters of \
                 A-Z a-z 0-9 _ . : -",
            )
        } else if self.status_is_bad {
            Some(
                "status is one of: healthy, degraded, unhealthy, unknown, inactive, deregistered, \
                 answers-again",
            )
        } else if self.limit_is_bad {
            Some("limit is a number from 1 to 1000")
        } else {
            None
        }
    }

    pub(super) fn parse(query: &[u8]) -> Self {
        let mut targets = Self::default();
        for parameter in query.split(|&byte| byte == b'&') {
            match parameter {
                b"ready" | b"ready=" | b"ready=1" | b"ready=true" => targets.is_ready = true,
                b"ready=0" | b"ready=false" => targets.is_ready = false,
                _ => {}
            }
            if let Some(name) = parameter.strip_prefix(b"after=") {
                targets.after = Cursor::parse(name);
                targets.after_is_bad = targets.after.is_none();
            }
            if let Some(number) = parameter.strip_prefix(b"limit=") {
                let number = core::str::from_utf8(number).unwrap_or_default();
                let number = number.parse().ok();
                targets.limit = number.filter(|most: &NonZeroU16| most.get() <= MAX_TARGETS);
                targets.limit_is_bad = targets.limit.is_none();
            }
            if let Some(word) = parameter.strip_prefix(b"status=") {
                let word = core::str::from_utf8(word).unwrap_or_default();
                targets.status = TargetStatus::from_word(word);
                targets.status_is_bad = targets.status.is_none();
            }
        }
        targets
    }
}
