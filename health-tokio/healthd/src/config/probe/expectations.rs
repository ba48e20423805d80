//! Reads what is sent in a request, and what the answer has to be.

use std::ops::RangeInclusive;

use health_core::check::probe::{HttpProbeBuilder, IpFamily, Tls};
use serde_json::Value;

use super::Rule;
use super::conditions::{self, Conditions};
use super::headers;
use crate::config::reader::{Item, Result, Table};
use crate::config::stream::{Certificate, Steps};

/// What is sent, and what the answer has to be.
pub(super) struct Expectations {
    method: Option<String>,
    body: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) status: Vec<RangeInclusive<u16>>,
    hard: Conditions,
    soft: Conditions,
    max_body: Option<u64>,
    redirects: u8,
    pub(super) family: IpFamily,
    pub(super) tls: Option<Tls>,
    pub(super) certificate: Certificate,
    /// A key that is for a stream alone.
    pub(super) of_stream: Option<&'static str>,
}

/// The keys that are for HTTP alone.
const KEYS: [&str; 7] = [
    "body",
    "expect_status",
    "headers",
    "max_body",
    "method",
    "redirects",
    "warn",
];

/// Refuses keys that are for HTTP, on a check without it.
pub(super) fn refuse_any(table: &Table<'_>) -> Result<()> {
    let keys = KEYS.iter().chain(&conditions::KEYS);
    match keys
        .filter_map(|key| table.get(key).map(|item| (key, item)))
        .next()
    {
        Some((key, item)) => Err(item.wrong_secret(format_args!("{key} is for http and https"))),
        None => Ok(()),
    }
}

/// `any`, `ipv4` or `ipv6`.
pub(super) fn family(table: &Table<'_>) -> Result<IpFamily> {
    let families = [
        ("any", IpFamily::Any),
        ("ipv4", IpFamily::V4),
        ("ipv6", IpFamily::V6),
    ];
    let item = table.get("ip_family");
    Ok(item
        .map(|item| item.word(&families))
        .transpose()?
        .unwrap_or_default())
}

impl Expectations {
    pub(super) fn read(table: &Table<'_>, is_strict: bool) -> Result<Self> {
        let text = |name| table.get(name).map(|item| item.text().map(str::to_owned));
        let status = table.get("expect_status").map(|item| statuses(&item));
        let by_default = if is_strict {
            vec![200..=200]
        } else {
            Vec::new()
        };
        let soft = match table.get("warn") {
            Some(item) => {
                let table = item.table()?;
                let soft = Conditions::read(&table, false)?;
                table.finish()?;
                soft
            }
            None => Conditions::default(),
        };
        let headers = table.get("headers").map(|item| headers::headers(&item));
        let tls = table.get("tls").map(|item| headers::tls(&item));
        let max_body = table.get("max_body").map(|item| item.integer(1, 1 << 30));
        let redirects = table.get("redirects").map(|item| item.integer(0, 10));
        let redirects = redirects.transpose()?.unwrap_or_default();
        Ok(Self {
            method: text("method").transpose()?,
            body: text("body").transpose()?,
            headers: headers.transpose()?.unwrap_or_default(),
            status: status.transpose()?.unwrap_or(by_default),
            hard: Conditions::read(table, is_strict)?,
            soft,
            max_body: max_body.transpose()?,
            redirects: u8::try_from(redirects).unwrap_or(u8::MAX),
            family: family(table)?,
            tls: tls.transpose()?,
            certificate: Certificate::read(table)?,
            of_stream: Steps::read(table)?.stated,
        })
    }

    /// All of it in words.
    pub(super) fn rule(&self, is_secure: bool) -> Rule {
        let statuses = match &self.status[..] {
            [] => "200-399".to_owned(),
            ranges => {
                let ranges = ranges
                    .iter()
                    .map(|range| match (range.start(), range.end()) {
                        (first, last) if first == last => first.to_string(),
                        (first, last) => format!("{first}-{last}"),
                    });
                ranges.collect::<Vec<_>>().join("|")
            }
        };
        let mut words = vec![format!("status {statuses}")];
        words.extend(self.hard.words());
        match self.redirects {
            0 => {}
            1 => words.push("behind at most 1 redirect".to_owned()),
            most => words.push(format!("behind at most {most} redirects")),
        }
        words.extend(over(self.family));
        let mut text = words.join(", ");
        if is_secure {
            text += &self.certificate.rule().to_string();
        }
        let soft = self.soft.words();
        if !soft.is_empty() {
            text += &format!("; degraded without: {}", soft.join(", "));
        }
        Rule::new(&text)
    }

    pub(super) fn apply(self, mut request: HttpProbeBuilder) -> HttpProbeBuilder {
        if let Some(method) = self.method {
            request = request.method(method);
        }
        if let Some(body) = self.body {
            request = request.body(body);
        }
        for range in self.status {
            request = request.accept_status(range);
        }
        request = self.hard.apply(request, false);
        request = self.soft.apply(request, true);
        if let Some(most) = self.max_body.and_then(|most| usize::try_from(most).ok()) {
            request = request.max_body(most);
        }
        request = request
            .follow_redirects(self.redirects)
            .ip_family(self.family);
        let headers = self.headers.into_iter();
        headers.fold(request, |request, (name, value)| {
            request.header(name, value)
        })
    }
}

/// The family in words, if it is one.
pub(super) fn over(family: IpFamily) -> Option<String> {
    match family {
        IpFamily::Any => None,
        IpFamily::V4 => Some("over IPv4".to_owned()),
        IpFamily::V6 => Some("over IPv6".to_owned()),
    }
}

/// `200`, `200-399` or `200,204,300-399`, or a list of the former two.
fn statuses(item: &Item<'_>) -> Result<Vec<RangeInclusive<u16>>> {
    if item.value().is_array() {
        let ranges = item.list()?.into_iter().map(|item| {
            let text = written(item.value());
            range(&text).ok_or_else(|| item.wrong("allowed is 200 or 300-399"))
        });
        let ranges = ranges.collect::<Result<Vec<_>>>()?;
        return match ranges.is_empty() {
            true => Err(item.wrong("allowed is at least one status")),
            false => Ok(ranges),
        };
    }
    let text = written(item.value());
    let ranges: Option<Vec<_>> = text.split(',').map(|it| range(it.trim())).collect();
    ranges.ok_or_else(|| item.wrong("allowed is 200, 200-399 or 200,204,300-399, within 200-599"))
}

fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let digits = |it: &str| it.len() == 3 && it.bytes().all(|it| it.is_ascii_digit());
    let (first, last) = (
        digits(first).then_some(first)?,
        digits(last).then_some(last)?,
    );
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    let is_range = (200..=599).contains(&first) && (first..=599).contains(&last);
    is_range.then_some(first..=last)
}
