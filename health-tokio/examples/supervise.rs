//! A command in two replicas that are kept running, with the endpoint of the daemon that does it.
//!
//! ```console
//! $ cargo run -p health-tokio --features supervise --example supervise -- python3 -m http.server '{port}'
//! web-0 starting
//! $ curl http://127.0.0.1:9104/health/ready
//! {"status":"healthy"}
//! $ kill "$(pgrep -f 'http.server 8001')"; curl http://127.0.0.1:9104/health
//! {"status":"degraded",…"web":{"status":"degraded","message":"1/2 healthy, 1/2 restarting"…
//! ```
//!
//! Ctrl-C stops them: a second one kills.

use std::env;
use std::error::Error;
use std::time::Duration;

use health_tokio::supervise::{CheckConfig, Group, GroupConfig, GroupEvent, Program};
use health_tokio::{Health, Server, Service};
use tokio::signal::ctrl_c;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let health = Health::new("supervise", env!("CARGO_PKG_VERSION"));
    let mut config = GroupConfig::default();
    config.replicas = 2;
    let mut check = CheckConfig::default();
    check.interval = Duration::from_secs(5);
    check.timeout = Duration::from_secs(1);
    let program = Program::new(env::args().skip(1))?.port(8000, 1);
    let group = Group::new("web", program)?
        .config(config)
        .check("health", check, |replica| {
            let port = replica.port().unwrap_or(80);
            Ok(format!("http://127.0.0.1:{port}/").parse()?)
        })?
        .component(&health)?;
    let group = group.spawn()?;
    let service = Service::new().targets(group.monitor());
    let _server = Server::bind("127.0.0.1:9104", &health)?
        .service(service)
        .spawn()?;
    health.set_running();
    tokio::spawn({
        let group = group.clone();
        async move {
            while ctrl_c().await.is_ok() {
                match group.summary().stopping {
                    0 => group.begin_stop(),
                    _ => group.force(),
                }
            }
        }
    });
    while let Some(event) = group.next_event().await {
        match event {
            GroupEvent::State { replica, to, .. } => eprintln!("web-{replica} {}", to.as_str()),
            GroupEvent::Planned { replica, cause, .. } => {
                eprintln!("web-{replica} is to be restarted: {cause:?}");
            }
            GroupEvent::Ended { code, .. } => std::process::exit(code.into()),
            _ => {}
        }
    }
    Ok(())
}
