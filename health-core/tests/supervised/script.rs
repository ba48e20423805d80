//! What a vector says about a group: settings, what its instances do, what is asked of it.

use std::collections::VecDeque;

use health_core::ProbeKind;
use health_core::check::probe::Exit;
use health_core::supervise::{GroupConfig, RestartBudget, RestartPolicy, SpawnFailure};
use serde_json::Value;

use super::read::{Fields, millis, number};

/// A vector without its expectations.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) config: GroupConfig,
    /// Of each replica.
    pub(crate) instances: Vec<Vec<Behaviour>>,
    pub(crate) restart_commands: Vec<RestartCommand>,
    pub(crate) control: VecDeque<(u64, Control)>,
    pub(crate) stalls: Vec<(u64, u64)>,
    pub(crate) looks: VecDeque<u64>,
    pub(crate) until: u64,
}

/// What an instance does of itself and when it gets a signal. In milliseconds.
#[derive(Clone, Debug)]
pub(crate) struct Behaviour {
    pub(crate) started: Option<u64>,
    pub(crate) ready: Option<u64>,
    pub(crate) flaps: Vec<(u64, bool)>,
    pub(crate) unlive: Vec<u64>,
    pub(crate) relive: Vec<u64>,
    pub(crate) cause: ProbeKind,
    pub(crate) exit_at: Option<u64>,
    pub(crate) exit: Exit,
    pub(crate) term: Option<u64>,
    pub(crate) term_exit: Exit,
    pub(crate) kill: Option<u64>,
    /// `Some(0)`: nothing is left; `None`: until it is killed.
    pub(crate) left: Option<u64>,
    pub(crate) spawn_error: Option<SpawnFailure>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct RestartCommand {
    pub(crate) ms: Option<u64>,
    pub(crate) is_ok: bool,
    pub(crate) term: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Control {
    Start,
    Stop,
    Force,
    Restart(Option<u16>),
    Reactivate(u16),
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            started: Some(0),
            ready: Some(0),
            flaps: Vec::new(),
            unlive: Vec::new(),
            relive: Vec::new(),
            cause: ProbeKind::Liveness,
            exit_at: None,
            exit: Exit::Code(1),
            term: Some(0),
            term_exit: Exit::Signal(15),
            kill: Some(0),
            left: Some(0),
            spawn_error: None,
        }
    }
}

impl Default for RestartCommand {
    fn default() -> Self {
        Self {
            ms: Some(1_000),
            is_ok: true,
            term: 0,
        }
    }
}

impl Script {
    /// When the group is called that would have been called at this time.
    pub(crate) fn after_stalls(&self, at: u64) -> u64 {
        let mut stalls = self.stalls.iter();
        let stall = stalls.find(|(from, to)| (*from..*to).contains(&at));
        stall.map_or(at, |(_, to)| self.after_stalls(*to))
    }
}

/// Takes all fields of the vector that are left.
pub(crate) fn read(mut vector: Fields) -> Result<Script, String> {
    let config = config(&vector.value("config")?)?;
    let for_all = behaviours(vector.list("instances")?)?;
    let mut instances = vec![for_all; usize::from(config.replicas)];
    if let Some(value) = vector.take("replicas") {
        let Value::Object(map) = &value else {
            return Err(vector.wrong("replicas", "an object", &value));
        };
        for (index, list) in map {
            let place = index
                .parse()
                .ok()
                .and_then(|it: usize| instances.get_mut(it));
            let place = place.ok_or_else(|| format!("there is no replica {index:?}"))?;
            let list = list.as_array().cloned();
            *place = behaviours(list.ok_or("instances of a replica are a list")?)?;
        }
    }
    let commands = vector.list("restart_commands")?;
    if !commands.is_empty() && !config.is_external {
        return Err("restart_commands are for external instances".to_owned());
    }
    let script = Script {
        instances,
        restart_commands: commands
            .iter()
            .map(restart_command)
            .collect::<Result<_, _>>()?,
        control: control(&vector.list("control")?, config.replicas)?,
        stalls: vector
            .list("stalls")?
            .iter()
            .map(stall)
            .collect::<Result<_, _>>()?,
        looks: vector.numbers("looks")?.into(),
        until: vector.number("until_ms")?,
        config,
    };
    vector.end()?;
    Ok(script)
}

