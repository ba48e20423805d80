//! One connection on a thread of the caller's own.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use health_core::Instant;
use health_core::server::{CloseReason, Connection, Peer, Service, Step};
use health_driver::{Health, catch_panic};

/// How often a waiting thread looks whether the daemon is draining, and whether there is news for a
/// stream: nothing else can wake it.
const GLANCE: Duration = Duration::from_millis(100);
/// Input of one read.
const SCRATCH: usize = 4 * 1024;

/// A blocking stream whose waits can be bounded: a TCP stream, a Unix stream, TLS over one of them.
pub trait Stream: Read + Write {
    /// Bounds every following read: it fails with `WouldBlock` or `TimedOut`. Never called with zero.
    ///
    /// # Errors
    ///
    /// The system's.
    fn set_read_timeout(&mut self, timeout: Duration) -> io::Result<()>;

    /// Bounds every following write, in the same way.
    ///
    /// # Errors
    ///
    /// The system's.
    fn set_write_timeout(&mut self, timeout: Duration) -> io::Result<()>;

    /// Says that nothing more will be written, and leaves reading possible.
    ///
    /// # Errors
    ///
    /// The system's.
    fn finish(&mut self) -> io::Result<()>;
}

impl Stream for TcpStream {
    fn set_read_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        Self::set_read_timeout(self, Some(timeout))
    }

    fn set_write_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        Self::set_write_timeout(self, Some(timeout))
    }

    fn finish(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

/// Serves `stream` on this thread until the conversation is over, and says why it ended.
///
/// For daemons that have accepted the connection themselves, over TLS for example. The limit of
/// connections and their eviction are the caller's own then. While the client is idle the thread
/// wakes ten times a second to see whether the daemon is draining.
///
/// # Errors
///
/// The stream's. It is of no further use then, nor after an `Ok`.
///
/// ```no_run
/// use std::net::TcpListener;
/// use std::sync::Arc;
/// use std::thread;
/// use health_blocking::{Health, Peer, Service, serve_connection};
///
/// let health = Health::new("steering", "1.4.0");
/// let service = Arc::new(Service::new());
/// for stream in TcpListener::bind("127.0.0.1:9102")?.incoming() {
///     let mut stream = stream?;
///     let peer = Peer::Ip(stream.peer_addr()?.ip());
///     let (health, service) = (health.clone(), Arc::clone(&service));
///     thread::spawn(move || serve_connection(&mut stream, peer, &service, &health));
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn serve_connection(
    stream: &mut impl Stream,
    peer: Peer,
    service: &Arc<Service>,
    health: &Health,
) -> io::Result<CloseReason> {
    let mut connection = Connection::new(service.guarded(catch_panic), peer, health.now());
    let mut scratch = [0; SCRATCH];
    let mut out = Vec::new();
    let mut half_closed = false;
    let mut read_timeout = None;
    loop {
        match connection.step() {
            Step::Respond => {
                let moment = health.moment();
                connection.respond(moment, &health.snapshot_at(moment.now), &mut out);
            }
            Step::Write { until } => {
                write_until(stream, &mut out, until, health)?;
                if out.is_empty() {
                    connection.handle_sent(health.now());
                } else {
                    connection.handle_timeout(health.now());
                }
            }
            Step::Close(reason) => return Ok(reason),
            step @ (Step::Read { until } | Step::Follow { until, .. } | Step::Finish { until }) => {
                if matches!(step, Step::Finish { .. }) && !half_closed {
                    stream.finish()?;
                    half_closed = true;
                }
                // A socket's timeout of zero would mean none.
                let left = until
                    .duration_since(health.now())
                    .max(Duration::from_millis(1));
                let timeout = left.min(GLANCE);
                if read_timeout != Some(timeout) {
                    stream.set_read_timeout(timeout)?;
                    read_timeout = Some(timeout);
                }
                match stream.read(&mut scratch) {
                    Ok(0) => connection.handle_eof(),
                    Ok(count) => connection.handle_input(health.now(), &scratch[..count]),
                    Err(error) if is_timeout(&error) => {
                        let now = health.now();
                        connection.handle_timeout(now);
                        if step.wants_revision() {
                            // What the clock alone decides is decided now.
                            let snapshot = health.snapshot_at(now);
                            connection.handle_revision(now, snapshot.revision());
                        }
                        connection.handle_phase(health.phase());
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
}

/// Writes `out`, and leaves in it what was not taken by `until`.
fn write_until(
    stream: &mut impl Stream,
    out: &mut Vec<u8>,
    until: Instant,
    health: &Health,
) -> io::Result<()> {
    let mut sent = 0;
    while sent < out.len() {
        let left = until.duration_since(health.now());
        if left.is_zero() {
            break;
        }
        stream.set_write_timeout(left)?;
        match stream.write(&out[sent..]) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => sent += count,
            Err(error) if is_timeout(&error) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    out.drain(..sent);
    Ok(())
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}
