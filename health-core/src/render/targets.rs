//! Writes the monitored targets: status and reason of each, and the addresses of those that are ready.

#[cfg(feature = "supervise")]
use alloc::collections::BTreeMap;
use alloc::format;
#[cfg(feature = "registry")]
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

#[cfg(feature = "supervise")]
use super::groups;
use super::json::{self, Object};
use crate::base::Kind;
use crate::base::{Moment, UnixTime};
use crate::check::Record;
#[cfg(feature = "registry")]
use crate::monitor::registry::QuietReason;
use crate::monitor::{CheckView, MonitorStatus, ReadyTarget, TargetStatus, TargetView};
#[cfg(feature = "supervise")]
use crate::supervise::GroupReport;

/// What is shown at `/targets`.
pub(crate) struct TargetList<'a> {
    pub(crate) status: &'a MonitorStatus,
    pub(crate) targets: &'a [TargetView],
    /// If there are more of them, what to ask for.
    pub(crate) next: Option<&'a str>,
    /// The groups of those that are replicas.
    #[cfg(feature = "supervise")]
    pub(crate) groups: &'a [GroupReport],
    /// How many of all replicas are shown beside the targets; 0 hides the groups.
    #[cfg(feature = "supervise")]
    pub(crate) most_replicas: usize,
}

/// The targets. It shows messages: for readers who may see them.
pub(crate) fn targets(moment: Moment, list: &TargetList<'_>, out: &mut Vec<u8>) {
    let (status, targets) = (list.status, list.targets);
    let summary = status.summary;
    #[cfg(feature = "supervise")]
    let replicas = list.groups.iter().flat_map(|it| &it.replicas);
    #[cfg(feature = "supervise")]
    let replicas: BTreeMap<_, _> = replicas.map(|it| (&it.name, it)).collect();
    json::object(out, |o| {
        o.word("timestamp", moment.unix.rfc3339());
        for (name, count) in [
            ("total", summary.total),
            ("healthy", summary.healthy()),
            ("unhealthy", summary.unhealthy),
            ("unknown", summary.unknown),
            ("inactive", summary.inactive()),
        ] {
            o.number(name, count as u64);
        }
        if summary.deregistered > 0 {
            o.number("deregistered", summary.deregistered as u64);
            o.number("answers_again", summary.answers_again as u64);
        }
        o.bool("mass_failure", status.is_mass_failure);
        word(o, "next", list.next);
        o.objects("targets", targets.iter(), |o, it| {
            target(status, it, o, |_, _, _| {});
            #[cfg(feature = "supervise")]
            if let Some(replica) = replicas.get(&it.name) {
                o.object("replica", |o| groups::replica(replica, o));
            }
        });
        #[cfg(feature = "supervise")]
        if !list.groups.is_empty() && list.most_replicas > 0 {
            groups::groups_with_replicas(list.groups, list.most_replicas, o);
        }
    });
}

/// The one target of `list`, as it stands there, with what its last attempts saw.
#[cfg(feature = "registry")]
pub(crate) fn alone(moment: Moment, list: &TargetList<'_>, out: &mut Vec<u8>) {
    json::object(out, |o| {
        o.word("timestamp", moment.unix.rfc3339());
        for it in list.targets {
            target(list.status, it, o, attempt);
            #[cfg(feature = "supervise")]
            if let Some(replica) = list
                .groups
                .iter()
                .flat_map(|group| &group.replicas)
                .find(|replica| replica.name == it.name)
            {
                o.object("replica", |o| groups::replica(replica, o));
            }
        }
    });
}

/// When a check is due next, and what its last attempt saw: for readers who may see it.
#[cfg(feature = "registry")]
fn attempt(moment: Moment, check: &CheckView, o: &mut Object<'_>) {
    time(o, "next_at", check.next_due.map(|due| moment.unix_at(due)));
    o.number("attempts", check.attempts);
    o.number("skipped_slots", check.skipped_slots);
    let report = check.last_report.as_deref();
    let text = |o: &mut Object<'_>, name, value: Option<String>| match value {
        Some(value) => o.string(name, &value),
        None => o.raw(name, "null"),
    };
    let cause = report.and_then(|it| it.outcome.cause.as_ref());
    text(o, "cause", cause.map(|it| it.reveal().into()));
    let address = report.and_then(|it| it.address);
    text(o, "address", address.map(|it| it.to_string()));
    let output = report.and_then(|it| it.output.as_ref());
    text(o, "output", output.map(|it| it.to_string()));
}

/// A list as Prometheus' `http_sd_configs` reads it.
pub(crate) fn ready_targets(targets: impl Iterator<Item = ReadyTarget>, out: &mut Vec<u8>) {
    json::array(out, targets, |o, it| {
        o.strings("targets", [&*format!("{}", it.endpoint)].into_iter());
        o.object("labels", |o| {
            o.word("target", it.name.as_str());
            if let Some(group) = &it.group {
                o.word("group", group.as_str());
            }
        });
    });
}

