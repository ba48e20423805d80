//! The harness of a driver: the same table over loopback sockets.
//!
//! Nothing here waits for a fixed time and hopes. A read waits for its event, with far more patience
//! than any event needs; only the steps that *are* waits sleep. What a busy machine could upset is
//! set apart: deadlines that a case does not shorten itself are longer than any pause of the
//! scheduler.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use health_core::server::{Limits, Service};
use health_core::{ProbeKind, Status};

use super::case::{Case, Daemon};
use super::peer::{Harness, Peer, Received};
use crate::{Component, Health, Stats};

/// How long an event that must come may take before the case counts as failed.
const PATIENCE: Duration = Duration::from_secs(10);
/// The same after [`MOST_IN_VAIN`] waits for nothing: such a driver is broken, and its author should
/// not have to wait for hours to see every case fail.
const PATIENCE_LOST: Duration = Duration::from_millis(100);
const MOST_IN_VAIN: usize = 8;
/// Longer than any test: a deadline that must not decide anything.
const NEVER: Duration = Duration::from_secs(120);
/// More requests than both sides' socket buffers can hold, with the answers to them.
const MOST_TAKEN: usize = 64 * 1024 * 1024;
/// The longest time between two beats of the heartbeat `loop`.
const HEARTBEAT: Duration = Duration::from_millis(10);

/// Starts an endpoint for this daemon, with these settings, on a free port of the loopback address,
/// and returns the address.
///
/// The endpoint serves until the process ends, on threads of its own, and also while the daemon
/// drains: a driver whose server ends with the drain sets a long drain delay. A driver that knows
/// nothing of [`Health`] takes what it needs of it: [`Health::snapshot_at`] gives the snapshot to
/// answer from, [`Changes`](crate::Changes) says when there is a new one.
pub type Start = fn(Service, &Health) -> SocketAddr;

/// The table for a driver, over sockets of the loopback address.
///
/// Endpoints are started when a case first needs them.
#[derive(Debug)]
pub struct Loopback {
    start: Start,
    evicts: bool,
    waits_in_vain: Arc<AtomicUsize>,
    /// One endpoint per state serves every case that neither changes limits nor the daemon.
    shared: Mutex<BTreeMap<Daemon, Endpoint>>,
}

type Endpoint = Arc<Served>;

#[derive(Debug)]
struct Served {
    address: SocketAddr,
    health: Health,
    db: Component,
    cycles: Stats,
}

impl Loopback {
    /// The table for the driver that `start` starts.
    #[must_use]
    pub fn new(start: Start) -> Self {
        Self {
            start,
            evicts: true,
            waits_in_vain: Arc::default(),
            shared: Mutex::default(),
        }
    }

    /// Leaves out the cases that need a limit of connections: for a server that has none.
    #[must_use]
    pub fn without_eviction(mut self) -> Self {
        self.evicts = false;
        self
    }

    /// Runs the table and reports as `cargo test` does, with its arguments: a filter selects a group,
    /// a case or a way of cutting its input. The exit code is for `main` to return.
    #[must_use]
    pub fn run(self) -> ExitCode {
        super::run(self)
    }

    /// Starts an endpoint in the state the case wants.
    fn endpoint(&self, case: &Case) -> Endpoint {
        let mut limits = Limits::default();
        limits.head_timeout = NEVER;
        limits.idle_timeout = NEVER;
        limits.write_timeout = NEVER;
        limits.finish_timeout = NEVER;
        let health = Health::without_wall_clock("conformance", "1.2.3");
        let db = health.component("db").expect("a valid name");
        let cycles = health.stats("loop").expect("a valid name");
        cycles.set(&1).expect("a number");
        let address = (self.start)(case.make_service(limits), &health);
        if case.daemon != Daemon::Starting {
            db.success();
            health.set_running();
        }
        match case.daemon {
            Daemon::Starting | Daemon::Up => {}
            Daemon::Failing => (0..3).for_each(|_| db.failure("refused")),
            Daemon::Stuck => {
                let heartbeat = health.heartbeat("loop", HEARTBEAT).expect("a valid name");
                // It is never beaten, and it stays registered if its handle is never dropped.
                std::mem::forget(heartbeat);
                let start = Instant::now();
                while health.snapshot().status(ProbeKind::Liveness) != Status::Unhealthy {
                    assert!(start.elapsed() < PATIENCE, "the heartbeat is never missed");
                    thread::sleep(HEARTBEAT);
                }
            }
            Daemon::Draining => health.begin_drain(),
        }
        Arc::new(Served {
            address,
            health,
            db,
            cycles,
        })
    }
}

impl Harness for Loopback {
    type Peer = SocketPeer;

