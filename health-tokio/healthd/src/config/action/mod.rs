//! Actions on notices: what is done, of what, and when.

mod handler;
mod mail;
mod secret;
mod template;

use std::sync::Arc;
use std::time::Duration;

use health_core::monitor::registry::{NoticeConfig, NoticeKind};

use serde_json::{Value, json};

use super::reader::{Item, Result, Table};
use super::{check, show};

pub(crate) use handler::{Handler, Webhook};
pub(crate) use mail::{Encryption, Mail};
pub(crate) use template::Template;

/// What is done with notices, and with which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Action {
    /// What it is called in the registry, also after a restart.
    pub(crate) name: Arc<str>,
    pub(crate) on: Vec<NoticeKind>,
    /// The groups whose targets it is about; empty: of all.
    pub(crate) groups: Vec<String>,
    /// When it is told.
    pub(crate) rules: NoticeConfig,
    /// Whether it is told of the end of what it was told of.
    pub(crate) has_recovery: bool,
    pub(crate) handler: Handler,
    /// What a message says behind its title, in place of a line for each target.
    pub(crate) text: Option<Template>,
    pub(crate) timeout: Duration,
    /// How long a notice is tried that it does not take.
    pub(crate) give_up_after: Duration,
}

/// Who reads the actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    /// The monitor, whose targets are checked so often.
    Monitor { interval: Duration },
    /// What keeps groups running: each of its notices is about one event.
    Run,
}

/// How long a notice is tried, if nothing else is set.
const GIVE_UP_AFTER: Duration = Duration::from_secs(3_600);
/// Messages for people are gathered for an interval of the checks, if nothing else is set: what fails by
/// one cause fails within it. But for no longer than this.
const MAX_GATHER: Duration = Duration::from_secs(60);
/// An Alertmanager takes what it does not hear of for five minutes for over.
const ALERT_REPEAT: Duration = Duration::from_secs(60);

const WORDS: [(&str, NoticeKind); 8] = [
    ("unhealthy", NoticeKind::Unhealthy),
    ("recovered", NoticeKind::Recovered),
    ("deregistered", NoticeKind::Deregistered),
    ("answers_again", NoticeKind::AnswersAgain),
    ("flapping", NoticeKind::Flapping),
    // Its beginning and its end.
    ("mass_failure", NoticeKind::MassFailure),
    // Of replicas of `healthd run`.
    ("restarted", NoticeKind::Restarted),
    ("given_up", NoticeKind::GivenUp),
];

/// The actions of a file.
pub(super) fn read_all(table: &Table<'_>, program: Program) -> Result<Vec<Action>> {
    let give_up_after = table.get("give_up_after").map(|it| it.duration());
    let give_up_after = give_up_after.transpose()?.unwrap_or(GIVE_UP_AFTER);
    let mut actions: Vec<Action> = Vec::new();
    if let Some(list) = table.either(&["action", "actions"])? {
        for item in list.list()? {
            let action = Action::read(&item, give_up_after, program)?;
            if actions.iter().any(|it| it.name == action.name) {
                let allowed = "two actions that are the same; give one a name of its own";
                return Err(item.wrong_secret(allowed));
            }
            actions.push(action);
        }
    }
    Ok(actions)
}

impl Action {
    fn read(item: &Item<'_>, give_up_after: Duration, program: Program) -> Result<Self> {
        let table = item.table()?;
        let on = kinds(&table)?;
        let handler = Handler::read(&table)?;
        let groups = table.get("groups").map(|it| it.texts()).transpose()?;
        let rules = match program {
            Program::Monitor { interval } => rules(&table, &handler, interval)?,
            Program::Run => NoticeConfig::default(),
        };
        let recovery = table.get("recovery").map(|it| it.flag()).transpose()?;
        let text = match handler {
            Handler::Command(_) | Handler::Webhook(_) => None,
            _ => table.get("text"),
        };
        let text = text.map(|it| Template::read(&it, false)).transpose()?;
        let timeout = table.get("timeout").map(|it| it.duration()).transpose()?;
        let name = match table.get("name") {
            Some(item) => check::name(&item)?.as_str().into(),
            None => handler.name(),
        };
        let own = table.get("give_up_after").map(|it| it.duration());
        table.finish()?;
        Ok(Self {
            on,
            groups: groups.unwrap_or_default(),
            rules,
            has_recovery: recovery.unwrap_or(true),
            handler,
            text,
            timeout: timeout.unwrap_or(Duration::from_secs(10)),
            name,
            give_up_after: own.transpose()?.unwrap_or(give_up_after),
        })
    }

