//! How far the first look at a long list has come: a line on a terminal, else the log now and then.

use std::sync::Arc;
use std::time::{Duration, Instant};

use health_driver::monitor::MonitorControl;
use tracing::info;

use crate::terminal::Terminal;
use crate::text::thousands;

/// From one line of the log to the next.
const PAUSE: Duration = Duration::from_secs(10);
/// A list that takes no longer is not worth a word.
const SHORT: Duration = Duration::from_secs(1);

pub(super) struct Progress {
    terminal: Arc<Terminal>,
    began: Instant,
    /// The last line of the log.
    said: Option<Instant>,
    is_over: bool,
}

impl Progress {
    /// How often to look.
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

    pub(super) fn look(&mut self, controls: &MonitorControl) {
        if self.began.elapsed() < SHORT {
            return;
        }
        let round = controls.first_round();
        self.is_over = round.is_over();
        if self.is_over {
            self.clear();
            if self.said.is_some() {
                info!(
                    targets = round.total,
                    failing = round.failing,
                    "all checked once"
                );
            }
        } else if self.terminal.is_terminal() {
            let (done, total) = (thousands(round.done), thousands(round.total));
            let failing = thousands(round.failing);
            let line = format!("first checks: {done} of {total}, {failing} failing");
            self.terminal.show(line);
        } else if self.said.unwrap_or(self.began).elapsed() >= PAUSE {
            self.said = Some(Instant::now());
            info!(
                checked = round.done,
                of = round.total,
                failing = round.failing,
                "first checks"
            );
        }
    }

    fn clear(&self) {
        self.terminal.show(String::new());
    }
}

/// The line is gone when there is no more to say.
impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}
