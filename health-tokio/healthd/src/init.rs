//! Runs healthd as the child of a small parent that reaps orphans: as PID 1 of a container, and by `--init`.
//!
//! A command of a check or an action may leave processes behind. When their parent ends, they become
//! children of PID 1, or of the nearest subreaper, and stay zombies until that process waits for them.
//! healthd waits only for its own commands: if it waited for every child (`waitpid(-1)`), it would take
//! their exit codes. So another process does it. It has no runtime and no threads, starts healthd again as
//! its only child in a process group of its own, passes signals on, waits for every process that becomes
//! its child, and ends with the child's exit code.
//!
//! With `--init` the parent is a subreaper. When its child has ended, it kills what is left; for PID 1 the
//! kernel does that. If the parent is killed, the child gets SIGTERM. Real-time signals are not passed on.

use std::fs;
use std::io;
use std::os::unix::process::{CommandExt, parent_id};
use std::process::{Command, ExitCode};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::SigSet;
use nix::sys::signalfd::SignalFd;
use rustix::process::{
    Pid, Signal, WaitOptions, WaitStatus, getpid, kill_process, set_child_subreaper,
    set_parent_process_death_signal, wait,
};

use super::{CommandError, EXIT_FAILURE, EXIT_USAGE};

/// Set for the child: the id of its parent, by which it knows that it has one.
const PARENT: &str = "HEALTHD_INIT_PARENT";
/// How long the end waits for processes that do not end even when killed.
const KILL_WAIT: Duration = Duration::from_secs(5);
/// How often it looks for them.
const KILL_CHECK: Duration = Duration::from_millis(10);

/// Becomes the parent if it is needed, and returns the exit code of the child. `None`: this process is the
/// child, or needs no parent.
///
/// # Errors
///
/// `--init` under a service manager, or a system error that prevents the start.
pub(super) fn run(is_requested: bool) -> Result<Option<ExitCode>, CommandError> {
    if std::env::var(PARENT).is_ok_and(|it| it == parent_id().to_string()) {
        // The parent's mask is inherited.
        let unblocked = SigSet::all().thread_unblock();
        unblocked.map_err(|error| failed(error.into()))?;
        // If it fails, only the SIGTERM of a parent that is killed is missing.
        let _ = set_parent_process_death_signal(Some(Signal::TERM));
        return Ok(None);
    }
    let is_first = std::process::id() == 1;
    if is_requested && !is_first && std::env::var_os("NOTIFY_SOCKET").is_some() {
        let what = "--init: NOTIFY_SOCKET is set; the service manager ends what is left";
        return Err(CommandError::new(EXIT_USAGE, what));
    }
    if !is_first && !is_requested {
        return Ok(None);
    }
    parent(is_first).map(Some).map_err(failed)
}

fn failed(error: io::Error) -> CommandError {
    CommandError::new(EXIT_FAILURE, format!("--init: {error}"))
}

fn parent(is_first: bool) -> io::Result<ExitCode> {
    // Before the start, so that no signal is lost.
    let all = SigSet::all();
    all.thread_block()?;
    let signals = SignalFd::new(&all)?;
    if !is_first {
        set_child_subreaper(Some(getpid()))?;
    }
    let mut args = std::env::args_os();
    // By its path, which gives the process its name; it may have been replaced meanwhile.
    let path = std::env::current_exe().ok().filter(|it| it.exists());
    let mut command = Command::new(path.unwrap_or_else(|| "/proc/self/exe".into()));
    command.arg0(args.next().unwrap_or_else(|| "healthd".into()));
    command.args(args).process_group(0);
    command.env(PARENT, std::process::id().to_string());
    let child = i32::try_from(command.spawn()?.id()).unwrap_or_default();
    let child = Pid::from_raw(child).expect("a child has an id above 0");
    let status = loop {
        let Some(received) = signals.read_signal()? else {
            continue;
        };
        let number = i32::try_from(received.ssi_signo).unwrap_or_default();
        match Signal::from_named_raw(number) {
            Some(Signal::CHILD) => {
                if let Some(status) = reap(child) {
                    break status;
                }
            }
            Some(signal) => {
                let _ = kill_process(child, signal);
            }
            None => {}
        }
    };
    if !is_first {
        kill_the_rest();
    }
    let killed = status.terminating_signal().map(|it| 128 + it);
    let code = status.exit_status().or(killed);
    let code = code.and_then(|it| u8::try_from(it).ok());
    Ok(ExitCode::from(code.unwrap_or(EXIT_FAILURE)))
}

/// Waits for all processes that have ended. Returns the status of `child` if it is among them.
fn reap(child: Pid) -> Option<WaitStatus> {
    let mut status = None;
    while let Ok(Some((pid, found))) = wait(WaitOptions::NOHANG) {
        if pid == child {
            status = Some(found);
        }
    }
    status
}

/// Kills what the child has left, which may itself leave processes, until nothing is left.
fn kill_the_rest() {
    let began = Instant::now();
    while began.elapsed() < KILL_WAIT {
        for pid in children() {
            let _ = kill_process(pid, Signal::KILL);
        }
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_)) => {}
            Ok(None) => sleep(KILL_CHECK),
            Err(_) => return,
        }
    }
}

/// The processes whose parent is this one.
fn children() -> Vec<Pid> {
    let own = std::process::id().to_string();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| {
        let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // The name, in parentheses, may contain anything: `pid (name) state parent …`.
        let (_, rest) = stat.rsplit_once(')')?;
        let parent = rest.split_whitespace().nth(1)?;
        (parent == own).then(|| Pid::from_raw(pid))?
    });
    pids.collect()
}
