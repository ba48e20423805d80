//! What processes write, and what they see.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;
use std::time::Duration;

use health_core::check::Signal::Kill;
use health_core::check::probe::Exit;
use health_driver::supervise::{
    Host, LogRate, Output, OutputLine, OutputStream, ProcessReport, Processes, Program,
};

use crate::world::{World, id, sh, wait_until};

#[test]
fn everything_is_passed_on_before_the_end_is_reported() {
    let line = "for i in 1 2 3; do echo $HEALTHD_INSTANCE.$i; done; printf %s end";
    let mut world = World::new(sh(line));
    for number in 1..=20 {
        assert_eq!(world.run(id(0, number)), Exit::Code(0));
        let lines = world.texts();
        let last = &lines[lines.len() - 4..];
        let expected = [1, 2, 3].map(|i| format!("{number}.{i}"));
        assert_eq!(last[..3], expected);
        assert_eq!(last[3], "end", "without an end of its own");
    }
    assert!(world.lines().is_sorted_by_key(|line| line.id));
}

#[test]
fn streams_are_told_apart() {
    let mut world = World::new(sh("echo out; echo err >&2"));
    world.run(id(3, 1));
    let mut lines = world.lines();
    lines.sort_by_key(|line| line.text.clone());
    let streams: Vec<_> = lines.iter().map(|it| (&*it.text, it.stream)).collect();
    assert_eq!(
        streams,
        [("err", OutputStream::Stderr), ("out", OutputStream::Stdout)]
    );
    assert!(lines.iter().all(|line| line.id == id(3, 1)));
}

#[test]
fn a_long_line_is_cut() {
    let line = "head -c 40000 /dev/zero | tr '\\0' x; echo; echo short";
    let mut world = World::new(sh(line));
    world.run(id(0, 1));
    let lengths: Vec<_> = world.texts().iter().map(String::len).collect();
    assert_eq!(lengths, [16_384, 16_384, 7_232, 5]);
}

#[test]
fn it_sees_what_is_its_own() {
    let program = Program::new([
        "/bin/sh",
        "-c",
        "env; cat; echo {port} {index} {name}; ps -o pgid= -p $$; echo $$",
    ]);
    let program = program.expect("a program").port(8_000, 2);
    let program = program.env("MORE", "{index}").expect("a variable");
    let mut world = World::new(program);
    assert_eq!(world.run(id(3, 2)), Exit::Code(0));
    let lines = world.texts();
    for expected in [
        "HEALTHD_NAME=web",
        "HEALTHD_REPLICA=3",
        "HEALTHD_REPLICAS=100",
        "HEALTHD_INSTANCE=2",
        "PORT=8006",
        "MORE={index}",
        "8006 3 web",
    ] {
        assert!(lines.iter().any(|line| line == expected), "{expected}");
    }
    assert!(lines.iter().any(|line| line.starts_with("PATH=")));
    let [.., group, leader] = &lines[..] else {
        panic!("{lines:?}");
    };
    assert_eq!(group.trim(), leader, "a group of its own");
}

#[test]
fn what_exceeds_the_rate_is_dropped_and_said() {
    let rate = LogRate {
        lines: 10,
        period: Duration::from_secs(3_600),
    };
    let line = "i=0; while [ $i -lt 25 ]; do i=$((i + 1)); echo $i; done";
    let mut world = World::with_rate(sh(line), rate);
    world.run(id(0, 1));
    world.run(id(1, 1));
    world.run(id(0, 2));
    let lines = world.lines();
    let of = |instance| {
        let own = lines.iter().filter(move |line| line.id == instance);
        own.map(|line| (line.stream, &*line.text))
            .collect::<Vec<_>>()
    };
    for instance in [id(0, 1), id(1, 1)] {
        let lines = of(instance);
        assert_eq!(lines.len(), 11);
        assert_eq!(lines[9], (OutputStream::Stdout, "10"));
        assert_eq!(lines[10], (OutputStream::Stderr, "15 lines dropped"));
    }
    let notice = (OutputStream::Stderr, "25 lines dropped");
    assert_eq!(of(id(0, 2)), [notice], "the period is the replica's");
    assert_eq!(world.view().dropped_lines(0), 40);
    assert_eq!(world.view().dropped_lines(1), 15);
    let kept = world.view().output(id(0, 2)).expect("it is kept");
    assert!(
        kept.to_string().ends_with("24\n25\n"),
        "whatever was dropped"
    );
}

