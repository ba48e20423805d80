//! What browsers without scripts see of the targets.

use std::sync::{Arc, Mutex};

use health_core::Moment;
use health_core::Name;
use health_core::Outcome;
use health_core::ProbeKind;
use health_core::health::Registry;
use health_core::monitor::{Monitor, MonitorStatus, ReadyTarget, TargetStatus, TargetView};
use health_core::server::{Connection, Page, Peer, Service, Step, Targets};

use crate::{at, every_10_s, plain, running, single, starts};

const TOKEN: &str = "t0ken";

fn moment() -> Moment {
    Moment {
        now: at(5),
        ..Moment::default()
    }
}

struct Watched(Mutex<Monitor>);

impl Targets for Watched {
    fn status(&self) -> MonitorStatus {
        self.0.lock().expect("no panic").status(moment())
    }

    fn page(&self, after: Option<&Name>, only: Option<TargetStatus>) -> Page<TargetView> {
        let monitor = self.0.lock().expect("no panic");
        let targets = monitor.targets(after);
        let views = targets.map(|(_, it)| TargetView::new(Moment::default(), it));
        let entries = views.filter(|it| only.is_none_or(|only| it.status.is_one_of(only)));
        let entries = entries.collect();
        Page {
            entries,
            next: None,
        }
    }

    fn ready(&self, _: Option<&Name>) -> Page<ReadyTarget> {
        Page {
            entries: Vec::new(),
            next: None,
        }
    }
}

/// The page that a client gets of a monitor with so many targets. One of them has failed, and nothing is
/// known of the others.
fn page(targets: usize, token: &str) -> String {
    let mut monitor = running(plain());
    let mut config = every_10_s(ProbeKind::Health);
    config.retries = 1;
    let add = |monitor: &mut Monitor, name: &str| {
        let target = single(name, config.clone());
        monitor.add(at(0), target).expect("new");
    };
    add(&mut monitor, "web-1");
    for attempt in starts(&mut monitor, 0) {
        let outcome = Outcome::failure_with_message("<script>alert(1)</script> & \"more\"");
        monitor.handle_outcome(at(5), attempt, outcome);
    }
    for index in 1..targets {
        add(&mut monitor, &format!("t{index}"));
    }
    let watched: Arc<dyn Targets> = Arc::new(Watched(Mutex::new(monitor)));
    let service = Arc::new(Service::new().token(TOKEN).targets(watched));
    let mut connection = Connection::new(service, Peer::Unknown, at(5));
    let request = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    connection.handle_input(at(5), request.as_bytes());
    assert_eq!(connection.step(), Step::Respond);
    let snapshot = Registry::new("svc", "1", at(0)).snapshot(at(5));
    let mut out = Vec::new();
    connection.respond(moment(), &snapshot, &mut out);
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn a_browser_without_scripts_gets_a_table_of_the_targets() {
    let page = page(2, TOKEN);
    let table = page.split_once("<noscript>").expect("no script").1;
    let table = table.split_once("</noscript>").expect("an end").0;
    assert!(table.contains("Targets: 0 of 2 healthy"), "{table}");
    let at = |text: &str| {
        table
            .find(text)
            .unwrap_or_else(|| panic!("{text} is not in {table}"))
    };
    assert!(at("<td>web-1") < at("<td>t1"), "the worst first: {table}");
    at("<caption data-status=\"unhealthy\">");
    at(
        "data-status=\"unhealthy\">unhealthy<td>web-1<td>&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;more&quot;<td>",
    );
    at("<td>1970-01-01T00:00:00.005Z");
}

#[test]
fn the_table_is_for_who_may_see_targets() {
    for token in ["wrong", ""] {
        let page = page(2, token);
        assert!(page.starts_with("HTTP/1.1 "), "{page}");
        assert!(
            page.contains("<noscript>") && !page.contains("<table"),
            "{page}"
        );
        assert!(!page.contains("web-1"), "{page}");
    }
}

#[test]
fn the_table_is_bounded() {
    let page = page(1_200, TOKEN);
    assert_eq!(page.matches("<tr><td").count(), 1_000);
    assert!(
        page.contains("200 others are not shown"),
        "the rest is counted"
    );
    assert!(page.contains("<td>web-1<"), "the worst is among them");
}
