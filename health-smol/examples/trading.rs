//! A trading app: a verdict with its components, and a page of numbers that is always there.
//!
//! ```console
//! $ HEALTH_LISTEN=127.0.0.1:8080 cargo run -p health-smol --example trading -- 127.0.0.1:7000
//! $ curl http://127.0.0.1:8080/health
//! {"status":"unknown","healthy":false,"timestamp":"2026-01-23T10:30:00.123Z","service":"trading",
//! "version":"0.1.0","phase":"running","uptime_seconds":0.4,"consecutive_failures":1,"components":
//! {"registry":true,"pool":false,"router":false,"workers":false,"lifecycle":false,"recycler":false}}
//! $ curl http://127.0.0.1:8080/stats
//! {"registry":{"work":{"rounds":2}},"pool":{},"router":{},"workers":{},"lifecycle":{},"recycler":{}}
//! ```

use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use health_smol::NameError;
use health_smol::{Health, Server};
use smol::net::{SocketAddr, TcpStream};

const PARTS: &str = "registry pool router workers lifecycle recycler";

fn main() -> Result<(), Box<dyn Error>> {
    let stop = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGTERM, Arc::clone(&stop))?;
    let exchange = std::env::args().nth(1).ok_or("usage: trading EXCHANGE")?;
    let exchange: SocketAddr = exchange.parse()?;
    let health = Health::new("trading", env!("CARGO_PKG_VERSION"));
    // Declared at once: a part that is not there yet is false, and has an empty object of numbers.
    let parts = PARTS.split(' ');
    let parts = parts.map(|name| Ok((name, health.component(name)?, health.stats(name)?)));
    let parts: Vec<_> = parts.collect::<Result<_, NameError>>()?;
    health.set_running();
    let listen = std::env::var("HEALTH_LISTEN").ok(); // off unless asked for
    let endpoint = listen.map(|at| Server::bind(at, &health).and_then(Server::spawn));
    match &endpoint {
        Some(Ok(it)) => print(
            std::io::stdout(),
            format!("listening on http://{}", it.local_addr().ok_or("gone")?),
        ),
        Some(Err(error)) => print(std::io::stderr(), format!("no health endpoint: {error}")), // and trades on
        None => {}
    }
    smol::block_on(async {
        for round in (1..).take_while(|_| !stop.load(Ordering::Relaxed)) {
            for (name, component, stats) in &parts {
                if *name == "pool" {
                    if let Err(error) = TcpStream::connect(exchange).await {
                        component.failure(error);
                        break; // the parts behind it stand on it
                    }
                }
                component.success();
                stats.set(&serde_json::json!({"work": {"rounds": round}}))?;
            }
            smol::Timer::after(Duration::from_millis(200)).await;
        }
        if let Some(Ok(endpoint)) = endpoint {
            endpoint.shutdown(Duration::from_secs(5)).await; // the first to go
        }
        Ok(())
    })
}

/// On a thread of its own: an output that is full or closed must not stop the loop.
fn print(mut to: impl Write + Send + 'static, line: String) {
    std::thread::spawn(move || writeln!(to, "{line}"));
}
