//! What becomes of notices of `healthd run`, which has no registry to keep them in, at its end.

use std::fs;

use super::super::receiver::Receiver;
use super::*;

/// A group of shell scripts with a webhook for such notices.
fn start(place: &Place, receiver: &Receiver, on: &str, group: &str, script: &str) -> Run {
    let text = format!(
        "[[action]]\nwebhook = {:?}\non = [{on:?}]\n[[run]]\nname = \"web\"\n{group}\n\
         command = [\"/bin/sh\", \"-c\", {script:?}]\n",
        receiver.url()
    );
    fs::write(place.path("run.toml"), text).expect("written");
    Run::start_with(command(place), &["--config", "run.toml"])
}

#[test]
fn each_notice_that_nobody_takes_is_said_at_the_end() {
    let (place, receiver) = (Place::new("run-notices-lost"), Receiver::start());
    receiver.refuse(true);
    let group = "replicas = 2\nrestart = \"never\"";
    let run = start(&place, &receiver, "given_up", group, "exit 3");
    for target in ["web-0", "web-1"] {
        let target = format!("targets=\"{target}\"");
        let words = ["WARN", "notice not delivered", "id=", "given_up", &target];
        run.wait_for(&words);
    }
    assert_eq!(run.end().code(), Some(3));
}

/// Its next try would come 10 s after the second.
#[test]
fn what_was_refused_before_is_tried_again_at_the_end() {
    let (place, receiver) = (Place::new("run-notices-late"), Receiver::start());
    receiver.refuse(true);
    let script = "[ $HEALTHD_INSTANCE = 1 ] && exit 1; exec sleep 1000";
    let run = start(&place, &receiver, "restarted", "", script);
    receiver.wait_for_refused(2);
    receiver.refuse(false);
    run.signal("-TERM");
    assert_eq!(run.end().code(), Some(0));
    assert_eq!(receiver.events(), ["restarted"]);
    assert_eq!(receiver.taken()[0].notice["targets"][0]["name"], "web-0");
}
