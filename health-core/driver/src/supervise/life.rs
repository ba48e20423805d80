//! One process from its start to its end, as the watching thread sees it.
//!
//! ```text
//!            leader ends          a moment later        rest ends, or
//!            and something        something still is,   KILL was sent
//!            is left              Exit                  a while ago, Gone
//! Running ─────────────► Ended ─────────────► Left ─────────────► over
//!    │                     └── nothing is, Exit ────────────────► over
//!    ├── leader ends and nothing is left, Exit ─────────────────► over
//!    └── restart command ends, Restarted ──► Lingering ─────────► over
//! ```
//!
//! *Left* means that a pipe has not come to its end. What of the group has closed both is killed before
//! the leader is reaped; who has left the group is not followed.

use std::os::fd::OwnedFd;
use std::process::Child;
use std::sync::Arc;
use std::time::Duration;

use health_core::Instant;
use health_core::check::probe::Exit;
use health_core::supervise::InstanceId;
use rustix::process::{Pid, Signal};

use super::host::ProcessReport;
use super::instances::Instances;
use super::lines::Lines;
use super::output::OutputStream;
use super::spawn::Spawned;
use crate::process::{End, Watched, has_ended, read, signal_group};

/// The most bytes that are taken from a pipe before the others have their turn.
const PIECE: usize = 64 * 1024;
/// As much as a pipe can hold, at least for who is not root: all that was written before an end.
const ALL: usize = 1024 * 1024;
/// From the end of the leader to what is left being called so. Most that gets its signal together with the
/// leader ends a moment later; and what is being started elsewhere in this program just then holds every
/// pipe until its `execve`.
const MOMENT: Duration = Duration::from_millis(20);
/// From `SIGKILL` and the end of the leader to giving up on its pipes: who holds one by then has left
/// the group.
const LINGER: Duration = Duration::from_secs(1);
/// Instead of an exit code that somebody else has taken.
const UNSEEN: Exit = Exit::Code(255);

/// A process that is watched.
pub(super) struct Life {
    instances: Arc<Instances>,
    id: InstanceId,
    is_command: bool,
    child: Child,
    leader: Pid,
    /// Readable when the leader has ended; taken away then.
    end: Option<OwnedFd>,
    pipes: [(Option<OwnedFd>, Lines); 2],
    stage: Stage,
}

#[derive(Clone, Copy)]
enum Stage {
    Running,
    /// The leader has ended, which is not reported yet: what is left may be about to end.
    Ended {
        exit: Exit,
        until: Instant,
    },
    /// The leader has ended, and something is left; `until`: given up on.
    Left {
        until: Option<Instant>,
    },
    /// A restart command has ended, and what it started writes on.
    Lingering,
}

impl Life {
    /// Watches a process that has been started, for an instance or as its restart command; `end` is
    /// its pidfd.
    pub(super) fn new(
        instances: Arc<Instances>,
        id: InstanceId,
        is_command: bool,
        spawned: Spawned,
        end: Option<OwnedFd>,
    ) -> Self {
        Self {
            instances,
            id,
            is_command,
            leader: Pid::from_child(&spawned.child),
            child: spawned.child,
            end,
            pipes: spawned.pipes.map(|pipe| (Some(pipe), Lines::default())),
            stage: Stage::Running,
        }
    }
}

impl Watched for Life {
    fn descriptors(&self) -> impl Iterator<Item = &OwnedFd> {
        let pipes = self.pipes.iter().filter_map(|(pipe, _)| pipe.as_ref());
        self.end.iter().chain(pipes)
    }

    fn has_pidfd(&self) -> bool {
        self.end.is_some()
    }

    fn due(&self) -> Option<Instant> {
        let until = match self.stage {
            Stage::Ended { until, .. } => Some(until),
            Stage::Left { until } => until,
            Stage::Running | Stage::Lingering => None,
        };
        let notice = self.instances.sink().due(self.id);
        until.into_iter().chain(notice).min()
    }