    fn runs(&self, case: &Case) -> bool {
        !case.virtual_only && (self.evicts || !case.evicts())
    }

    fn open(&self, case: &Case) -> SocketPeer {
        let endpoint = if case.shares_endpoint() {
            let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            let entry = shared.entry(case.daemon);
            Arc::clone(entry.or_insert_with(|| self.endpoint(case)))
        } else {
            self.endpoint(case)
        };
        let in_vain = self.waits_in_vain.load(Ordering::Relaxed);
        let patience = if in_vain < MOST_IN_VAIN {
            PATIENCE
        } else {
            PATIENCE_LOST
        };
        SocketPeer {
            stream: connect(endpoint.address, patience),
            endpoint,
            patience,
            waits_in_vain: Arc::clone(&self.waits_in_vain),
            newcomer: None,
            broken: false,
        }
    }
}

/// The client's end of a loopback connection.
pub(crate) struct SocketPeer {
    stream: TcpStream,
    endpoint: Endpoint,
    patience: Duration,
    waits_in_vain: Arc<AtomicUsize>,
    /// The connection that took the place of this one.
    newcomer: Option<TcpStream>,
    /// A write has failed: the other side reads no more.
    broken: bool,
}

fn connect(address: SocketAddr, patience: Duration) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the endpoint listens");
    // Without it, bytes sent one by one would be gathered and a cut would never be seen.
    stream.set_nodelay(true).expect("a socket option");
    stream
        .set_read_timeout(Some(patience))
        .expect("a socket option");
    stream
        .set_write_timeout(Some(patience))
        .expect("a socket option");
    stream
}

/// Whether this is the end of the harness's patience, not of the connection.
fn is_wait(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

impl Peer for SocketPeer {
    fn send(&mut self, bytes: &[u8]) {
        // After a failure nothing can be sent, but what was answered before can still be read.
        self.broken = self.broken || self.stream.write_all(bytes).is_err_and(|e| !is_wait(&e));
    }

    fn send_last(&mut self, bytes: &[u8]) {
        self.send(bytes);
        self.half_close();
    }

    fn flood(&mut self, bytes: &[u8]) {
        let mut sent = 0;
        // Until it fails, or the patience ends. Were it over at the first brief stop, a busy machine
        // could make the server go on from there, with buffers that were not full.
        let refused = loop {
            match self.stream.write_all(bytes) {
                Ok(()) => sent += bytes.len(),
                Err(e) => break e,
            }
            assert!(
                sent <= MOST_TAKEN,
                "it reads on though nobody takes its answers"
            );
        };
        self.broken = !is_wait(&refused);
    }

    fn receive(&mut self, into: &mut Vec<u8>) -> Received {
        let mut bytes = [0; 16 * 1024];
        loop {
            return match self.stream.read(&mut bytes) {
                Ok(0) => Received::End,
                Ok(length) => {
                    into.extend_from_slice(&bytes[..length]);
                    Received::Bytes
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(e) if is_wait(&e) => {
                    self.waits_in_vain.fetch_add(1, Ordering::Relaxed);
                    Received::Nothing
                }
                Err(_) => Received::Reset,
            };
        }
    }

    fn is_silent(&mut self) -> bool {
        self.stream.set_nonblocking(true).expect("a socket option");
        let peeked = self.stream.peek(&mut [0]);
        self.stream.set_nonblocking(false).expect("a socket option");
        peeked.is_err_and(|e| e.kind() == ErrorKind::WouldBlock)
    }

    /// Only a write that fails shows that the other side has closed its reading half as well.
    fn is_gone(&mut self) -> bool {
        let start = Instant::now();
        while !self.broken && start.elapsed() < self.patience {
            thread::sleep(Duration::from_millis(5));
            self.send(b"x");
        }
        self.broken
    }

    fn wait(&mut self, time: Duration) {
        thread::sleep(time);
    }

    fn drain(&mut self) {
        self.endpoint.health.begin_drain();
    }

    fn evict(&mut self) {
        self.newcomer = Some(connect(self.endpoint.address, self.patience));
    }

    fn half_close(&mut self) {
        // It fails only if the other side has reset the connection, which the next read reports.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    fn fail(&mut self) {
        (0..3).for_each(|_| self.endpoint.db.failure("refused"));
    }

    /// Again and again: the request may not have been read yet.
    #[cfg(feature = "registry")]
    fn answer(&mut self) {
        let start = Instant::now();
        while self.is_silent() && start.elapsed() < self.patience {
            self.endpoint.health.note_answer();
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn publish(&mut self, number: u32) {
        self.endpoint.cycles.set(&number).expect("a number");
    }
}
