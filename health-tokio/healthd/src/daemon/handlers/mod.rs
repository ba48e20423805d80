//! Carries an action out, once.
//!
//! Each kind has a file of its own. Those over HTTP are pure: from a [`Message`] they make a [`Request`],
//! and [`http`] sends it.

mod alertmanager;
mod command;
mod discord;
mod http;
mod mail;
mod message;
mod ntfy;
mod pagerduty;
mod slack;
mod teams;
mod webhook;

use std::time::Duration;

use tokio::time::timeout;

use super::documents::now;
use crate::config::{Action, Handler};
use crate::store::OutboxRow;
pub(super) use message::Message;

/// Why a notice was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// For people: what the receiver has said, and nothing that is a secret.
    pub(crate) text: String,
    /// How long the receiver asks to be left alone.
    pub(crate) retry_after: Option<Duration>,
}

impl From<String> for Refusal {
    fn from(text: String) -> Self {
        Self {
            text,
            retry_after: None,
        }
    }
}

/// A request to a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Request {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
    /// What must not be shown, besides the address.
    secrets: Vec<String>,
}

impl Request {
    /// One that brings JSON.
    fn json(url: String, body: &serde_json::Value) -> Self {
        Self {
            method: "POST".to_owned(),
            url,
            headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
            body: body.to_string(),
            secrets: Vec::new(),
        }
    }

    fn header(mut self, name: &str, value: String) -> Self {
        self.headers.push((name.to_owned(), value));
        self
    }

    /// With something in it that must not be shown.
    fn hiding(mut self, secret: String) -> Self {
        self.secrets.push(secret);
        self
    }
}

/// Delivers a notice. Returns what the receiver has answered.
pub(crate) async fn deliver(
    action: &Action,
    row: &OutboxRow,
    attempt: u32,
) -> Result<String, Refusal> {
    match &action.handler {
        Handler::Command(words) => {
            let run = timeout(action.timeout, command::run(words, row, attempt));
            match run.await {
                Ok(done) => done.map_err(|error| error.to_string().into()),
                Err(_) => Err(format!("not done within {:?}", action.timeout).into()),
            }
        }
        Handler::Mail(settings) => {
            let message = Message::read(&row.document, action.text.as_ref())?;
            let sent = timeout(action.timeout, mail::send(settings, &message));
            match sent.await {
                Ok(done) => done.map_err(Refusal::from),
                Err(_) => Err(format!("not done within {:?}", action.timeout).into()),
            }
        }
        _ => match request(action, row)? {
            Some(request) => http::send(request, action.timeout).await,
            None => Ok("nothing to send".to_owned()),
        },
    }
}

/// The request that brings a notice; `None` if there is nothing in it for the receiver.
fn request(action: &Action, row: &OutboxRow) -> Result<Option<Request>, String> {
    if let Handler::Webhook(settings) = &action.handler {
        return webhook::request(settings, row).map(Some);
    }
    let message = Message::read(&row.document, action.text.as_ref())?;
    if action.handler.has_incidents() && !message.is_of_incident() {
        return Ok(None);
    }
    Ok(Some(match &action.handler {
        Handler::Slack(url) => slack::request(url.reveal()?, &message),
        Handler::Teams(url) => teams::request(url.reveal()?, &message),
        Handler::Discord(url) => discord::request(url.reveal()?, &message),
        Handler::Ntfy { url, token } => {
            let token = token.as_ref().map(|it| it.reveal()).transpose()?;
            ntfy::request(&url.reveal()?, token, &message)
        }
        Handler::PagerDuty { key, url } => {
            pagerduty::request(url.reveal()?, key.reveal()?, &message)
        }
        Handler::Alertmanager {
            url,
            headers,
            labels,
        } => {
            let mut request = alertmanager::request(&url.reveal()?, labels, &message, now());
            for (name, value) in headers {
                let value = value.reveal()?;
                request = request.header(name, value.clone()).hiding(value);
            }
            request
        }
        Handler::Command(_) | Handler::Webhook(_) | Handler::Mail(_) => return Ok(None),
    }))
}

#[cfg(test)]
mod tests;
