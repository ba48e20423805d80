//! What an action does with a notice: the kinds of `[[action]]`, and the keys of each.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use health_core::check::probe::HttpProbe;

use super::super::reader::{Item, Result, Table};
use super::super::target::fingerprint;
use super::mail::Mail;
use super::secret::Secret;
use super::template::Template;

/// The keys, one of which says what an action does.
const KINDS: [&str; 9] = [
    "command",
    "webhook",
    "slack",
    "teams",
    "discord",
    "ntfy",
    "pagerduty",
    "alertmanager",
    "mail",
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Handler {
    /// A program and its arguments; it is run with the notice on its standard input.
    Command(Vec<String>),
    /// A request of one's own. The address may be a secret.
    Webhook(Box<Webhook>),
    /// An incoming webhook of Slack, or of what is like it (Mattermost, Rocket.Chat).
    Slack(Secret),
    /// A webhook of Microsoft Teams (Workflows).
    Teams(Secret),
    /// A webhook of Discord.
    Discord(Secret),
    /// The address of a topic, and a token if it needs one.
    Ntfy {
        url: Secret,
        token: Option<Secret>,
    },
    /// The key of an integration, and the address of the Events API v2.
    PagerDuty {
        key: Secret,
        url: Secret,
    },
    /// The address of an Alertmanager, headers of the request, labels of the alert.
    Alertmanager {
        url: Secret,
        headers: Vec<(String, Secret)>,
        labels: BTreeMap<String, String>,
    },
    Mail(Box<Mail>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Webhook {
    pub(crate) url: Secret,
    pub(crate) method: String,
    pub(crate) headers: Vec<(String, Secret)>,
    /// The document itself if there is none.
    pub(crate) body: Option<Template>,
}

impl Handler {
    /// Reads the one that the table has.
    pub(super) fn read(table: &Table<'_>) -> Result<Self> {
        let found = KINDS
            .iter()
            .filter_map(|kind| Some((*kind, table.get(kind)?)));
        let mut found: Vec<_> = found.collect();
        let (Some((kind, item)), true) = (found.pop(), found.is_empty()) else {
            let kinds = KINDS.join(", ");
            return Err(table.lacks(format_args!("allowed is one of: {kinds}")));
        };
        match kind {
            "command" => {
                let words = item.texts()?;
                if words.is_empty() {
                    return Err(item.wrong("allowed is a program and its arguments"));
                }
                Ok(Self::Command(words))
            }
            "webhook" => Ok(Self::Webhook(Box::new(webhook(&item)?))),
            "slack" => Ok(Self::Slack(address(&item)?)),
            "teams" => Ok(Self::Teams(address(&item)?)),
            "discord" => Ok(Self::Discord(address(&item)?)),
            "ntfy" => ntfy(&item),
            "pagerduty" => pager_duty(&item),
            "alertmanager" => alertmanager(&item),
            _ => Ok(Self::Mail(Box::new(Mail::read(&item)?))),
        }
    }

    /// The same as long as it is the same. Shows nothing of it, which may be a secret.
    pub(super) fn name(&self) -> Arc<str> {
        let parts: Vec<&str> = match self {
            Self::Command(words) => words.iter().map(String::as_str).collect(),
            Self::Webhook(it) => vec![it.url.mark()],
            Self::Slack(url) | Self::Teams(url) | Self::Discord(url) => {
                vec![self.kind(), url.mark()]
            }
            Self::Ntfy { url, .. } | Self::Alertmanager { url, .. } => {
                vec![self.kind(), url.mark()]
            }
            Self::PagerDuty { key, url } => vec![self.kind(), key.mark(), url.mark()],
            Self::Mail(it) => {
                let to = it.to.iter().map(String::as_str);
                [self.kind(), &*it.host].into_iter().chain(to).collect()
            }
        };
        format!("{:016x}", fingerprint(parts)).into()
    }

    /// The key that stands for it.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Command(_) => "command",
            Self::Webhook(_) => "webhook",
            Self::Slack(_) => "slack",
            Self::Teams(_) => "teams",
            Self::Discord(_) => "discord",
            Self::Ntfy { .. } => "ntfy",
            Self::PagerDuty { .. } => "pagerduty",
            Self::Alertmanager { .. } => "alertmanager",
            Self::Mail(_) => "mail",
        }
    }

    /// Whether the receiver keeps an incident open until it is told that it is over.
    pub(crate) const fn has_incidents(&self) -> bool {
        matches!(self, Self::PagerDuty { .. } | Self::Alertmanager { .. })
    }

    /// Where it goes, without what may be a secret: paths and queries.
    fn place(&self) -> Option<String> {
        let url = match self {
            Self::Command(words) => return words.first().cloned(),
            Self::Mail(it) => return Some(format!("smtp://{}:{}", it.host, it.port)),
            Self::Webhook(it) => &it.url,
            Self::Slack(url) | Self::Teams(url) | Self::Discord(url) => url,
            Self::Ntfy { url, .. }
            | Self::PagerDuty { url, .. }
            | Self::Alertmanager { url, .. } => url,
        };
        let url = url.reveal().ok()?;
        let end = url
            .match_indices('/')
            .nth(2)
            .map_or(url.len(), |(at, _)| at);
        Some(url[..end].to_owned())
    }
}

/// Without what may be a secret: arguments, paths, queries.
impl fmt::Display for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place() {
            Some(place) => f.write_str(&place),
            None => f.write_str(self.kind()),
        }
    }
}

