//! HTTPS probes whose certificate files are on a file system that hangs.
#![cfg(all(unix, feature = "tls"))]

use std::fs::{self, OpenOptions};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use health_tokio::probe::{Class, HttpProbe, Kind, Probe, Tls, Trust, probe};
use rustix::fs::{CWD, Mode, mkfifoat};

/// A file that nobody writes to: opening it blocks. Dropped, it lets go whoever waits for it.
struct Fifo(PathBuf);

impl Fifo {
    fn new(name: &str) -> Self {
        let name = format!("health-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        mkfifoat(CWD, &path, Mode::RUSR | Mode::WUSR).expect("a FIFO");
        Self(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Fifo {
    fn drop(&mut self) {
        // For both: it does not block.
        let _ = OpenOptions::new().read(true).write(true).open(&self.0);
        let _ = fs::remove_file(&self.0);
    }
}

/// On one thread: if the file were read in the task, nothing would run any more, timers included.
#[tokio::test]
async fn a_file_that_cannot_be_read_holds_up_nobody_else() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let fifo = Fifo::new("ca.pem");
    let hanging = https(
        port,
        Trust::CaFile(fifo.path().to_str().expect("UTF-8").into()),
    );
    // More of them than there are threads for files.
    let attempts: Vec<_> = (0..10)
        .map(|_| {
            let hanging = hanging.clone();
            tokio::spawn(async move { probe(&hanging, Duration::from_millis(300)).await })
        })
        .collect();
    for attempt in attempts {
        let outcome = attempt.await.expect("no panic").outcome;
        // It is ours, and no verdict on the target.
        assert_eq!(outcome.class, Class::Indeterminate, "{outcome:?}");
    }
    // Nobody answers this one, but it gets as far as the handshake.
    let other = https(port, Trust::Insecure);
    let outcome = probe(&other, Duration::from_millis(300)).await.outcome;
    assert_eq!(outcome.kind, Some(Kind::Timeout), "{outcome:?}");
}

fn https(port: u16, trust: Trust) -> Probe {
    let mut tls = Tls::default();
    tls.trust = trust;
    let probe = HttpProbe::builder(format!("https://127.0.0.1:{port}/")).tls(tls);
    Probe::from(probe.build().expect("a URL"))
}
