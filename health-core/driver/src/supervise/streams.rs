//! The standard streams of this program as the output of groups.
//!
//! Nobody may be slowed down because ours is not read: lines wait in a queue per stream, of which a thread
//! writes. What finds no room there is dropped, and so is everything once the other side is closed. A disk
//! that is full is no end: what could not be written is lost, and what comes later is tried.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::output::{Output, OutputLine, OutputStream};

/// The most bytes that wait to be written to one stream.
const ROOM: usize = 1024 * 1024;
/// How long to wait before writing again to a descriptor that has failed, or is full and does not wait.
const PAUSE: Duration = Duration::from_millis(50);

/// Standard output and standard error of this program: each line goes to the one that it was written
/// to. Clones share them.
///
/// Nothing waits for who reads them: up to 1 MiB is kept for each, and the rest is dropped.
///
/// ```
/// use std::time::Duration;
/// use health_driver::supervise::{Output, OutputLine, OutputStream, Streams};
///
/// let streams = Streams::new();
/// let mut output = streams.output(Some("web"));
/// let bytes = b"it runs";
/// // Prints `web-2 | it runs`.
/// output.line(OutputLine { replica: 2, instance: 1, stream: OutputStream::Stdout, bytes });
/// streams.flush(Duration::from_secs(1));
/// ```
#[derive(Clone, Debug)]
pub struct Streams(Arc<Queues>);

#[derive(Debug)]
struct Queues([Arc<Queue>; 2]);

#[derive(Debug)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    dropped: AtomicU64,
    /// `None`: the stream was closed from the start.
    target: Option<OwnedFd>,
}

#[derive(Debug, Default)]
struct State {
    /// Whole lines.
    waiting: Vec<u8>,
    /// Bytes that are being written.
    writing: usize,
    has_thread: bool,
    /// Nobody writes to it any more.
    is_closed: bool,
    /// Nothing can be written to it any more.
    is_broken: bool,
}

impl Streams {
    /// The streams as they are now.
    #[must_use]
    pub fn new() -> Self {
        let output = io::stdout().as_fd().try_clone_to_owned();
        let errors = io::stderr().as_fd().try_clone_to_owned();
        Self::to([output.ok(), errors.ok()])
    }

    fn to(targets: [Option<OwnedFd>; 2]) -> Self {
        Self(Arc::new(Queues(targets.map(|it| Arc::new(Queue::new(it))))))
    }

    /// An output for one group. With its name, `NAME-INDEX | ` is put before each line.
    pub fn output(&self, prefix: Option<&str>) -> impl Output + use<> {
        Prefixed {
            streams: self.clone(),
            name: prefix.map(str::to_owned),
            line: Vec::new(),
        }
    }

    /// Waits until everything is written, but not longer than this; false if something is left.
    pub fn flush(&self, limit: Duration) -> bool {
        let until = Instant::now() + limit;
        let mut queues = self.0.0.iter();
        queues.all(|queue| queue.flush(until))
    }

    /// How many lines found no room, or were not written because the stream is closed.
    #[must_use]
    pub fn dropped_lines(&self) -> u64 {
        let queues = self.0.0.iter();
        queues.map(|it| it.dropped.load(Ordering::Relaxed)).sum()
    }
}

impl Default for Streams {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Queues {
    fn drop(&mut self) {
        for queue in &self.0 {
            queue.lock().is_closed = true;
            queue.changed.notify_all();
        }
    }
}

#[derive(Debug)]
struct Prefixed {
    streams: Streams,
    name: Option<String>,
    line: Vec<u8>,
}

impl Output for Prefixed {
    fn line(&mut self, line: OutputLine<'_>) {
        self.line.clear();
        if let Some(name) = &self.name {
            self.line
                .extend(format!("{name}-{} | ", line.replica).as_bytes());
        }
        self.line.extend(line.bytes);
        self.line.push(b'\n');
        let [output, errors] = &self.streams.0.0;
        let queue = match line.stream {
            OutputStream::Stdout => output,
            OutputStream::Stderr => errors,
        };
        queue.push(&self.line);
    }
}

impl Queue {
    fn new(target: Option<OwnedFd>) -> Self {
        Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            dropped: AtomicU64::new(0),
            target,
        }
    }

