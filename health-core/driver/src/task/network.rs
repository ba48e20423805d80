//! Carries out the steps of an [`Attempt`]: connecting, TLS, reading and writing.
//!
//! TLS is rustls over a socket that does not block: an operation that would block is repeated later.

use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::probe_error;
use health_core::Instant;
use health_core::Kind;
use health_core::Outcome;
use health_core::check::probe::{AddressPolicy, Attempt, AttemptStep, Probe, ProbePhase, Report};

use super::deadline::Deadline;
use super::race::Race;
use crate::probe::resolve::Lookup;
#[cfg(feature = "tls")]
use crate::probe::tls::{self, TlsWire};
use crate::runtime::{Connect, Direction, Runtime, Timer};

/// The size of one read: enough for the head and body of nearly every answer.
const SCRATCH: usize = 16 * 1024;

enum Connection<S: Connect> {
    Plain(S),
    #[cfg(feature = "tls")]
    Secure(Box<TlsWire<S>>),
}

/// One attempt over a socket, within `timeout`. `on_report` is called as soon as the outcome is
/// known; what is left then is closing the connection.
pub(super) async fn attempt<R: Runtime<Socket: Connect>>(
    probe: &Probe,
    policy: &AddressPolicy,
    timeout: Duration,
    on_report: impl FnOnce(&Report),
) -> Report {
    let mut clock = Deadline::<R::Timer>::start();
    let began = Instant::default();
    let Some(mut attempt) = Attempt::new(probe, policy, began, began + timeout) else {
        let outcome = Outcome::indeterminate("no commands on this system");
        let report = Report::new(outcome, Duration::ZERO);
        on_report(&report);
        return report;
    };
    let mut connection: Option<Connection<R::Socket>> = None;
    let mut connecting = Race::default();
    let mut sent = 0;
    let mut scratch = Vec::new();
    let mut on_report = Some(on_report);
    loop {
        if let Some(report) = attempt.report() {
            on_report
                .take()
                .into_iter()
                .for_each(|on_report| on_report(report));
        }
        let result = match attempt.step() {
            AttemptStep::Close => break,
            AttemptStep::Resolve { name, port, until } => {
                let lookup = Lookup::begin(name, port);
                let answer = poll_fn(|cx| lookup.poll(cx.waker()));
                clock.before(until, answer).await;
                lookup.finish(&mut attempt, clock.now());
                Ok(())
            }
            AttemptStep::Connect { to, until } => {
                // That of a response that has led here.
                if let Some(before) = connection.take() {
                    before.close();
                    sent = 0;
                }
                connecting.begin(to, || R::Socket::connect(to));
                match clock.before(until, connecting.next()).await {
                    Some((to, Ok(socket))) => {
                        attempt.handle_connected(clock.now(), to, socket.local_addr());
                        connection = Some(Connection::Plain(socket));
                    }
                    Some((to, Err(error))) => {
                        let class = probe_error(&error, ProbePhase::Connect);
                        attempt.handle_connect_error(clock.now(), to, class, &error);
                    }
                    None => attempt.handle_timeout(clock.now()),
                }
                if matches!(attempt.step(), AttemptStep::Connect { .. }) {
                    // It was none, after all.
                    connection = None;
                } else {
                    connecting = Race::default();
                }
                Ok(())
            }
            AttemptStep::Secure { name, until } => {
                let began = clock.now();
                match secure(&attempt, connection.take(), name, &mut clock, until).await {
                    Ok(mut secured) => {
                        let shaken = clock.before(until, secured.shake_hands()).await;
                        in_time(shaken).map(|()| {
                            #[cfg(feature = "expect")]
                            if let Some(not_after) = secured.expiry() {
                                attempt.handle_certificate(clock.wall(), not_after);
                            }
                            attempt.handle_secured(clock.now());
                            connection = Some(secured);
                        })
                    }
                    Err(error) => {
                        // Reported at the deadline it would be the target's timeout.
                        attempt.handle_error(began, Kind::Certificates, error);
                        Ok(())
                    }
                }
            }
            AttemptStep::Write { until } => {
                let request = attempt.request();
                let written = with(&mut connection, Direction::Write, |stream| {
                    while sent < request.len() {
                        match stream.write(&request[sent..])? {
                            0 => return Err(io::ErrorKind::BrokenPipe.into()),
                            count => sent += count,
                        }
                    }
                    stream.flush()
                });
                let written = clock.before(until, written).await;
                in_time(written).map(|()| {
                    sent = 0;
                    attempt.handle_sent(clock.now());
                })
            }
            AttemptStep::Read { until } | AttemptStep::Linger { until } => {
                scratch.resize(SCRATCH, 0);
                let read = with(&mut connection, Direction::Read, |stream| {
                    stream.read(&mut scratch)
                });
                in_time(clock.before(until, read).await).map(|count| match count {
                    0 => attempt.handle_eof(clock.now()),
                    count => attempt.handle_input(clock.now(), &scratch[..count]),
                })
            }
        };
        match result {
            Ok(()) => {}
            Err(error) if is_timeout(&error) => attempt.handle_timeout(clock.now()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                let phase = attempt.phase().unwrap_or(ProbePhase::Connect);
                attempt.handle_error(clock.now(), probe_error(&error, phase), &error);
            }
        }
    }
    if let Some(connection) = connection {
        connection.close();
    }
    attempt.into_report()
}

