//! Reads checks in their short forms: `health_http = "path=/,port=80"`, `liveness = "tcp=6379"`.

use std::time::Duration;

use health_core::parse_duration;
use serde_json::{Map, Value, json};

use super::checks::Template;
use crate::config::reader::{Item, Result, Table};
use crate::config::{MIN_INTERVAL, MIN_TIMEOUT, at_least};

const HTTP: &str = "allowed is path=/,port=80[,scheme=https] or /path:port";
const TCP: &str = "allowed is port=6379 or 6379";

/// The check `health`, and one of each other kind.
pub(super) fn templates<'a>(table: &Table<'a>) -> Result<Vec<Template<'a>>> {
    let mut templates = Vec::new();
    templates.extend(health(table)?);
    for kind in ["startup", "liveness", "readiness"] {
        if let Some(item) = table.get(kind) {
            let table = spec(&item, kind)?;
            templates.push(Template { item, table });
        }
    }
    Ok(templates)
}

/// The check that `health_http`, `health_tcp` or `health_cmd` describes, with its settings.
fn health<'a>(table: &Table<'a>) -> Result<Option<Template<'a>>> {
    let forms = ["health_http", "health_tcp", "health_cmd"];
    let mut given = forms
        .iter()
        .filter_map(|form| Some((*form, table.get(form)?)));
    let first = given.next();
    if let Some((_, second)) = given.next() {
        return Err(second.wrong("allowed is one of: health_http, health_tcp, health_cmd"));
    }
    let mut check = Map::new();
    settings(table, &mut check, first.as_ref().map(|(form, _)| *form))?;
    let Some((form, item)) = first else {
        return Ok(None);
    };
    let (key, probe) = match form {
        "health_http" => ("http", http(&item)?),
        "health_tcp" => ("tcp", tcp(&item)?),
        _ => ("exec", command(&item, item.text()?)?),
    };
    check.insert(key.to_owned(), probe);
    check.insert("check_name".to_owned(), "health".into());
    Ok(Some(Template { item, table: check }))
}

/// The settings `health_…` of the check that is given in this form.
fn settings(table: &Table<'_>, check: &mut Map<String, Value>, form: Option<&str>) -> Result<()> {
    let of_a_check = "allowed only with health_http, health_tcp or health_cmd";
    let of_http = "allowed only with health_http";
    for (key, to, least) in [
        ("health_interval", "interval", MIN_INTERVAL),
        ("health_timeout", "timeout", MIN_TIMEOUT),
        ("health_start_period", "start_period", Duration::ZERO),
        ("health_start_interval", "start_interval", MIN_INTERVAL),
        ("health_initial_delay", "initial_delay", Duration::ZERO),
    ] {
        if let Some(item) = table.get(key) {
            at_least(least, item.duration()?).map_err(|it| item.wrong(it))?;
            form.ok_or_else(|| item.wrong(of_a_check))?;
            check.insert(to.to_owned(), item.value().clone());
        }
    }
    if let Some(item) = table.get("health_retries") {
        let retries = item.integer(1, 1_000_000)?;
        form.ok_or_else(|| item.wrong(of_a_check))?;
        check.insert("retries".to_owned(), retries.into());
    }
    let is_http = form == Some("health_http");
    if let Some(item) = table.get("health_status") {
        if !is_http {
            return Err(item.wrong(of_http));
        }
        check.insert("expect_status".to_owned(), item.value().clone());
    }
    if let Some(list) = table.get("health_header") {
        if !is_http {
            return Err(list.wrong_secret(of_http));
        }
        let headers = list.list()?.into_iter().map(|item| {
            let header = item.text()?.split_once(':');
            // Not quoted: it may be a secret.
            let (name, value) =
                header.ok_or_else(|| item.wrong_secret("allowed is 'NAME: VALUE'"))?;
            Ok(json!({ "name": name, "value": value.trim() }))
        });
        let headers = headers.collect::<Result<Vec<_>>>()?;
        check.insert("headers".to_owned(), headers.into());
    }
    Ok(())
}

/// `path=/,port=80,scheme=https` in any order, or `/path:port`.
fn http(item: &Item<'_>) -> Result<Value> {
    let text = item.text()?;
    let mut place = Map::new();
    if text.starts_with('/') {
        let (path, port) = text.rsplit_once(':').ok_or_else(|| item.wrong(HTTP))?;
        place.insert("path".to_owned(), path.into());
        place.insert("port".to_owned(), self::port(item, port, HTTP)?);
        return Ok(place.into());
    }
    for part in text.split(',') {
        let (key, value) = part.split_once('=').ok_or_else(|| item.wrong(HTTP))?;
        if !http_part(item, &mut place, key, value)? {
            return Err(item.wrong(HTTP));
        }
    }
    Ok(place.into())
}

