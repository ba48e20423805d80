//! What outlives a process.

use super::super::batch::{CheckChange, TransitionRow};
use super::super::notices::Told;
use super::{Flap, Notified, Sent};
use crate::check::CheckStatus;

impl Notified {
    /// A notice has said this, in an earlier process.
    pub(in crate::monitor::registry) fn restore(
        &mut self,
        order: u64,
        transition: TransitionRow,
        is_in_mass: bool,
    ) {
        self.order = order;
        self.said = Some(transition.clone());
        if let CheckChange::Deregistered | CheckChange::AnswersAgain = transition.change {
            self.is_in_mass = false;
            // Healthy only when this check is, too.
            self.down.entry(transition.check.clone()).or_default();
            if transition.change == CheckChange::AnswersAgain {
                self.sent = Sent::AnswersAgain;
                self.answers = Some(transition);
            } else {
                self.sent = self.sent.max(Sent::Deregistered);
                self.deregistered = Some(transition);
            }
            return;
        }
        if self.sent == Sent::Healthy {
            self.sent = Sent::Unhealthy;
            self.is_in_mass = is_in_mass;
        }
        self.sent_checks.insert(transition.check.clone());
        if matches!(
            transition.change,
            CheckChange::Status {
                to: CheckStatus::Unhealthy,
                ..
            }
        ) {
            self.down.insert(transition.check.clone(), Some(transition));
        }
    }

    /// A notice has said in an earlier process that it is flapping.
    pub(in crate::monitor::registry) fn restore_flapping(
        &mut self,
        order: u64,
        transition: TransitionRow,
    ) {
        self.order = order;
        self.flap = Flap::On(transition);
    }

    /// What [`restore`](Self::restore) has to be given for another process to go on from here.
    pub(in crate::monitor::registry) fn told(&self) -> Told {
        let mut told = Told::default();
        if let Flap::On(transition) | Flap::Ends(transition) = &self.flap {
            told.flapping = Some(transition.clone());
        }
        if self.sent == Sent::Healthy {
            return told;
        }
        let off = match self.sent {
            Sent::AnswersAgain => self.answers.as_ref(),
            _ => self.deregistered.as_ref(),
        };
        told.sent.extend(off.cloned());
        let down = self.down.iter();
        let down = down.filter(|(name, _)| self.sent_checks.contains(*name));
        told.sent.extend(down.filter_map(|(_, it)| it.clone()));
        if told.sent.is_empty() {
            // Well again, or judged afresh, of which nothing was said.
            let said = self.said.clone().map(|it| TransitionRow {
                change: CheckChange::Status {
                    from: CheckStatus::Healthy,
                    to: CheckStatus::Unhealthy,
                },
                ..it
            });
            told.sent.extend(said);
        }
        told
    }
}
