//! A prober without descriptors knows that it is the prober.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Write};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, thread};

use health_blocking::monitor::check::Event::{ProberImpaired, Status};
use health_blocking::monitor::{
    CheckConfig, CheckStatus, Event, Kind, Monitor, MonitorConfig, MonitorHandle, Spread, Target,
    defaults,
};
use health_blocking::probe::{ExecProbe, Probe};

#[path = "support/peer.rs"]
mod peer;

const TARGETS: usize = 500;
const ADDRESS: &str = "HEALTH_TEST_ADDRESS";

/// 500 targets, 40 descriptors, and none of those left: nobody turns, and it is said.
#[test]
fn forty_descriptors_and_five_hundred_targets() {
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
        .args([
            "--exact",
            "as_a_prober_with_few_descriptors",
            "--ignored",
            "--nocapture",
        ])
        .env(ADDRESS, address.to_string())
        .output()
        .expect("a shell");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{errors}");
    assert!(text.contains("1 passed"), "{text}");
}

#[test]
#[ignore = "run by forty_descriptors_and_five_hundred_targets"]
fn as_a_prober_with_few_descriptors() {
    let address = env::var(ADDRESS).expect("the address of a server");
    let config = CheckConfig {
        interval: Duration::from_millis(600),
        timeout: Duration::from_secs(5),
        ..CheckConfig::default()
    };
    let monitor = Monitor::new(MonitorConfig {
        // 20 sockets and 2 commands of 3 descriptors fit into 40.
        max_in_flight: 20,
        max_exec: 2,
        spread: Spread::Even,
        ..defaults()
    });
    let monitor = monitor.spawn().expect("a thread");
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

    // A leak of somebody else's takes all there are.
    let mut leak = Vec::new();
    let until = Instant::now() + Duration::from_millis(500);
    while Instant::now() < until {
        leak.extend(File::open("/dev/null"));
    }
    // Ten results in a row that say nothing, for each of them.
    wait_for_all(&monitor, TARGETS, |event| {
        assert!(!matches!(event, Status { .. }), "{event:?}");
        *event == ProberImpaired
    });
    let status = monitor.status();
    assert_eq!(
        (status.summary.healthy(), status.stats.failures),
        (TARGETS, 0)
    );
    for target in &status.targets {
        let check = &target.checks[0];
        assert!(check.is_stale && check.status == CheckStatus::Healthy);
        let last = check.history.last().expect("a result");
        assert_eq!(last.kind(), Some(Kind::Descriptors), "{last:?}");
    }

    drop(leak);
    let until = Instant::now() + Duration::from_secs(10);
    while monitor
        .status()
        .targets
        .iter()
        .any(|target| target.checks[0].is_stale)
    {
        assert!(Instant::now() < until, "it does not recover");
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(monitor.status().stats.failures, 0);
    assert!(monitor.stop(Duration::from_secs(5)));
}

/// Waits until each of `count` checks has told such an event.
fn wait_for_all(
    monitor: &MonitorHandle,
    count: usize,
    what: impl Fn(&health_blocking::monitor::check::Event) -> bool,
) {
    let until = Instant::now() + Duration::from_secs(30);
    let mut told = BTreeSet::new();
    while told.len() < count {
        let left = until.saturating_duration_since(Instant::now());
        let Some(event) = monitor.next_event(left) else {
            panic!("{} of {count}: {:?}", told.len(), monitor.status().stats);
        };
        if let Event::Check { check, event, .. } = event {
            if what(&event) {
                told.insert(check);
            }
        }
    }
}