    fn push(self: &Arc<Self>, line: &[u8]) {
        let mut state = self.lock();
        let used = state.waiting.len() + state.writing;
        if state.is_broken || self.target.is_none() || used + line.len() > ROOM {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        state.waiting.extend(line);
        if !state.has_thread {
            let queue = Arc::clone(self);
            let thread = thread::Builder::new().name("output".into());
            // Without one, the next line tries again.
            state.has_thread = thread.spawn(move || queue.work()).is_ok();
        }
        drop(state);
        self.changed.notify_all();
    }

    fn flush(&self, until: Instant) -> bool {
        let mut state = self.lock();
        loop {
            if state.is_empty() {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The thread that writes.
    fn work(&self) {
        let mut lines = Vec::new();
        // The last line that was written has no end.
        let mut is_cut = false;
        let mut state = self.lock();
        loop {
            if state.waiting.is_empty() {
                if state.is_closed {
                    return;
                }
                let waited = self.changed.wait(state);
                state = waited.unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            std::mem::swap(&mut lines, &mut state.waiting);
            state.writing = lines.len();
            drop(state);
            is_cut = is_cut && self.write(b"\n").1.is_some();
            let (count, failure) = self.write(&lines);
            is_cut = lines[..count].last().map_or(is_cut, |it| *it != b'\n');
            let is_closed = failure.is_some_and(is_closed);
            if failure.is_some() && !is_closed {
                thread::sleep(PAUSE);
            }
            state = self.lock();
            state.writing = 0;
            self.count_dropped(&lines[count..]);
            if is_closed {
                state.is_broken = true;
                self.count_dropped(&state.waiting);
                state.waiting.clear();
            }
            lines.clear();
            self.changed.notify_all();
        }
    }

    /// How much was written, and why not everything.
    fn write(&self, bytes: &[u8]) -> (usize, Option<Errno>) {
        let mut count = 0;
        while let Some(target) = self.target.as_ref().filter(|_| count < bytes.len()) {
            match rustix::io::write(target, &bytes[count..]) {
                Ok(more) => count += more,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => thread::sleep(PAUSE),
                Err(failure) => return (count, Some(failure)),
            }
        }
        (count, None)
    }

    /// These are not written.
    fn count_dropped(&self, lines: &[u8]) {
        let count = lines.iter().filter(|byte| **byte == b'\n').count();
        self.dropped.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// No author's code runs under the lock, so a poisoned one holds a state as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether nobody will ever read what is written; else it may be tried again.
fn is_closed(failure: Errno) -> bool {
    matches!(
        failure,
        Errno::PIPE | Errno::BADF | Errno::CONNRESET | Errno::NOTCONN
    )
}

impl State {
    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.writing == 0
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read;
    use std::os::unix::net::UnixDatagram;

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn line(stream: OutputStream, bytes: &[u8]) -> OutputLine<'_> {
        OutputLine {
            replica: 7,
            instance: 1,
            stream,
            bytes,
        }
    }

    fn pipes() -> (Streams, [File; 2]) {
        let pair = || crate::process::closed_on_exec().expect("descriptors");
        let ((output, to_output), (errors, to_errors)) = (pair(), pair());
        let streams = Streams::to([Some(to_output), Some(to_errors)]);
        (streams, [output.into(), errors.into()])
    }

    fn rest(mut file: File) -> String {
        let mut text = String::new();
        file.read_to_string(&mut text).expect("it is text");
        text
    }

    #[test]
    fn each_line_goes_where_it_was_written_to() {
        let (streams, [output, errors]) = pipes();
        let mut named = streams.output(Some("web"));
        named.line(line(OutputStream::Stdout, b"out"));
        named.line(line(OutputStream::Stderr, b"err"));
        streams
            .output(None)
            .line(line(OutputStream::Stdout, b"bare"));
        assert!(streams.flush(LONG));
        drop((streams, named));
        assert_eq!(rest(output), "web-7 | out\nbare\n");
        assert_eq!(rest(errors), "web-7 | err\n");
    }

    #[test]
    fn nobody_waits_for_who_does_not_read() {
        let (streams, [output, errors]) = pipes();
        let mut to = streams.output(None);
        let long = vec![b'x'; 16 * 1024 - 1];
        for _ in 0..1_000 {
            to.line(line(OutputStream::Stdout, &long));
        }
        assert!(!streams.flush(Duration::from_millis(1)));
        let dropped = streams.dropped_lines();
        // All but 1 MiB, and but what the pipe took.
        assert!((800..=936).contains(&dropped), "{dropped}");
        to.line(line(OutputStream::Stderr, b"err"));
        drop((streams, to));
        assert_eq!(rest(errors), "err\n");
        let kept = rest(output).len() as u64;
        assert_eq!(
            kept,
            (1_000 - dropped) * 16 * 1024,
            "the rest is whole lines"
        );
    }

    /// As on a disk that was full: here it is a datagram that is too long.
    #[test]
    fn what_fails_once_is_tried_with_the_next_line() {
        let (output, to_output) = UnixDatagram::pair().expect("a pair");
        let streams = Streams::to([Some(to_output.into()), None]);
        let mut to = streams.output(None);
        to.line(line(OutputStream::Stdout, &vec![b'x'; ROOM - 1]));
        assert!(streams.flush(LONG));
        assert_eq!(streams.dropped_lines(), 1);
        to.line(line(OutputStream::Stdout, b"again"));
        assert!(streams.flush(LONG));
        assert_eq!(streams.dropped_lines(), 1);
        let mut buffer = [0; 16];
        let count = output.recv(&mut buffer).expect("a line");
        assert_eq!(&buffer[..count], b"again\n");
    }

    /// `/dev/full` fails as a full disk does, for ever.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_ends_nothing() {
        let full = File::options()
            .write(true)
            .open("/dev/full")
            .expect("it is there");
        let streams = Streams::to([Some(full.into()), None]);
        let mut to = streams.output(None);
        for dropped in 1..=3 {
            to.line(line(OutputStream::Stdout, b"lost"));
            assert!(streams.flush(LONG));
            assert_eq!(streams.dropped_lines(), dropped);
        }
    }

    #[test]
    fn nobody_minds_who_is_gone() {
        let (streams, [output, _errors]) = pipes();
        drop(output);
        let mut to = streams.output(None);
        for _ in 0..10 {
            to.line(line(OutputStream::Stdout, b"lost"));
        }
        assert!(streams.flush(LONG));
        assert_eq!(streams.dropped_lines(), 10);
        let closed = Streams::to([None, None]);
        closed
            .output(None)
            .line(line(OutputStream::Stdout, b"lost"));
        assert!(closed.flush(LONG));
        assert_eq!(closed.dropped_lines(), 1);
    }
}
