//! Writes the groups whose processes are kept running: as metrics, and beside the targets they are.
//!
//! Nothing here is private: no argument, no output.

use super::exposition::{Exposition, Family, Kind};
use super::json::Object;
use crate::check::probe::Exit;
use crate::supervise::{EndReport, GroupReport, ReplicaReport, ReplicaState};

/// What a shell adds to the number of the signal that ended a process.
const OF_SIGNAL: i32 = 128;

/// Appends metrics of each group and of each replica; none if there is no group.
pub(crate) fn groups(groups: &[GroupReport], e: &mut Exposition<'_>) {
    of_groups(groups, e);
    states(groups, e);
    restarts(groups, e);
    let name = "health_replica_instance_start_time_seconds";
    let mut family = e.family(
        Kind::Gauge,
        name,
        "When the current instance of a replica began, in seconds since 1970.",
    );
    each(groups, &mut family, |family, labels, it| {
        if let Some(at) = it.began_at {
            let since = core::time::Duration::from_millis(at.as_millis());
            family.seconds(&labels, since);
        }
    });
    let mut family = e.family(
        Kind::Gauge,
        "health_replica_backoff_seconds",
        "How long a planned restart of a replica still waits; absent if none is planned.",
    );
    each(groups, &mut family, |family, labels, it| {
        if let Some(left) = it.next_in {
            family.seconds(&labels, left);
        }
    });
    let mut family = e.family(
        Kind::Gauge,
        "health_replica_last_exit_code",
        "Exit code of the last instance that ended; 128 and the signal's number after a signal.",
    );
    each(groups, &mut family, |family, labels, it| {
        if let Some(exit) = it.last_end.and_then(|it| it.exit) {
            let code = match exit {
                Exit::Code(code) => code,
                Exit::Signal(signal) => OF_SIGNAL + signal,
            };
            family.float(&labels, f64::from(code));
        }
    });
    let mut family = e.family(
        Kind::Counter,
        "health_replica_dropped_lines",
        "Lines of output that were dropped because a replica wrote too many.",
    );
    each(groups, &mut family, |family, labels, it| {
        family.integer(&labels, it.dropped_lines);
    });
}

fn of_groups(groups: &[GroupReport], e: &mut Exposition<'_>) {
    let mut family = e.family(Kind::Gauge, "health_group_replicas", "Replicas of a group.");
    for it in groups {
        family.integer(&[("group", it.name.as_str())], it.summary.total as u64);
    }
    let mut family = e.family(
        Kind::Gauge,
        "health_group_healthy",
        "Replicas of a group that are ready.",
    );
    for it in groups {
        family.integer(&[("group", it.name.as_str())], it.summary.healthy as u64);
    }
    let mut family = e.family(
        Kind::Gauge,
        "health_group_mass_failure",
        "Whether more than half of the replicas fail, so that one at a time is restarted.",
    );
    for it in groups {
        family.bool(&[("group", it.name.as_str())], it.summary.is_mass_failure);
    }
}

fn states(groups: &[GroupReport], e: &mut Exposition<'_>) {
    let mut family = e.family(
        Kind::Gauge,
        "health_replica_state",
        "Whether a replica is in a state.",
    );
    each(groups, &mut family, |family, [group, replica], it| {
        for state in ReplicaState::ALL {
            let labels = [group, replica, ("state", state.as_str())];
            family.bool(&labels, it.state == state);
        }
    });
}

fn restarts(groups: &[GroupReport], e: &mut Exposition<'_>) {
    let mut family = e.family(
        Kind::Counter,
        "health_replica_restarts",
        "Instances that were followed by another one, by the reason of their end.",
    );
    each(groups, &mut family, |family, [group, replica], it| {
        for (reason, count) in &it.restarts_by {
            let labels = [group, replica, ("reason", reason.as_str())];
            family.integer(&labels, *count);
        }
    });
}

/// Calls `write` for each replica with the labels that name it.
fn each(
    groups: &[GroupReport],
    family: &mut Family<'_, '_>,
    mut write: impl FnMut(&mut Family<'_, '_>, [(&str, &str); 2], &ReplicaReport),
) {
    for group in groups {
        for it in &group.replicas {
            let labels = [
                ("group", group.name.as_str()),
                ("replica", it.name.as_str()),
            ];
            write(family, labels, it);
        }
    }
}

