//! What `inspect` and `explain` show of a group, as JSON. Times are milliseconds since 1970.

use health_core::check::probe::Exit;
use health_core::supervise::{EndReason, GivenUpReason, ReplicaState};
use health_tokio::supervise::{EndedInstance, ReplicaView};
use serde_json::{Map, Value, json};

use super::events::reason_words;
use super::group::{Heard, RunningGroup};
use crate::config::Work;
use crate::text::millis;

/// Whether nothing follows by itself.
pub(super) const fn is_over(state: ReplicaState) -> bool {
    matches!(state, ReplicaState::Failed | ReplicaState::Stopped)
}

/// The group, its checks, and each of its replicas.
pub(super) fn inspect(group: &RunningGroup) -> Value {
    let views = group.control().views();
    document(group, views.iter().map(replica).collect())
}

/// The same, with the rule that led to the state of each replica, and its last instances.
pub(super) fn explain(group: &RunningGroup) -> Value {
    let heard = group.heard();
    let views = group.control().views();
    let replicas = views.iter().map(|view| {
        let mut it = replica(view);
        let (rule, evidence) = because(group, &heard, view);
        it["rule"] = rule.into();
        it["evidence"] = evidence.into();
        it["instances"] = view.ended.iter().map(ended).collect();
        it
    });
    document(group, replicas.collect())
}

fn document(group: &RunningGroup, replicas: Vec<Value>) -> Value {
    let (settings, control) = (&group.settings, group.control());
    let summary = control.summary();
    let checks = settings.checks[0].0.iter().map(|it| {
        let config = &it.config;
        json!({
            "name": it.name.as_str(),
            "kind": config.kind.as_str(),
            "target": it.probe.to_string(),
            "rule": it.rule.to_string(),
            "interval_seconds": config.interval.as_secs_f64(),
            "timeout_seconds": config.timeout.as_secs_f64(),
            "retries": config.retries,
            "success_threshold": config.success_threshold,
            "start_period_seconds": config.start_period.as_secs_f64(),
        })
    });
    let command = match &settings.work {
        // Arguments may be secrets.
        Work::Command(words) => words[0].as_str(),
        Work::Restart(_) => "",
    };
    json!({
        "name": settings.name.as_str(),
        "health": summary.to_string(),
        "status": summary.status.as_str(),
        "ready": summary.is_ready,
        "mass_failure": summary.is_mass_failure,
        "draining": group.is_stopping(),
        "pid": std::process::id(),
        "program": Some(command).filter(|it| !it.is_empty()),
        "checks": checks.collect::<Vec<_>>(),
        "replicas": replicas,
    })
}

fn replica(view: &ReplicaView) -> Value {
    json!({
        "name": view.name.as_str(),
        "index": view.index,
        "state": view.state.as_str(),
        "shown": view.shown.as_str(),
        "instance": view.instance,
        "pid": view.pid,
        "port": view.port,
        "since": view.since.as_millis(),
        "restarts": view.restarts,
        "streak": view.streak,
        "next_ms": view.next_in.map(millis),
        "last_end": view.last_end().map(end),
    })
}

/// How an instance ended.
fn end(it: &EndedInstance) -> Value {
    let mut map = Map::new();
    map.insert("instance".to_owned(), it.instance.into());
    map.insert("reason".to_owned(), it.reason.as_str().into());
    match it.exit {
        Some(Exit::Code(code)) => drop(map.insert("code".to_owned(), code.into())),
        Some(Exit::Signal(signal)) => drop(map.insert("signal".to_owned(), signal.into())),
        _ => {}
    }
    map.insert("uptime_ms".to_owned(), millis(it.uptime).into());
    map.into()
}

/// The same, with what it has written.
fn ended(it: &EndedInstance) -> Value {
    let mut value = end(it);
    value["began_at"] = it.began_at.as_millis().into();
    value["ended_at"] = it.ended_at.as_millis().into();
    value["output"] = it.output.to_string().into();
    value
}

