//! The `healthcheck` of each service of a compose file.

use std::time::Duration;

use serde_json::{Map, Value};

use super::Imported;
use crate::config::reader::{Item, Result};
use crate::config::show::text;

/// Docker's defaults.
const INTERVAL: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(30);
const RETRIES: u64 = 3;
const START_INTERVAL: Duration = Duration::from_secs(5);

pub(super) fn read(item: &Item<'_>, host: Option<&str>, found: &mut Imported) -> Result<()> {
    let table = item.table()?;
    let group = table.get("name").map_or(Ok("compose"), |it| it.text())?;
    for (service, item) in table.need("services")?.table()?.entries() {
        let Some(check) = item.table()?.get("healthcheck") else {
            found
                .remarks
                .push(format!("service {service}: no healthcheck"));
            continue;
        };
        match healthcheck(service, host, &check)? {
            Ok(check) => {
                let has_variable = check.to_string().replace("$$", "").contains('$');
                if has_variable {
                    let remark = "has a variable, which compose replaces and a check does not";
                    found.remarks.push(format!("service {service}: {remark}"));
                }
                let check = unescaped(check);
                found.add(service, group, vec![check]);
            }
            Err(remark) => found.remarks.push(format!("service {service}: {remark}")),
        }
    }
    Ok(())
}

/// The check, or why there is none.
fn healthcheck(
    service: &str,
    host: Option<&str>,
    item: &Item<'_>,
) -> Result<std::result::Result<Value, &'static str>> {
    let table = item.table()?;
    if table.get("disable").map(|it| it.flag()).transpose()? == Some(true) {
        return Ok(Err("its healthcheck is off"));
    }
    let Some(test) = table.get("test") else {
        return Ok(Err("its test stands in its image; left out"));
    };
    let words = match test.value() {
        Value::String(line) => vec!["CMD-SHELL".to_owned(), line.clone()],
        _ => test.texts_or_empty()?,
    };
    let command = match words.split_first() {
        Some((kind, [])) if kind == "NONE" => return Ok(Err("its healthcheck is off")),
        Some((kind, rest)) if kind == "CMD" && !rest.is_empty() => rest.to_vec(),
        Some((kind, [line])) if kind == "CMD-SHELL" => {
            ["/bin/sh", "-c", line].map(str::to_owned).to_vec()
        }
        _ => {
            return Err(
                test.wrong("allowed is a text, or a list that begins with CMD, CMD-SHELL or NONE")
            );
        }
    };
    // It runs in the container, where curl and localhost are those of the service.
    let prefix: &[&str] = match host {
        Some(host) => &["docker", "-H", host, "compose", "exec", "-T", service],
        None => &["docker", "compose", "exec", "-T", service],
    };
    let words = prefix.iter().map(|it| (*it).to_owned()).chain(command);
    let mut check = Map::new();
    let mut put = |key: &str, value: Value| drop(check.insert(key.to_owned(), value));
    put("exec", words.collect::<Vec<_>>().into());
    let time = |key, default: Duration| -> Result<Duration> {
        table.get(key).map_or(Ok(default), |it| duration(&it))
    };
    // 0 is the default to Docker.
    let set = |it: Duration, default| if it.is_zero() { default } else { it };
    put(
        "interval",
        text(set(time("interval", INTERVAL)?, INTERVAL)).into(),
    );
    put(
        "timeout",
        text(set(time("timeout", TIMEOUT)?, TIMEOUT)).into(),
    );
    let retries = table.get("retries").map(|it| it.integer(0, 1_000_000));
    let retries = retries.transpose()?.filter(|it| *it > 0).unwrap_or(RETRIES);
    put("retries", retries.into());
    let start = time("start_period", Duration::ZERO)?;
    if !start.is_zero() {
        put("start_period", text(start).into());
        let every = set(time("start_interval", START_INTERVAL)?, START_INTERVAL);
        put("start_interval", text(every).into());
    }
    Ok(Ok(Value::Object(check)))
}

/// `$$` is compose's way to write `$`.
fn unescaped(value: Value) -> Value {
    match value {
        Value::String(text) => text.replace("$$", "$").into(),
        Value::Array(list) => list.into_iter().map(unescaped).collect(),
        Value::Object(map) => {
            let map = map.into_iter().map(|(key, value)| (key, unescaped(value)));
            Value::Object(map.collect())
        }
        other => other,
    }
}

/// `1h5m30s20ms`, as compose has it: units from `us` to `h`, in any number.
fn duration(item: &Item<'_>) -> Result<Duration> {
    let allowed = || item.wrong("allowed is a duration such as 1m30s, with us, ms, s, m and h");
    let mut rest = item
        .value()
        .as_str()
        .filter(|it| !it.is_empty())
        .ok_or_else(allowed)?;
    let mut sum = Duration::ZERO;
    if rest == "0" {
        return Ok(sum);
    }
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .ok_or_else(allowed)?;
        let number: f64 = rest[..end].parse().map_err(|_| allowed())?;
        rest = &rest[end..];
        let units = [
            ("us", 1e-6),
            ("ms", 1e-3),
            ("s", 1.0),
            ("m", 60.0),
            ("h", 3_600.0),
        ];
        let (unit, seconds) = units
            .into_iter()
            .find(|(unit, _)| rest.starts_with(unit))
            .ok_or_else(allowed)?;
        rest = &rest[unit.len()..];
        let part = Duration::try_from_secs_f64(number * seconds).map_err(|_| allowed())?;
        sum = sum.checked_add(part).ok_or_else(allowed)?;
    }
    Ok(sum)
}