/// Writes what is known of a target's replica.
pub(crate) fn replica(it: &ReplicaReport, o: &mut Object<'_>) {
    o.word("state", it.state.as_str());
    o.number("instance", it.instance);
    number(o, "pid", it.pid.map(u64::from));
    number(o, "port", it.port.map(u64::from));
    o.number("restarts", it.restarts);
    o.number("streak", it.streak.into());
    match it.next_in {
        Some(left) => o.millis("next_ms", left),
        None => o.raw("next_ms", "null"),
    }
    match &it.last_end {
        Some(end) => o.object("last_end", |o| last_end(end, o)),
        None => o.raw("last_end", "null"),
    }
}

fn last_end(end: &EndReport, o: &mut Object<'_>) {
    o.number("instance", end.instance);
    o.word("reason", end.reason.as_str());
    // Exit codes and signals are never negative.
    let unsigned = |it: i32| u64::from(it.unsigned_abs());
    match end.exit {
        Some(Exit::Code(code)) => o.number("code", unsigned(code)),
        Some(Exit::Signal(signal)) => o.number("signal", unsigned(signal)),
        None => {}
    }
    o.millis("uptime_ms", end.uptime);
}

fn number(o: &mut Object<'_>, name: &str, value: Option<u64>) {
    match value {
        Some(value) => o.number(name, value),
        None => o.raw(name, "null"),
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;
    use core::time::Duration;

    use super::*;
    use crate::base::Instant;
    use crate::base::Name;
    use crate::render::json;
    use crate::supervise::{EndReason, GroupConfig, Supervisor};

    fn report() -> GroupReport {
        let name = |text| Name::new(text).expect("a name");
        let mut group = Supervisor::new(GroupConfig::default()).expect("valid");
        group.start(Instant::default());
        let mut replica = ReplicaReport::new(name("web-0"), ReplicaState::Backoff);
        (replica.instance, replica.port, replica.restarts) = (3, Some(8000), 2);
        replica.next_in = Some(Duration::from_millis(1_500));
        replica.last_end = Some(EndReport {
            instance: 3,
            reason: EndReason::Exit,
            exit: Some(Exit::Signal(9)),
            uptime: Duration::from_secs(2),
        });
        replica.restarts_by = [(EndReason::Exit, 2)].into();
        GroupReport::new(name("web"), group.summary(), [replica].into())
    }

    #[test]
    fn metrics_name_group_and_replica() {
        let mut out = Vec::new();
        Exposition::write(false, &mut out, |e| groups(&[report()], e));
        let text = String::from_utf8(out).expect("UTF-8");
        for line in [
            "health_group_replicas{group=\"web\"} 1",
            "health_group_healthy{group=\"web\"} 0",
            "health_group_mass_failure{group=\"web\"} 0",
            "health_replica_state{group=\"web\",replica=\"web-0\",state=\"backoff\"} 1",
            "health_replica_state{group=\"web\",replica=\"web-0\",state=\"ready\"} 0",
            "health_replica_restarts_total{group=\"web\",replica=\"web-0\",reason=\"exit\"} 2",
            "health_replica_backoff_seconds{group=\"web\",replica=\"web-0\"} 1.500000",
            "health_replica_last_exit_code{group=\"web\",replica=\"web-0\"} 137",
            "health_replica_dropped_lines_total{group=\"web\",replica=\"web-0\"} 0",
        ] {
            assert!(text.lines().any(|it| it == line), "{line}\n{text}");
        }
        assert!(!text.contains("start_time"), "{text}");
        let mut out = Vec::new();
        Exposition::write(false, &mut out, |e| groups(&[], e));
        assert!(out.is_empty(), "no header without a sample");
    }

    #[test]
    fn a_replica_is_shown_beside_its_target() {
        let mut out = Vec::new();
        json::object(&mut out, |o| replica(&report().replicas[0], o));
        let text = String::from_utf8(out).expect("UTF-8");
        assert_eq!(
            text,
            r#"{"state":"backoff","instance":3,"pid":null,"port":8000,"restarts":2,"streak":0,"next_ms":1500.000,"last_end":{"instance":3,"reason":"exit","signal":9,"uptime_ms":2000.000}}"#
        );
    }
}
