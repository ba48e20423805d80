//! A steering daemon: each cycle it tries the gateway; three failures in a row are *degraded*, 503.
//!
//! ```console
//! $ cargo run -p health-blocking --example steering -- 192.168.1.1:53
//! $ curl http://127.0.0.1:9102/
//! {"status":"degraded","healthy":false,"timestamp":"2026-01-23T10:30:00.123Z","service":"steering",
//! "version":"0.1.0","phase":"running","uptime_seconds":12.3,"consecutive_failures":3,"components":{"link":true}}
//! ```

use std::error::Error;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use health_blocking::Status;
use health_blocking::{ComponentConfig, DegradedCode, Health, Server, Service};

fn main() -> Result<(), Box<dyn Error>> {
    let stop = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGTERM, Arc::clone(&stop))?;
    let mut args = std::env::args().skip(1);
    let gateway: SocketAddr = args
        .next()
        .ok_or("usage: steering GATEWAY [LISTEN]")?
        .parse()?;
    let listen = args.next().unwrap_or("127.0.0.1:9102".into());

    let health = Health::new("steering", env!("CARGO_PKG_VERSION"));
    let config = ComponentConfig::new().failing_is(Status::Degraded);
    let link = health.component_with("link", config)?;
    link.set_failures(0); // nothing has failed yet: healthy before the first cycle
    health.set_running();
    let service = Service::new().degraded_code(DegradedCode::ServiceUnavailable);
    let server = Server::bind(&listen, &health).and_then(|it| it.service(service).spawn());
    match server.as_ref().map(|server| server.local_addr()) {
        Ok(address) => print(
            std::io::stdout(),
            format!("listening on http://{}", address.ok_or("not bound")?),
        ),
        Err(error) => print(
            std::io::stderr(),
            format!("warning: no health endpoint: {error}"),
        ), // and steers on
    }

    while !stop.load(Ordering::Relaxed) {
        match TcpStream::connect_timeout(&gateway, Duration::from_millis(200)) {
            Ok(_) => link.success(),
            Err(error) => link.failure(error),
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    server
        .map(|server| server.shutdown(Duration::from_secs(5)))
        .ok();
    Ok(())
}

/// On a thread of its own: an output that is full or closed must not stop the loop.
fn print(mut to: impl Write + Send + 'static, line: String) {
    std::thread::spawn(move || writeln!(to, "{line}"));
}
