//! A small real daemon: a control loop that samples this host, and its health at an HTTP endpoint.
//!
//! The loop is a task on the daemon's executor; the endpoint has a thread of its own, so that it can
//! tell when the executor hangs.
//!
//! ```text
//! cargo run --release -p health-smol --example daemon
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
use std::thread;
use std::time::Duration;

use args::Args;
use clap::Parser;
use control::{CYCLE, Control};
use health_smol::{self as driver, Handle, Health};
use output::Output;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use smol::Timer;
use smol::channel::{self, Receiver};
use smol::future::FutureExt;

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    // From here on a signal waits for us instead of ending the process.
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    let (sender, receiver) = channel::unbounded();
    thread::spawn(move || {
        signals
            .forever()
            .all(|signal| sender.try_send(signal).is_ok())
    });
    smol::block_on(run(&args, receiver))
}

async fn run(args: &Args, signals: Receiver<i32>) -> Result<(), Box<dyn Error>> {
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
    // Dropped, the task ends; one that hangs does not keep the process from ending.
    let control_loop = smol::spawn(async move {
        loop {
            Timer::after(CYCLE).await;
            control.cycle();
        }
    });

    signals.recv().await?;
    output.log(format!("draining for {:?}", args.drain_delay));
    health.begin_drain();
    // The loop goes on for those who have not yet seen that readiness is gone; another signal
    // ends the wait.
    let wait = async {
        Timer::after(args.drain_delay).await;
    };
    let another = async {
        let _ = signals.recv().await;
    };
    wait.or(another).await;
    drop(control_loop);
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
