//! A group of loops behind Kubernetes' probes: ready only while all of them run.
//!
//! ```console
//! $ HEALTH_PORT=8080 cargo run -p health-tokio --example loop_group -- 127.0.0.1:7000
//! $ curl http://127.0.0.1:8080/health/live
//! {"status":"healthy"}
//! $ curl http://127.0.0.1:8080/health/ready
//! {"status":"unhealthy","phase":"running","pending":["feed"]}
//! ```

use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

use health_tokio::{Health, Server};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

/// Reads a feed until it ends; while it does, the loop counts as running.
async fn feed(health: Health, source: String) -> io::Result<()> {
    let mut stream = TcpStream::connect(source).await?;
    let _running = health.running("feed").map_err(io::Error::other)?;
    while stream.read(&mut [0; 4096]).await? > 0 {}
    Ok(())
}

async fn clock(health: Health) -> io::Result<()> {
    let _running = health.running("clock").map_err(io::Error::other)?;
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    loop {
        ticks.tick().await;
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let source = std::env::args().nth(1).ok_or("usage: loop_group FEED")?;
    let mut terminated = signal(SignalKind::terminate())?;
    let health = Health::new("loop-group", env!("CARGO_PKG_VERSION"));
    // Declared before they start: readiness waits for every one of them.
    health.flag("feed")?;
    health.flag("clock")?;
    health.set_running();
    let host = std::env::var("HEALTH_HOST").unwrap_or("0.0.0.0".into());
    let endpoint = match std::env::var("HEALTH_PORT") {
        Ok(port) => Some(Server::bind((&*host, port.parse()?), &health)?.spawn()?),
        Err(_) => None, // no port, no endpoint
    };
    if let Some(address) = endpoint.as_ref().and_then(|it| it.local_addr()) {
        // On a thread of its own: an output that is full or closed must not stop the loops.
        std::thread::spawn(move || writeln!(io::stdout(), "listening on http://{address}"));
    }
    let mut loops = JoinSet::new();
    loops.spawn(feed(health.clone(), source));
    loops.spawn(clock(health.clone()));
    terminated.recv().await;
    loops.shutdown().await;
    if let Some(endpoint) = endpoint {
        endpoint.shutdown(Duration::from_secs(5)).await; // the last to go
    }
    Ok(())
}