    /// As it is in effect, without what may be a secret.
    pub(super) fn shown(&self) -> Value {
        let is_on = |(_, kind): &&(&str, NoticeKind)| self.on.contains(kind);
        let on = WORDS.iter().filter(is_on).map(|(word, _)| *word);
        json!({
            "name": &*self.name,
            self.handler.kind(): self.handler.to_string(),
            "on": on.collect::<Vec<_>>(),
            "groups": self.groups,
            "gather": show::text(self.rules.gather),
            "delay": show::text(self.rules.delay),
            "repeat": self.rules.repeat.map(show::text),
            "recovery": self.has_recovery,
            "timeout": show::text(self.timeout),
            "give_up_after": show::text(self.give_up_after),
        })
    }

    /// Whether it is for such notices. An action on a mass failure, or on flapping, is also for its end.
    pub(crate) fn wants(&self, kind: NoticeKind) -> bool {
        let kind = match kind {
            kind if kind.is_recovery() && !self.has_recovery => return false,
            NoticeKind::Reminder => return self.rules.repeat.is_some(),
            NoticeKind::MassFailureUpdate | NoticeKind::MassFailureOver => NoticeKind::MassFailure,
            NoticeKind::StoppedFlapping => NoticeKind::Flapping,
            kind => kind,
        };
        self.on.contains(&kind)
    }

    /// Whether it is told that a target flaps, and then of each turn no more.
    pub(crate) fn has_flapping(&self) -> bool {
        self.on.contains(&NoticeKind::Flapping)
    }

    /// Whether it is for targets of this group.
    pub(crate) fn is_for(&self, group: Option<&str>) -> bool {
        let is_it = |group| self.groups.iter().any(|it| it == group);
        self.groups.is_empty() || group.is_some_and(is_it)
    }
}

/// `on`, or `severity`, which stands for some of its words.
fn kinds(table: &Table<'_>) -> Result<Vec<NoticeKind>> {
    let (on, severity) = (table.get("on"), table.get("severity"));
    match (on, severity) {
        (Some(_), Some(item)) => Err(item.wrong("on and severity exclude each other")),
        (Some(list), None) => {
            let words = list.list()?.into_iter().map(|it| it.word(&WORDS));
            words.collect()
        }
        (None, Some(item)) => {
            let is_critical = item.word(&[("critical", true), ("warning", false)])?;
            let kinds = WORDS.map(|(_, kind)| kind).into_iter();
            // What was critical is over.
            let has = |kind: NoticeKind| kind.is_critical() || kind == NoticeKind::Recovered;
            Ok(kinds.filter(|kind| has(*kind) == is_critical).collect())
        }
        (None, None) => Ok(WORDS.map(|(_, kind)| kind).to_vec()),
    }
}

fn rules(table: &Table<'_>, handler: &Handler, interval: Duration) -> Result<NoticeConfig> {
    let time = |name| table.get(name).map(|it| it.duration()).transpose();
    let mut rules = NoticeConfig::default();
    let least = rules.gather;
    let is_raw = matches!(handler, Handler::Command(_) | Handler::Webhook(_));
    let gather = match is_raw {
        true => least,
        false => interval.clamp(least, MAX_GATHER),
    };
    rules.gather = time("gather")?.unwrap_or(gather);
    rules.delay = time("delay")?.unwrap_or_default();
    rules.repeat = match table.get("repeat") {
        Some(item) => {
            let repeat = item.duration()?;
            if repeat < least {
                return Err(item.wrong("allowed is at least 1s"));
            }
            Some(repeat)
        }
        None => matches!(handler, Handler::Alertmanager { .. }).then_some(ALERT_REPEAT),
    };
    Ok(rules)
}
