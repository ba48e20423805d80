//! Random groups, what their processes do, and what is asked of them.

use std::time::Duration;

use health_core::ProbeKind;
use health_core::check::probe::Exit;
use health_core::supervise::{GroupConfig, RestartBudget, RestartPolicy, SpawnFailure};

use super::rng::Rng;
use super::script::{Behaviour, Control, RestartCommand, Script};

/// Every run ends by then.
pub(crate) const UNTIL: u64 = 10_000_000;

pub(crate) fn script(rng: &mut Rng) -> Script {
    let config = config(rng);
    let replicas = u64::from(config.replicas);
    let shared = behaviours(rng);
    let instances = (0..replicas).map(|_| {
        if rng.chance(60) {
            shared.clone()
        } else {
            behaviours(rng)
        }
    });
    let instances = instances.collect();
    let commands = 1 + rng.up_to(2);
    let restart_commands = (0..commands).map(|_| RestartCommand {
        ms: some(rng, 80, 70_000),
        is_ok: rng.chance(70),
        term: rng.up_to(15_000),
    });
    let restart_commands = restart_commands.collect();
    let stalls = (0..rng.up_to(2)).map(|_| {
        let from = rng.up_to(200_000);
        (from, from + rng.up_to(100_000))
    });
    let stalls = stalls.collect();
    Script {
        instances,
        restart_commands,
        control: control(rng, replicas).into(),
        stalls,
        looks: (0..400_000).step_by(7_919).collect(),
        until: UNTIL,
        config,
    }
}

fn config(rng: &mut Rng) -> GroupConfig {
    let mut config = GroupConfig::default();
    config.replicas = 1 + rng.up_to(5) as u16;
    config.restart = match rng.up_to(5) {
        0 => RestartPolicy::Never,
        1 => RestartPolicy::OnFailure,
        _ => RestartPolicy::Always,
    };
    config.success_exits = vec![0, 143];
    if rng.chance(20) {
        config.fatal_exits = vec![78];
    }
    config.backoff = rng.millis(0, 12_000);
    config.backoff_factor = [1.0, 1.5, 2.0, 2.0][rng.up_to(3) as usize];
    config.backoff_max = config.backoff + rng.millis(0, 100_000);
    config.backoff_reset = rng.millis(0, 60_000);
    config.backoff_jitter_percent = rng.up_to(50) as u8;
    config.seed = rng.next();
    config.max_restarts = rng.chance(20).then(|| rng.up_to(4) as u32);
    config.budget = rng.chance(20).then(|| RestartBudget {
        restarts: 1 + rng.up_to(6) as u32,
        period: rng.millis(1, 60_000),
    });
    let most = u64::from(config.replicas) - 1;
    config.max_unavailable = rng.chance(50).then(|| 1 + rng.up_to(most) as u16);
    config.min_ready = 1 + rng.up_to(most) as u16;
    config.canary = rng.chance(80);
    config.min_uptime = rng.millis(0, 2_000);
    config.settle = rng.millis(0, 15_000);
    config.ready_timeout = rng.millis(1_000, 40_000);
    config.stop_grace = zero_or(rng, 10_000);
    config.failure_grace = rng.chance(40).then(|| zero_or(rng, 5_000));
    config.drain_delay = zero_or(rng, 5_000);
    config.kill_wait = rng.millis(0, 5_000);
    config.is_external = rng.chance(15);
    config.restart_timeout = rng.millis(0, 60_000);
    config
}

fn behaviours(rng: &mut Rng) -> Vec<Behaviour> {
    (0..=rng.up_to(3)).map(|_| behaviour(rng)).collect()
}

fn behaviour(rng: &mut Rng) -> Behaviour {
    let mut it = Behaviour::default();
    if rng.chance(30) {
        it.started = some(rng, 80, 5_000);
    }
    it.ready = it.started;
    if rng.chance(30) {
        it.ready = some(rng, 80, 20_000);
    }
    it.flaps = (0..rng.up_to(2))
        .map(|_| (rng.up_to(60_000), rng.chance(60)))
        .collect();
    if rng.chance(50) {
        it.unlive = (0..=rng.up_to(1)).map(|_| time(rng)).collect();
        let recovers = rng.chance(50);
        let after: Vec<_> = it.unlive.iter().map(|at| at + rng.up_to(20_000)).collect();
        it.relive = if recovers { after } else { Vec::new() };
    }
    if rng.chance(20) {
        it.cause = ProbeKind::Startup;
    }
    if rng.chance(40) {
        it.exit_at = Some(time(rng));
        it.exit = match rng.up_to(4) {
            0 => Exit::Code(0),
            1 => Exit::Code(78),
            2 => Exit::Signal(11),
            _ => Exit::Code(3),
        };
    }
    it.term = some(rng, 80, 12_000);
    it.kill = match rng.up_to(19) {
        0 => None,
        1 => Some(rng.up_to(3_000)),
        _ => Some(0),
    };
    if rng.chance(25) {
        it.left = some(rng, 70, 8_000);
    }
    if rng.chance(8) {
        it.spawn_error = Some(if rng.chance(50) {
            SpawnFailure::Missing
        } else {
            SpawnFailure::Shortage
        });
    }
    it
}

/// In the order of time; begins with the start, and ends with a stop.
fn control(rng: &mut Rng, replicas: u64) -> Vec<(u64, Control)> {
    let mut all = vec![(0, Control::Start)];
    for _ in 0..rng.up_to(4) {
        let replica = rng.up_to(replicas - 1) as u16;
        let control = match rng.up_to(9) {
            0 => Control::Start,
            1..4 => Control::Restart(None),
            4..6 => Control::Restart(Some(replica)),
            6..9 => Control::Reactivate(replica),
            _ => Control::Stop,
        };
        all.push((time(rng) * 3, control));
    }
    let stop = 100_000 + rng.up_to(300_000);
    all.push((stop, Control::Stop));
    if rng.chance(30) {
        all.push((stop + rng.up_to(10_000), Control::Force));
    }
    all.sort_by_key(|(at, _)| *at);
    all
}

/// Coincidences are what rules about ties are for: half of all times are round.
fn time(rng: &mut Rng) -> u64 {
    if rng.chance(50) {
        rng.up_to(20) * 5_000
    } else {
        rng.up_to(100_000)
    }
}

fn some(rng: &mut Rng, percent: u64, most: u64) -> Option<u64> {
    rng.chance(percent).then(|| rng.up_to(most))
}

fn zero_or(rng: &mut Rng, most: u64) -> Duration {
    if rng.chance(20) {
        Duration::ZERO
    } else {
        rng.millis(0, most)
    }
}
