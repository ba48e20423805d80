//! A small real daemon: a control loop that samples this host, and its health at an HTTP endpoint.
//!
//! The loop is a task on the daemon's runtime; the endpoint has a thread of its own, so that it can
//! tell when the runtime hangs.
//!
//! ```text
//! cargo run --release -p health-tokio --example daemon
//! curl -i http://127.0.0.1:9102/health
//! ```

#[path = "../../../health-blocking/examples/daemon/args.rs"]
mod args;
#[path = "../../../health-blocking/examples/daemon/control.rs"]
mod control;
#[path = "../../../health-blocking/examples/daemon/endpoint.rs"]
mod endpoint;
#[path = "../../../health-blocking/examples/daemon/host.rs"]
mod host;
#[path = "../../../health-blocking/examples/daemon/output.rs"]
mod output;

use std::error::Error;
use std::time::Duration;

use args::Args;
use clap::Parser;
use control::{CYCLE, Control};
use health_tokio::{self as driver, Handle, Health};
use output::Output;
use tokio::runtime::{self, Builder};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time;

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    // Signals have a runtime of their own: a loop that hangs may take the workers' timers and
    // sockets with it, however many workers there are.
    let workers = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let signals = Builder::new_current_thread().enable_all().build()?;
    let result = signals.block_on(run(&args, workers.handle()));
    // A loop that hangs does not keep the process from ending.
    workers.shutdown_background();
    result
}

async fn run(args: &Args, workers: &runtime::Handle) -> Result<(), Box<dyn Error>> {
    // From here on a signal waits for us instead of ending the process.
    let mut signals = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );

    let output = Output::start()?;
    let health = Health::new("daemon", env!("CARGO_PKG_VERSION"));
    let _notifier = endpoint::notify(&health, &output);
    let mut control = Control::new(&health, args)?;
    control.cycle();

    let server = endpoint::start(args, &health, &output);
    health.set_running();
    // Only now: whoever reads the line may ask at once.
    if let Some(address) = server.as_ref().and_then(Handle::local_addr) {
        output.print(format!("listening on http://{address}"));
    }
    let control_loop = workers.spawn(async move {
        loop {
            time::sleep(CYCLE).await;
            control.cycle();
        }
    });

    next(&mut signals).await;
    output.log(format!("draining for {:?}", args.drain_delay));
    health.begin_drain();
    // The loop goes on for those who have not yet seen that readiness is gone; another signal
    // ends the wait.
    let _ = time::timeout(args.drain_delay, next(&mut signals)).await;
    control_loop.abort();
    health.stop();
    if let Some(server) = server {
        match server.shutdown(Duration::from_secs(5)).await {
            Some(report) => output.log(format!("answered {} requests", report.finished)),
            None => output.log("the endpoint did not stop within 5 s"),
        }
    }
    output.log("stopped");
    Ok(())
}

/// Waits for SIGTERM or SIGINT.
async fn next((terminate, interrupt): &mut (Signal, Signal)) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
