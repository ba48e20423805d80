//! How processes end, and what they leave.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::{env, iter};

use health_core::check::Signal::{Kill, Terminate};
use health_core::check::probe::Exit;
use health_core::supervise::SpawnFailure;
use health_driver::supervise::{Host, Program};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::procs::{mark, marked, none_left};
use crate::world::{World, id, sh, wait_until};

fn pid(number: u32) -> Pid {
    Pid::from_raw(number as i32).expect("a number")
}

#[test]
fn exit_codes_and_signals() {
    let line = "[ $HEALTHD_INSTANCE -lt 9 ] && exit $HEALTHD_INSTANCE; kill -$HEALTHD_INSTANCE $$";
    let mut world = World::new(sh(line));
    for number in [1, 3, 8] {
        assert_eq!(world.run(id(0, number)), Exit::Code(number as i32));
    }
    for number in [9, 15] {
        assert_eq!(world.run(id(0, number)), Exit::Signal(number as i32));
    }
    assert_eq!(world.view().pid(id(0, 15)), None);
}

#[test]
fn one_that_is_killed_by_somebody_else_has_ended() {
    let mut world = World::new(sh("exec sleep 600"));
    world.start(id(4, 1));
    let leader = world.view().pid(id(4, 1)).expect("it runs");
    kill_process(pid(leader), Signal::KILL).expect("it runs");
    assert_eq!(world.exit(id(4, 1)), Exit::Signal(9));
    assert!(test_kill_process(pid(leader)).is_err(), "it is reaped");
}

#[test]
fn what_a_leader_leaves_behind_is_told_and_ended() {
    let mark = mark();
    let line =
        "sh -c 'trap \"echo bye; exit\" TERM; echo up; while :; do sleep 0.01; done' & exit 3";
    let mut world = World::marked(line, &mark);
    world.start(id(0, 1));
    assert_eq!(world.exit_of(id(0, 1)), (Exit::Code(3), true));
    // Its number is kept as long as something is left.
    assert!(world.view().pid(id(0, 1)).is_some());
    world.wait_for("up");
    world.signal(id(0, 1), Terminate);
    world.gone(id(0, 1));
    assert_eq!(world.texts(), ["up", "bye"], "until its very end");
    none_left(&mark);
}

#[test]
fn a_rest_that_ends_by_itself_is_gone() {
    let mut world = World::new(sh("sleep 0.2 & exit 0"));
    world.start(id(0, 1));
    assert_eq!(world.exit(id(0, 1)), Exit::Code(0));
}

/// It has left the group, pipe in hand: no signal reaches it.
#[test]
fn who_holds_the_pipe_outside_of_the_group_is_not_waited_for_after_the_kill() {
    let mark = mark();
    let line = "setsid sh -c 'echo up; exec sleep 600' & while :; do sleep 0.01; done";
    let mut world = World::marked(line, &mark);
    world.start(id(0, 1));
    world.wait_for("up");
    world.signal(id(0, 1), Terminate);
    assert_eq!(world.exit_of(id(0, 1)), (Exit::Signal(15), true));
    world.signal(id(0, 1), Kill);
    world.gone(id(0, 1));
    let escaped = marked(&mark);
    assert_eq!(escaped.len(), 1, "it is not followed");
    kill_process(pid(escaped[0]), Signal::KILL).expect("it runs");
    none_left(&mark);
}

/// A helper that writes to a file of its own would keep the port of the next instance.
#[test]
fn who_has_closed_the_pipe_is_ended_with_the_group() {
    let mark = mark();
    // The shell waits for the pipe in its parentheses, which the helper has left by then.
    let line = "up=$(exec 2>/dev/null; sleep 600 >/dev/null & echo up); echo $up";
    let mut world = World::marked(line, &mark);
    assert_eq!(world.run(id(0, 1)), Exit::Code(0));
    assert_eq!(world.texts(), ["up"]);
    none_left(&mark);
}

#[test]
fn who_ignores_the_first_signal_gets_the_second() {
    let mark = mark();
    let line = "trap 'echo no' TERM; echo up; while :; do sleep 0.01; done";
    let mut world = World::marked(line, &mark);
    world.start(id(0, 1));
    world.wait_for("up");
    world.signal(id(0, 1), Terminate);
    world.wait_for("no");
    world.signal(id(0, 1), Kill);
    assert_eq!(world.exit(id(0, 1)), Exit::Signal(9));
    none_left(&mark);
}

