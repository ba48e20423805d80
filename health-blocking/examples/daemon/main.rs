//! A small real daemon: a control loop that samples this host, and its health at an HTTP endpoint.
//!
//! ```text
//! cargo run --release -p health-blocking --example daemon
//! curl -i http://127.0.0.1:9102/health
//! ```

mod args;
mod control;
mod endpoint;
mod host;
mod output;

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use args::Args;
use clap::Parser;
use control::{CYCLE, Control};
use health_blocking::{self as driver, Handle, Health};
use output::Output;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = Args::parse();
    // From here on a signal waits for us instead of ending the process.
    let mut signals = Signals::new([SIGTERM, SIGINT])?;

    let output = Output::start()?;
    let health = Health::new("daemon", env!("CARGO_PKG_VERSION"));
    let _notifier = endpoint::notify(&health, &output);
    let mut control = Control::new(&health, &args)?;
    control.cycle();

    let server = endpoint::start(&args, &health, &output);
    health.set_running();
    // Only now: whoever reads the line may ask at once.
    if let Some(address) = server.as_ref().and_then(Handle::local_addr) {
        output.print(format!("listening on http://{address}"));
    }
    // Nothing is ever sent: the loop ends when the sender is dropped.
    let (stop, stopped) = mpsc::channel::<()>();
    let control_loop = thread::spawn(move || {
        while stopped.recv_timeout(CYCLE) == Err(RecvTimeoutError::Timeout) {
            control.cycle();
        }
    });

    signals.forever().next();
    output.log(format!("draining for {:?}", args.drain_delay));
    health.begin_drain();
    // The loop goes on for those who have not yet seen that readiness is gone; another signal
    // ends the wait.
    wait(&mut signals, args.drain_delay);
    drop(stop);
    if args.hang_after.is_none() && control_loop.join().is_err() {
        output.log("the control loop has panicked");
    }
    health.stop();
    if let Some(server) = server {
        match server.shutdown(Duration::from_secs(5)) {
            Some(report) => output.log(format!("answered {} requests", report.finished)),
            None => output.log("the endpoint did not stop within 5 s"),
        }
    }
    output.log("stopped");
    Ok(())
}

fn wait(signals: &mut Signals, length: Duration) {
    let deadline = std::time::Instant::now() + length;
    while std::time::Instant::now() < deadline && signals.pending().next().is_none() {
        thread::sleep(Duration::from_millis(20).min(length));
    }
}
