//! A group that is dropped before it was run.

use std::task::{Poll, Waker};

use health_driver::supervise::Program;

use crate::driver::group::Group;
use crate::procs;

#[test]
fn what_was_never_run_starts_nothing_and_is_over() {
    let mark = procs::mark();
    let program = Program::new(["/bin/sh", "-c", "exec sleep 600"]).expect("a program");
    let program = program.env("MARK", &mark).expect("a variable");
    let group = Group::new("web", program).expect("a name");
    let (group, run) = group.run().expect("a group");
    drop(run);
    assert!(!group.is_running());
    assert!(group.poll_stopped(Waker::noop()).is_ready());
    while let Poll::Ready(Some(_)) = group.poll_event(Waker::noop()) {}
    assert_eq!(group.views()[0].pid, None);
    procs::none_left(&mark);
}