/// The rule by which a replica is in its state, and what it was applied to.
fn because(group: &RunningGroup, heard: &Heard, view: &ReplicaView) -> (String, Vec<String>) {
    let last = view.last_end();
    let ended = last.map(|it| ended_words(it, view.instance));
    let given_up = heard
        .given_up
        .get(usize::from(view.index))
        .copied()
        .flatten();
    let given_up = given_up.or(heard.group_given_up);
    let of_current = last.is_some_and(|it| it.instance == view.instance);
    let streak = view.streak;
    let rule = match view.state {
        ReplicaState::Waiting if view.instance == 0 => "R1: it begins with the group".to_owned(),
        ReplicaState::Waiting => {
            "R14: its restart is due, and others have the places for restarts".to_owned()
        }
        ReplicaState::Starting => {
            "R3: it runs; min_uptime is not over, or its startup check has not succeeded".to_owned()
        }
        ReplicaState::Started => "R3: it is up, and was not ready yet".to_owned(),
        ReplicaState::Ready => "R3: it is up, and all that counts for ready succeeds".to_owned(),
        ReplicaState::Unready => "R3: it was ready, and a check that counts for ready fails".to_owned(),
        ReplicaState::Stopping if group.is_stopping() => "R18: the group is stopped".to_owned(),
        ReplicaState::Stopping if of_current => {
            "R6: its process has exited, and others of its process group are left".to_owned()
        }
        ReplicaState::Stopping => "R4: it is ended, to begin again".to_owned(),
        ReplicaState::Backoff if of_current => {
            format!("R9: after its exit, restart {streak} in a row waits for its back-off")
        }
        ReplicaState::Backoff => {
            "R10: a check calls for a restart, which waits for its back-off; it may recover until then".to_owned()
        }
        ReplicaState::Failed => match given_up {
            Some(reason) => format!("{}: {}", rule_of(reason), reason_words(reason)),
            None => "R8: it was given up".to_owned(),
        },
        ReplicaState::Stopped if group.is_stopping() => "R18: the group was stopped".to_owned(),
        ReplicaState::Stopped => "R8: it ended with success, and --restart asks for no more".to_owned(),
    };
    (
        rule,
        ended.into_iter().chain(failing(group, view)).collect(),
    )
}

const fn rule_of(reason: GivenUpReason) -> &'static str {
    match reason {
        GivenUpReason::Policy | GivenUpReason::FatalExit => "R8",
        GivenUpReason::MaxRestarts => "R12",
        GivenUpReason::Budget => "R13",
    }
}

/// `instance 3 (the one before) exited with code 1 after 12.3 s`.
fn ended_words(it: &EndedInstance, current: u64) -> String {
    let which = if it.instance == current {
        ""
    } else {
        ", the one before,"
    };
    let exit = match it.exit {
        Some(Exit::Code(code)) => format!(" with code {code}"),
        Some(Exit::Signal(signal)) => format!(" by signal {signal}"),
        _ => String::new(),
    };
    let why = match it.reason {
        EndReason::Exit => "",
        EndReason::Liveness => ": a liveness or health check had failed",
        EndReason::Startup => ": its startup check had failed",
        EndReason::Requested => ": a restart was requested",
        EndReason::Stop => ": the group was stopped",
        EndReason::Spawn => ": it could not be started",
    };
    let uptime = it.uptime.as_secs_f64();
    format!(
        "instance {}{which} ended{exit} after {uptime:.1} s{why}",
        it.instance
    )
}

/// What the checks of the current instance say that fail.
fn failing(group: &RunningGroup, view: &ReplicaView) -> Vec<String> {
    let target = group.control().monitor().target(view.name.as_str());
    let checks = target.into_iter().flat_map(|it| it.checks);
    let failing = checks.filter_map(|it| {
        let error = it.last_error()?;
        let failures = it.streak.failures();
        (failures > 0).then(|| {
            format!(
                "check {} is {}: {failures} in a row, the last one: {}",
                it.name,
                it.status.as_str(),
                error.message()
            )
        })
    });
    failing.collect()
}
