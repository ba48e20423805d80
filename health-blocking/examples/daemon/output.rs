//! Prints lines without ever waiting for who reads them.
//!
//! Standard output and standard error may be closed, full, or a pipe that nobody reads. A daemon drains
//! and ends all the same: lines are handed to a thread, and lost if they cannot be written.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// Lines that wait to be written; one more is lost.
const QUEUE: usize = 256;
/// How long the end of the daemon waits for its last lines to be written.
const FLUSH: Duration = Duration::from_millis(500);

/// The way to standard output and standard error. Dropped, it waits a moment for what is left.
pub(crate) struct Output {
    queue: SyncSender<Piece>,
}

enum Piece {
    Out(String),
    Err(String),
    /// Answered when everything before it is written.
    Flush(SyncSender<()>),
}

impl Output {
    /// # Errors
    ///
    /// The system allows no further thread.
    pub(crate) fn start() -> io::Result<Self> {
        let (queue, pieces) = sync_channel(QUEUE);
        let thread = thread::Builder::new().name("output".to_owned());
        thread.spawn(move || write(&pieces))?;
        Ok(Self { queue })
    }

    /// A line for programs, on standard output.
    pub(crate) fn print(&self, line: String) {
        let _ = self.queue.try_send(Piece::Out(line));
    }

    /// A line for people, on standard error.
    pub(crate) fn log(&self, line: impl Into<String>) {
        let _ = self.queue.try_send(Piece::Err(line.into()));
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        let (done, written) = sync_channel(1);
        if self.queue.try_send(Piece::Flush(done)).is_ok() {
            let _ = written.recv_timeout(FLUSH);
        }
    }
}

fn write(pieces: &Receiver<Piece>) {
    for piece in pieces {
        // A line that nobody takes is lost.
        let _ = match piece {
            Piece::Out(line) => writeln!(io::stdout(), "{line}"),
            Piece::Err(line) => writeln!(io::stderr(), "{line}"),
            Piece::Flush(done) => {
                let _ = done.try_send(());
                Ok(())
            }
        };
    }
}