/// `more` adds to each check. `status` has the moment of the monitor's clock, by which its instants go.
fn target(
    status: &MonitorStatus,
    target: &TargetView,
    o: &mut Object<'_>,
    more: impl Fn(Moment, &CheckView, &mut Object<'_>),
) {
    let moment = status.moment;
    o.word("name", target.name.as_str());
    word(o, "group", target.group.as_ref().map(|it| it.as_str()));
    o.word("status", target.status.as_str());
    o.bool("active", !target.is_deregistered);
    o.bool("ready", target.is_ready);
    let (healthy, total) = target.healthy;
    o.number("healthy_checks", healthy as u64);
    o.number("total_checks", total as u64);
    if target.is_deregistered {
        deregistered(status.reactivate_command, target, o);
    }
    #[cfg(feature = "registry")]
    {
        labels(target, o);
        quiet(target, o);
    }
    o.objects("checks", target.checks.iter(), |o, it| {
        check(moment, it, o);
        more(moment, it, o);
    });
}

/// What its program knows of it.
#[cfg(feature = "registry")]
fn labels(target: &TargetView, o: &mut Object<'_>) {
    if let Some(labels) = &target.labels {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let labels = labels.iter();
        let labels = labels.filter(|(name, _)| name.chars().all(is_name));
        o.object("labels", |o| {
            labels.for_each(|(name, value)| o.string(name, value));
        });
    }
}

/// Who has paused or silenced it, and why, if anybody has.
#[cfg(feature = "registry")]
fn quiet(target: &TargetView, o: &mut Object<'_>) {
    let words = |it: &QuietReason, o: &mut Object<'_>| {
        o.string("why", &it.why);
        o.string("by", &it.by);
    };
    if let Some(it) = &target.paused {
        o.object("paused", |o| {
            o.number("since", it.since.as_millis());
            words(it, o);
        });
    }
    if let Some(it) = &target.silenced {
        o.object("silenced", |o| {
            match it.until {
                Some(until) => o.number("until", until.as_millis()),
                None => o.raw("until", "null"),
            }
            words(it, o);
        });
    }
}

/// Since when, why, whether it answers again, and how it is brought back.
fn deregistered(command: Option<&str>, target: &TargetView, o: &mut Object<'_>) {
    let checks = || target.checks.iter();
    time(
        o,
        "deregistered_at",
        checks().filter_map(|it| it.deregistered_at).min(),
    );
    o.string("reason", target.reason());
    let answers = target.status == TargetStatus::AnswersAgain;
    let since = checks().filter_map(|it| it.answers_since).max();
    time(o, "answers_since", since.filter(|_| answers));
    if let Some(command) = command {
        o.string("reactivate", &format!("{command} {}", target.name));
    }
}

fn check(moment: Moment, check: &CheckView, o: &mut Object<'_>) {
    o.word("name", check.name.as_str());
    o.word("status", check.status.as_str());
    o.bool("stale", check.is_stale);
    o.string("target", &check.target);
    time(o, "since", check.since);
    o.number("consecutive_failures", check.streak.failures().into());
    o.number("consecutive_successes", check.streak.successes().into());
    let last = check.history.last();
    time(
        o,
        "last_checked_at",
        last.map(|it| moment.unix_at(it.begin())),
    );
    match last {
        Some(last) => o.millis("last_response_ms", last.duration()),
        None => o.raw("last_response_ms", "null"),
    }
    let error = check.error();
    let kind = error.and_then(|(kind, _)| kind);
    word(o, "last_error_kind", kind.map(Kind::as_str));
    match error {
        Some((_, message)) => o.string("last_error", message),
        None => o.raw("last_error", "null"),
    }
    time(o, "deregistered_at", check.deregistered_at);
    o.objects("results", check.history.iter(), |o, it| {
        result(moment, it, o);
    });
}

fn result(moment: Moment, record: &Record, o: &mut Object<'_>) {
    o.word("begin_at", moment.unix_at(record.begin()).rfc3339());
    o.millis("took_ms", record.duration());
    o.word("class", record.class().as_str());
    word(o, "kind", record.kind().map(Kind::as_str));
    o.string("message", record.message());
    o.bool("counted", record.is_counted());
}

fn word(o: &mut Object<'_>, name: &str, value: Option<&str>) {
    match value {
        Some(value) => o.word(name, value),
        None => o.raw(name, "null"),
    }
}

pub(super) fn time(o: &mut Object<'_>, name: &str, value: Option<UnixTime>) {
    match value {
        Some(value) => o.word(name, value.rfc3339()),
        None => o.raw(name, "null"),
    }
}
