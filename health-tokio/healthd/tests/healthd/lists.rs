//! Lists of addresses that other programs write while the monitor runs.

use std::fs;

use super::backend::Backend;
use super::daemon::{Daemon, Place};

/// As careful programs do it: written beside it, then renamed over it.
fn replace(place: &Place, text: &str) {
    fs::write(place.path("new"), text).expect("written");
    fs::rename(place.path("new"), place.path("list.yml")).expect("renamed");
}

fn start(place: &Place) -> Daemon {
    let path = place.path("healthd.toml");
    let text = "interval = \"300ms\"\ntimeout = \"20s\"\nfile_sd = [{ files = [\"list.yml\"] }]\n";
    fs::write(&path, text).expect("written");
    Daemon::start(place, &["--config".to_owned(), path.display().to_string()])
}

fn address(backend: &Backend) -> String {
    let url = backend.url();
    let rest = url.strip_prefix("http://").expect("a URL");
    rest.split('/').next().expect("an address").to_owned()
}

#[test]
fn a_list_is_waited_for_and_followed() {
    let place = Place::new("lists");
    let (a, b) = (Backend::start(), Backend::start());
    let (first, second) = (address(&a), address(&b));
    let daemon = start(&place);
    daemon.wait_for(&["WARN", "list.yml: No such file", "until it can be read"]);
    daemon.wait_for(&["started", "targets=0"]);

    replace(
        &place,
        &format!("- targets: ['{first}']\n  labels: {{zone: eu-1}}\n"),
    );
    daemon.wait_for(&["lists read", "added=1", "targets=1"]);
    daemon.wait_for(&["healthy", &format!("target={first}")]);
    let listed = place.out(&["inspect", &first, "--json"]);
    assert!(listed.contains("\"zone\": \"eu-1\""), "{listed}");
    let shown = daemon.get("/targets");
    assert!(shown.contains(r#""labels":{"zone":"eu-1"}"#), "{shown}");

    // What is wrong in it takes nothing else away.
    replace(
        &place,
        &format!("- targets: ['{second}']\n- targets: 5\n- targets: ['{first}']\n"),
    );
    daemon.wait_for(&["WARN", "[1].targets = 5", "this entry is left out"]);
    daemon.wait_for(&["lists read", "added=1", "changed=1", "removed=0"]);
    replace(&place, "- targets: [\n");
    daemon.wait_for(&["WARN", "list.yml: line 2", "until it can be read"]);
    daemon.wait_for(&[
        "lists read",
        "added=0",
        "changed=0",
        "removed=0",
        "targets=2",
    ]);
    fs::remove_file(place.path("list.yml")).expect("removed");
    daemon.wait_for(&["WARN", "list.yml: No such file"]);
    daemon.wait_for(&["lists read", "removed=0", "targets=2"]);

    replace(&place, &format!("- targets: ['{second}']\n"));
    daemon.wait_for(&["lists read", "added=0", "removed=1", "targets=1"]);
    daemon.stop();
}

/// What is known of a target is not lost because its list comes later than the monitor.
#[test]
fn a_target_of_a_list_that_comes_late_is_what_it_was() {
    let place = Place::new("lists-late");
    let mut a = Backend::start();
    let (name, list) = (address(&a), format!("- targets: ['{}']\n", address(&a)));
    replace(&place, &list);
    let daemon = start(&place);
    daemon.wait_for(&["healthy", &format!("target={name}")]);
    a.stop();
    daemon.wait_for(&["ERROR", "deregistered", &format!("target={name}")]);
    daemon.stop();
    fs::remove_file(place.path("list.yml")).expect("removed");
    let daemon = start(&place);
    daemon.wait_for(&["started", "targets=0"]);
    replace(&place, &list);
    daemon.wait_for(&["lists read", "added=1"]);
    daemon.wait_for_body("/targets", r#""deregistered":1"#);
    daemon.stop();

    fs::remove_file(place.path("list.yml")).expect("removed");
    let daemon = start(&place);
    replace(&place, "[]\n");
    daemon.wait_for(&["lists read", "added=0", "targets=0"]);
    assert!(!place.out(&["list", "--json"]).contains(&name));
    daemon.stop();
}
