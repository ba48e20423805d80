//! Commands as probes: what is left of them, whatever they do.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, thread};

use health_core::check::probe::{
    AddressPolicy, ExecProbe, ExecProbeBuilder, Exit, ExitCodes, Probe, ProbePhase, Report,
    ResourceLimits,
};
use health_core::{Class, Kind};

use crate::{driver, procs};

const LONG: Duration = Duration::from_secs(20);
/// A deadline before which a command has begun, however busy the machine is.
const BEGUN: Duration = Duration::from_secs(2);

fn run(builder: ExecProbeBuilder, timeout: Duration) -> Report {
    probe(&builder.build().expect("valid").into(), timeout)
}

fn probe(probe: &Probe, timeout: Duration) -> Report {
    driver::probe(AddressPolicy::new(), probe, timeout)
}

fn sh(line: &str) -> ExecProbeBuilder {
    ExecProbe::shell(line)
}

fn output(report: &Report) -> String {
    report.output.as_ref().expect("a command's").to_string()
}

#[test]
fn exit_codes_and_output() {
    let report = run(sh("echo out; echo err >&2; echo out again"), LONG);
    assert_eq!(report.outcome.class, Class::Success);
    assert_eq!(report.exit, Some(Exit::Code(0)));
    assert_eq!(
        output(&report),
        "out\nerr\nout again\n",
        "in the order it was written"
    );
    assert!(report.timings.get(ProbePhase::Spawn).is_some());

    let report = run(sh("echo no >&2; exit 3"), LONG);
    assert_eq!(report.outcome.message.as_str(), "exit code 3");
    let cause = report.outcome.cause.expect("the output");
    assert_eq!(cause.reveal(), "output: no\n");

    let report = run(sh("exit 1").exit_codes(ExitCodes::Plugin), LONG);
    assert_eq!(report.outcome.class, Class::Warning);
    let report = run(sh("kill -9 $$"), LONG);
    assert_eq!(report.exit, Some(Exit::Signal(9)));
}

#[test]
fn a_missing_command_is_a_failure() {
    for builder in [
        ExecProbe::command(["no-such-command"]),
        ExecProbe::command(["/no/such/command"]),
        ExecProbe::command(["/etc/passwd"]),
        ExecProbe::command(["/"]),
        ExecProbe::command(["no-such-command"]).prefix(["env"]),
    ] {
        let report = run(builder, LONG);
        let outcome = report.outcome;
        assert_eq!(outcome.class, Class::Failure, "{outcome:?}");
        assert_eq!(outcome.kind, Some(Kind::CommandNotFound), "{outcome:?}");
    }
}

/// A package manager writes it anew: ETXTBSY is of this host and passes.
#[cfg(target_os = "linux")]
#[test]
fn a_program_that_is_being_replaced_is_no_failure() {
    use std::os::unix::fs::OpenOptionsExt;

    let path = std::env::temp_dir().join(format!("health-replaced-{}", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o755);
    let mut file = options.open(&path).expect("a file");
    let program = fs::read("/bin/true").expect("a program");
    std::io::Write::write_all(&mut file, &program).expect("written");
    let look = || run(ExecProbe::command([path.to_str().expect("UTF-8")]), LONG).outcome;
    let outcome = look();
    assert_eq!(outcome.class, Class::Indeterminate, "{outcome:?}");
    assert_eq!(outcome.kind, Some(Kind::CommandBusy), "{outcome:?}");
    drop(file);
    // A process that another test has just forked may have it open for a moment.
    let mut outcomes = (0..1_000).map(|_| look());
    let outcome = outcomes.find(|it| it.kind != Some(Kind::CommandBusy));
    assert_eq!(outcome.map(|it| it.class), Some(Class::Success));
    let _ = fs::remove_file(&path);
}

#[test]
fn what_it_sees_is_fixed() {
    let report = run(sh("env; pwd; cat; ulimit -n").env("A", "b c"), LONG);
    let text = output(&report);
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('_')).collect();
    let expected = [
        "A=b c",
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "PWD=/",
        "/",
    ];
    for line in expected {
        assert!(lines.contains(&line), "{line} in {text}");
    }
    assert_eq!(lines.len(), expected.len() + 1, "{text}");
    let report = run(sh("pwd").dir("/tmp"), LONG);
    assert_eq!(output(&report), "/tmp\n");
}

#[test]
fn it_runs_as_somebody_else() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("SKIPPED: only root can become somebody else");
        return;
    }
    let report = run(sh("id -u; id -g").uid(65_534).gid(65_533), LONG);
    assert_eq!(output(&report), "65534\n65533\n");
}

