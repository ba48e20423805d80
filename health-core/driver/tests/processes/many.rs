//! Many processes, one after the other and at once.

use std::fs;

use health_core::check::Signal::Terminate;
use health_core::check::probe::Exit;
use health_driver::supervise::ProcessReport;

use crate::procs::{mark, none_left, zombies};
use crate::world::{World, id, sh, wait_until};

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

#[test]
#[cfg(target_os = "linux")]
fn a_thousand_starts_leave_no_zombie_and_no_descriptor() {
    let mark = mark();
    let mut world = World::marked("echo $HEALTHD_INSTANCE", &mark);
    world.run(id(0, 1));
    let before = descriptors();
    for number in 1..=100 {
        for replica in 0..10 {
            world.start(id(replica, number));
        }
        let mut over = 0;
        while over < 10 {
            match world.report() {
                ProcessReport::Exit {
                    exit: Exit::Code(0),
                    is_rest_left,
                    ..
                } => over += usize::from(!is_rest_left),
                ProcessReport::Gone { .. } => over += 1,
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(world.lines().len(), 1_001);
    none_left(&mark);
    // Other tests of this process run meanwhile: they have a few of either, for a moment each.
    wait_until(|| zombies() == 0);
    wait_until(|| descriptors() <= before + 60);
}

#[test]
#[cfg(target_os = "linux")]
fn a_hundred_processes_are_watched_by_one_thread() {
    let names = || {
        let tasks = fs::read_dir("/proc/self/task").expect("threads");
        let names = tasks.map(|task| {
            let task = task.expect("a thread").path().join("comm");
            fs::read_to_string(task).unwrap_or_default()
        });
        names.filter(|name| name.starts_with("supervise")).count()
    };
    let mut world = World::new(sh("exec sleep 600"));
    let mut other = World::new(sh("exec sleep 600"));
    for replica in 0..100 {
        let world = if replica % 2 == 0 {
            &mut world
        } else {
            &mut other
        };
        world.start(id(replica, 1));
    }
    // One of a test before may not have ended yet.
    wait_until(|| names() == 1);
    for replica in 0..100 {
        let world = if replica % 2 == 0 {
            &mut world
        } else {
            &mut other
        };
        world.signal(id(replica, 1), Terminate);
        assert_eq!(world.exit(id(replica, 1)), Exit::Signal(15));
    }
}
