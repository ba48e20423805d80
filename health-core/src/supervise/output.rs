//! What an instance has written, kept for whoever asks why it ended.

use core::fmt;

use crate::base::Capture;

/// The beginning and the end of what a process has written to its two streams.
///
/// A short output is shown as it came, both streams in one text. Of a longer one each stream is shown by
/// itself, with its own beginning and end: a flood on one of them must not push out the last words on the
/// other, which most often say why the process ended. Its text has at most 8,400 bytes, and it holds at
/// most 24 KiB.
///
/// ```
/// use health_core::supervise::ProcessOutput;
///
/// let mut output = ProcessOutput::new();
/// output.push_stdout(b"listening\n");
/// output.push_stderr(b"out of memory\n");
/// assert_eq!(output.to_string(), "listening\nout of memory\n");
///
/// output.push_stdout(&b"working\n".repeat(1_000));
/// let text = output.to_string();
/// assert!(text.starts_with("standard output:\nlistening\nworking\n"));
/// assert!(text.ends_with("working\nstandard error:\nout of memory\n"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessOutput {
    /// In the order in which it came.
    both: Capture,
    stdout: Capture,
    stderr: Capture,
}

impl ProcessOutput {
    /// Nothing written yet. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            both: Capture::new(),
            stdout: Capture::new(),
            stderr: Capture::new(),
        }
    }

    /// Adds the next bytes of standard output.
    pub fn push_stdout(&mut self, bytes: &[u8]) {
        self.both.push(bytes);
        self.stdout.push(bytes);
    }

    /// Adds the next bytes of standard error.
    pub fn push_stderr(&mut self, bytes: &[u8]) {
        self.both.push(bytes);
        self.stderr.push(bytes);
    }
}

impl fmt::Display for ProcessOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_of_one = self.stdout.total() == 0 || self.stderr.total() == 0;
        if is_of_one || self.both.is_whole() {
            return self.both.fmt(f);
        }
        writeln!(f, "standard output:\n{}", Line(&self.stdout))?;
        write!(f, "standard error:\n{}", self.stderr)
    }
}

/// A text without the end of its last line.
struct Line<'a>(&'a Capture);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use alloc::string::ToString;
        let text = self.0.to_string();
        f.write_str(text.strip_suffix('\n').unwrap_or(&text))
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_flood_on_one_stream_leaves_the_last_words_on_the_other() {
        let flood = b"y\n".repeat(10_000);
        let mut output = ProcessOutput::new();
        output.push_stderr(b"cannot bind: address in use\n");
        output.push_stdout(&flood);
        assert!(
            output
                .to_string()
                .ends_with("\nstandard error:\ncannot bind: address in use\n")
        );

        let mut output = ProcessOutput::new();
        output.push_stdout(b"stopping: disk full");
        output.push_stderr(&flood);
        let beginning = "standard output:\nstopping: disk full\nstandard error:\ny\n";
        assert!(output.to_string().starts_with(beginning), "{output}");
    }

    #[test]
    fn a_long_output_of_one_stream_needs_no_heading() {
        let mut output = ProcessOutput::new();
        output.push_stderr(&b"y\n".repeat(10_000));
        assert!(output.to_string().starts_with("y\ny\n"));
        assert!(output.to_string().len() < 4_200);
    }
}
