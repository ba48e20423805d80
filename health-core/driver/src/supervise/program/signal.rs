//! Names of signals.

use rustix::process::Signal;

/// The signal of this name, with or without `SIG`, or number.
pub(super) fn of_name(name: &str) -> Option<Signal> {
    let name = name.to_ascii_uppercase();
    if let Ok(number) = name.parse() {
        return Signal::from_named_raw(number);
    }
    let name = name.strip_prefix("SIG").unwrap_or(&name);
    let found = SIGNALS.iter().find(|(it, _)| *it == name);
    found.map(|(_, signal)| *signal)
}

/// Signals that a process may be asked to end by.
const SIGNALS: [(&str, Signal); 12] = [
    ("ABRT", Signal::ABORT),
    ("ALRM", Signal::ALARM),
    ("CONT", Signal::CONT),
    ("HUP", Signal::HUP),
    ("INT", Signal::INT),
    ("KILL", Signal::KILL),
    ("QUIT", Signal::QUIT),
    ("TERM", Signal::TERM),
    ("TSTP", Signal::TSTP),
    ("USR1", Signal::USR1),
    ("USR2", Signal::USR2),
    ("WINCH", Signal::WINCH),
];
