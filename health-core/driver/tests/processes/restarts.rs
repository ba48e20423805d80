//! Restart commands, for instances of somebody else.

use health_core::check::Signal::{Kill, Terminate};
use health_core::supervise::{EndReason, InstanceId};
use health_driver::supervise::{Host, ProcessReport, Program};

use crate::procs::{mark, marked, none_left};
use crate::world::{World, id};

fn world(line: &str, mark: &str) -> World {
    let program = Program::external(line).expect("a line");
    World::new(program.env("MARK", mark).expect("a variable"))
}

fn restart(world: &mut World, instance: InstanceId) {
    world.processes.restart(instance, EndReason::Liveness, 3);
}

#[track_caller]
fn restarted(world: &mut World, instance: InstanceId, is_ok: bool) {
    let expected = ProcessReport::Restarted { instance, is_ok };
    assert_eq!(world.report(), expected);
}

#[test]
fn it_sees_why_and_its_end_is_told() {
    let line =
        "echo {name}-{index} $HEALTHD_REASON $HEALTHD_STREAK $HEALTHD_INSTANCE; exit {index}";
    let mut world = world(line, &mark());
    for (replica, is_ok) in [(0, true), (1, false)] {
        restart(&mut world, id(replica, 5));
        restarted(&mut world, id(replica, 5), is_ok);
    }
    let expected = ["web-0 liveness 3 5", "web-1 liveness 3 5"];
    assert_eq!(world.texts(), expected);
    let kept = world.view().output(id(1, 5)).expect("it is kept");
    assert_eq!(kept.to_string(), "web-1 liveness 3 5\n");
}

/// A line that starts a server in the background is not there to end it again.
#[test]
fn what_it_has_started_runs_on() {
    let mark = mark();
    let line = "sh -c 'while [ ! -e \"$0\" ]; do sleep 0.01; done; rm \"$0\"; echo still' /tmp/$MARK & exit 0";
    let mut world = world(line, &mark);
    restart(&mut world, id(0, 1));
    restarted(&mut world, id(0, 1), true);
    assert!(!marked(&mark).is_empty(), "it runs");
    std::fs::write(format!("/tmp/{mark}"), "").expect("room");
    world.wait_for("still");
    none_left(&mark);
}

#[test]
fn one_that_takes_too_long_is_ended_wholly() {
    let mark = mark();
    let line =
        "trap '' TERM; sleep 600 & echo up; trap 'echo term' TERM; while :; do sleep 0.01; done";
    let mut world = world(line, &mark);
    restart(&mut world, id(0, 1));
    world.wait_for("up");
    world.signal(id(0, 1), Terminate);
    world.wait_for("term");
    world.signal(id(0, 1), Kill);
    restarted(&mut world, id(0, 1), false);
    none_left(&mark);
}
