//! The four scenarios of an orchestrator, with this driver.
#![cfg(unix)]

use std::time::Duration;

use health_blocking::core::check::CheckConfig;
use health_blocking::core::check::probe::Probe;
use health_blocking::core::monitor::{Event, MonitorConfig};
use health_blocking::monitor::{Monitor, MonitorHandle, Target, defaults};

#[path = "../../health-core/tests/scenarios/mod.rs"]
mod scenarios;

struct Blocking(MonitorHandle);

impl scenarios::Driver for Blocking {
    fn spawn(config: MonitorConfig, targets: Vec<(String, Vec<(CheckConfig, Probe)>)>) -> Self {
        let most = defaults().max_in_flight;
        let config = MonitorConfig {
            max_in_flight: most,
            ..config
        };
        let monitor = Monitor::new(config).spawn().expect("a thread");
        for (name, checks) in targets {
            let mut target = Target::new(&name).expect("a name");
            for (index, (config, probe)) in checks.into_iter().enumerate() {
                let name = format!("check-{index}");
                target = target.probe(&name, config, probe).expect("a name");
            }
            monitor.add(target).expect("added");
        }
        Self(monitor)
    }

    fn next_event(&mut self, limit: Duration) -> Option<Event> {
        self.0.next_event(limit)
    }

    fn healthy(&mut self, target: &str) -> (usize, usize) {
        self.0.status().target(target).expect("there").healthy
    }

    fn instance_changed(&mut self, target: &str) {
        assert!(self.0.instance_changed(target));
    }

    fn stop(&mut self, limit: Duration) -> bool {
        self.0.stop(limit)
    }
}

scenarios!(Blocking:
    a_web_server_with_three_replicas
    an_app_that_answers_500
    a_redis_by_tcp
    a_postgresql_by_pg_isready
);

#[cfg(feature = "tls")]
scenarios!(Blocking: https);