    /// Reads what there is and reports what has happened.
    fn advance(&mut self, now: Instant) -> bool {
        self.instances.sink().handle_timeout(now, self.id);
        self.read(now, PIECE);
        match self.stage {
            Stage::Running => match has_ended(self.leader) {
                Some(end) => self.ended(now, end),
                None => true,
            },
            Stage::Ended { exit, until } => self.leader_ended(now, exit, until),
            Stage::Left { until } => self.left(now, until),
            Stage::Lingering => self.lingering(now),
        }
    }
}

impl Life {
    fn ended(&mut self, now: Instant, end: End) -> bool {
        self.end = None;
        // Everything that was written before the end comes before the report of it.
        self.read(now, ALL);
        let exit = match end {
            End::By(exit) => exit,
            End::Unseen => UNSEEN,
        };
        if self.is_command {
            self.command_ended(now, exit)
        } else {
            self.leader_ended(now, exit, now + MOMENT)
        }
    }

    fn leader_ended(&mut self, now: Instant, exit: Exit, until: Instant) -> bool {
        self.stage = Stage::Ended { exit, until };
        let is_rest_left = self.is_open();
        if is_rest_left && now < until {
            return true;
        }
        if !is_rest_left {
            self.finish(now);
        }
        let instance = self.id;
        self.instances.report(ProcessReport::Exit {
            instance,
            exit,
            is_rest_left,
        });
        is_rest_left && self.left(now, None)
    }

    /// What a restart command has started, in its own process group even, is no business of ours: only
    /// a command that had to be ended is ended wholly.
    fn command_ended(&mut self, now: Instant, exit: Exit) -> bool {
        let running = self.instances.running(self.id);
        self.reap(running.is_some_and(|it| it.is_signalled));
        self.stage = Stage::Lingering;
        let is_left = self.lingering(now);
        let instance = self.id;
        let is_ok = exit == Exit::Code(0);
        self.instances
            .report(ProcessReport::Restarted { instance, is_ok });
        is_left
    }

    fn left(&mut self, now: Instant, until: Option<Instant>) -> bool {
        let is_killed = || {
            let running = self.instances.running(self.id);
            running.is_none_or(|it| it.is_killed)
        };
        let until = until.or_else(|| is_killed().then(|| now + LINGER));
        self.stage = Stage::Left { until };
        if self.is_open() && until.is_none_or(|until| now < until) {
            return true;
        }
        self.read(now, ALL);
        self.finish(now);
        let instance = self.id;
        self.instances.report(ProcessReport::Gone { instance });
        false
    }

    fn lingering(&mut self, now: Instant) -> bool {
        let is_left = self.is_open() && !self.instances.is_abandoned();
        if !is_left {
            self.finish_lines(now);
        }
        is_left
    }

    /// Whether a pipe has not come to its end.
    fn is_open(&self) -> bool {
        self.pipes.iter().any(|(pipe, _)| pipe.is_some())
    }

    fn read(&mut self, now: Instant, most: usize) {
        let Self {
            instances,
            id,
            pipes,
            ..
        } = self;
        for (stream, (pipe, lines)) in OutputStream::BOTH.into_iter().zip(pipes) {
            let was_open = pipe.is_some();
            read(pipe, most, |bytes| {
                instances.capture(*id, stream, bytes);
                lines.push(bytes, |line| instances.line(now, *id, stream, line));
            });
            if was_open && pipe.is_none() {
                lines.finish(|line| instances.line(now, *id, stream, line));
            }
        }
    }

    fn finish(&mut self, now: Instant) {
        self.finish_lines(now);
        self.reap(true);
    }

    fn finish_lines(&mut self, now: Instant) {
        let Self {
            instances,
            id,
            pipes,
            ..
        } = self;
        for (stream, (pipe, lines)) in OutputStream::BOTH.into_iter().zip(pipes) {
            *pipe = None;
            lines.finish(|line| instances.line(now, *id, stream, line));
        }
        instances.sink().finish(*id);
    }

    /// Reaps the leader, which has ended. As long as it is not, its number is its group's, so the rest
    /// can be killed before.
    fn reap(&mut self, is_rest_killed: bool) {
        let Self { child, leader, .. } = self;
        self.instances.reap(self.id, || {
            let is_ours = matches!(has_ended(*leader), Some(End::By(_)));
            if is_rest_killed && is_ours {
                signal_group(*leader, Signal::KILL);
            }
            let _ = child.wait();
        });
    }
}
