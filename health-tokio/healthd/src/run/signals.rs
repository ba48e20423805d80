//! The signals that healthd gets, and what each of them asks for.

use std::io::{self, IsTerminal};

use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal, SignalKind, signal};

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
        })
    }

    /// The next one, by its number, and what it asks for.
    pub(super) async fn recv(&mut self) -> (i32, Wish) {
        let number = tokio::select! {
            _ = self.terminate.recv() => Number::TERM,
            _ = self.interrupt.recv() => Number::INT,
            _ = self.quit.recv() => Number::QUIT,
            _ = self.hangup.recv() => Number::HUP,
            _ = self.user1.recv() => Number::USR1,
            _ = self.user2.recv() => Number::USR2,
            _ = self.window.recv() => Number::WINCH,
        };
        (number.as_raw(), wish(number, self.is_on_terminal))
    }
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
