//! Commands that check the instances of a group.

use std::thread;
use std::time::{Duration, Instant};

use health_core::check::CheckConfig;
use health_core::check::probe::ExecProbe;
use health_driver::supervise::Program;

use crate::driver::group::{Group, Running};

const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn a_command_is_told_which_instance_it_checks() {
    let program = Program::new(["sleep", "600"]).expect("a program");
    let mut check = CheckConfig::default();
    check.interval = Duration::from_millis(100);
    check.timeout = LIMIT;
    let group = Group::new("web", program).expect("a name");
    let group = group.check("seen", check, |replica| {
        let line = "echo $HEALTHD_INSTANCE $HEALTHD_PID $HEALTHD_REPLICA";
        // What the group says is not to be told otherwise.
        let probe = ExecProbe::shell(line).env("HEALTHD_INSTANCE", "0");
        let probe = probe.env("HEALTHD_REPLICA", replica.index().to_string());
        Ok(probe.build()?.into())
    });
    let group = Running::spawn(group.expect("a name"));
    for number in 1..=2 {
        let pid = wait_until(|| {
            let view = &group.views()[0];
            let pid = view.pid.filter(|_| view.instance == number)?;
            (seen(&group)? == format!("{number} {pid} 0\n")).then_some(pid)
        });
        if number == 1 {
            let pid = rustix::process::Pid::from_raw(i32::try_from(pid).expect("a number"));
            let pid = pid.expect("a number");
            let killed = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            killed.expect("it is there");
        }
    }
    group.force();
    assert!(group.stop(LIMIT));
}

/// What the last command has written.
fn seen(group: &Running) -> Option<String> {
    let target = group.monitor().target("web-0")?;
    let report = target.checks[0].last_report.as_ref()?;
    Some(report.output.as_ref()?.to_string())
}

#[track_caller]
fn wait_until<T>(what: impl Fn() -> Option<T>) -> T {
    let until = Instant::now() + LIMIT;
    loop {
        if let Some(it) = what() {
            return it;
        }
        assert!(Instant::now() < until, "it does not happen");
        thread::sleep(Duration::from_millis(5));
    }
}
