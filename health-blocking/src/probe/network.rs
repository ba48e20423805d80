//! Carries out what an [`Attempt`] asks for.

use std::io::{self, Read, Write};
use std::time::Duration;

use health_core::Instant;
use health_core::Outcome;
#[cfg(feature = "tls")]
use health_core::check::probe::ProbeError;
use health_core::check::probe::{AddressPolicy, Attempt, Probe, ProbePhase, Report, Step};
use health_driver::probe::resolve::Lookup;
#[cfg(feature = "tls")]
use health_driver::probe::tls::{self, TlsWire};
use health_driver::{Clock, trouble};

use super::wire::{Wire, is_timeout};
use crate::park;

/// Input of one read: head and body of nearly every answer.
const SCRATCH: usize = 16 * 1024;

enum Connection {
    Plain(Wire),
    #[cfg(feature = "tls")]
    Secure(Box<TlsWire<Wire>>),
}

/// One attempt over a socket, within `timeout`. `on_report` is called as soon as the outcome is
/// known; what is left then is closing the connection.
pub(super) fn attempt(
    probe: &Probe,
    policy: &AddressPolicy,
    timeout: Duration,
    on_report: impl FnOnce(&Report),
) -> Report {
    let clock = Clock::start();
    let began = Instant::default();
    let Some(mut attempt) = Attempt::new(probe, policy, began, began + timeout) else {
        let outcome = Outcome::indeterminate("no commands on this system");
        let report = Report::new(outcome, Duration::ZERO);
        on_report(&report);
        return report;
    };
    let mut connection = None;
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
        let step = attempt.step();
        let result = match step {
            Step::Close => break,
            Step::Resolve { name, port, until } => {
                let lookup = Lookup::begin(name, port, clock.now());
                park::wait(clock.left(until).or(Some(Duration::ZERO)), |waker| {
                    lookup.poll(waker)
                });
                lookup.tell(&mut attempt, clock.now());
                Ok(())
            }
            Step::Connect { to, until } => Wire::connect(to, clock, until).map(|wire| {
                attempt.handle_connected(clock.now(), wire.local_addr());
                connection = Some(Connection::Plain(wire));
            }),
            Step::Secure { name, until } => {
                secure(&mut attempt, &mut connection, name, until, clock)
            }
            Step::Write { until } => {
                let rest = &attempt.request()[sent..];
                let written = with(&mut connection, until, |stream| stream.write(rest));
                written.and_then(|count| {
                    if count == 0 {
                        return Err(io::ErrorKind::BrokenPipe.into());
                    }
                    sent += count;
                    if count == rest.len() {
                        with(&mut connection, until, |stream| stream.flush())?;
                        attempt.handle_sent(clock.now());
                    }
                    Ok(())
                })
            }
            Step::Read { until } | Step::Linger { until } => {
                scratch.resize(SCRATCH, 0);
                let read = with(&mut connection, until, |stream| stream.read(&mut scratch));
                read.map(|count| match count {
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
                attempt.handle_error(clock.now(), trouble(&error, phase), &error);
            }
        }
    }
    if let Some(connection) = connection {
        connection.close();
    }
    attempt.into_report()
}

impl Connection {
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
fn secure(
    attempt: &mut Attempt<'_>,
    connection: &mut Option<Connection>,
    name: &str,
    until: Instant,
    clock: Clock,
) -> io::Result<()> {
    let (Some(Connection::Plain(mut wire)), Some(settings)) = (connection.take(), attempt.tls())
    else {
        return Err(io::ErrorKind::NotConnected.into());
    };
    wire.set_deadline(until);
    match tls::open(wire, settings, name) {
        Ok(mut wire) => {
            while wire.conn.is_handshaking() {
                wire.conn.complete_io(&mut wire.sock)?;
            }
            *connection = Some(Connection::Secure(Box::new(wire)));
            attempt.handle_secured(clock.now());
        }
        Err(error) => attempt.handle_error(clock.now(), ProbeError::Settings, error),
    }
    Ok(())
}

#[cfg(not(feature = "tls"))]
fn secure(
    attempt: &mut Attempt<'_>,
    _: &mut Option<Connection>,
    _: &str,
    _: Instant,
    clock: Clock,
) -> io::Result<()> {
    let cause = "built without the feature `tls`";
    attempt.handle_error(
        clock.now(),
        health_core::check::probe::ProbeError::Settings,
        cause,
    );
    Ok(())
}

fn with<R>(
    connection: &mut Option<Connection>,
    until: Instant,
    act: impl FnOnce(&mut dyn Duplex) -> io::Result<R>,
) -> io::Result<R> {
    match connection {
        Some(Connection::Plain(wire)) => {
            wire.set_deadline(until);
            act(wire)
        }
        #[cfg(feature = "tls")]
        Some(Connection::Secure(wire)) => {
            wire.get_mut().set_deadline(until);
            act(&mut **wire)
        }
        None => Err(io::ErrorKind::NotConnected.into()),
    }
}

trait Duplex: Read + Write {}

impl<S: Read + Write> Duplex for S {}
