//! The simulated targets, in a process of their own.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

use crate::{CommandError, CommandResult, EXIT_FAILURE, daemon, print};

/// Ports they listen on: one pair of address and port cannot take more than some hundred new
/// connections a second for long.
const PORTS: usize = 64;

/// Serves until standard input ends, so that it ends when the bench is killed.
pub(crate) fn targets() -> CommandResult {
    let not = |error: io::Error| CommandError::new(EXIT_FAILURE, error);
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
            let _ = io::stdin().read(&mut [0]);
        });
        let _ = ended.await;
        Ok(())
    })
}

/// Ends the targets when the bench ends in any way.
pub(super) struct Servers(Child);

impl Drop for Servers {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(super) fn start() -> io::Result<(Servers, Vec<u16>)> {
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
        return Err(io::Error::other("the simulated targets did not start"));
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
