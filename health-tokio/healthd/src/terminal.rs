//! Writes the log to standard error without ever waiting for it, with a last line on a terminal that is
//! written over.
//!
//! Standard error may be closed, full, or a pipe that nobody reads. Lines are handed to a thread of their
//! own through a queue of [`QUEUE`] lines: lines that find no place there or cannot be written are
//! dropped and counted. So neither a probe nor the end of the program ever waits for the log.
//!
//! `tracing-appender` does not do that: it does not count lines that cannot be written, and at the end it
//! waits without limit, or panics, if standard output is full or closed as well.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// Moves to the beginning of the line and clears it.
const CLEAR: &str = "\r\x1b[K";
/// Lines that wait to be written.
const QUEUE: usize = 8_192;
/// How long to wait before writing again to a non-blocking descriptor that is full.
const PAUSE: Duration = Duration::from_millis(50);

/// Where the log and the line that shows progress go, so that neither is written into the other.
#[derive(Debug)]
pub(super) struct Terminal {
    is_terminal: bool,
    queue: SyncSender<Piece>,
    lost: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Piece {
    /// A whole line of the log.
    Line(Vec<u8>),
    /// The new last line; empty clears it.
    Progress(String),
    /// Answered when everything before it is written.
    Flush(SyncSender<()>),
}

impl Terminal {
    /// Starts the thread that writes.
    ///
    /// # Errors
    ///
    /// The system allows no further thread.
    pub(super) fn new() -> io::Result<Self> {
        let is_dumb = std::env::var_os("TERM").is_none_or(|it| it == "dumb");
        let (queue, pieces) = sync_channel(QUEUE);
        let lost = Arc::default();
        let writer = Writer {
            lost: Arc::clone(&lost),
            progress: String::new(),
        };
        let thread = thread::Builder::new().name("log".to_owned());
        thread.spawn(move || writer.run(&pieces))?;
        Ok(Self {
            is_terminal: io::stderr().is_terminal() && !is_dumb,
            queue,
            lost,
        })
    }

    /// Whether the output is a terminal on which a line can be overwritten.
    pub(super) const fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Writes a line that is none of the log.
    pub(super) fn say(&self, line: &str) {
        // Never fails; it may be dropped.
        let _ = (&*self).write_all(format!("{line}\n").as_bytes());
    }

    /// Replaces the last line; empty clears it.
    pub(super) fn show(&self, line: String) {
        // If the queue is full, a later line replaces this one.
        let _ = self.queue.try_send(Piece::Progress(line));
    }

    /// Lines of the log that were dropped or could not be written.
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Waits until everything is written, but not longer than this.
    pub(super) fn flush(&self, limit: Duration) {
        let (done, written) = sync_channel(1);
        if self.queue.try_send(Piece::Flush(done)).is_ok() {
            let _ = written.recv_timeout(limit);
        }
    }
}

/// Takes whole lines of the log, and never fails: lines without a place in the queue are dropped.
impl Write for &Terminal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.queue.try_send(Piece::Line(bytes.to_vec())).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The other end of the queue.
struct Writer {
    lost: Arc<AtomicU64>,
    /// The last line as it is now.
    progress: String,
}

impl Writer {
    fn run(mut self, pieces: &Receiver<Piece>) {
        for piece in pieces {
            match piece {
                Piece::Line(line) => {
                    if self.line(&line).is_err() {
                        self.lost.fetch_add(1, Ordering::Relaxed);
                    }
                }
                Piece::Progress(line) => {
                    if line != self.progress {
                        let _ = write_all(format!("{CLEAR}{line}").as_bytes());
                        self.progress = line;
                    }
                }
                Piece::Flush(done) => {
                    let _ = done.try_send(());
                }
            }
        }
    }

    /// Writes it above the last line.
    fn line(&self, line: &[u8]) -> io::Result<()> {
        if self.progress.is_empty() {
            return write_all(line);
        }
        let parts = [CLEAR.as_bytes(), line, self.progress.as_bytes()];
        write_all(&parts.concat())
    }
}

/// As `Write::write_all`, also on a descriptor that another process has made non-blocking.
fn write_all(mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match io::stderr().write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(PAUSE),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Prints a line to standard output, without waiting for a reader.
pub(super) fn announce(line: String) {
    // Only this thread waits if the pipe is full.
    let thread = thread::Builder::new().name("stdout".to_owned());
    let _ = thread.spawn(move || writeln!(io::stdout(), "{line}"));
}
