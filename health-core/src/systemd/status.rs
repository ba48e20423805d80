//! The text of `STATUS=`: one line for people, which `systemctl status` shows.

use alloc::string::String;

use crate::base::Status;
use crate::health::{ComponentState, Phase, Snapshot};

/// The longest text. A whole message has to fit into 4,096 bytes.
const MAX_LEN: usize = 1_024;

/// How the daemon is and why, on one line: its phase, its status, and whatever is not healthy with its
/// public message.
///
/// ```
/// use health_core::{Instant, Outcome, Registry};
/// use health_core::systemd::status_text;
///
/// let now = Instant::default();
/// let mut registry = Registry::new("steering", "1.4.0", now);
/// let link = registry.component(now, "link", Default::default())?;
/// registry.set_running(now);
/// registry.record(now, link, Outcome::success());
/// assert_eq!(status_text(&registry.snapshot(now)), "running, healthy");
///
/// for _ in 0..3 {
///     registry.record(now, link, Outcome::failure_with_message("no carrier"));
/// }
/// assert_eq!(status_text(&registry.snapshot(now)), "running, unhealthy; link: no carrier");
/// # Ok::<(), health_core::NameError>(())
/// ```
#[must_use]
pub fn status_text(snapshot: &Snapshot) -> String {
    let phase = snapshot.phase();
    let mut text = String::from(phase.as_str());
    if phase == Phase::Running {
        text += ", ";
        text += snapshot.status(crate::ProbeKind::Health).as_str();
    }
    if phase > Phase::Running {
        return text;
    }
    for name in snapshot.stalled() {
        add(&mut text, name.as_str(), "no heartbeat");
    }
    let components = snapshot.components().iter();
    for component in components.filter(|it| it.status() != Status::Healthy) {
        add(&mut text, component.name().as_str(), reason(component));
    }
    for name in snapshot.pending() {
        add(&mut text, name.as_str(), "waited for");
    }
    text
}

fn reason(component: &ComponentState) -> &str {
    match component.message().as_str() {
        "" => component.status().as_str(),
        message => message,
    }
}

fn add(text: &mut String, name: &str, reason: &str) {
    // The rest would be cut anyway.
    if text.len() <= MAX_LEN {
        for part in ["; ", name, ": ", reason] {
            text.push_str(part);
        }
    }
}

/// The text as it may be sent: on one line, since a line is a message of its own, and not too long.
pub(super) fn on_one_line(text: &str) -> String {
    let mut line = String::new();
    for char in text.chars() {
        let char = if char.is_control() { ' ' } else { char };
        if line.len() + char.len_utf8() > MAX_LEN {
            break;
        }
        line.push(char);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message of a component is anybody's text: it must not become a message to the service manager.
    #[test]
    fn a_text_stays_on_its_line_and_within_its_length() {
        assert_eq!(on_one_line("a\nWATCHDOG=1\r\0b"), "a WATCHDOG=1  b");
        let long = on_one_line(&"\u{e9}".repeat(1_000));
        assert_eq!(long.len(), MAX_LEN);
    }
}
