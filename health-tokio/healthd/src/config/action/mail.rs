//! Mail: to whom, from whom, over which server.

use lettre::message::Mailbox;

use super::super::reader::{Item, Result};
use super::secret::Secret;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mail {
    pub(crate) to: Vec<String>,
    pub(crate) from: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) encryption: Encryption,
    /// User and password.
    pub(crate) login: Option<(Secret, Secret)>,
}

/// How the connection to a mail server is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// From its first byte on.
    Tls,
    /// Before anything is said; a server that cannot is refused.
    StartTls,
    /// Not at all.
    None,
}

impl Mail {
    pub(super) fn read(item: &Item<'_>) -> Result<Self> {
        let table = item.table()?;
        let address = |item: &Item<'_>| {
            let text = item.text()?;
            let parsed = text.parse::<Mailbox>();
            parsed.map_err(|_| item.wrong("allowed is user@host or \"Name <user@host>\""))?;
            Ok(text.to_owned())
        };
        let to = table.need("to")?;
        let to = match to.value().is_string() {
            true => vec![address(&to)?],
            false => to.list()?.iter().map(address).collect::<Result<_>>()?,
        };
        if to.is_empty() {
            return Err(table.lacks("to is empty"));
        }
        let from = address(&table.need("from")?)?;
        let words = [
            ("starttls", Encryption::StartTls),
            ("tls", Encryption::Tls),
            ("none", Encryption::None),
        ];
        let stated = table.get("encryption");
        let encryption = stated.as_ref().map(|it| it.word(&words)).transpose()?;
        let encryption = encryption.unwrap_or(Encryption::StartTls);
        if encryption != Encryption::None && cfg!(not(feature = "tls")) {
            return Err(table.lacks("built without TLS: allowed is encryption = \"none\""));
        }
        let server = table.need("server")?;
        let (host, port) = server_of(&server, encryption)?;
        let secret = |name| table.get(name).map(|it| Secret::read(&it)).transpose();
        let login = match (secret("user")?, secret("password")?) {
            (Some(user), Some(password)) => Some((user, password)),
            (None, None) => None,
            _ => return Err(table.lacks("user and password belong together")),
        };
        table.finish()?;
        Ok(Self {
            to,
            from,
            host,
            port,
            encryption,
            login,
        })
    }
}

/// `host` or `host:port`.
fn server_of(item: &Item<'_>, encryption: Encryption) -> Result<(String, u16)> {
    let text = item.text()?;
    let default = match encryption {
        Encryption::Tls => 465,
        Encryption::StartTls => 587,
        Encryption::None => 25,
    };
    let wrong = || item.wrong("allowed is host or host:port");
    let is_bare_v6 = text.matches(':').count() > 1 && !text.starts_with('[');
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !is_bare_v6 && !text.ends_with(']') => {
            (host, port.parse::<u16>().map_err(|_| wrong())?)
        }
        _ => (text, default),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_host = !host.is_empty() && host.chars().all(|c| c.is_ascii_graphic() && c != '/');
    match is_host && port > 0 {
        true => Ok((host.to_owned(), port)),
        false => Err(wrong()),
    }
}