/// The error of a wait that took too long.
fn in_time<T>(result: Option<io::Result<T>>) -> io::Result<T> {
    result.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))
}

/// That one, and not the system's own, which has a number.
fn is_timeout(error: &io::Error) -> bool {
    error.raw_os_error().is_none() && error.kind() == io::ErrorKind::TimedOut
}

/// Does what blocks no more, as often as it takes: at every wake-up it is tried again.
async fn with<S: Connect, R>(
    connection: &mut Option<Connection<S>>,
    direction: Direction,
    mut act: impl FnMut(&mut dyn Duplex) -> io::Result<R>,
) -> io::Result<R> {
    let Some(connection) = connection else {
        return Err(io::ErrorKind::NotConnected.into());
    };
    poll_fn(|cx| {
        loop {
            let done = match connection {
                Connection::Plain(socket) => act(socket),
                #[cfg(feature = "tls")]
                Connection::Secure(stream) => act(&mut **stream),
            };
            match done {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(connection.poll_ready(direction, cx))?;
                }
                done => return Poll::Ready(done),
            }
        }
    })
    .await
}

impl<S: Connect> Connection<S> {
    /// Ready when what would have blocked may not any more.
    fn poll_ready(&mut self, direction: Direction, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(socket) => socket.poll_ready(direction, cx),
            #[cfg(feature = "tls")]
            Self::Secure(stream) => {
                // What is read may have to be answered first, and the other way round.
                let direction = if stream.conn.wants_write() {
                    Direction::Write
                } else {
                    Direction::Read
                };
                stream.sock.poll_ready(direction, cx)
            }
        }
    }

    async fn shake_hands(&mut self) -> io::Result<()> {
        #[cfg(feature = "tls")]
        poll_fn(|cx| {
            while let Self::Secure(stream) = self {
                if !stream.conn.is_handshaking() {
                    break;
                }
                match stream.conn.complete_io(&mut stream.sock) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        ready!(self.poll_ready(Direction::Read, cx))?;
                    }
                    done => drop(done?),
                }
            }
            Poll::Ready(Ok::<_, io::Error>(()))
        })
        .await?;
        Ok(())
    }

    /// When the first of the certificates expires that the server has shown.
    #[cfg(feature = "expect")]
    fn expiry(&self) -> Option<health_core::UnixTime> {
        match self {
            Self::Plain(_) => None,
            #[cfg(feature = "tls")]
            Self::Secure(wire) => tls::expiry(wire),
        }
    }

    fn close(self) {
        #[cfg(feature = "tls")]
        if let Self::Secure(mut wire) = self {
            // Without it servers log an aborted connection. It is small enough for any buffer; if
            // not for this one, the connection is beyond courtesies.
            wire.conn.send_close_notify();
            let _ = wire.flush();
        }
    }
}

#[cfg(feature = "tls")]
async fn secure<S: Connect, T: Timer>(
    attempt: &Attempt<'_>,
    connection: Option<Connection<S>>,
    name: &str,
    clock: &mut Deadline<T>,
    until: Instant,
) -> Result<Connection<S>, String> {
    let (Some(Connection::Plain(wire)), Some(settings)) = (connection, attempt.tls()) else {
        return Err("TLS over no connection".to_owned());
    };
    let load = tls::ConfigLoad::begin(settings);
    let loaded = poll_fn(|cx| load.poll(cx.waker()));
    clock.before(until, loaded).await;
    let wire = tls::open(wire, load.finish()?, name)?;
    Ok(Connection::Secure(Box::new(wire)))
}

#[cfg(not(feature = "tls"))]
async fn secure<S: Connect, T: Timer>(
    _: &Attempt<'_>,
    _: Option<Connection<S>>,
    _: &str,
    _: &mut Deadline<T>,
    _: Instant,
) -> Result<Connection<S>, &'static str> {
    Err("built without the feature `tls`")
}

trait Duplex: Read + Write {}

impl<S: Read + Write> Duplex for S {}
