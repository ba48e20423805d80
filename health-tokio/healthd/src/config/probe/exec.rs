//! Reads a command, and what it may use.

use std::fs;
use std::path::Path;

use health_core::check::probe::{ExecProbe, ExecProbeBuilder, ExitCodes, ResourceLimits};

use super::{Rule, refused};
use crate::config::reader::{Item, Result, Table};

/// The keys beside `exec`.
const KEYS: [&str; 6] = [
    "exec_dir",
    "exec_env",
    "exec_limits",
    "exec_prefix",
    "exec_user",
    "exit_codes",
];
/// Users by their names.
const USERS: &str = "/etc/passwd";

/// Refuses keys that are for commands, on a check without one.
pub(super) fn refuse_any(table: &Table<'_>) -> Result<()> {
    match KEYS.iter().find_map(|key| Some((key, table.get(key)?))) {
        Some((key, item)) => Err(item.wrong_secret(format_args!("{key} is for exec"))),
        None => Ok(()),
    }
}

/// The command `item`, of the check that `table` is.
pub(super) fn exec(table: &Table<'_>, item: &Item<'_>) -> Result<(ExecProbe, Rule)> {
    let mut command = if item.is_table() {
        let own = item.table()?;
        let command = ExecProbe::command(own.need("command")?.texts()?);
        let command = place(command, own.get("dir"), own.get("env"))?;
        own.finish()?;
        command
    } else {
        ExecProbe::command(item.texts()?)
    };
    command = place(command, table.get("exec_dir"), table.get("exec_env"))?;
    if let Some(item) = table.get("exec_prefix") {
        command = command.prefix(item.texts()?);
    }
    if let Some(item) = table.get("exec_user") {
        let (uid, gid) = user(&item)?;
        command = command.uid(uid);
        command = gid.map_or(command.clone(), |gid| command.gid(gid));
    }
    if let Some(item) = table.get("exec_limits") {
        command = command.limits(limits(&item.table()?)?);
    }
    let codes = [("zero", ExitCodes::Zero), ("plugin", ExitCodes::Plugin)];
    let codes = match table.get("exit_codes") {
        Some(item) => item.word(&codes)?,
        None => ExitCodes::Zero,
    };
    let rule = match codes {
        ExitCodes::Plugin => "exit code 0; degraded with 1",
        _ => "exit code 0",
    };
    let built = command.exit_codes(codes).build();
    Ok((
        built.map_err(|error| refused(item, &error))?,
        Rule::new(rule),
    ))
}

fn place(
    mut command: ExecProbeBuilder,
    dir: Option<Item<'_>>,
    env: Option<Item<'_>>,
) -> Result<ExecProbeBuilder> {
    if let Some(item) = dir {
        let dir = item.text()?;
        if !dir.starts_with('/') {
            return Err(item.wrong("allowed is an absolute path"));
        }
        command = command.dir(dir);
    }
    if let Some(item) = env {
        for (name, value) in item.table()?.entries() {
            command = command.env(name, value.text()?);
        }
    }
    Ok(command)
}

/// A name, a number, or `UID:GID`. A name stands for its group, too.
fn user(item: &Item<'_>) -> Result<(u32, Option<u32>)> {
    let allowed = "allowed is a name of /etc/passwd, a number, or UID:GID";
    let number = item.value().as_u64().map(|it| it.to_string());
    let text = number
        .as_deref()
        .or(item.value().as_str())
        .unwrap_or_default();
    let (uid, gid) = text
        .split_once(':')
        .map_or((text, None), |(uid, gid)| (uid, Some(gid)));
    let gid = gid.map(|gid| gid.parse::<u32>().map_err(|_| item.wrong(allowed)));
    match (uid.parse(), gid.transpose()?) {
        (Ok(uid), gid) => Ok((uid, gid)),
        (Err(_), None) => {
            let found = in_passwd(Path::new(USERS), uid);
            let (uid, gid) = found.ok_or_else(|| item.wrong(allowed))?;
            Ok((uid, Some(gid)))
        }
        (Err(_), Some(_)) => Err(item.wrong(allowed)),
    }
}

fn in_passwd(file: &Path, name: &str) -> Option<(u32, u32)> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let is_it = fields.next() == Some(name);
        let (uid, gid) = (fields.nth(1)?, fields.next()?);
        is_it.then(|| Some((uid.parse().ok()?, gid.parse().ok()?)))?
    })
}

fn limits(table: &Table<'_>) -> Result<ResourceLimits> {
    let count = |name| table.get(name).map(|it| it.integer(1, 1 << 40)).transpose();
    let mut limits = ResourceLimits::default();
    if let Some(item) = table.get("cpu") {
        let cpu = item.duration()?;
        if cpu.is_zero() {
            return Err(item.wrong("allowed is more than 0"));
        }
        limits.cpu = Some(cpu);
    }
    if let Some(item) = table.get("memory") {
        limits.address_space = Some(bytes(&item)?);
    }
    limits.processes = count("processes")?;
    limits.files = count("files")?;
    table.finish()?;
    Ok(limits)
}

/// A number of bytes, or with K, M or G behind it of 1024 of the one before.
fn bytes(item: &Item<'_>) -> Result<u64> {
    let number = item.value().as_u64().map(|it| it.to_string());
    let text = number
        .as_deref()
        .or(item.value().as_str())
        .unwrap_or_default();
    let units = [('K', 10), ('M', 20), ('G', 30)];
    let unit = units.into_iter().find(|(unit, _)| text.ends_with(*unit));
    let (digits, shift) = match unit {
        Some((_, shift)) => (&text[..text.len() - 1], shift),
        None => (text, 0),
    };
    let number = digits.parse::<u64>().ok();
    let number = number.filter(|it| (1..=1 << 50 >> shift).contains(it));
    let number =
        number.ok_or_else(|| item.wrong("allowed is a number of bytes, as 67108864 or 64M"))?;
    Ok(number << shift)
}
