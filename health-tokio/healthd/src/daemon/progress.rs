//! Reports how many of many targets had their first result: a line on a terminal, else in the log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use health_driver::monitor::MonitorControl;
use tracing::info;

use crate::terminal::Terminal;
use crate::text::thousands;

/// From one line of the log to the next.
const PAUSE: Duration = Duration::from_secs(10);
/// If the first round takes no longer, nothing is reported.
const SHORT: Duration = Duration::from_secs(1);

pub(super) struct Progress {
    terminal: Arc<Terminal>,
    began: Instant,
    /// The last line of the log.
    said: Option<Instant>,
    is_over: bool,
}

impl Progress {
    /// How often to update it.
    pub(super) fn tick(&self) -> Duration {
        Duration::from_millis(if self.terminal.is_terminal() {
            200
        } else {
            1_000
        })
    }

    pub(super) fn new(terminal: Arc<Terminal>) -> Self {
        Self {
            terminal,
            began: Instant::now(),
            said: None,
            is_over: false,
        }
    }

    pub(super) const fn is_over(&self) -> bool {
        self.is_over
    }

    pub(super) fn update(&mut self, controls: &MonitorControl) {
        if self.began.elapsed() < SHORT {
            return;
        }
        let first = controls.first_results();
        self.is_over = first.is_complete();
        if self.is_over {
            self.clear();
            if self.said.is_some() {
                info!(
                    targets = first.total,
                    failing = first.failing,
                    "all checked once"
                );
            }
        } else if self.terminal.is_terminal() {
            let (done, total) = (thousands(first.received), thousands(first.total));
            let failing = thousands(first.failing);
            let line = format!("first checks: {done} of {total}, {failing} failing");
            self.terminal.show(line);
        } else if self.said.unwrap_or(self.began).elapsed() >= PAUSE {
            self.said = Some(Instant::now());
            info!(
                checked = first.received,
                of = first.total,
                failing = first.failing,
                "first checks"
            );
        }
    }

    fn clear(&self) {
        self.terminal.show(String::new());
    }
}

/// Clears the line.
impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}