/// The address alone, or a table with more.
fn webhook(item: &Item<'_>) -> Result<Webhook> {
    if Secret::is_one(item) {
        return Ok(Webhook {
            url: address(item)?,
            method: "POST".to_owned(),
            headers: Vec::new(),
            body: None,
        });
    }
    let table = item.table()?;
    let method = table.get("method");
    let methods = ["POST", "PUT", "PATCH", "GET", "DELETE"].map(|it| (it, it));
    let method = method.map(|it| it.word(&methods)).transpose()?;
    let headers = headers(&table)?;
    let is_json = |(name, value): &(String, Secret)| {
        let is_type = name.eq_ignore_ascii_case("content-type");
        is_type.then(|| value.mark().contains("json"))
    };
    let is_json = headers.iter().find_map(is_json).unwrap_or(true);
    let body = table.get("body");
    let body = body.map(|it| Template::read(&it, is_json)).transpose()?;
    let url = address(&table.need("url")?)?;
    table.finish()?;
    Ok(Webhook {
        url,
        method: method.unwrap_or("POST").to_owned(),
        headers,
        body,
    })
}

fn ntfy(item: &Item<'_>) -> Result<Handler> {
    if Secret::is_one(item) {
        let (url, token) = (topic(item)?, None);
        return Ok(Handler::Ntfy { url, token });
    }
    let table = item.table()?;
    let token = table.get("token");
    let token = token.map(|it| Secret::read(&it)).transpose()?;
    let url = topic(&table.need("url")?)?;
    table.finish()?;
    Ok(Handler::Ntfy { url, token })
}

fn topic(item: &Item<'_>) -> Result<Secret> {
    let url = address(item)?;
    let text = url.reveal().map_err(|error| item.wrong_secret(error))?;
    let path = text.splitn(4, '/').nth(3).unwrap_or_default();
    match path.trim_end_matches('/').is_empty() {
        true => Err(item.wrong_secret("allowed is http(s)://host/topic")),
        false => Ok(url),
    }
}

fn pager_duty(item: &Item<'_>) -> Result<Handler> {
    let events = || Secret::Text("https://events.pagerduty.com/v2/enqueue".to_owned());
    if Secret::is_one(item) {
        let (key, url) = (Secret::read(item)?, events());
        return Ok(Handler::PagerDuty { key, url });
    }
    let table = item.table()?;
    let key = Secret::read(&table.need("key")?)?;
    let url = table.get("url").map(|it| address(&it)).transpose()?;
    table.finish()?;
    let url = url.unwrap_or_else(events);
    Ok(Handler::PagerDuty { key, url })
}

fn alertmanager(item: &Item<'_>) -> Result<Handler> {
    if Secret::is_one(item) {
        return Ok(Handler::Alertmanager {
            url: address(item)?,
            headers: Vec::new(),
            labels: BTreeMap::new(),
        });
    }
    let table = item.table()?;
    let headers = headers(&table)?;
    let mut labels = BTreeMap::new();
    if let Some(item) = table.get("labels") {
        for (name, value) in item.table()?.entries() {
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if !name.chars().all(is_name) || name.starts_with(|c: char| c.is_ascii_digit()) {
                return Err(value.wrong("allowed as a label's name are letters, digits and _"));
            }
            labels.insert(name.to_owned(), value.text()?.to_owned());
        }
    }
    let url = address(&table.need("url")?)?;
    table.finish()?;
    Ok(Handler::Alertmanager {
        url,
        headers,
        labels,
    })
}

/// `{Name = "value"}`.
fn headers(table: &Table<'_>) -> Result<Vec<(String, Secret)>> {
    let Some(item) = table.get("headers") else {
        return Ok(Vec::new());
    };
    let table = item.table()?;
    let headers = table.entries().map(|(name, value)| {
        let secret = Secret::read(&value)?;
        // What the field's names and values may be, the probe knows; it quotes neither.
        let text = secret.reveal().unwrap_or_default();
        let probe = HttpProbe::builder("http://localhost/").header(name, text);
        probe.build().map_err(|error| value.wrong_secret(error))?;
        Ok((name.to_owned(), secret))
    });
    headers.collect()
}

fn address(item: &Item<'_>) -> Result<Secret> {
    let secret = Secret::read(item)?;
    let text = secret.reveal().map_err(|error| item.wrong_secret(error))?;
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
    Ok(secret)
}
