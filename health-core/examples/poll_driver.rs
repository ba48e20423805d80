//! A driver of one's own, on the public API of `health-core` alone: TCP, one thread, poll(2).
//!
//! Deadlines, eviction, streams, drain and stop are the core's decisions. The daemon's state is
//! checked 50 times a second; a driver that other threads can wake need not.
//!
//! `cargo run -p health-core --example poll_driver`, then `curl http://127.0.0.1:9102/health`
#![allow(clippy::disallowed_types, clippy::disallowed_methods)] // Sockets and clocks are a driver's.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, UNIX_EPOCH};

use health_core::health::Registry;
use health_core::server::{AcceptError, Buffers, Connections, Daemon, Peer, ServerReport, Service};
use health_core::server::{Step, Transport};
use health_core::{Instant, Moment, UnixTime};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How often the daemon's state is checked.
const TICK: Duration = Duration::from_millis(20);

/// Serves what `state` says on this thread until its phase is `Stopped`.
pub fn serve(tcp: &TcpListener, service: Service, state: &impl Daemon) -> io::Result<ServerReport> {
    tcp.set_nonblocking(true)?;
    // A closure of the state's may panic: that must not end this thread.
    let service = Arc::new(service);
    let service = service.guarded(|run| drop(catch_unwind(AssertUnwindSafe(run))));
    let mut connections = Connections::new(service);
    let mut buffers = Buffers::default();
    loop {
        let now = state.now();
        let snapshot = state.snapshot(now);
        connections.handle_phase(now, snapshot.phase());
        connections.handle_revision(now, snapshot.revision());
        connections.handle_timeout(now);
        // One newcomer at a time: it gets its turn before it could be evicted for the next.
        if connections.may_accept() {
            match tcp.accept() {
                Ok((stream, peer)) => {
                    stream.set_nonblocking(true)?;
                    connections.handle_accepted(now, Peer::Ip(peer.ip()), Socket(stream));
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::ConnectionAborted => {}
                    _ => drop(connections.handle_accept_error(now, AcceptError::Exhausted)),
                },
            }
        }
        connections.take_turns(now, |_, slot| {
            (slot.connection).turn(&mut slot.socket, state, &mut buffers)
        });
        if let Some(report) = connections.poll_over(now) {
            return Ok(report);
        }
        wait(tcp, state.now(), &mut connections)?;
    }
}

/// Waits until a socket is ready, until a deadline, or for a tick.
fn wait(tcp: &TcpListener, now: Instant, all: &mut Connections<Socket>) -> io::Result<()> {
    let until = all.poll_timeout().unwrap_or(now + TICK).min(now + TICK);
    let timeout = Timespec::try_from(until.duration_since(now)).ok();
    let sockets = all.iter().map(|(_, slot)| match slot.connection.step() {
        Step::Write { .. } => PollFd::new(&slot.socket.0, PollFlags::OUT),
        _ => PollFd::new(&slot.socket.0, PollFlags::IN),
    });
    let mut fds: Vec<_> = sockets.collect();
    if all.may_accept() {
        fds.push(PollFd::new(tcp, PollFlags::IN));
    }
    rustix::io::retry_on_intr(|| poll(&mut fds, timeout.as_ref()))?;
    let polled = all.iter().zip(&fds);
    let ready = polled.filter(|(_, fd)| !fd.revents().is_empty());
    let ready: Vec<_> = ready.map(|((key, _), _)| key).collect();
    ready.into_iter().for_each(|key| all.handle_ready(key));
    Ok(())
}

/// A non-blocking socket.
struct Socket(TcpStream);

impl Transport for Socket {
    type Error = io::Error;

    fn poll_read(&mut self, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        unless_blocked(self.0.read(buffer))
    }

    fn poll_write(&mut self, bytes: &[u8]) -> Poll<io::Result<usize>> {
        unless_blocked(self.0.write(bytes))
    }

    fn poll_finish(&mut self) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.shutdown(Shutdown::Write))
    }
}

fn unless_blocked<T>(result: io::Result<T>) -> Poll<io::Result<T>> {
    match result.as_ref().map_err(io::Error::kind) {
        Err(ErrorKind::WouldBlock | ErrorKind::Interrupted) => Poll::Pending,
        _ => Poll::Ready(result),
    }
}

fn main() -> io::Result<()> {
    let start = std::time::Instant::now();
    let mut registry = Registry::new("example", env!("CARGO_PKG_VERSION"), Instant::default());
    registry.set_running(Instant::default());
    let registry = Mutex::new(registry); // For the daemon's threads, which change it.
    let moment = || Moment {
        now: Instant::default() + start.elapsed(),
        unix: UnixTime::from_millis(UNIX_EPOCH.elapsed().unwrap_or_default().as_millis() as u64),
    };
    let snapshot = |now| registry.lock().expect("no panic").snapshot(now);
    let tcp = TcpListener::bind("127.0.0.1:9102")?;
    serve(&tcp, Service::new(), &(moment, snapshot)).map(drop)
}
