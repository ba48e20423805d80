//! Settings from bytes: few values of each, those near which rules change.

use std::time::Duration;

use arbitrary::{Result, Unstructured};
use health_core::supervise::{GroupConfig, RestartBudget, RestartPolicy};

/// In milliseconds; the last one is for ever.
pub(super) const LENGTHS: [u64; 12] = [
    0,
    1,
    5,
    10,
    500,
    1_000,
    2_000,
    10_000,
    30_000,
    60_000,
    600_000,
    u64::MAX,
];

pub(super) fn length(byte: u8) -> Duration {
    Duration::from_millis(LENGTHS[usize::from(byte) % LENGTHS.len()])
}

pub(super) fn group(u: &mut Unstructured<'_>) -> Result<GroupConfig> {
    let bytes: [u8; 16] = u.arbitrary()?;
    let mut config = GroupConfig::default();
    config.replicas = 1 + u16::from(bytes[0] % 6);
    config.restart = match bytes[1] % 8 {
        0 => RestartPolicy::Never,
        1 => RestartPolicy::OnFailure,
        _ => RestartPolicy::Always,
    };
    config.success_exits = vec![0, 143];
    config.fatal_exits = if bytes[1] >= 128 { vec![78] } else { vec![] };
    config.backoff = length(bytes[2]);
    config.backoff_max = config.backoff.max(length(bytes[2] / 16));
    config.backoff_factor = [1.0, 1.5, 2.0, 2.0][usize::from(bytes[3] % 4)];
    config.backoff_jitter_percent = [0, 0, 20, 50][usize::from(bytes[3] / 4 % 4)];
    config.backoff_reset = length(bytes[3] / 16);
    config.seed = u64::from(bytes[4]);
    config.max_restarts = (bytes[5] < 64).then(|| u32::from(bytes[5] % 4));
    config.budget = (bytes[6] < 64).then(|| RestartBudget {
        restarts: 1 + u32::from(bytes[6] % 4),
        period: Duration::from_millis(LENGTHS[1 + usize::from(bytes[6]) / 4 % 11]),
    });
    config.max_unavailable = (bytes[7] < 128).then(|| 1 + u16::from(bytes[7]) % config.replicas);
    config.min_ready = 1 + u16::from(bytes[8]) % config.replicas;
    config.canary = bytes[8] < 224;
    config.min_uptime = length(bytes[9] % 8);
    config.settle = length(bytes[9] / 16);
    config.ready_timeout = length(bytes[10]);
    config.stop_grace = length(bytes[11]);
    config.failure_grace = (bytes[12] < 128).then(|| length(bytes[12]));
    config.drain_delay = length(bytes[13] % 8);
    config.kill_wait = length(bytes[13] / 16);
    config.spawn_retry = length(bytes[14]);
    config.is_external = bytes[15] >= 224;
    config.restart_timeout = length(bytes[15]);
    Ok(config)
}