/// The defaults of the vectors, with these changes.
pub(crate) fn config(value: &Value) -> Result<GroupConfig, String> {
    let mut config = GroupConfig::default();
    let Value::Object(map) = value else {
        return Err(format!("config is not an object: {value}"));
    };
    for (key, value) in map {
        let wrong = || format!("{key:?} of config is not what it may be: {value}");
        let word = value.as_str();
        let count = value.as_u64();
        let small = || {
            count
                .and_then(|it| u16::try_from(it).ok())
                .ok_or_else(wrong)
        };
        let length = || count.map(millis).ok_or_else(wrong);
        let flag = || value.as_bool().ok_or_else(wrong);
        let is_null = value.is_null();
        match key.as_str() {
            "replicas" => config.replicas = small()?,
            "restart" => {
                config.restart = match word {
                    Some("always") => RestartPolicy::Always,
                    Some("on-failure") => RestartPolicy::OnFailure,
                    Some("never") => RestartPolicy::Never,
                    _ => return Err(wrong()),
                }
            }
            "success_exits" => config.success_exits = codes(value).ok_or_else(wrong)?,
            "fatal_exits" => config.fatal_exits = codes(value).ok_or_else(wrong)?,
            "backoff_ms" => config.backoff = length()?,
            "backoff_factor" => config.backoff_factor = value.as_f64().ok_or_else(wrong)?,
            "backoff_max_ms" => config.backoff_max = length()?,
            "backoff_reset_ms" => config.backoff_reset = length()?,
            "backoff_jitter_percent" => {
                config.backoff_jitter_percent = u8::try_from(small()?).map_err(|_| wrong())?;
            }
            "seed" => config.seed = count.ok_or_else(wrong)?,
            "max_restarts" if is_null => config.max_restarts = None,
            "max_restarts" => config.max_restarts = Some(u32::from(small()?)),
            "budget" if is_null => config.budget = None,
            "budget" => {
                let mut budget = Fields::of("budget", value)?;
                let restarts = budget.number("restarts")?;
                config.budget = Some(RestartBudget {
                    restarts: u32::try_from(restarts).map_err(|_| wrong())?,
                    period: millis(budget.number("period_ms")?),
                });
                budget.end()?;
            }
            "max_unavailable" if is_null => config.max_unavailable = None,
            "max_unavailable" => config.max_unavailable = Some(small()?),
            "min_ready" => config.min_ready = small()?,
            "canary" => config.canary = flag()?,
            "min_uptime_ms" => config.min_uptime = length()?,
            "settle_ms" => config.settle = length()?,
            "ready_timeout_ms" => config.ready_timeout = length()?,
            "stop_grace_ms" => config.stop_grace = length()?,
            "failure_grace_ms" if is_null => config.failure_grace = None,
            "failure_grace_ms" => config.failure_grace = Some(length()?),
            "drain_delay_ms" => config.drain_delay = length()?,
            "kill_wait_ms" => config.kill_wait = length()?,
            "spawn_retry_ms" => config.spawn_retry = length()?,
            "external" => config.is_external = flag()?,
            "restart_timeout_ms" => config.restart_timeout = length()?,
            _ => return Err(format!("config has an unknown field {key:?}")),
        }
    }
    config.validate().map_err(|error| error.to_string())?;
    Ok(config)
}

/// At least one.
fn behaviours(list: Vec<Value>) -> Result<Vec<Behaviour>, String> {
    if list.is_empty() {
        return Ok(vec![Behaviour::default()]);
    }
    list.iter().map(behaviour).collect()
}

