//! A command as a probe: what it is given, and what may be shown of it.
#![allow(clippy::std_instead_of_core)]

use std::time::Duration;

use health_core::check::probe::{ExecProbe, Exit, ExitCodes, Probe, ResourceLimits};
use health_core::{Capture, Class};

#[test]
fn a_command_has_what_it_was_given_and_shows_none_of_its_secrets() {
    let mut limits = ResourceLimits::default();
    limits.cpu = Some(Duration::from_secs(2));
    let probe = ExecProbe::command(["redis-cli", "-a", "hunter2", "ping"])
        .prefix(["ip", "netns", "exec", "blue"])
        .env("REDISCLI_AUTH", "hunter2")
        .dir("/srv")
        .uid(101)
        .gid(102)
        .limits(limits)
        .exit_codes(ExitCodes::Plugin)
        .build()
        .expect("a command");
    let argv: Vec<_> = probe.argv().collect();
    let whole = [
        "ip",
        "netns",
        "exec",
        "blue",
        "redis-cli",
        "-a",
        "hunter2",
        "ping",
    ];
    assert_eq!((probe.program(), &argv[..]), ("ip", &whole[..]));
    let names: Vec<_> = probe.env().map(|(name, _)| name).collect();
    assert_eq!(names, ["PATH", "REDISCLI_AUTH"]);
    let who = (probe.dir(), probe.uid(), probe.gid());
    assert_eq!(who, ("/srv", Some(101), Some(102)));
    assert_eq!(probe.limits().cpu, Some(Duration::from_secs(2)));
    let warned = probe.judge(Exit::Code(1), &Capture::new());
    assert_eq!(warned.class, Class::Warning);
    let shown = format!("{probe:?}");
    assert!(shown.contains("REDISCLI_AUTH") && !shown.contains("hunter2"));
    let probe = Probe::from(probe);
    assert_eq!(probe.to_string(), "ip exec redis-cli (3 arguments)");
    assert!(probe.needs_reap());
}

#[test]
fn a_path_that_is_given_takes_the_place_of_the_usual_one() {
    let line = ExecProbe::shell("true").env("PATH", "/opt/bin");
    let probe = line.build().expect("a command");
    assert_eq!(probe.env().collect::<Vec<_>>(), [("PATH", "/opt/bin")]);
    assert_eq!(probe.program(), "/bin/sh");
}

#[test]
fn targets_are_read_as_they_are_shown() {
    for text in ["http://a:8080/ready", "https://a/", "tcp://[::1]:5432"] {
        let probe: Probe = text.parse().expect("a target");
        assert!(!probe.needs_reap());
        let again: Probe = probe.to_string().parse().expect("as shown");
        assert_eq!(again.to_string(), probe.to_string());
    }
    assert!(Probe::tcp("db", 5432).is_ok());
    for text in ["", "a:80", "ftp://a", "tcp://a", "tcp://a:0"] {
        assert!(text.parse::<Probe>().is_err(), "{text}");
    }
}
