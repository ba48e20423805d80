//! What SIGHUP changes, and what it says that it does not.

use std::fs;

use super::backend::Backend;
use super::daemon::{Daemon, Place};
use super::file;

#[test]
fn a_group_that_comes_again_is_known_again() {
    let place = Place::new("group");
    let a = Backend::start();
    let path = place.path("healthd.toml");
    let targets = file(&[("a", &a)]);
    let grouped = targets.clone() + "group = \"web\"\n";
    fs::write(&path, &grouped).expect("written");
    let daemon = Daemon::start(&place, &["--config".to_owned(), path.display().to_string()]);
    daemon.wait_for_body("/health", r#""web":true"#);
    fs::write(&path, &targets).expect("written");
    daemon.signal("-HUP");
    daemon.wait_for_body("/health", r#""targets":true"#);
    fs::write(&path, &grouped).expect("written");
    daemon.signal("-HUP");
    daemon.wait_for_body("/health", r#""web":true"#);
    daemon.stop();
}
