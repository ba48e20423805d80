//! Where the lines of a group go.

use std::fmt;

use health_core::Instant;
use health_core::supervise::InstanceId;

use super::rate::{LogRate, Rate};
use crate::guard::catch;

/// Takes what the processes of a group write, line by line.
///
/// It is called on the one thread that reads all processes, so it must not wait for anything. A panic
/// loses the line.
pub trait Output: Send {
    /// Takes a line.
    fn line(&mut self, line: OutputLine<'_>);
}

/// A line that a process has written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputLine<'a> {
    /// The index of its replica.
    pub replica: u16,
    /// The number of its instance.
    pub instance: u64,
    /// Where it was written to; standard error for a notice such as `12 lines dropped`.
    pub stream: OutputStream,
    /// The line without its end, at most 16 KiB: a longer one comes in pieces.
    pub bytes: &'a [u8],
}

/// A stream of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl OutputStream {
    pub(super) const BOTH: [Self; 2] = [Self::Stdout, Self::Stderr];
}

/// An output behind the limit of lines.
pub(super) struct Sink {
    output: Box<dyn Output>,
    limit: LogRate,
    rates: Vec<Rate>,
}

impl Sink {
    pub(super) fn new(output: Box<dyn Output>, limit: LogRate, replicas: u16) -> Self {
        Self {
            output,
            limit,
            rates: (0..replicas).map(|_| Rate::default()).collect(),
        }
    }

    /// Passes a line on; false if it was dropped.
    pub(super) fn line(
        &mut self,
        now: Instant,
        id: InstanceId,
        stream: OutputStream,
        bytes: &[u8],
    ) -> bool {
        self.handle_timeout(now, id);
        let limit = self.limit;
        let is_passed = self.rate(id).is_none_or(|rate| rate.take(now, limit));
        if is_passed {
            self.pass(id, stream, bytes);
        }
        is_passed
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to say.
    pub(super) fn due(&self, id: InstanceId) -> Option<Instant> {
        self.rates.get(usize::from(id.replica))?.due()
    }

    /// Says what was dropped, if the period is over.
    pub(super) fn handle_timeout(&mut self, now: Instant, id: InstanceId) {
        let dropped = self.rate(id).and_then(|rate| rate.take_due(now));
        self.say(id, dropped);
    }

    /// Says what was dropped, since the instance is over.
    pub(super) fn finish(&mut self, id: InstanceId) {
        let dropped = self.rate(id).and_then(Rate::take_dropped);
        self.say(id, dropped);
    }

    fn rate(&mut self, id: InstanceId) -> Option<&mut Rate> {
        self.rates.get_mut(usize::from(id.replica))
    }

    fn say(&mut self, id: InstanceId, dropped: Option<u64>) {
        if let Some(dropped) = dropped {
            let notice = format!("{dropped} lines dropped");
            self.pass(id, OutputStream::Stderr, notice.as_bytes());
        }
    }

    fn pass(&mut self, id: InstanceId, stream: OutputStream, bytes: &[u8]) {
        let line = OutputLine {
            replica: id.replica,
            instance: id.number,
            stream,
            bytes,
        };
        let _ = catch(|| self.output.line(line));
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<String>>>);

    impl Output for Kept {
        fn line(&mut self, line: OutputLine<'_>) {
            let text = String::from_utf8_lossy(line.bytes);
            assert_ne!(text, "panic");
            let mut kept = self.0.lock().expect("it panics outside");
            kept.push(format!("{} {:?} {text}", line.replica, line.stream));
        }
    }

    #[test]
    fn what_is_dropped_is_said_at_the_end_of_the_period_and_of_the_instance() {
        let kept = Kept::default();
        let limit = LogRate {
            lines: 2,
            period: Duration::from_secs(30),
        };
        let mut sink = Sink::new(Box::new(kept.clone()), limit, 2);
        let at = |secs| Instant::default() + Duration::from_secs(secs);
        let id = |replica| InstanceId { replica, number: 1 };
        for (replica, lines) in [(0, 5), (1, 2)] {
            for index in 0..lines {
                let is_passed = sink.line(at(1), id(replica), OutputStream::Stdout, b"x");
                assert_eq!(is_passed, index < 2);
            }
        }
        assert_eq!((sink.due(id(0)), sink.due(id(1))), (Some(at(31)), None));
        sink.handle_timeout(at(31), id(0));
        sink.finish(id(0));
        sink.line(at(40), id(1), OutputStream::Stdout, b"y");
        for _ in 0..4 {
            sink.line(at(41), id(1), OutputStream::Stderr, b"z");
        }
        sink.finish(id(1));
        let kept = kept.0.lock().expect("nobody panics");
        let expected = [
            "0 Stdout x",
            "0 Stdout x",
            "1 Stdout x",
            "1 Stdout x",
            "0 Stderr 3 lines dropped",
            "1 Stdout y",
            "1 Stderr z",
            "1 Stderr 3 lines dropped",
        ];
        assert_eq!(*kept, expected);
    }

    #[test]
    fn a_panic_loses_a_line() {
        let kept = Kept::default();
        let mut sink = Sink::new(Box::new(kept.clone()), LogRate::default(), 1);
        let id = InstanceId {
            replica: 0,
            number: 1,
        };
        for bytes in [&b"panic"[..], b"on"] {
            sink.line(Instant::default(), id, OutputStream::Stdout, bytes);
        }
        let kept = kept.0.lock().expect("it panics outside");
        assert_eq!(*kept, ["0 Stdout on"]);
    }
}