/// Takes one part of an HTTP check; false if its key is unknown.
fn http_part(
    item: &Item<'_>,
    place: &mut Map<String, Value>,
    key: &str,
    value: &str,
) -> Result<bool> {
    let value = match key {
        "path" if value.starts_with('/') => value.into(),
        "scheme" if ["http", "https"].contains(&value) => value.into(),
        "port" => port(item, value, HTTP)?,
        "path" | "scheme" => return Err(item.wrong(HTTP)),
        _ => return Ok(false),
    };
    match place.insert(key.to_owned(), value) {
        None => Ok(true),
        Some(_) => Err(item.wrong(format_args!("{key} is there twice"))),
    }
}

/// `port=6379` or `6379`.
fn tcp(item: &Item<'_>) -> Result<Value> {
    let text = match item.value() {
        Value::Number(number) => number.to_string(),
        _ => item.text()?.to_owned(),
    };
    let text = text.strip_prefix("port=").unwrap_or(&text);
    Ok(json!({ "port": port(item, text, TCP)? }))
}

/// A number, or a text that becomes one when it is filled in.
fn port(item: &Item<'_>, text: &str, allowed: &str) -> Result<Value> {
    if text.contains('{') {
        return Ok(text.into());
    }
    let is_number = text.bytes().all(|it| it.is_ascii_digit());
    let port = text.parse::<u16>().ok().filter(|it| is_number && *it > 0);
    port.map(Value::from).ok_or_else(|| item.wrong(allowed))
}

/// A line for the shell, or a JSON array of strings.
fn command(item: &Item<'_>, text: &str) -> Result<Value> {
    let allowed = "allowed is a command line, or a JSON array of strings";
    match serde_json::from_str(text) {
        Ok(Value::Array(words)) => {
            let is_command = !words.is_empty() && words.iter().all(Value::is_string);
            if is_command {
                Ok(words.into())
            } else {
                Err(item.wrong(allowed))
            }
        }
        _ if text.trim().is_empty() => Err(item.wrong(allowed)),
        _ => Ok(json!(["/bin/sh", "-c", text])),
    }
}

/// `path=/live,port=80,interval=5s`, `tcp=6379,retries=5`, `interval=5s,cmd=anything up to the end`.
fn spec(item: &Item<'_>, kind: &str) -> Result<Map<String, Value>> {
    let allowed = "allowed is key=value,…: one of path, port, scheme, or tcp, or last cmd; with interval, \
                   timeout, retries, start_period, delay, for readiness success";
    let (mut check, mut http, mut probes) = (Map::new(), Map::new(), Vec::new());
    let mut rest = Some(item.text()?);
    while let Some(text) = rest {
        if let Some(line) = text.strip_prefix("cmd=") {
            probes.push(("exec", command(item, line)?));
            break;
        }
        let (part, after) = text
            .split_once(',')
            .map_or((text, None), |(part, after)| (part, Some(after)));
        rest = after;
        let (key, value) = part.split_once('=').ok_or_else(|| item.wrong(allowed))?;
        if http_part(item, &mut http, key, value)? {
            continue;
        }
        if key == "tcp" {
            probes.push(("tcp", json!({ "port": port(item, value, allowed)? })));
            continue;
        }
        let (to, value) = setting(item, kind, key, value)?.ok_or_else(|| item.wrong(allowed))?;
        if check.insert(to.to_owned(), value).is_some() {
            return Err(item.wrong(format_args!("{key} is there twice")));
        }
    }
    if !http.is_empty() {
        probes.push(("http", http.into()));
    }
    let mut probes = probes.into_iter();
    let (Some((form, probe)), None) = (probes.next(), probes.next()) else {
        return Err(item.wrong("allowed is one of: path, port and scheme; tcp; cmd"));
    };
    check.insert(form.to_owned(), probe);
    check.insert("kind".to_owned(), kind.into());
    check.insert("check_name".to_owned(), kind.into());
    Ok(check)
}

/// A setting under the key of a check's table; `None` if its key is unknown.
fn setting(
    item: &Item<'_>,
    kind: &str,
    key: &str,
    value: &str,
) -> Result<Option<(&'static str, Value)>> {
    let (to, least) = match key {
        "interval" => ("interval", MIN_INTERVAL),
        "timeout" => ("timeout", MIN_TIMEOUT),
        "start_period" => ("start_period", Duration::ZERO),
        "delay" => ("initial_delay", Duration::ZERO),
        "retries" | "success" => {
            if key == "success" && kind != "readiness" {
                return Ok(None);
            }
            let to = if key == "retries" {
                "retries"
            } else {
                "success_threshold"
            };
            let number = value
                .parse::<u32>()
                .ok()
                .filter(|it| (1..=1_000_000).contains(it));
            let number =
                number.ok_or_else(|| item.wrong(format_args!("{key}: allowed is 1 to 1000000")))?;
            return Ok(Some((to, number.into())));
        }
        _ => return Ok(None),
    };
    let duration = parse_duration(value).map_err(|error| error.to_string());
    let duration = duration.and_then(|it| at_least(least, it));
    duration.map_err(|error| item.wrong(format_args!("{key}: {error}")))?;
    Ok(Some((to, value.into())))
}