fn behaviour(value: &Value) -> Result<Behaviour, String> {
    let mut fields = Fields::of("instance", value)?;
    let default = Behaviour::default();
    let started = fields.nullable("started_ms", default.started)?;
    let behaviour = Behaviour {
        started,
        ready: fields.nullable("ready_ms", started)?,
        flaps: fields
            .list("flaps")?
            .iter()
            .map(flap)
            .collect::<Result<_, _>>()?,
        unlive: fields.numbers("unlive_ms")?,
        relive: fields.numbers("relive_ms")?,
        cause: match fields.take("cause") {
            None => default.cause,
            Some(value) => match value.as_str() {
                Some("liveness") => ProbeKind::Liveness,
                Some("startup") => ProbeKind::Startup,
                _ => return Err(fields.wrong("cause", "liveness or startup", &value)),
            },
        },
        exit_at: fields.nullable("exit_ms", None)?,
        exit: exit(fields.take("exit"), default.exit)?,
        term: fields.nullable("term_ms", default.term)?,
        term_exit: exit(fields.take("term_exit"), default.term_exit)?,
        kill: fields.nullable("kill_ms", default.kill)?,
        left: fields.nullable("left_ms", default.left)?,
        spawn_error: match fields.take("spawn_error") {
            None => None,
            Some(value) => match value.as_str() {
                Some("missing") => Some(SpawnFailure::Missing),
                Some("shortage") => Some(SpawnFailure::Shortage),
                _ => return Err(fields.wrong("spawn_error", "missing or shortage", &value)),
            },
        },
    };
    fields.end()?;
    Ok(behaviour)
}

fn exit(value: Option<Value>, default: Exit) -> Result<Exit, String> {
    let Some(value) = value else {
        return Ok(default);
    };
    let mut fields = Fields::of("exit", &value)?;
    let key = if value.get("code").is_some() {
        "code"
    } else {
        "signal"
    };
    let number = i32::try_from(fields.number(key)?).map_err(|error| error.to_string())?;
    fields.end()?;
    Ok(match key {
        "code" => Exit::Code(number),
        _ => Exit::Signal(number),
    })
}

fn restart_command(value: &Value) -> Result<RestartCommand, String> {
    let mut fields = Fields::of("restart command", value)?;
    let default = RestartCommand::default();
    let command = RestartCommand {
        ms: fields.nullable("ms", default.ms)?,
        is_ok: fields.flag("ok", default.is_ok)?,
        term: fields.number_or("term_ms", default.term)?,
    };
    fields.end()?;
    Ok(command)
}

/// In the order of their times.
fn control(list: &[Value], replicas: u16) -> Result<VecDeque<(u64, Control)>, String> {
    let mut all = Vec::new();
    for value in list {
        let mut fields = Fields::of("control", value)?;
        let at = fields.number("at")?;
        let op = fields.text("op")?;
        let replica = match op.as_str() {
            "restart" | "reactivate" => fields.nullable("replica", None)?,
            _ => None,
        };
        let replica = replica.map(u16::try_from).transpose();
        let replica = replica.map_err(|error| error.to_string())?;
        if replica.is_some_and(|replica| replica >= replicas) {
            return Err(format!("there is no replica for {value}"));
        }
        let control = match (op.as_str(), replica) {
            ("start", _) => Control::Start,
            ("stop", _) => Control::Stop,
            ("force", _) => Control::Force,
            ("restart", replica) => Control::Restart(replica),
            ("reactivate", Some(replica)) => Control::Reactivate(replica),
            _ => return Err(format!("not an operation: {value}")),
        };
        fields.end()?;
        all.push((at, control));
    }
    all.sort_by_key(|(at, _)| *at);
    Ok(all.into())
}

fn stall(value: &Value) -> Result<(u64, u64), String> {
    match value.as_array().map(Vec::as_slice) {
        Some([from, to]) => Ok((number(from)?, number(to)?)),
        _ => Err(format!("not a stall: {value}")),
    }
}

fn flap(value: &Value) -> Result<(u64, bool), String> {
    match value.as_array().map(Vec::as_slice) {
        Some([at, Value::Bool(is_ready)]) => Ok((number(at)?, *is_ready)),
        _ => Err(format!("not a flap: {value}")),
    }
}

fn codes(value: &Value) -> Option<Vec<i32>> {
    let list = value.as_array()?.iter();
    list.map(|code| i32::try_from(code.as_i64()?).ok())
        .collect()
}
