//! What the commands that show say of targets that are paused or silenced.

use health_core::monitor::registry::{Quiet, QuietReason};
use health_core::{Name, UnixTime};
use serde_json::Value;

use super::{time, word};
use crate::daemon::now;
use crate::quiet::sentence;
use crate::store::read::{QuietInfo, TargetInfo};

/// Adds to the target what is said of it.
pub(super) fn add(quiet: &Quiet, target: &mut TargetInfo) {
    let Ok(name) = Name::new(&target.name) else {
        return;
    };
    let group = target.definition["group"].as_str().map(Name::new);
    let group = group.and_then(Result::ok);
    let info = |it: &QuietReason| QuietInfo {
        since: it.since.as_millis(),
        until: it.until.map(UnixTime::as_millis),
        why: it.why.to_string(),
        by: it.by.to_string(),
        text: sentence(it),
    };
    target.paused = quiet.paused(&name).map(|it| info(it));
    let silenced = quiet.silenced(now(), &name, group.as_ref());
    target.silenced = silenced.map(|it| info(it));
}

/// `Paused: since … by alice@ops: new disks`, a line each; nothing of most targets.
pub(super) fn lines(target: &TargetInfo) -> String {
    let paused = target.paused.as_ref().map(|it| ("Paused:  ", it));
    let silenced = target.silenced.as_ref().map(|it| ("Silenced:", it));
    let lines = paused.into_iter().chain(silenced);
    lines
        .map(|(what, it)| format!("{what} {}\n", it.text))
        .collect()
}

/// What stands in the last column of a list, with what would stand there otherwise.
pub(super) fn remark(target: &TargetInfo, other: String) -> String {
    let paused = target.paused.as_ref().map(|it| it.text.clone());
    let silenced = || {
        let it = target.silenced.as_ref()?;
        Some(format!("silenced {}", it.text))
    };
    match paused.or_else(silenced) {
        Some(quiet) if other.is_empty() => quiet,
        Some(quiet) => format!("{other}; {quiet}"),
        None => other,
    }
}

/// A line of `status`: the key and what is said of it.
pub(super) fn status(it: &Value) -> (String, String) {
    let [state, scope, name, why, by] =
        ["state", "scope", "name", "why", "by"].map(|key| word(&it[key]));
    let key = [state, scope, name];
    let key: Vec<_> = key.into_iter().filter(|it| !it.is_empty()).collect();
    let when = |word, at: &Value| at.as_u64().map(|at| format!("{word} {}", time(at)));
    let is_to_come = it["since"].as_u64() > Some(now().as_millis());
    let since = when("from", &it["since"]).filter(|_| is_to_come || it["until"].is_null());
    let times = [since, when("until", &it["until"])].into_iter().flatten();
    let times: Vec<_> = times.collect();
    (key.join("."), format!("{} by {by}: {why}", times.join(" ")))
}
