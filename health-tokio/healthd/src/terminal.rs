//! Standard error, with a last line on a terminal that is written over.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// To the beginning of the line, and nothing behind it.
const CLEAR: &str = "\r\x1b[K";

/// Where the log and the line that shows progress go, so that neither is written into the other.
#[derive(Debug)]
pub(super) struct Terminal {
    is_terminal: bool,
    /// What stands on the last line now.
    line: Mutex<String>,
}

impl Terminal {
    pub(super) fn new() -> Self {
        let is_dumb = std::env::var_os("TERM").is_none_or(|it| it == "dumb");
        Self {
            is_terminal: io::stderr().is_terminal() && !is_dumb,
            line: Mutex::default(),
        }
    }

    /// Whether there is a line to write over.
    pub(super) const fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Shows this on the last line, in place of what stands there; empty clears it.
    pub(super) fn show(&self, line: String) {
        let mut shown = self.lock();
        if *shown != line {
            let _ = write!(io::stderr(), "{CLEAR}{line}");
            *shown = line;
        }
    }

    fn lock(&self) -> MutexGuard<'_, String> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whole lines of the log, above the last line.
impl Write for &Terminal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = self.lock();
        if line.is_empty() {
            return io::stderr().write(bytes);
        }
        let mut all = CLEAR.as_bytes().to_vec();
        all.extend_from_slice(bytes);
        all.extend_from_slice(line.as_bytes());
        io::stderr().write_all(&all)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
