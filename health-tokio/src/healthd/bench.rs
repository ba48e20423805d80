//! `healthd bench`: how many targets this machine can watch, and what that takes.
//!
//! The targets are another process, so that what is measured is the prober alone: it answers every
//! request with 200 and a little JSON and closes the connection, as the servers of a registry do. It
//! listens on several ports of the loopback address, since one pair of address and port cannot take
//! more than some hundred new connections a second for long.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use health_core::check::CheckConfig;
use health_core::check::Saved;
use health_core::check::exchange::Condition;
use health_core::check::probe::HttpTarget;
use health_core::name::Name;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

use super::cli::BenchArgs;
use super::{Done, Failed, NOT, daemon, print, print_json};
use crate::monitor::{self, Monitor, Target};

/// Ports of the simulated targets.
const PORTS: usize = 64;

pub(super) fn run(args: &BenchArgs) -> Done {
    let not = |error: &dyn std::fmt::Display| Failed::new(NOT, error);
    daemon::raise_descriptors();
    let (_servers, ports) = start_targets().map_err(|error| not(&error))?;
    let monitor = Monitor::new(monitor::defaults());
    let monitor = monitor.spawn().map_err(|error| not(&error))?;
    let config = Arc::new(CheckConfig {
        interval: args.interval,
        lag_tolerance: Some(Duration::from_secs(1)),
        ..CheckConfig::default()
    });
    let (began, cpu) = (Instant::now(), cpu_time());
    for (index, port) in (0..args.targets).zip(ports.iter().cycle()) {
        let url = format!("http://127.0.0.1:{port}/health");
        let target = HttpTarget::parse(&url, |request| {
            request
                .accept_status(200..=200)
                .expect(Condition::body_is_json())
        });
        let target = target.map_err(|error| not(&error))?;
        let names = (Name::new(&format!("sim-{index:06}")), Name::new("http"));
        let (Ok(name), Ok(check)) = names else {
            continue;
        };
        let probe = Target::named(name);
        let probe =
            probe.restored_probe(check, Arc::clone(&config), target.into(), Saved::default());
        monitor.add(probe).map_err(|error| not(&error))?;
    }
    std::thread::sleep(args.length.saturating_sub(began.elapsed()));
    let (stats, elapsed) = (monitor.stats(), began.elapsed());
    let spent = cpu_time()
        .zip(cpu)
        .map(|(after, before)| after.saturating_sub(before));
    let per_probe = spent.map(|spent| spent.as_secs_f64() * 1e6 / stats.attempts.max(1) as f64);
    let failed = stats.failures + stats.indeterminate;
    let (p50, p99) = (stats.lags.quantile(0.5), stats.lags.quantile(0.99));
    let rate = stats.attempts as f64 / elapsed.as_secs_f64();
    let rss = status_kib("VmRSS:");
    let peak = status_kib("VmHWM:");
    if args.json {
        print_json(&json!({
            "targets": args.targets,
            "seconds": elapsed.as_secs_f64(),
            "attempts": stats.attempts,
            "failed": failed,
            "probes_per_second": rate,
            "missed_slots": stats.skipped_slots,
            "slot_lag_p50_ms": p50.as_secs_f64() * 1e3,
            "slot_lag_p99_ms": p99.as_secs_f64() * 1e3,
            "slot_lag_max_ms": stats.max_lag.as_secs_f64() * 1e3,
            "cpu_us_per_probe": per_probe,
            "rss_kib": rss,
            "rss_peak_kib": peak,
        }));
    } else {
        print(&format!(
            "targets        {}, every {:?}, for {:.0} s",
            args.targets,
            args.interval,
            elapsed.as_secs_f64()
        ));
        print(&format!(
            "probes         {}, {failed} failed",
            stats.attempts
        ));
        print(&format!("probes/s       {rate:.0}"));
        print(&format!("missed slots   {}", stats.skipped_slots));
        print(&format!(
            "slot lag       p50 {p50:?}, p99 {p99:?}, max {:?}",
            stats.max_lag
        ));
        let figure = |figure: Option<f64>| figure.map_or("?".to_owned(), |it| format!("{it:.1}"));
        print(&format!("CPU per probe  {} us", figure(per_probe)));
        let mib = |kib: Option<u64>| figure(kib.map(|kib| kib as f64 / 1_024.0));
        print(&format!(
            "RSS            {} MiB, at most {} MiB",
            mib(rss),
            mib(peak)
        ));
    }
    if stats.skipped_slots > 0 || failed > 0 {
        return Err(Failed::new(NOT, "slots were missed, or probes have failed"));
    }
    Ok(())
}

/// Serves until standard input ends, so that nothing is left of a bench that was killed.
pub(super) fn targets() -> Done {
    let not = |error: std::io::Error| Failed::new(NOT, error);
    daemon::raise_descriptors();
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(not)?;
    runtime.block_on(async {
        let mut ports = Vec::new();
        for _ in 0..PORTS {
            let listener = TcpListener::bind("127.0.0.1:0").await.map_err(not)?;
            ports.push(listener.local_addr().map_err(not)?.port().to_string());
            tokio::spawn(serve(listener));
        }
        print(&ports.join(" "));
        let ended = tokio::task::spawn_blocking(|| {
            let _ = std::io::stdin().read(&mut [0]);
        });
        let _ = ended.await;
        Ok(())
    })
}

/// Ends the targets, whichever way the bench ends.
struct Servers(Child);

impl Drop for Servers {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start_targets() -> std::io::Result<(Servers, Vec<u16>)> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg("bench-targets")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut servers = Servers(command.spawn()?);
    let mut line = String::new();
    if let Some(out) = servers.0.stdout.take() {
        BufReader::new(out).read_line(&mut line)?;
    }
    let ports: Vec<_> = line
        .split_whitespace()
        .filter_map(|it| it.parse().ok())
        .collect();
    if ports.is_empty() {
        return Err(std::io::Error::other("the simulated targets did not start"));
    }
    Ok((servers, ports))
}

async fn serve(listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(answer(stream))),
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn answer(mut stream: TcpStream) {
    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
        Content-Length: 20\r\nConnection: close\r\n\r\n{\"status\":\"healthy\"}";
    let mut request = [0; 2_048];
    let mut length = 0;
    while !request[..length].ends_with(b"\r\n\r\n") {
        match stream.read(&mut request[length..]).await {
            Ok(0) | Err(_) => return,
            Ok(count) => length += count,
        }
    }
    let _ = stream.write_all(ANSWER).await;
}

/// User and system time of this process.
fn cpu_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name, in parentheses, may hold anything.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    let per_second = rustix::param::clock_ticks_per_second();
    Some(Duration::from_secs_f64(ticks as f64 / per_second as f64))
}

fn status_kib(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
