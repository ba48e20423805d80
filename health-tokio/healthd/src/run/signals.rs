//! The signals that healthd gets, and what each of them asks for.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The same signal again within this time is the same wish: `timeout` and others send one to the process
/// and one to its group, microseconds apart; a person or a script that asks a second time takes longer.
const ECHO: Duration = Duration::from_millis(5);

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// To stop; the second time, to end everything at once.
    Stop,
    /// To end everything at once.
    Force,
    /// To be passed on to the replicas.
    Forward,
}

/// All signals that are taken. They no longer end the process as soon as this exists.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
    hangup: Signal,
    user1: Signal,
    user2: Signal,
    window: Signal,
    /// Its end is then what HUP means.
    is_on_terminal: bool,
    /// The last one, and when it came.
    last: Option<(Number, Instant)>,
}

impl Signals {
    /// # Errors
    ///
    /// The system does not let a signal be taken.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            hangup: signal(SignalKind::hangup())?,
            user1: signal(SignalKind::user_defined1())?,
            user2: signal(SignalKind::user_defined2())?,
            window: signal(SignalKind::window_change())?,
            is_on_terminal: io::stderr().is_terminal(),
            last: None,
        })
    }

    /// The next one, by its number, and what it asks for.
    pub(super) async fn recv(&mut self) -> (i32, Wish) {
        loop {
            let (number, now) = (self.next().await, Instant::now());
            let wish = wish(number, self.is_on_terminal);
            let last = self.last.replace((number, now));
            if wish != Wish::Stop || !is_echo(last, number, now) {
                return (number.as_raw(), wish);
            }
        }
    }

    /// Ready when one asks for the end, however.
    pub(super) async fn recv_end(&mut self) {
        while self.recv().await.1 == Wish::Forward {}
    }

    async fn next(&mut self) -> Number {
        tokio::select! {
            _ = self.terminate.recv() => Number::TERM,
            _ = self.interrupt.recv() => Number::INT,
            _ = self.quit.recv() => Number::QUIT,
            _ = self.hangup.recv() => Number::HUP,
            _ = self.user1.recv() => Number::USR1,
            _ = self.user2.recv() => Number::USR2,
            _ = self.window.recv() => Number::WINCH,
        }
    }
}

fn is_echo(last: Option<(Number, Instant)>, number: Number, now: Instant) -> bool {
    last.is_some_and(|(last, at)| last == number && now.duration_since(at) < ECHO)
}

fn wish(number: Number, is_on_terminal: bool) -> Wish {
    match number {
        Number::TERM | Number::INT => Wish::Stop,
        Number::HUP if is_on_terminal => Wish::Stop,
        Number::QUIT => Wish::Force,
        _ => Wish::Forward,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_sent_twice_at_once_is_one() {
        let now = Instant::now();
        let last = Some((Number::TERM, now));
        assert!(!is_echo(None, Number::TERM, now));
        assert!(is_echo(last, Number::TERM, now));
        assert!(!is_echo(last, Number::INT, now), "of another hand");
        assert!(!is_echo(last, Number::TERM, now + ECHO), "asked again");
    }

    #[test]
    fn hangup_is_the_end_of_a_terminal_or_else_for_the_replicas() {
        for (number, on_terminal, elsewhere) in [
            (Number::TERM, Wish::Stop, Wish::Stop),
            (Number::INT, Wish::Stop, Wish::Stop),
            (Number::QUIT, Wish::Force, Wish::Force),
            (Number::HUP, Wish::Stop, Wish::Forward),
            (Number::USR1, Wish::Forward, Wish::Forward),
            (Number::USR2, Wish::Forward, Wish::Forward),
            (Number::WINCH, Wish::Forward, Wish::Forward),
        ] {
            assert_eq!(wish(number, true), on_terminal, "{number:?}");
            assert_eq!(wish(number, false), elsewhere, "{number:?}");
        }
    }
}