#[test]
#[cfg(target_os = "linux")]
fn its_limits_are_its_own() {
    let mut limits = ResourceLimits::default();
    limits.cpu = Some(Duration::from_millis(1_500));
    limits.address_space = Some(1 << 30);
    limits.processes = Some(1_234);
    limits.files = Some(33);
    // The limits are set while it runs already, the last of them perhaps a moment later.
    let line = "until [ \"$(ulimit -t) $(ulimit -v) $(ulimit -n)\" = '2 1048576 33' ] \
                && grep -q 'Max processes  *1234' /proc/self/limits; do sleep 0.05; done; \
                ulimit -t; ulimit -v; ulimit -n; cat /proc/self/limits";
    let text = output(&run(sh(line).limits(limits), LONG));
    let lines: Vec<_> = text.lines().take(3).collect();
    assert_eq!(lines, ["2", "1048576", "33"]);
    assert!(text.contains("Max processes             1234"), "{text}");
}

#[test]
fn much_output_is_read_and_cut() {
    let report = run(sh("echo first; yes | head -c 10000000; echo last"), LONG);
    assert_eq!(report.outcome.class, Class::Success);
    let text = output(&report);
    assert!(text.starts_with("first\ny\n") && text.ends_with("y\nlast\n"));
    assert!(text.len() < 4_200);
    let (beginning, rest) = text.split_once("\n... ").expect("cut");
    let (omitted, ending) = rest.split_once(" bytes omitted ...\n").expect("cut");
    let omitted: usize = omitted.parse().expect("a number");
    assert_eq!(beginning.len() + omitted + ending.len(), 10_000_011);

    let report = run(ExecProbe::command(["yes"]), Duration::from_millis(300));
    assert_eq!(
        report.outcome.kind,
        Some(Kind::Timeout),
        "endless output is no way out"
    );
}

#[test]
fn after_a_timeout_nothing_is_left() {
    let mark = procs::mark();
    let line = "sleep 600 & sleep 600";
    let report = run(sh(line).env("MARK", &mark), BEGUN);
    let message = "timeout while running the command";
    assert_eq!(report.outcome.message.as_str(), message);
    assert_eq!(
        (report.outcome.class, report.outcome.kind),
        (Class::Failure, Some(Kind::Timeout))
    );
    procs::none_left(&mark);
}

#[test]
fn who_ignores_the_first_signal_gets_the_second() {
    let mark = procs::mark();
    let line = "trap '' TERM; echo begun; sleep 600 & while true; do sleep 0.1; done";
    let began = Instant::now();
    let report = run(sh(line).env("MARK", &mark), BEGUN);
    // A second lies between the signals.
    assert!(began.elapsed() >= BEGUN + Duration::from_secs(1));
    assert_eq!(output(&report), "begun\n");
    procs::none_left(&mark);
}

#[test]
fn what_a_command_leaves_behind_is_ended_too() {
    let mark = procs::mark();
    let report = run(sh("sleep 600 & exit 0").env("MARK", &mark), LONG);
    assert_eq!(report.outcome.class, Class::Success);
    procs::none_left(&mark);
}

/// A child that leaves the group escapes, pipe in hand. It is not waited for.
#[test]
fn an_escaped_grandchild_holds_nobody_up() {
    let mark = procs::mark();
    let report = run(sh("setsid sleep 30 & exit 0").env("MARK", &mark), LONG);
    // A prober that waits for the pipe's end would run into its deadline.
    assert_eq!(report.outcome.class, Class::Success);
}

/// What a prober may leave behind after a thousand probes that hang: nothing.
#[test]
fn a_thousand_timeouts_leave_no_zombie_and_no_descriptor() {
    let mark = procs::mark();
    let command = sh("sleep 600 & sleep 600").env("MARK", &mark).build();
    let command = command.expect("valid").into();
    let _ = probe(&command, Duration::from_millis(50));
    let before = descriptors();
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let report = probe(&command, Duration::from_millis(50));
                    assert_eq!(report.outcome.class, Class::Failure, "{:?}", report.outcome);
                }
            });
        }
    });
    procs::none_left(&mark);
    // Other tests of this process have zombies of their own, for a moment each.
    let until = Instant::now() + LONG;
    while procs::zombies() > 0 {
        assert!(Instant::now() < until, "{} zombies", procs::zombies());
        thread::sleep(Duration::from_millis(1));
    }
    // Other tests of this process run meanwhile, with a few of their own.
    assert!(
        descriptors() <= before + 20,
        "{before} became {}",
        descriptors()
    );
}

fn descriptors() -> usize {
    let directory = Path::new("/proc/self/fd");
    fs::read_dir(directory).map_or(0, Iterator::count)
}
