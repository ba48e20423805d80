//! How far the first look at a long list has come.

use super::machine::Monitor;
use super::target::Target;
use crate::base::Class;
use crate::check::{Check, Mode};

/// Of those targets that are looked at, how many have been since the monitor began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FirstRound {
    /// All that are neither paused nor deregistered.
    pub total: usize,
    /// Those of which a result has come.
    pub done: usize,
    /// Those of them whose last one was a failure.
    pub failing: usize,
}

impl FirstRound {
    /// Whether all have been looked at.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.done == self.total
    }

    /// Counts one more target.
    pub fn add(&mut self, target: &Target) {
        let (mut is_watched, mut is_done, mut is_failing) = (false, false, false);
        for check in target.each() {
            is_watched |= !matches!(check.mode(), Mode::Inactive | Mode::Paused);
            if let Some(last) = last_class(check) {
                is_done = true;
                is_failing |= last == Class::Failure;
            }
        }
        // What has failed first and was taken off the list for it has been looked at.
        if is_done || is_watched && !target.is_deregistered() {
            self.total += 1;
            self.done += usize::from(is_done);
            self.failing += usize::from(is_failing);
        }
    }
}

impl Monitor {
    /// How many targets have been looked at. Walks all of them.
    #[must_use]
    pub fn first_round(&self) -> FirstRound {
        let mut round = FirstRound::default();
        for (_, target) in self.targets.iter() {
            round.add(target);
        }
        round
    }
}

fn last_class(check: &Check) -> Option<Class> {
    check.history().last().map(|record| record.class())
}
