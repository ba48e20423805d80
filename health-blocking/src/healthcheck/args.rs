//! From arguments to a probe.

use std::ffi::OsString;
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use health_core::check::probe::{Condition, HttpProbeBuilder};
use health_core::parse_duration;
use lexopt::prelude::*;

use crate::probe::{AddressPolicy, ClientIdentity, ExecProbe, HttpProbe, Probe, Tls, Trust};

pub(super) enum Order {
    Probe(Box<Request>),
    Help,
    Version,
}

pub(super) struct Request {
    pub(super) probe: Probe,
    pub(super) timeout: Duration,
    pub(super) policy: AddressPolicy,
}

/// What is wrong with the arguments: which one, its value, and what is allowed.
#[derive(Debug)]
pub(super) struct UsageError(String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<lexopt::Error> for UsageError {
    fn from(error: lexopt::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<health_core::ConfigError> for UsageError {
    fn from(error: health_core::ConfigError) -> Self {
        Self(error.to_string())
    }
}

/// As they were given; what does not fit the target is refused later.
#[derive(Default)]
struct Given {
    target: Option<String>,
    command: Vec<String>,
    timeout: Option<Duration>,
    status: Option<RangeInclusive<u16>>,
    method: Option<String>,
    headers: Vec<(String, String)>,
    conditions: Vec<Condition>,
    policy: AddressPolicy,
    ca: Option<String>,
    cert: Option<String>,
    key: Option<String>,
    insecure: bool,
    dir: Option<String>,
    env: Vec<(String, String)>,
}

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(2);

pub(super) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Order, UsageError> {
    let mut given = Given::default();
    let mut parser = lexopt::Parser::from_args(args);
    while let Some(arg) = parser.next()? {
        match arg {
            Short('h') | Long("help") => return Ok(Order::Help),
            Short('V') | Long("version") => return Ok(Order::Version),
            Short('t') | Long("timeout") => {
                let text = parser.value()?.string()?;
                let timeout =
                    parse_duration(&text).map_err(|error| wrong("timeout", &text, error))?;
                if timeout.is_zero() {
                    return Err(wrong("timeout", &text, "allowed is more than 0"));
                }
                given.timeout = Some(timeout);
            }
            Long("expect-status") => given.status = Some(statuses(&parser.value()?.string()?)?),
            Long("method") => given.method = Some(parser.value()?.string()?),
            Long("header") => given.headers.push(header(&parser.value()?.string()?)?),
            Long("contains") => {
                let text = parser.value()?.string()?;
                given.conditions.push(Condition::body_contains(text));
            }
            Long("json") => given.conditions.push(Condition::body_is_json()),
            Long("json-pointer") => given.conditions.push(pointer(&parser.value()?.string()?)?),
            Long("deny") => {
                given.policy = denied(given.policy, &parser.value()?.string()?)?;
            }
            Long("ca") => given.ca = Some(parser.value()?.string()?),
            Long("cert") => given.cert = Some(parser.value()?.string()?),
            Long("key") => given.key = Some(parser.value()?.string()?),
            Long("insecure") => given.insecure = true,
            Long("dir") => given.dir = Some(parser.value()?.string()?),
            Long("env") => {
                let text = parser.value()?.string()?;
                let (name, value) = text
                    .split_once('=')
                    .ok_or_else(|| wrong("env", &text, "allowed is NAME=VALUE"))?;
                given.env.push((name.to_owned(), value.to_owned()));
            }
            Value(value) if given.target.as_deref() == Some("exec") => {
                given.command.push(value.string()?);
                for value in parser.raw_args()? {
                    given.command.push(value.string()?);
                }
            }
            Value(value) if given.target.is_none() => given.target = Some(value.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    given.into_order()
}

impl Given {
    fn into_order(mut self) -> Result<Order, UsageError> {
        let target = self.target.take().ok_or_else(|| {
            UsageError("healthcheck TARGET, or healthcheck exec -- CMD".to_owned())
        })?;
        let timeout = self.timeout.unwrap_or(DEFAULT_TIMEOUT);
        let policy = std::mem::take(&mut self.policy);
        let is_http = ["http", "unix:"].iter().any(|it| target.starts_with(it));
        self.refuse_strangers(target == "exec", is_http, target.starts_with("https://"))?;
        let probe = if target == "exec" {
            self.exec()?
        } else if is_http {
            self.http(&target)?
        } else {
            target.parse()?
        };
        Ok(Order::Probe(Box::new(Request {
            probe,
            timeout,
            policy,
        })))
    }

    /// An option that would have no effect is refused.
    fn refuse_strangers(&self, exec: bool, http: bool, https: bool) -> Result<(), UsageError> {
        let about_http = self.status.is_some()
            || self.method.is_some()
            || !self.headers.is_empty()
            || !self.conditions.is_empty();
        let files = [&self.ca, &self.cert, &self.key];
        let about_tls = self.insecure || files.iter().any(|it| it.is_some());
        let about_exec = self.dir.is_some() || !self.env.is_empty();
        let refused = |what: &str| Err(UsageError(what.to_owned()));
        if about_http && !http {
            return refused(
                "status, method, headers and body conditions are for http, https and unix",
            );
        }
        if about_tls && !https {
            return refused("--ca, --cert, --key and --insecure are for https");
        }
        if about_exec && !exec {
            return refused("--dir and --env are for exec");
        }
        if self.insecure && self.ca.is_some() {
            return refused("--ca and --insecure exclude each other");
        }
        if self.cert.is_some() != self.key.is_some() {
            return refused("--cert and --key belong together");
        }
        Ok(())
    }

    fn exec(self) -> Result<Probe, UsageError> {
        let mut probe = ExecProbe::command(self.command);
        if let Some(dir) = self.dir {
            probe = probe.dir(dir);
        }
        for (name, value) in self.env {
            probe = probe.env(name, value);
        }
        Ok(probe.build()?.into())
    }

    fn http(self, target: &str) -> Result<Probe, UsageError> {
        let Self {
            status,
            method,
            headers,
            conditions,
            ..
        } = self;
        let mut probe = HttpProbe::builder(target);
        if let Some(status) = status {
            probe = probe.accept_status(status);
        }
        if let Some(method) = method {
            probe = probe.method(method);
        }
        probe = headers
            .into_iter()
            .fold(probe, |probe, (name, value)| probe.header(name, value));
        probe = conditions.into_iter().fold(probe, HttpProbeBuilder::expect);
        if target.starts_with("https://") {
            let trust = match self.ca {
                _ if self.insecure => Trust::Insecure,
                Some(file) => Trust::CaFile(file.into()),
                None => Trust::System,
            };
            let identity = self.cert.zip(self.key);
            let mut tls = Tls::default();
            tls.trust = trust;
            tls.identity = identity.map(|(cert, key)| ClientIdentity::new(cert, key));
            probe = probe.tls(tls);
        }
        Ok(probe.build()?.into())
    }
}

fn wrong(option: &str, value: &str, allowed: impl fmt::Display) -> UsageError {
    UsageError(format!("--{option} {value:?}: {allowed}"))
}

fn statuses(text: &str) -> Result<RangeInclusive<u16>, UsageError> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) => Ok(first..=last),
        _ => Err(wrong("expect-status", text, "allowed is 200 or 200-399")),
    }
}

/// The value is never quoted: it may be a secret.
fn header(text: &str) -> Result<(String, String), UsageError> {
    let (name, value) = text
        .split_once(':')
        .ok_or_else(|| UsageError("--header: allowed is 'NAME: VALUE'".to_owned()))?;
    Ok((name.to_owned(), value.trim().to_owned()))
}

fn pointer(text: &str) -> Result<Condition, UsageError> {
    let (pointer, value) = text
        .split_once('=')
        .ok_or_else(|| wrong("json-pointer", text, "allowed is /pointer=value"))?;
    Ok(Condition::json_at_typed(pointer, value))
}

fn denied(policy: AddressPolicy, text: &str) -> Result<AddressPolicy, UsageError> {
    Ok(match text {
        "link-local" => policy.deny(AddressPolicy::LINK_LOCAL),
        "metadata" => policy.deny(AddressPolicy::METADATA),
        "this-host" => policy.deny(AddressPolicy::THIS_HOST),
        "private" => policy.deny(AddressPolicy::PRIVATE),
        block => policy.deny([block.parse().map_err(|_| {
            wrong(
                "deny",
                text,
                "allowed are link-local, metadata, this-host, private, or a block such as 10.0.0.0/8",
            )
        })?]),
    })
}
