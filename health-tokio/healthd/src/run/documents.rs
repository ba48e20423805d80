//! What `inspect` and `explain` show of a group, as JSON. Times are milliseconds since 1970.

use health_core::check::probe::Exit;
use health_core::supervise::ReplicaState;
use health_core::{Cause, Kind, Moment};
use health_tokio::supervise::{EndedInstance, FailedCheck, ReplicaView};
use serde_json::{Map, Value, json};

use super::evidence;
use super::group::RunningGroup;
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
    let (heard, control) = (group.heard(), group.control());
    let (views, moment) = (control.views(), control.monitor().status().moment);
    let replicas = views.iter().map(|view| {
        let mut it = replica(view);
        let (rule, evidence) = evidence::of_replica(group, &heard, moment, view);
        it["rule"] = rule.into();
        it["evidence"] = evidence.into();
        let ended = view.ended.iter().map(|it| ended(moment, it));
        it["instances"] = ended.collect();
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

/// The same, with the rule that ended it, what its checks saw last that failed, and what it has written.
fn ended(moment: Moment, it: &EndedInstance) -> Value {
    let mut value = end(it);
    let (rule, evidence) = evidence::of_end(moment, it);
    value["began_at"] = it.began_at.as_millis().into();
    value["ended_at"] = it.ended_at.as_millis().into();
    value["rule"] = rule.into();
    value["evidence"] = evidence.into();
    value["checks"] = it.failed.iter().map(|it| failed(moment, it)).collect();
    value["output"] = it.output.to_string().into();
    value
}

/// `detail`: what the command wrote, or what the response brought.
fn failed(moment: Moment, it: &FailedCheck) -> Value {
    json!({
        "name": it.name.as_str(),
        "kind": it.kind.as_str(),
        "status": it.status.as_str(),
        "failures": it.failures,
        "at": moment.unix_at(it.last.end()).as_millis(),
        "error_kind": it.last.kind().map(Kind::as_str),
        "message": it.last.message(),
        "detail": it.last.cause().map(Cause::reveal),
    })
}
