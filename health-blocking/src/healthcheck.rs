//! The command `healthcheck`: one probe, one line, one exit code.
//!
//! ```text
//! healthcheck TARGET [OPTION]…          http(s)://host[:port][/path], tcp://host:port,
//!                                       unix:/path.sock[:/path]
//! healthcheck exec [OPTION]… -- CMD…
//!
//! --timeout DURATION          of all of it together; a number of seconds, or with ms, s, m, h   [2s]
//! --expect-status N or N-N    accepted statuses                                           [200-399]
//! --contains TEXT             the body contains this
//! --json                      the body is JSON
//! --json-pointer /P=VALUE     what stands there in the JSON equals VALUE (JSON, or else a text)
//! --header 'NAME: VALUE'      sent along; may be repeated
//! --method METHOD             [GET]
//! --deny BLOCK                an address block, or link-local, metadata, this-host, private;
//!                             may be repeated
//! --ca FILE                   believe these certificates and no others (PEM)
//! --cert FILE --key FILE      client certificate and its key (PEM)
//! --insecure                  believe any certificate
//! --dir DIR, --env NAME=VALUE for commands
//! ```
//!
//! Exit code 0: healthy (a warning is, too). 1: not healthy, or unknown; Docker reserves
//! everything else. 2: usage. It prints exactly one line of at most 120 bytes on standard output,
//! in which control characters are escaped: Docker keeps it, `docker inspect` shows it.
//!
//! # In an image without a shell
//!
//! `HEALTHCHECK CMD` needs a program inside the image. This one links to nothing if it is built for
//! musl:
//!
//! ```text
//! rustup target add x86_64-unknown-linux-musl
//! cargo build --release -p health-blocking --features cli --bin healthcheck \
//!     --target x86_64-unknown-linux-musl
//! ```
//!
//! With `--features cli,tls` a C compiler for musl is needed as well (`musl-tools`).
//!
//! ```text
//! FROM rust:1-alpine AS build
//! RUN apk add --no-cache musl-dev
//! RUN cargo install health-blocking --features cli --root /out
//!
//! FROM scratch
//! COPY --from=build /out/bin/healthcheck /healthcheck
//! COPY mydaemon /mydaemon
//! HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
//!     CMD ["/healthcheck", "http://127.0.0.1:9102/health/ready"]
//! CMD ["/mydaemon"]
//! ```
//!
//! Give Docker a longer `--timeout` than the command has (2 s), else Docker kills it, and keeps no line.
//!
//! # In an image of one binary
//!
//! A daemon can be its own health check: call [`run`] for one of its words.
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! fn main() -> ExitCode {
//!     let mut args = std::env::args_os().skip(1);
//!     if args.next().is_some_and(|word| word == "healthcheck") {
//!         return health_blocking::healthcheck::run(args);
//!     }
//!     // … the daemon
//!     ExitCode::SUCCESS
//! }
//! ```
//!
//! ```text
//! HEALTHCHECK CMD ["/mydaemon", "healthcheck", "http://127.0.0.1:9102/health/ready"]
//! ```

mod args;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use health_core::Class;

use crate::probe::{Prober, Report};
use args::{Order, Request};

/// How long the end waits for the line to be written.
const OUTPUT: Duration = Duration::from_secs(1);
/// The most bytes of the line, its end included.
const MOST: usize = 120;

/// Does what the arguments say (without the program's own name), prints the one line, and says how to
/// exit.
#[must_use]
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let (line, code) = answer(args);
    print(line);
    ExitCode::from(code)
}

/// On a thread of its own, so that an output that is full or closed does not change the exit code.
fn print(line: String) {
    let (done, written) = sync_channel(1);
    let thread = thread::Builder::new().spawn(move || {
        let _ = writeln!(std::io::stdout(), "{line}");
        let _ = done.send(());
    });
    if thread.is_ok() {
        let _ = written.recv_timeout(OUTPUT);
    }
}

/// As [`run`], but gives back the line, without its end, and the exit code.
#[must_use]
pub fn answer(args: impl IntoIterator<Item = OsString>) -> (String, u8) {
    match args::parse(args) {
        Ok(Order::Help) => (one_line(USAGE), 0),
        Ok(Order::Version) => (
            concat!("healthcheck ", env!("CARGO_PKG_VERSION")).to_owned(),
            0,
        ),
        Ok(Order::Probe(request)) => {
            let Request {
                probe,
                timeout,
                policy,
            } = *request;
            let report = Prober::new().policy(policy).probe(&probe, timeout);
            let line = one_line(&format!("{} {probe}", summary(&report)));
            (line, u8::from(!is_healthy(&report)))
        }
        Err(error) => (one_line(&format!("usage: {error}")), 2),
    }
}

const USAGE: &str = "healthcheck TARGET|exec [--timeout 2s] [--expect-status 200-399] \
                     [--header 'K: V'] [--contains TEXT] [-- CMD]";

fn is_healthy(report: &Report) -> bool {
    matches!(report.outcome.class, Class::Success | Class::Warning)
}

/// What matters most comes first: the line is cut at its end.
fn summary(report: &Report) -> String {
    let outcome = &report.outcome;
    let mut text = match outcome.class {
        Class::Success => "healthy".to_owned(),
        Class::Warning => format!("healthy, with a warning: {}", outcome.message.as_str()),
        Class::Failure => format!("unhealthy: {}", outcome.message.as_str()),
        Class::Indeterminate => format!("cannot tell: {}", outcome.message.as_str()),
    };
    // Writing to a text cannot fail.
    let _ = match report.took.as_millis() {
        0 => write!(text, " in {} us", report.took.as_micros()),
        millis => write!(text, " in {millis} ms"),
    };
    text
}

/// Cut between characters, control characters escaped: what a target's name holds must not move a
/// terminal's cursor.
fn one_line(text: &str) -> String {
    let mut line = String::new();
    for c in text.chars() {
        let shown = line.len();
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
        if line.len() > MOST - 1 {
            line.truncate(shown);
            break;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(one_line("a\nb\x1b[2J"), "a\\nb\\u{1b}[2J");
        assert_eq!(one_line(&"ä".repeat(100)).len(), 118);
        assert_eq!(one_line(&"x".repeat(200)).len(), 119);
        assert!(one_line(&format!("{}\n\n", "x".repeat(118))).len() < 120);
        assert!(USAGE.len() < MOST, "{}", USAGE.len());
    }
}
