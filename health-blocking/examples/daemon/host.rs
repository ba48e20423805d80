//! Samples of this host.

use serde_json::{Value, json};

/// Load averages; a failure if the run queue is hopelessly long.
#[cfg(target_os = "linux")]
pub(crate) fn load() -> Result<Value, String> {
    const MOST_PER_CPU: f64 = 32.0;
    let text = read("/proc/loadavg")?;
    let mut numbers = text.split_whitespace().map(|word| word.parse::<f64>());
    let (Some(Ok(one)), Some(Ok(five)), Some(Ok(fifteen))) =
        (numbers.next(), numbers.next(), numbers.next())
    else {
        return Err(format!("/proc/loadavg: {text:?}"));
    };
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    if one > MOST_PER_CPU * cpus as f64 {
        return Err(format!("load {one} on {cpus} processors"));
    }
    Ok(json!({"averages": {"1m": one, "5m": five, "15m": fifteen}, "processors": cpus}))
}

/// Memory in KiB; a failure if less than 1 % is left.
#[cfg(target_os = "linux")]
pub(crate) fn memory() -> Result<Value, String> {
    let text = read("/proc/meminfo")?;
    let field = |name: &str| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        number.ok_or_else(|| format!("/proc/meminfo has no {name}"))
    };
    let (total, available) = (field("MemTotal")?, field("MemAvailable")?);
    if available < total / 100 {
        return Err(format!("{available} of {total} KiB left"));
    }
    Ok(json!({"total_kib": total, "available_kib": available}))
}

/// The root file system in MiB; a failure if it is full.
#[cfg(unix)]
pub(crate) fn disk() -> Result<Value, String> {
    let stat = rustix::fs::statvfs("/").map_err(|error| format!("statvfs /: {error}"))?;
    let mebibytes = |blocks: u64| blocks.saturating_mul(stat.f_frsize) >> 20;
    let (total, free) = (mebibytes(stat.f_blocks), mebibytes(stat.f_bavail));
    if free == 0 {
        return Err("no space left".into());
    }
    Ok(json!({"path": "/", "total_mib": total, "free_mib": free}))
}

#[cfg(target_os = "linux")]
fn read(path: &str) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))
}

/// Elsewhere there is no file to read.
#[cfg(not(target_os = "linux"))]
pub(crate) fn load() -> Result<Value, String> {
    Ok(json!({}))
}

/// Elsewhere there is no file to read.
#[cfg(not(target_os = "linux"))]
pub(crate) fn memory() -> Result<Value, String> {
    Ok(json!({}))
}

/// Elsewhere there is no call for it.
#[cfg(not(unix))]
pub(crate) fn disk() -> Result<Value, String> {
    Ok(json!({}))
}
