//! Notices as receivers get them: JSON with an id, and the URL, group and reason of each target.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use health_core::check::{CheckStatus, Record};
use health_core::monitor::Summary;
use health_core::monitor::registry::{CheckChange, Notice, NoticeKind, TransitionRow};
use health_core::{Kind, Name, UnixTime};
use serde_json::{Value, json};

use super::list::List;
use super::wording::{severity, source, title};
use crate::config::fingerprint;
use crate::text::count;

/// Targets that a notice names; all are counted.
const MAX_NAMED: usize = 100;

/// Makes the documents. What they say of a target besides its transition is looked up when that happens:
/// the target may be removed, and the monitor stopped, before the notice is due.
pub(super) struct Documents {
    list: List,
    /// Of a target and its check.
    places: BTreeMap<(Name, Name), Place>,
}

/// Where a target is found.
#[derive(Clone, Default)]
struct Place {
    url: Option<String>,
    group: Option<Name>,
}

impl Documents {
    pub(super) const fn new(list: List) -> Self {
        Self {
            list,
            places: BTreeMap::new(),
        }
    }

    /// This has happened, and a notice may be made of it.
    pub(super) fn observe(&mut self, transition: &TransitionRow) {
        let key = (transition.target.clone(), transition.check.clone());
        let is_known = self.places.len() >= MAX_NAMED || self.places.contains_key(&key);
        let is_noticed = match transition.change {
            CheckChange::Status { from, to } => {
                from == CheckStatus::Unhealthy || to == CheckStatus::Unhealthy
            }
            change => matches!(
                change,
                CheckChange::Deregistered | CheckChange::AnswersAgain
            ),
        };
        if is_noticed && !is_known {
            let place = self.look_up(transition);
            self.places.insert(key, place);
        }
    }

    /// The notices of what was observed are made.
    pub(super) fn clear(&mut self) {
        self.places.clear();
    }

    /// The id of a notice and its document, which is one line.
    pub(super) fn of(
        &self,
        notice: &Notice,
        summary: Summary,
        action: &str,
    ) -> (Arc<str>, Arc<str>) {
        let now = now();
        let id = id(notice, now);
        let named = notice.transitions.iter().take(MAX_NAMED);
        let named: Vec<_> = named.map(|it| self.target(it)).collect();
        let names = notice.transitions.iter().take(MAX_NAMED);
        let names: Vec<_> = names.map(|it| it.target.as_str()).collect();
        let total = notice.transitions.len();
        let unhealthy = notice.transitions.iter().filter(|it| is_unhealthy(it));
        let document = json!({
            "id": id,
            "event": notice.kind.as_str(),
            "at": rfc3339(now),
            "summary": title(notice.kind, &names, total, notice.open),
            "severity": severity(notice.kind, unhealthy.count()),
            "source": source(),
            "incident": format!("{action}-{:x}", notice.incident.as_millis()),
            "since": rfc3339(notice.incident),
            "open": notice.open,
            "count": total,
            "targets": named,
            "healthy": summary.healthy(),
            "total": summary.total,
        });
        (id.into(), document.to_string().into())
    }

    /// The group of the target.
    pub(super) fn group(&self, it: &TransitionRow) -> Option<Arc<str>> {
        let group = self.place(it).group;
        group.map(|it| it.as_str().into())
    }

    fn place(&self, it: &TransitionRow) -> Place {
        let key = (it.target.clone(), it.check.clone());
        let known = self.places.get(&key).cloned();
        known.unwrap_or_else(|| self.look_up(it))
    }

    fn target(&self, it: &TransitionRow) -> Value {
        let place = self.place(it);
        let record = it.record.as_ref();
        json!({
            "name": it.target.as_str(),
            "check": it.check.as_str(),
            "url": place.url,
            "group": place.group.as_ref().map(Name::as_str),
            "status": match it.change {
                CheckChange::Status { to, .. } => to.as_str(),
                change => change.words().0,
            },
            "since": rfc3339(it.at),
            "reason": reason(it),
            "at": rfc3339(it.at),
            "consecutive_failures": it.streak.failures(),
            "kind": record.and_then(Record::kind).map(Kind::as_str),
            "message": record.map(Record::message),
        })
    }

    fn look_up(&self, transition: &TransitionRow) -> Place {
        let name = transition.target.as_str();
        let Some(settings) = self.list.controls.settings(name) else {
            return Place::default();
        };
        let mut checks = settings.checks.into_iter();
        Place {
            url: checks
                .find(|it| it.name == transition.check)
                .map(|it| it.target),
            group: settings.group,
        }
    }
}

/// The wall clock.
pub(crate) fn now() -> UnixTime {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let millis = u64::try_from(now.unwrap_or_default().as_millis());
    UnixTime::from_millis(millis.unwrap_or_default())
}

/// The same for the same changes, also if another process makes the notice again.
fn id(notice: &Notice, now: UnixTime) -> String {
    let first = notice.transitions.first();
    let at = first.map_or(now, |it| it.at).as_millis();
    let mut parts = vec![notice.kind.as_str().to_owned(), at.to_string()];
    for it in &notice.transitions {
        parts.push(format!("{} {} {}", it.target, it.check, it.at.as_millis()));
    }
    let fingerprint = fingerprint(parts.iter().map(String::as_str));
    format!("{at:x}-{fingerprint:016x}")
}

/// A document as it would be if the specimen of a target was down, or was well again: for trials.
pub(crate) fn specimen(action: &str, is_over: bool) -> Value {
    let at = now();
    let kind = match is_over {
        false => NoticeKind::Unhealthy,
        true => NoticeKind::Recovered,
    };
    let (names, open) = (["specimen"], usize::from(!is_over));
    let reason = match is_over {
        false => "this is a trial, nothing is wrong",
        true => "the trial is over",
    };
    json!({
        "id": format!("{:x}-specimen", at.as_millis()),
        "event": kind.as_str(),
        "at": rfc3339(at),
        "summary": title(kind, &names, 1, open),
        "severity": severity(kind, open),
        "source": source(),
        "incident": format!("{action}-specimen"),
        "since": rfc3339(at),
        "open": open,
        "count": 1,
        "targets": [{
            "name": "specimen",
            "check": "http",
            "url": "http://specimen.invalid/",
            "group": "trial",
            "status": if is_over { "healthy" } else { "unhealthy" },
            "since": rfc3339(at),
            "reason": reason,
            "at": rfc3339(at),
            "consecutive_failures": open,
            "kind": null,
            "message": reason,
        }],
        "healthy": 1 - open,
        "total": 1,
    })
}

fn is_unhealthy(it: &TransitionRow) -> bool {
    !matches!(
        it.change,
        CheckChange::Status {
            to: CheckStatus::Healthy,
            ..
        }
    )
}

fn reason(it: &TransitionRow) -> String {
    let message = it.record.as_ref().map_or("", Record::message);
    let (failures, successes) = (it.streak.failures(), it.streak.successes());
    if failures == 0 {
        return format!("{} in a row", count(successes, "success", "successes"));
    }
    let failures = count(failures, "failure", "failures");
    format!("{failures} in a row, the last one: {message}")
}

/// As text.
pub(crate) fn rfc3339(time: UnixTime) -> String {
    String::from_utf8_lossy(&time.rfc3339()).into_owned()
}