#[test]
fn the_output_of_the_last_five_is_kept() {
    let line = "echo first $HEALTHD_INSTANCE; yes | head -c 10000; echo last >&2";
    let mut world = World::new(sh(line));
    for number in 1..=7 {
        world.run(id(0, number));
    }
    world.run(id(1, 1));
    assert!(world.view().output(id(0, 1)).is_none());
    for number in 2..=7 {
        let output = world.view().output(id(0, number)).expect("it is kept");
        let text = output.to_string();
        let beginning = format!("standard output:\nfirst {number}\ny\n");
        assert!(text.starts_with(&beginning), "{text}");
        assert!(text.contains("bytes omitted"), "{text}");
        assert!(text.ends_with("y\nstandard error:\nlast\n"), "{text}");
    }
    assert!(world.view().output(id(1, 1)).is_some());
}

/// Counts, and keeps nothing.
#[derive(Clone, Default)]
struct Counted(Arc<[AtomicU64; 2]>);

impl Output for Counted {
    fn line(&mut self, line: OutputLine<'_>) {
        self.0[0].fetch_add(1, Ordering::Relaxed);
        self.0[1].fetch_add(line.bytes.len() as u64 + 1, Ordering::Relaxed);
    }
}

fn run_to_end(program: Program, rate: LogRate) -> (Counted, u64) {
    let counted = Counted::default();
    let program = program.of_group("web", 1).expect("a group");
    let mut processes = Processes::new(program, Box::new(counted.clone()), rate);
    processes.start(id(0, 1)).expect("it starts");
    wait_until(|| match processes.poll_report(Waker::noop()) {
        Some(ProcessReport::Exit {
            exit, is_rest_left, ..
        }) => {
            assert_eq!(exit, Exit::Code(0));
            !is_rest_left
        }
        Some(ProcessReport::Gone { .. }) => true,
        _ => false,
    });
    (counted, processes.view().dropped_lines(0))
}

#[test]
fn much_output_is_always_read() {
    let program = || sh("yes 0123456789abcde | head -c 100000000");
    let (counted, dropped) = run_to_end(program(), LogRate::NONE);
    let counts = counted.0.each_ref().map(|it| it.load(Ordering::Relaxed));
    assert_eq!((counts, dropped), ([6_250_000, 100_000_000], 0));
    let rate = LogRate {
        lines: 100,
        period: Duration::from_secs(3_600),
    };
    let (counted, dropped) = run_to_end(program(), rate);
    assert_eq!(counted.0[0].load(Ordering::Relaxed), 101);
    assert_eq!(dropped, 6_249_900);
}

/// A rest that never stops writing keeps nobody from being told of the exit.
#[test]
fn who_writes_without_end_holds_nobody_up() {
    let rate = LogRate {
        lines: 10,
        period: Duration::from_secs(3_600),
    };
    let mut world = World::with_rate(sh("yes & yes >&2 & exit 5"), rate);
    world.start(id(0, 1));
    world.start(id(1, 1));
    for _ in 0..2 {
        let report = world.report();
        let is_expected = matches!(
            report,
            ProcessReport::Exit {
                exit: Exit::Code(5),
                is_rest_left: true,
                ..
            }
        );
        assert!(is_expected, "{report:?}");
    }
    for replica in 0..2 {
        world.signal(id(replica, 1), Kill);
        world.gone(id(replica, 1));
    }
}
