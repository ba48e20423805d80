//! What `healthd run` reports to a service manager: ready as soon as each of its groups was, and their words.

use std::sync::Arc;

use health_tokio::Health;
use health_tokio::systemd::{Notifier, NotifierHandle, status_text};

use super::list::Groups;
use crate::config::GroupSettings;
use crate::daemon;

/// Begins to report. The start may take as long as the slowest group has to become ready; replicas that
/// are down later are healthd's own affair: the watchdog is told of its loop alone.
pub(super) fn begin(
    health: &Health,
    settings: &[GroupSettings],
    groups: Arc<Groups>,
) -> Option<NotifierHandle> {
    let limits = settings.iter().map(|it| it.config.ready_timeout);
    let notifier = Notifier::new(health)
        .ready_part_by_part()
        .start_limit(limits.max().unwrap_or_default())
        .status(move |snapshot| match groups.words() {
            // They have not been started.
            words if words.is_empty() => status_text(snapshot),
            words => words,
        });
    daemon::notify(notifier)
}
