//! Supervision: keeps the processes of a group running, and decides when one is restarted.
//!
//! A *group* is one command in a number of *replicas*; an *instance* is one life of a replica. A
//! [`Supervisor`] decides for one group: which instance begins and when, which is ended, whose turn it
//! is when several fail, and when a replica is given up. It starts no process and has no clock; its
//! driver takes commands from it, carries them out, and reports what came of them:
//!
//! ```text
//!                      ┌───────────────── Supervisor ─────────────────┐
//!   poll(now) ◄────────┤ Start · Signal · Restart                     │
//!   carry it out       │                                              │
//!   handle_exit ───────┤► exit ────────────► back-off ────► begin     │
//!   handle_unhealthy ──┤► verdict ─► back-off ─► turn ─► end ─► begin │
//!   handle_target ─────┤► started, ready ─► settled                   │
//!   poll_event ◄───────┤ State · Planned · GivenUp · MassFailure · …  │
//!                      └──────────────────────────────────────────────┘
//! ```
//!
//! An exit is followed by a restart after a back-off, whatever the others do: what is down cannot get
//! worse. A verdict (a startup, liveness or health check that turned unhealthy) is followed by one when
//! its back-off is over *and* it has its turn: only [`max_unavailable`](GroupConfig::max_unavailable)
//! replicas are restarted at once, and only one if more than half fail, because a restart does not mend a
//! dependency that all of them share. Until its turn the instance goes on, and may recover. Readiness
//! never restarts anything.
//!
//! **Contract**
//!
//! 1. After every call and when [`poll_timeout`](Supervisor::poll_timeout) has come: call
//!    [`poll`](Supervisor::poll) until `None`, carry the commands out, then
//!    [`poll_event`](Supervisor::poll_event) until `None`.
//! 2. Report every exit by [`handle_exit`](Supervisor::handle_exit), and the end of what it left of its
//!    process group by [`handle_gone`](Supervisor::handle_gone). No instance begins before that: a
//!    process that even `SIGKILL` does not end keeps its replica in
//!    [`Stopping`](ReplicaState::Stopping).
//! 3. What names an instance that is not the current one of its replica is ignored, so a report and a
//!    command may cross.
//! 4. At one time, control operations come first, then reports, then deadlines; ties of deadlines go by
//!    replica. Each is taken whole before the next one.
//! 5. The same calls give the same commands and events, on every machine.
//! 6. A late driver is safe: what is due is done once, and a grace counts from the signal that was asked
//!    for.
//!
//! # The rules
//!
//! Comments name them by their numbers.
//!
//! | rule | says |
//! |---|---|
//! | R1 | A start begins all replicas at once |
//! | R2 | A begin is a new instance: of the one before only restarts, streak and its end are kept |
//! | R3 | It is starting until it has been up for `min_uptime` and its startup checks have succeeded; then it is ready or unready |
//! | R4 | Ending it: no more checks, `SIGTERM` to its process group, after the grace `SIGKILL` |
//! | R5, R6 | An exit ends checks, verdict and planned restart at once; what it leaves is ended before another instance begins |
//! | R7 | A start without a program is an exit with code 127; one without resources of ours is repeated after `spawn_retry` |
//! | R8 | Code and policy decide whether an exit is followed by a restart, or the replica is stopped or failed |
//! | R9 | Back-off: the first restart in a row is at once, each further one waits longer |
//! | R10, R11 | A verdict waits for its back-off and its turn, and is dropped if the instance recovers before |
//! | R12, R13 | `max_restarts` gives up a replica, `budget` the group |
//! | R14, R15 | A restart after a verdict or on request needs one of `max_unavailable` places, and holds it until the new instance has been ready for `settle`, or has failed |
//! | R16 | Mass failure: while more than half fail, one at a time is restarted |
//! | R17 | Words, status and readiness of the group |
//! | R18, R19 | A stop ends everything after a grace, `force` at once |
//! | R20 | A restart on request goes from replica to replica, and drains each before |
//! | R21 | Reactivation begins a replica that is failed or stopped |
//! | R22 | External instances: a restart is a command, and there are no exits |
//! | R23 | The end of the group, and its code |
//! | R24 | What comes at one time is taken in one order |
//!
//! # All of it once
//!
//! ```
//! use core::time::Duration;
//! use health_core::check::Signal;
//! use health_core::check::probe::Exit;
//! use health_core::supervise::{GroupCommand, GroupConfig, GroupEvent, Supervisor};
//! use health_core::{Instant, ProbeKind};
//!
//! let mut now = Instant::default();
//! let mut config = GroupConfig::default();
//! config.replicas = 2;
//! let mut group = Supervisor::new(config)?;
//! group.start(now);
//! let Some(GroupCommand::Start(first)) = group.poll(now) else { panic!() };
//! let Some(GroupCommand::Start(second)) = group.poll(now) else { panic!() };
//! assert_eq!(group.poll(now), None);
//!
//! // Both are up after a second; without checks of its own, a replica is ready then.
//! group.handle_target(now, first, true, true);
//! group.handle_target(now, second, true, true);
//! now = group.poll_timeout().expect("the end of min_uptime");
//! assert_eq!(group.poll(now), None);
//! assert_eq!(group.summary().to_string(), "2/2 healthy");
//!
//! // The first one exits, and is started again at once.
//! group.handle_exit(now, first, Exit::Code(1), false);
//! let Some(GroupCommand::Start(next)) = group.poll(now) else { panic!() };
//! assert_eq!((next.replica, next.number), (0, 2));
//! assert_eq!(group.summary().to_string(), "1/2 healthy, 1/2 restarting");
//!
//! // A check of the second one turns unhealthy: it is ended first.
//! group.handle_unhealthy(now, second, ProbeKind::Liveness);
//! let signal = Signal::Terminate;
//! assert_eq!(group.poll(now), Some(GroupCommand::Signal { instance: second, signal }));
//! group.handle_exit(now, second, Exit::Code(0), false);
//! assert!(matches!(group.poll(now), Some(GroupCommand::Start(it)) if it.replica == 1));
//!
//! // The first one exits again, which is the second restart in a row: it waits 10 s.
//! group.handle_exit(now, next, Exit::Code(1), false);
//! assert_eq!(group.poll(now), None);
//! let due = group.replicas().next().and_then(|it| it.next_due());
//! assert_eq!(due, Some(now + Duration::from_secs(10)));
//!
//! // A stop: what does not run is stopped, the rest gets a signal.
//! group.stop(now);
//! let Some(GroupCommand::Signal { instance, .. }) = group.poll(now) else { panic!() };
//! group.handle_exit(now, instance, Exit::Signal(15), false);
//! assert!(group.is_ended());
//! let events: Vec<_> = core::iter::from_fn(|| group.poll_event()).collect();
//! assert_eq!(events.last(), Some(&GroupEvent::Ended { at: now, code: 0, left: 0 }));
//! # Ok::<(), health_core::ConfigError>(())
//! ```

mod backoff;
mod config;
mod event;
mod life;
mod machine;
mod mass_failure;
mod output;
mod replica;
mod report;
mod stop;
mod summary;
mod timer;
mod turns;

pub use crate::base::ReplicaState;
pub use config::{GroupConfig, RestartBudget, RestartPolicy};
pub use event::{
    EndReason, GivenUpReason, GroupCommand, GroupEvent, InstanceEnd, InstanceId, RestartCause,
    SpawnFailure,
};
pub use machine::Supervisor;
pub use output::ProcessOutput;
pub use replica::Replica;
pub use report::{EndReport, GroupReport, ReplicaReport};
pub use summary::{GroupSummary, Shown};
