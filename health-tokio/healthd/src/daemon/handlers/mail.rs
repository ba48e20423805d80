//! Mail: one for each notice, those of an incident in one thread.

use std::error::Error as _;

use lettre::message::Mailbox;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::message::{Message, Severity, cut};
use crate::config::{Encryption, Mail};

const MAX_SUBJECT: usize = 200;

/// Returns what the server answered. The error is what it said against it.
pub(super) async fn send(settings: &Mail, message: &Message) -> Result<String, String> {
    let mail = compose(settings, message)?;
    let transport = transport(settings)?;
    match transport.send(mail).await {
        Ok(answer) => Ok(format!(
            "{} {}",
            answer.code(),
            answer.message().collect::<Vec<_>>().join(" ")
        )),
        Err(error) => {
            let mut text = error.to_string();
            if let Some(source) = error.source().map(ToString::to_string) {
                // Some say it themselves.
                if !text.contains(&source) {
                    text += &format!(": {source}");
                }
            }
            Err(cut(&text.replace(['\r', '\n'], " "), 300))
        }
    }
}

fn compose(settings: &Mail, message: &Message) -> Result<lettre::Message, String> {
    let mailbox = |text: &str| text.parse::<Mailbox>().map_err(|error| error.to_string());
    let from = mailbox(&settings.from)?;
    let domain = from.email.domain().to_owned();
    let mut mail = lettre::Message::builder().from(from);
    for to in &settings.to {
        mail = mail.to(mailbox(to)?);
    }
    let mark = match message.severity {
        Severity::Good => "ok",
        severity => severity.as_str(),
    };
    let title = message.title.replace(['\r', '\n'], " ");
    let subject = format!("[{mark}] {}", cut(&title, MAX_SUBJECT));
    mail = mail
        .subject(subject)
        // The same if it is sent again.
        .message_id(Some(format!("<{}@{domain}>", message.id)))
        // So that nobody's absence is answered (RFC 3834 §5).
        .header(AutoSubmitted);
    if let Some(incident) = &message.incident {
        let thread = format!("<incident-{incident}@{domain}>");
        mail = mail.in_reply_to(thread.clone()).references(thread);
    }
    let body = format!("{}\n\n{}\n", message.whole(64 * 1_024), message.at);
    let mail = mail.header(ContentType::TEXT_PLAIN).body(body);
    mail.map_err(|error| error.to_string())
}

fn transport(settings: &Mail) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let host = &*settings.host;
    let builder: Result<_, lettre::transport::smtp::Error> = match settings.encryption {
        Encryption::None => Ok(AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(
            host,
        )),
        #[cfg(feature = "tls")]
        Encryption::Tls => AsyncSmtpTransport::<Tokio1Executor>::relay(host),
        #[cfg(feature = "tls")]
        Encryption::StartTls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host),
        #[cfg(not(feature = "tls"))]
        Encryption::Tls | Encryption::StartTls => return Err("built without TLS".to_owned()),
    };
    let mut builder = builder
        .map_err(|error| error.to_string())?
        .port(settings.port);
    if let Some((user, password)) = &settings.login {
        let login = Credentials::new(user.reveal()?, password.reveal()?);
        builder = builder.credentials(login);
    }
    Ok(builder.build())
}

#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
