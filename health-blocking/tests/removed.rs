//! A target that is removed frees what its attempts have held, at once.
#![cfg(all(unix, feature = "monitor"))]

#[path = "../../health-core/driver/tests/probing/peer.rs"]
mod peer;

use std::time::Duration;

use health_blocking::monitor::check::Event;
use health_blocking::monitor::{CheckConfig, Class, Monitor, MonitorConfig, MonitorEvent, Target};

const PATIENCE: Duration = Duration::from_secs(20);
const PLACES: usize = 4;

/// As many targets as there are places, all of them silent, are removed; a good one is added.
#[test]
fn a_good_target_is_not_blamed_for_removed_ones() {
    let silent = peer::server(std::mem::forget);
    let good = peer::answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let mut config = MonitorConfig::default();
    config.max_in_flight = PLACES;
    config.trace = true;
    let monitor = Monitor::new(config).spawn().expect("a thread");
    let mut slow = CheckConfig::default();
    slow.interval = Duration::from_secs(60);
    slow.timeout = Duration::from_secs(60);
    let names = (0..PLACES).map(|n| format!("silent-{n}"));
    for name in names.clone() {
        let probe = format!("http://{silent}/").parse().expect("a URL");
        let target = Target::new(&name).expect("a name");
        let target = target.probe("http", slow.clone(), probe).expect("a probe");
        monitor.add(target).expect("a free name");
    }
    let next = || monitor.next_event(PATIENCE).expect("what is waited for");
    for _ in 0..PLACES {
        while !matches!(next(), MonitorEvent::Started { .. }) {}
    }
    assert_eq!(monitor.status().in_flight, PLACES);
    for name in names {
        assert!(monitor.remove(&name));
    }
    let mut quick = CheckConfig::default();
    quick.interval = Duration::from_secs(1);
    quick.timeout = PATIENCE;
    let probe = format!("http://{good}/").parse().expect("a URL");
    let target = Target::new("good").expect("a name");
    let target = target.probe("http", quick, probe).expect("a probe");
    monitor.add(target).expect("a free name");
    let judged = loop {
        if let MonitorEvent::Check {
            event: Event::Recorded(result),
            ..
        } = next()
        {
            break result;
        }
    };
    assert_eq!(judged.class(), Class::Success);
    assert!(monitor.stop(PATIENCE));
}
