//! Answers the requests that commands make over the socket: `add`, `remove`, `status`; what is
//! asked of targets that there are is in `quiet`.

use health_core::monitor::TargetStatus;
use health_core::server::Targets;
use health_core::{Name, UnixTime};
use serde_json::{Map, Value, json};

use super::Daemon;
use crate::config::{added, split_target};
use crate::control::{Reply, Request};
use crate::quiet::{Act, Of, Verb};
use crate::text::millis;

/// Deregistered targets that `status` names, of each kind.
const MAX_NAMED: usize = 100;

impl Daemon {
    /// Carries it out.
    pub(super) async fn answer(&mut self, request: Request) -> Reply {
        let none = |name: &str| format!("{name}: no such target");
        let found = |name: &str, done: Option<String>| match done {
            Some(done) => Reply::Done(done),
            None => Reply::Refused(none(name)),
        };
        match request {
            Request::Status => Reply::Status(self.status()),
            Request::Origin(name) => self.origin(&name),
            Request::Add(table) => match added(table, &self.settings.defaults) {
                Ok(target) => match self.registry.add(target).await {
                    Ok(done) => Reply::Done(done),
                    Err(refused) => Reply::Refused(refused),
                },
                Err(error) => Reply::Refused(error.to_string()),
            },
            Request::Remove(name) => match Name::new(&name) {
                Ok(known) => found(&name, self.registry.remove(&known).await),
                Err(_) => Reply::Refused(none(&name)),
            },
            Request::Now(name) => self.now(&name),
            Request::Reactivate(name) => {
                let by = "a command of an earlier version".to_owned();
                let (verb, of) = (Verb::Reactivate, Of::Target(name));
                self.reply(Act { verb, of, by }).await
            }
            Request::Act(act) => self.reply(act).await,
            Request::Update { name, changes } => self.update(&name, &changes).await,
            Request::Reload => match self.reload().await {
                Ok(done) => Reply::Done(done),
                Err(error) => Reply::Refused(error),
            },
            Request::Inspect
            | Request::Explain
            | Request::Restart(_)
            | Request::ReactivateReplica(_) => Reply::Refused("this is no group".to_owned()),
        }
    }

    async fn update(&self, name: &str, changes: &Map<String, Value>) -> Reply {
        let known = Name::new(name);
        let updated = match &known {
            Ok(known) => {
                self.registry
                    .update(known, changes, &self.settings.defaults)
                    .await
            }
            Err(_) => None,
        };
        match updated {
            Some(Ok(done)) => Reply::Done(done),
            Some(Err(refused)) => Reply::Refused(refused),
            None => Reply::Refused(format!("{name}: no such target")),
        }
    }

    async fn reply(&mut self, act: Act) -> Reply {
        match self.act(&act).await {
            Ok(done) => Reply::Done(done),
            Err(refusal) => Reply::Refused(refusal.to_string()),
        }
    }

    fn origin(&self, name: &str) -> Reply {
        let flags = self.flags.targets.iter();
        let mut named = flags.filter_map(|it| split_target(it, "--target").ok());
        let url = named.find(|it| it.0 == name).map(|it| it.1.to_owned());
        let config = self.settings.file.as_ref();
        // The command may have another working directory.
        let config = config.and_then(|it| std::path::absolute(it).ok());
        Reply::Origin { config, url }
    }

    fn status(&self) -> Value {
        let (settings, check) = (&self.settings, &self.settings.defaults.check);
        let monitor = self.monitor.status();
        let (stats, summary) = (monitor.stats, monitor.summary);
        let journal = monitor.journal.unwrap_or_default();
        json!({
            "running": true,
            "pid": std::process::id(),
            "version": env!("CARGO_PKG_VERSION"),
            "uptime_seconds": self.began.elapsed().as_secs(),
            "config": settings.file,
            "last_reload": self.reloads.shown(),
            "registry": settings.db,
            "listen": self.address.unwrap_or(settings.listen).to_string(),
            "interval_seconds": check.interval.as_secs_f64(),
            "timeout_seconds": check.timeout.as_secs_f64(),
            "max_consecutive_failures": check.retries,
            "auto_deregister_after_failures": settings.defaults.auto_deregister,
            "max_in_flight": settings.monitor.max_in_flight,
            "in_flight": monitor.in_flight,
            "demand": monitor.demand,
            "mass_failure": self.monitor.is_mass_failure(),
            "deregistered": self.deregistered(),
            "quiet": crate::quiet::document(&self.monitor.quiet()),
            "targets": {
                "total": summary.total,
                "healthy": summary.healthy(),
                "unhealthy": summary.unhealthy,
                "unknown": summary.unknown,
                "inactive": summary.inactive(),
                "paused": summary.unjudged,
                "deregistered": summary.deregistered,
                "answers_again": summary.answers_again,
            },
            "checks": {
                "attempts": stats.attempts,
                "successes": stats.successes,
                "warnings": stats.warnings,
                "failures": stats.failures,
                "indeterminate": stats.indeterminate,
                "skipped_slots": stats.skipped_slots,
                "lag_p50_ms": millis(stats.lag_quantile(0.5)),
                "lag_p99_ms": millis(stats.lag_quantile(0.99)),
                "max_lag_ms": millis(stats.max_lag),
                "deregistered": stats.deregistered,
                "suppressed": stats.suppressed,
            },
            "store": {
                "batches": journal.batches,
                "failures": journal.failures,
                "lag_ms": millis(journal.lag),
                "lost": journal.lost,
            },
            "log": { "lost": self.terminal.lost() },
        })
    }

    /// The first of those that were deregistered, with the reason, and since when they are as they are.
    fn deregistered(&self) -> Vec<Value> {
        let found = |status| {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let page = self.monitor.page(after.as_ref(), Some(status));
                found.extend(page.entries);
                after = page.next;
                if after.is_none() || found.len() >= MAX_NAMED {
                    found.truncate(MAX_NAMED);
                    return found;
                }
            }
        };
        let gone = [TargetStatus::Deregistered, TargetStatus::AnswersAgain].map(found);
        let gone = gone.iter().flatten().map(|it| {
            let checks = || it.checks.iter();
            let since = match it.status {
                TargetStatus::AnswersAgain => checks().filter_map(|it| it.answers_since).max(),
                _ => checks().filter_map(|it| it.deregistered_at).min(),
            };
            json!({
                "name": it.name.as_str(),
                "status": it.status.as_str(),
                "since": since.map(UnixTime::as_millis),
                "reason": it.reason(),
            })
        });
        gone.collect()
    }
}
