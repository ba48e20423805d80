//! A group whose future is dropped while its processes run.
#![cfg(target_os = "linux")]

use std::pin::pin;
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

use health_core::supervise::GroupConfig;
use health_driver::supervise::Program;

use crate::driver::group::Group;
use crate::driver::within;
use crate::procs;

/// Also what takes no notice of `SIGTERM`, and what that has started.
#[test]
fn it_takes_its_processes_along_and_has_stopped() {
    let mark = procs::mark();
    let script = "trap '' TERM; sleep 600 & exec sleep 600";
    let program = Program::new(["/bin/sh", "-c", script]).expect("a program");
    let program = program.env("MARK", &mark).expect("a variable");
    let mut config = GroupConfig::default();
    config.replicas = 2;
    let group = Group::new("web", program).expect("a name").config(config);
    let (group, run) = group.run().expect("a group");
    within(|| {
        let mut run = pin!(run);
        let until = Instant::now() + Duration::from_secs(20);
        while procs::marked(&mark).len() < 4 {
            let polled = run.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_pending(), "it goes on");
            assert!(Instant::now() < until, "not all of it has begun");
            thread::sleep(Duration::from_millis(5));
        }
        assert!(group.is_running());
    });
    assert!(!group.is_running());
    procs::none_left(&mark);
    assert!(group.views().iter().all(|it| it.restarts == 0));
}
