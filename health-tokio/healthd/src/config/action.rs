//! Actions on notices: a command or a webhook.

use std::sync::Arc;
use std::time::Duration;

use health_core::check::probe::HttpProbe;
use health_core::monitor::registry::NoticeKind;
use serde_json::{Value, json};

use super::check;
use super::reader::{Item, Result, Table};
use super::show::text;
use super::target::fingerprint;

/// A command or a webhook, and the notices that it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Action {
    /// What it is called in the registry, also after a restart.
    pub(crate) name: Arc<str>,
    pub(crate) on: Vec<NoticeKind>,
    pub(crate) handler: Handler,
    pub(crate) timeout: Duration,
    /// How long a notice is tried that it does not take.
    pub(crate) give_up_after: Duration,
}

/// How long a notice is tried, if nothing else is set.
const GIVE_UP_AFTER: Duration = Duration::from_secs(3_600);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Handler {
    /// A program and its arguments; it is run with the notice on its standard input.
    Command(Vec<String>),
    /// A URL that gets the notice by POST. Its path and query may be a secret.
    Webhook(String),
}

const WORDS: [(&str, NoticeKind); 7] = [
    ("unhealthy", NoticeKind::Unhealthy),
    ("recovered", NoticeKind::Recovered),
    ("deregistered", NoticeKind::Deregistered),
    ("answers_again", NoticeKind::AnswersAgain),
    // Its beginning and its end.
    ("mass_failure", NoticeKind::MassFailure),
    // Of replicas of `healthd run`.
    ("restarted", NoticeKind::Restarted),
    ("given_up", NoticeKind::GivenUp),
];

/// The actions of a file.
pub(super) fn read_all(table: &Table<'_>) -> Result<Vec<Action>> {
    let give_up_after = table.get("give_up_after").map(|it| it.duration());
    let give_up_after = give_up_after.transpose()?.unwrap_or(GIVE_UP_AFTER);
    let mut actions: Vec<Action> = Vec::new();
    if let Some(list) = table.either(&["action", "actions"])? {
        for item in list.list()? {
            let action = Action::read(&item, give_up_after)?;
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
    fn read(item: &Item<'_>, give_up_after: Duration) -> Result<Self> {
        let table = item.table()?;
        let on = match table.get("on") {
            Some(list) => {
                let words = list.list()?.into_iter().map(|it| it.word(&WORDS));
                words.collect::<Result<Vec<_>>>()?
            }
            None => WORDS.map(|(_, kind)| kind).to_vec(),
        };
        let (command, webhook) = (table.get("command"), table.get("webhook"));
        let handler = match (command, webhook) {
            (Some(command), None) => {
                let words = command.texts()?;
                if words.is_empty() {
                    return Err(command.wrong("allowed is a program and its arguments"));
                }
                Handler::Command(words)
            }
            (None, Some(url)) => webhook_of(&url)?,
            _ => return Err(table.lacks("allowed is one of: command, webhook")),
        };
        let timeout = table.get("timeout").map(|it| it.duration()).transpose()?;
        let name = match table.get("name") {
            Some(item) => check::name(&item)?.as_str().into(),
            None => handler.name(),
        };
        let own = table.get("give_up_after").map(|it| it.duration());
        table.finish()?;
        Ok(Self {
            on,
            handler,
            timeout: timeout.unwrap_or(Duration::from_secs(10)),
            name,
            give_up_after: own.transpose()?.unwrap_or(give_up_after),
        })
    }

    /// As it is in effect, without what may be a secret.
    pub(super) fn shown(&self) -> Value {
        let is_on = |(_, kind): &&(&str, NoticeKind)| self.on.contains(kind);
        let on = WORDS.iter().filter(is_on).map(|(word, _)| *word);
        let kind = match self.handler {
            Handler::Command(_) => "command",
            Handler::Webhook(_) => "webhook",
        };
        json!({
            "name": &*self.name,
            kind: self.handler.to_string(),
            "on": on.collect::<Vec<_>>(),
            "timeout": text(self.timeout),
            "give_up_after": text(self.give_up_after),
        })
    }

    /// Whether it is for such notices. An action on a mass failure is also for its end.
    pub(crate) fn wants(&self, kind: NoticeKind) -> bool {
        let kind = match kind {
            NoticeKind::MassFailureUpdate | NoticeKind::MassFailureOver => NoticeKind::MassFailure,
            kind => kind,
        };
        self.on.contains(&kind)
    }
}

impl Handler {
    /// The same as long as it is the same. Shows nothing of it, which may be a secret.
    fn name(&self) -> Arc<str> {
        let parts: Vec<&str> = match self {
            Self::Command(words) => words.iter().map(String::as_str).collect(),
            Self::Webhook(url) => vec![url],
        };
        format!("{:016x}", fingerprint(parts)).into()
    }
}

fn webhook_of(item: &Item<'_>) -> Result<Handler> {
    let text = item.text()?;
    if !["http://", "https://"]
        .iter()
        .any(|it| text.starts_with(it))
    {
        return Err(item.wrong_secret("allowed is http(s)://host[:port]/path"));
    }
    let probe: HttpProbe = text.parse().map_err(|error| item.wrong_secret(error))?;
    if probe.tls().is_some() && cfg!(not(feature = "tls")) {
        return Err(item.wrong_secret("built without TLS: allowed is http://"));
    }
    Ok(Handler::Webhook(text.to_owned()))
}