#[test]
fn the_stop_signal_may_be_another() {
    // Not INT: a shell that runs this in the background has it ignored, and then no trap is set.
    let line = "trap 'echo usr2; exit 7' USR2; echo up; while :; do sleep 0.01; done";
    let program = sh(line).stop_signal("SIGUSR2").expect("a signal");
    let mut world = World::new(program);
    world.start(id(0, 1));
    world.wait_for("up");
    world.signal(id(0, 1), Terminate);
    assert_eq!(world.exit(id(0, 1)), Exit::Code(7));
    assert_eq!(world.texts(), ["up", "usr2"]);
}

#[test]
fn a_leader_gets_a_signal_alone() {
    let line = "sh -c 'trap \"echo wrong\" USR1; echo up; while :; do sleep 0.01; done' & \
        trap 'echo right' USR1; echo up; while :; do sleep 0.01; done";
    let mut world = World::new(sh(line));
    world.start(id(0, 1));
    wait_until(|| world.texts().len() == 2);
    world.view().signal_leader(id(0, 1), Signal::USR1.as_raw());
    world.view().signal_leader(id(0, 1), 4_000);
    world.view().signal_leader(id(0, 2), 9);
    world.wait_for("right");
    world.signal(id(0, 1), Kill);
    assert_eq!(world.exit(id(0, 1)), Exit::Signal(9));
    assert_eq!(world.texts(), ["up", "up", "right"]);
}

#[test]
fn what_is_dropped_is_ended() {
    let mark = mark();
    let mut world = World::marked("trap '' TERM; sleep 600 & echo up; sleep 600", &mark);
    for replica in 0..3 {
        world.start(id(replica, 1));
    }
    wait_until(|| world.texts().len() == 3);
    drop(world);
    none_left(&mark);
}

fn file(name: &str, mode: u32) -> PathBuf {
    let path = env::temp_dir().join(format!("health-{}-{name}", std::process::id()));
    fs::write(&path, "\u{1}neither a script nor a program").expect("room");
    fs::set_permissions(&path, Permissions::from_mode(mode)).expect("it is ours");
    path
}

#[test]
fn a_program_that_cannot_be_run_is_missing() {
    let (plain, wrong) = (file("plain", 0o644), file("wrong", 0o755));
    for path in [
        "no-such-command",
        "/no/such/command",
        "/",
        plain.to_str().expect("text"),
        wrong.to_str().expect("text"),
    ] {
        let mut world = World::new(Program::new([path]).expect("a program"));
        let started = world.processes.start(id(0, 1));
        assert_eq!(started, Err(SpawnFailure::Missing), "{path}");
        assert_eq!(world.view().pid(id(0, 1)), None);
    }
    for path in [plain, wrong] {
        fs::remove_file(path).expect("it is ours");
    }
}

const FEW: &str = "HEALTH_TEST_FEW_DESCRIPTORS";

#[test]
fn without_descriptors_it_is_a_shortage() {
    if env::var_os(FEW).is_some() {
        return start_without_descriptors();
    }
    let output = Command::new("sh")
        .args(["-c", "ulimit -n 40 && exec \"$0\" \"$@\""])
        .arg(env::current_exe().expect("this test"))
        .args(["without_descriptors", "--nocapture"])
        .env(FEW, "1")
        .output()
        .expect("a shell");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{errors}");
    assert!(text.contains("1 passed"), "{text}");
}

fn start_without_descriptors() {
    let mut world = World::new(sh("exit 0"));
    for number in 1..3 {
        let mut leak: Vec<_> = iter::from_fn(|| File::open("/dev/null").ok()).collect();
        // With any number of descriptors that does not do.
        while !leak.is_empty() {
            match world.processes.start(id(0, 1)) {
                Ok(()) => break,
                failed => assert_eq!(failed, Err(SpawnFailure::Shortage), "{}", leak.len()),
            }
            leak.pop();
        }
        assert_eq!(world.exit(id(0, 1)), Exit::Code(0));
        drop(leak);
        assert_eq!(world.run(id(1, number)), Exit::Code(0));
    }
}
