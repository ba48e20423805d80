//! A monitor with targets of every kind, at rest in virtual time.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::task::Waker;
use std::time::Duration;

use crate::monitor::{ManualClock, MonitorAction, MonitorControl, MonitorDriver, Target};
use health_core::Name;
use health_core::check::CheckConfig;
use health_core::check::probe::{ProbePhase, Report};
use health_core::monitor::{MonitorConfig, Spread};
use health_core::{Kind, Outcome};

/// Four targets, of which `web-1` has refused its last three probes, and all others are well. It is
/// five seconds past midnight of 1970.
///
/// For tests of what an endpoint shows of a monitor: `Service::targets(&watched())`.
#[must_use]
pub fn watched() -> MonitorControl {
    watched_by(&ManualClock::new())
}

/// The same by a clock of the caller's, which goes on while nobody probes any more.
#[must_use]
pub fn watched_by(clock: &ManualClock) -> MonitorControl {
    let mut config = MonitorConfig::default();
    config.spread = Spread::AsConfigured;
    let (mut driver, control) = MonitorDriver::new(config, None, clock.into());
    for target in [
        probing("cache", "tcp://[::1]:6379"),
        looking("disk"),
        probing("web-1", "http://10.0.0.7:8080/health").group(name("web")),
        probing("web-2", "http://web-2.example:8080/health").group(name("web")),
    ] {
        control.add(target).expect("a free name");
    }
    let end = clock.now() + Duration::from_secs(5);
    while clock.now() < end {
        match driver.poll(Waker::noop()) {
            MonitorAction::Start(attempt) => {
                clock.advance_to(clock.now() + Duration::from_millis(1));
                let report = report(&attempt.job().to_string());
                attempt.finish(report);
            }
            MonitorAction::Cancel { .. } => {}
            MonitorAction::Wait { .. } => {
                clock.advance_to(clock.now() + Duration::from_millis(100));
            }
            MonitorAction::Stopped => unreachable!("nobody stops it"),
        }
    }
    // Dropped, it would have stopped: nothing of it would be judged any more.
    std::mem::forget(driver);
    control
}

/// What an attempt of a millisecond sees.
fn report(target: &str) -> Report {
    let took = Duration::from_millis(1);
    if target.contains("10.0.0.7") {
        let refused = Outcome::failure_with_message("connection refused").of_kind(Kind::Refused);
        let mut report = Report::new(refused.caused_by("os error 111"), took);
        report.timings.set(ProbePhase::Connect, took);
        return report;
    }
    let mut report = Report::new(Outcome::success(), took);
    if target.starts_with("tcp") {
        report.timings.set(ProbePhase::Connect, took);
        report.address = Some((Ipv6Addr::LOCALHOST, 6_379).into());
    }
    if target.starts_with("http") {
        let part = Duration::from_micros;
        report.status = Some(204);
        report.address = Some((Ipv4Addr::new(10, 0, 0, 8), 8_080).into());
        report.timings.set(ProbePhase::Resolve, part(200));
        report.timings.set(ProbePhase::Connect, part(300));
        report.timings.set(ProbePhase::Send, part(50));
        report.timings.set(ProbePhase::Head, part(400));
        report.timings.set(ProbePhase::Body, part(50));
    }
    report
}

fn every_second() -> CheckConfig {
    let mut config = CheckConfig::default();
    config.interval = Duration::from_secs(1);
    config
}

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

fn probing(target: &str, probe: &str) -> Target {
    let probe = probe.parse().expect("a probe");
    let target = Target::named(name(target));
    target
        .probe("probe", every_second(), probe)
        .expect("a name")
}

fn looking(target: &str) -> Target {
    let target = Target::named(name(target));
    let look = target.self_check("look", every_second(), Outcome::success);
    look.expect("a name")
}
