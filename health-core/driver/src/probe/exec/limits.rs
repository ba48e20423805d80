//! Resource limits of a process that has just been started.

use std::io;

use health_core::check::probe::ResourceLimits;
use rustix::process::Pid;

/// Limits `process`; what it has forked in the meantime escapes.
///
/// Not between fork and exec, as a shell would: code that runs there has to be `unsafe`.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn apply(process: Pid, limits: &ResourceLimits) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, prlimit};

    let cpu = limits.cpu.map(|cpu| {
        let whole = cpu.as_secs();
        whole + u64::from(cpu.subsec_nanos() > 0)
    });
    for (resource, limit) in [
        (Resource::Cpu, cpu),
        (Resource::As, limits.address_space),
        (Resource::Nproc, limits.processes),
        (Resource::Nofile, limits.files),
    ] {
        if limit.is_none() {
            continue;
        }
        let limit = Rlimit {
            current: limit,
            maximum: limit,
        };
        match prlimit(Some(process), resource, limit) {
            // It has ended already.
            Ok(_) | Err(rustix::io::Errno::SRCH) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Only Linux can limit a process that runs.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn apply(_: Pid, limits: &ResourceLimits) -> io::Result<()> {
    if *limits == ResourceLimits::default() {
        return Ok(());
    }
    Err(io::ErrorKind::Unsupported.into())
}
