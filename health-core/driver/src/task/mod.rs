//! The tasks of an async driver over any [`Runtime`]: one for all connections, one for all probes.
//!
//! The futures here can be polled by any runtime. Dropping one frees what it holds.

mod alarm;
#[cfg(feature = "monitor")]
mod command;
#[cfg(feature = "monitor")]
mod deadline;
mod line;
#[cfg(feature = "monitor")]
mod network;
#[cfg(feature = "monitor")]
mod race;
#[cfg(feature = "monitor")]
mod run;
mod server;

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Poll, ready};
use std::time::Duration;

use crate::Health;
use crate::{Drain, ServerControl};
use health_core::server::{Limits, ServerReport};

use crate::runtime::Timer;
#[cfg(feature = "monitor")]
use crate::runtime::{Connect, Runtime};

pub use alarm::Alarm;
pub use line::serve_connection;
#[cfg(feature = "monitor")]
pub use run::Run;
pub use server::ServerTask;

/// Added to the server's own deadline, so that its report can arrive.
const MARGIN: Duration = Duration::from_secs(1);

/// Stops a server, and waits at most `timeout` for its account.
pub async fn shutdown<T: Timer>(
    control: &ServerControl,
    timeout: Duration,
) -> Option<ServerReport> {
    control.stop();
    let mut timer = T::default();
    timer.set(timeout);
    let mut ended = control.ended();
    poll_fn(|cx| match Pin::new(&mut ended).poll(cx) {
        Poll::Ready(report) => Poll::Ready(Some(report)),
        Poll::Pending => timer.poll(cx).map(|()| None),
    })
    .await
}

/// Ends a daemon in order, and its server last. Gives the server's account.
pub async fn drain<T: Timer>(
    control: &ServerControl,
    health: &Health,
    limits: &Limits,
) -> Option<ServerReport> {
    let mut drain = Drain::begin(health.now(), health, limits);
    let mut alarm = Alarm::<T>::default();
    poll_fn(|cx| {
        loop {
            let now = health.now();
            match drain.poll(now, cx.waker()) {
                None => return Poll::Ready(()),
                until => ready!(alarm.poll(cx, until, now)),
            }
        }
    })
    .await;
    shutdown::<T>(control, limits.stop_timeout + MARGIN).await
}

/// Carries `probe` out, within `timeout` for all of it together.
#[cfg(feature = "monitor")]
pub async fn probe<R: Runtime<Socket: Connect>>(
    probe: &health_core::check::probe::Probe,
    policy: &health_core::check::probe::AddressPolicy,
    timeout: Duration,
) -> health_core::check::probe::Report {
    use health_core::check::probe::Probe;

    match probe {
        Probe::Exec(command) => command::probe::<R::Timer>(command, timeout).await,
        _ => network::attempt::<R>(probe, policy, timeout, |_| ()).await,
    }
}

/// The output of `future`, if it is ready within `limit`.
#[cfg(feature = "monitor")]
pub async fn within<T: Timer, R>(limit: Duration, future: impl Future<Output = R>) -> Option<R> {
    let mut clock = deadline::Deadline::<T>::start();
    let until = clock.now() + limit;
    clock.before(until, future).await
}
