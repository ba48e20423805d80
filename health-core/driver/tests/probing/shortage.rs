//! A prober without descriptors knows that it is the prober.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Write};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, iter, thread};

use health_core::check::Event::{ProberImpaired, Recorded, Status};
use health_core::check::probe::{ExecProbe, Probe};
use health_core::check::{self, CheckConfig, CheckStatus};
use health_core::monitor::{MonitorEvent, Spread};
use health_core::{Class, Kind};
use health_driver::monitor::Target;

use crate::driver::{Monitor, Running, defaults};
use crate::peer;

const TARGETS: usize = 500;
const ADDRESS: &str = "HEALTH_TEST_ADDRESS";

/// 500 targets, 40 descriptors, and none of those left: nobody turns, and it is said.
#[test]
fn forty_descriptors_and_five_hundred_targets() {
    if let Ok(address) = env::var(ADDRESS) {
        return probe_with_few_descriptors(&address);
    }
    let address = peer::server(|mut stream| {
        thread::spawn(move || {
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        });
    });
    // This process has the servers, and descriptors; one with as few as in the test's name probes.
    let output = Command::new("sh")
        .args(["-c", "ulimit -n 40 && exec \"$0\" \"$@\""])
        .arg(env::current_exe().expect("this test"))
        .args(["forty_descriptors", "--nocapture"])
        .env(ADDRESS, address.to_string())
        .output()
        .expect("a shell");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{errors}");
    assert!(text.contains("1 passed"), "{text}");
}

fn probe_with_few_descriptors(address: &str) {
    let mut config = CheckConfig::default();
    config.interval = Duration::from_millis(600);
    config.timeout = Duration::from_secs(30);
    let mut settings = defaults();
    settings.trace = true;
    // 20 sockets and 2 commands of 3 descriptors fit into 40.
    settings.max_in_flight = 20;
    settings.max_exec = 2;
    settings.spread = Spread::Even;
    let monitor = Running::spawn(Monitor::new(settings));
    for index in 1..TARGETS {
        let probe: Probe = format!("http://{address}/").parse().expect("a target");
        let target = Target::new(&format!("target-{index}")).expect("a name");
        let target = target.probe("http", config.clone(), probe).expect("a name");
        monitor.add(target).expect("added");
    }
    let probe = ExecProbe::command(["true"]).build().expect("valid").into();
    let target = Target::new("command").expect("a name");
    let target = target.probe("exec", config, probe).expect("a name");
    monitor.add(target).expect("added");
    wait_for_all(&monitor, TARGETS, |event| match event {
        Status { to, .. } => *to == CheckStatus::Healthy,
        _ => false,
    });

    // A leak of somebody else's takes all there are, and each that is given back.
    let mut leak = Vec::new();
    // Ten results in a row that say nothing, for each of them.
    wait_for_all(&monitor, TARGETS, |event| {
        assert!(!matches!(event, Status { .. }), "{event:?}");
        leak.extend(iter::from_fn(|| File::open("/dev/null").ok()));
        *event == ProberImpaired
    });
    let status = monitor.status();
    assert_eq!(
        (status.summary.healthy(), status.stats.failures),
        (TARGETS, 0)
    );
    for target in monitor.targets() {
        let check = &target.checks[0];
        assert!(check.is_stale && check.status == CheckStatus::Healthy);
        let last = check.history.last().expect("a result");
        assert_eq!(last.kind(), Some(Kind::Descriptors), "{last:?}");
    }

    drop(leak);
    wait_for_all(&monitor, TARGETS, |event| match event {
        Recorded(record) => record.class() == Class::Success,
        _ => false,
    });
    let targets = monitor.targets();
    assert!(targets.iter().all(|it| !it.checks[0].is_stale));
    assert_eq!(monitor.status().stats.failures, 0);
    assert!(monitor.stop(Duration::from_secs(20)));
}

/// Waits until each of `count` checks has told such an event.
fn wait_for_all(monitor: &Running, count: usize, mut what: impl FnMut(&check::Event) -> bool) {
    let until = Instant::now() + Duration::from_secs(120);
    let mut told = BTreeSet::new();
    while told.len() < count {
        let left = until.saturating_duration_since(Instant::now());
        let Some(event) = monitor.next_event(left) else {
            panic!("{} of {count}: {:?}", told.len(), monitor.status().stats);
        };
        if let MonitorEvent::Check { check, event, .. } = event {
            if what(&event) {
                told.insert(check);
            }
        }
    }
}
