//! Writes the groups whose processes are kept running: as metrics, and beside the targets they are.
//!
//! In the metrics nothing is private. No argument of a command is shown anywhere.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::exposition::{Exposition, Family, Kind};
use super::json::Object;
use super::targets::time;
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
        if let Some(exit) = it.last_end.as_ref().and_then(|it| it.exit) {
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

/// Writes the groups with their replicas, at most this many in all: those that are not ready before
/// others. It shows output: for readers who may see it.
pub(crate) fn groups_with_replicas(groups: &[GroupReport], most: usize, o: &mut Object<'_>) {
    let is_ready = |it: &&ReplicaReport| it.state == ReplicaState::Ready;
    let all = || groups.iter().flat_map(|it| &it.replicas);
    let places_for_ready = most.saturating_sub(all().filter(|it| !is_ready(it)).count());
    let (mut places, mut places_for_ready) = (most, places_for_ready);
    o.objects("groups", groups.iter(), |o, group| {
        let summary = &group.summary;
        o.word("name", group.name.as_str());
        o.string("health", &format!("{summary}"));
        o.word("status", summary.status.as_str());
        o.bool("ready", summary.is_ready);
        o.bool("mass_failure", summary.is_mass_failure);
        o.number("total", summary.total as u64);
        o.number("healthy", summary.healthy as u64);
        let shown = group.replicas.iter().filter(|it| {
            let left = if is_ready(it) {
                &mut places_for_ready
            } else {
                &mut places
            };
            let has_place = *left > 0;
            *left = left.saturating_sub(1);
            has_place
        });
        let shown: Vec<_> = shown.collect();
        o.objects("replicas", shown.into_iter(), |o, it| {
            o.word("name", it.name.as_str());
            time(o, "since", it.since);
            state(it, true, o);
        });
    });
}

/// Writes what is known of a target's replica.
pub(crate) fn replica(it: &ReplicaReport, o: &mut Object<'_>) {
    state(it, false, o);
}

fn state(it: &ReplicaReport, with_output: bool, o: &mut Object<'_>) {
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
        Some(end) => o.object("last_end", |o| {
            last_end(end, o);
            if with_output {
                o.string("output", &ending(&end.output.to_string()));
            }
        }),
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

/// The last lines of an output, at most 1 KiB of them: there may be a thousand in one document.
fn ending(text: &str) -> String {
    const MOST: usize = 1_024;
    if text.len() <= MOST {
        return text.into();
    }
    let mut from = text.len() - MOST;
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let kept = &text[from..];
    let lines = kept.split_once('\n').map(|(_, rest)| rest);
    format!("...\n{}", lines.filter(|it| !it.is_empty()).unwrap_or(kept))
}

fn number(o: &mut Object<'_>, name: &str, value: Option<u64>) {
    match value {
        Some(value) => o.number(name, value),
        None => o.raw(name, "null"),
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::base::{Instant, Name, UnixTime};
    use crate::render::json;
    use crate::supervise::{EndReason, GroupConfig, ProcessOutput, Supervisor};

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
            output: ProcessOutput::new(),
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

    fn with_output(output: &[u8]) -> GroupReport {
        let mut group = report();
        let replica = &mut group.replicas[0];
        replica.since = Some(UnixTime::from_millis(1_000));
        let end = replica.last_end.as_mut().expect("it has ended");
        end.output.push_stdout(output);
        group
    }

    fn shown(groups: &[GroupReport], most: usize) -> String {
        let mut out = Vec::new();
        json::object(&mut out, |o| groups_with_replicas(groups, most, o));
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn a_group_is_shown_with_its_replicas() {
        assert_eq!(
            shown(&[with_output(b"no disk\n")], 10),
            r#"{"groups":[{"name":"web","health":"0/1 healthy, 1/1 starting","status":"unknown","ready":false,"mass_failure":false,"total":1,"healthy":0,"replicas":[{"name":"web-0","since":"1970-01-01T00:00:01.000Z","state":"backoff","instance":3,"pid":null,"port":8000,"restarts":2,"streak":0,"next_ms":1500.000,"last_end":{"instance":3,"reason":"exit","signal":9,"uptime_ms":2000.000,"output":"no disk\n"}}]}]}"#
        );
    }

    #[test]
    fn of_a_long_output_the_last_lines_are_shown() {
        let text = shown(&[with_output(&b"line\n".repeat(10_000))], 10);
        let kept = text.matches("line\\n").count();
        assert_eq!(kept, 204, "whole lines: {text}");
        assert!(text.contains(r#""output":"...\nline\n"#), "{text}");
        let text = shown(&[with_output("ü".repeat(10_000).as_bytes())], 10);
        assert_eq!(text.matches('ü').count(), 512);
    }

    #[test]
    fn who_is_not_ready_is_shown_before_others() {
        let mut group = report();
        let name = |index: usize| Name::new(&format!("web-{index}")).expect("a name");
        let states = [
            ReplicaState::Ready,
            ReplicaState::Ready,
            ReplicaState::Failed,
        ];
        let replicas = states.into_iter().enumerate();
        group.replicas = replicas
            .map(|(index, state)| ReplicaReport::new(name(index), state))
            .collect();
        for (most, expected) in [(3, "012"), (2, "02"), (1, "2"), (0, "")] {
            let text = shown(&[group.clone()], most);
            let names = (0..3).filter(|it| text.contains(&format!("web-{it}")));
            let names: String = names.map(|it| format!("{it}")).collect();
            assert_eq!(names, expected, "of {most}");
        }
    }
}
