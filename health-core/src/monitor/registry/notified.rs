//! How one target is, compared with what notices have said of it.

mod kept;

use alloc::collections::{BTreeMap, BTreeSet};
use core::mem;

use super::batch::{CheckChange, TransitionRow};
use super::flapping::FlappingChange;
use super::notice::NoticeKind;
use crate::base::Instant;
use crate::base::Name;

/// What is known of a target that is not healthy, or that no notice has said yet to be healthy again.
#[derive(Debug, Default)]
pub(super) struct Notified {
    sent: Sent,
    /// Checks of which a notice has said that they are unhealthy.
    sent_checks: BTreeSet<Name>,
    /// It became unhealthy in a mass failure, whose notices say how it goes on.
    is_in_mass: bool,
    /// Its checks that are unhealthy; `None`: judged afresh, and not healthy yet.
    down: BTreeMap<Name, Option<TransitionRow>>,
    deregistered: Option<TransitionRow>,
    /// It is deregistered, and answers again.
    answers: Option<TransitionRow>,
    /// See [`take_outage`](Self::take_outage).
    outage: Option<TransitionRow>,
    /// The last check that became healthy.
    healthy: Option<TransitionRow>,
    /// When it changed last, among all changes.
    order: u64,
    /// Until then it is not told to be unhealthy.
    held_until: Option<Instant>,
    flap: Flap,
    /// What the last notice that names it has named of it.
    said: Option<TransitionRow>,
    /// It is paused or silenced: nothing is sent of it.
    is_quiet: bool,
}

/// Where notices are with a target that turns again and again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Flap {
    #[default]
    Steady,
    /// To be told.
    Begins(TransitionRow),
    /// Told: until it is over, nothing else is.
    On(TransitionRow),
    /// To be told.
    Ends(TransitionRow),
}

/// What would be [told](Notified::told) differs if this does.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mark(Sent, usize, bool);

/// What the last notice that names it has said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Sent {
    /// That it is healthy, if there was any.
    #[default]
    Healthy,
    Unhealthy,
    Deregistered,
    AnswersAgain,
}

/// Where notices are with a mass failure.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stage {
    /// There is none, or nobody is unhealthy by it.
    Off,
    /// Its first notice is sent now.
    Begins,
    On {
        /// An update may be sent now.
        is_update: bool,
    },
    /// Its last notice is sent now.
    Ends,
}

/// What there is to send of a target.
#[derive(Debug)]
pub(super) enum Next {
    Nothing,
    /// Something, in the next update of the mass failure.
    Later,
    Send(NoticeKind, TransitionRow),
}

impl Notified {
    /// It has begun to flap, or is steady again. False if there is nothing to send.
    pub(super) fn flap(&mut self, order: u64, change: &FlappingChange) -> bool {
        self.order = order;
        let transition = change.transition.clone();
        self.flap = match (&self.flap, change.is_flapping) {
            (Flap::On(_) | Flap::Ends(_), true) => Flap::On(transition),
            (Flap::Steady | Flap::Begins(_), true) => Flap::Begins(transition),
            (Flap::On(_) | Flap::Ends(_), false) => Flap::Ends(transition),
            (Flap::Steady | Flap::Begins(_), false) => Flap::Steady,
        };
        matches!(self.flap, Flap::Begins(_) | Flap::Ends(_))
    }

    /// A check became unhealthy, or had the target deregistered. If no notice has said so, one does from
    /// `due` on.
    pub(super) fn fail(&mut self, order: u64, transition: TransitionRow, due: Instant) {
        self.order = order;
        if self.sent == Sent::Healthy {
            self.held_until.get_or_insert(due);
        }
        if transition.change == CheckChange::Deregistered {
            self.deregistered = Some(transition);
        } else {
            self.down.insert(transition.check.clone(), Some(transition));
        }
    }

    /// It is deregistered, and each of its checks has succeeded at its last recheck.
    pub(super) fn answer(&mut self, order: u64, transition: TransitionRow) {
        self.order = order;
        self.answers = Some(transition);
    }

    /// A check became healthy.
    pub(super) fn succeed(&mut self, order: u64, transition: TransitionRow) {
        self.order = order;
        (self.deregistered, self.answers) = (None, None);
        self.down.remove(&transition.check);
        if self.down.is_empty() {
            self.held_until = None;
        }
        self.healthy = Some(transition);
    }

    /// A check is judged afresh: reactivated, or of a new instance.
    pub(super) fn start_afresh(&mut self, check: &Name) {
        (self.deregistered, self.answers, self.healthy) = (None, None, None);
        if let Some(down) = self.down.get_mut(check) {
            *down = None;
        }
    }

    /// Whether nothing is sent of it from now on. Returns whether it was so before, and is not now.
    pub(super) const fn hold(&mut self, is_quiet: bool) -> bool {
        mem::replace(&mut self.is_quiet, is_quiet) && !is_quiet
    }

    pub(super) const fn is_quiet(&self) -> bool {
        self.is_quiet
    }

    pub(super) const fn order(&self) -> u64 {
        self.order
    }

    /// Whether there is nothing more to know: it is healthy, and no notice says otherwise.
    pub(super) fn is_over(&self) -> bool {
        let is_healthy = self.sent == Sent::Healthy && self.down.is_empty();
        is_healthy && !self.is_off_the_list() && self.flap == Flap::Steady
    }

    /// Whether a notice has said that it is not healthy, and none that it is again.
    pub(super) const fn is_open(&self) -> bool {
        !matches!(self.sent, Sent::Healthy) || matches!(self.flap, Flap::On(_) | Flap::Ends(_))
    }

    /// Until when its outage is not told, if no notice has said so.
    pub(super) fn held_until(&self) -> Option<Instant> {
        let is_unsaid = self.sent == Sent::Healthy && self.flap == Flap::Steady;
        self.held_until.filter(|_| is_unsaid)
    }

    pub(super) fn is_held(&self, now: Instant) -> bool {
        self.held_until().is_some_and(|until| until > now)
    }

    /// What the last notice has named of it.
    pub(super) const fn last_said(&self) -> Option<&TransitionRow> {
        self.said.as_ref()
    }

    pub(super) fn mark(&self) -> Mark {
        let is_flapping = matches!(self.flap, Flap::On(_) | Flap::Ends(_));
        Mark(self.sent, self.sent_checks.len(), is_flapping)
    }

    /// Whether there is something to send besides what [`next`](Self::next) has just given.
    pub(super) fn has_more(&self) -> bool {
        !self.is_quiet && self.answers.is_some() && self.sent == Sent::Deregistered
    }

    const fn is_off_the_list(&self) -> bool {
        self.deregistered.is_some() || self.answers.is_some()
    }

    /// Whether a mass failure that was not sent is worth a notice because of it.
    pub(super) fn begins_mass_failure(&self) -> bool {
        !self.is_quiet
            && self.flap == Flap::Steady
            && (self.sent == Sent::Healthy || self.is_in_mass)
            && self.is_down()
    }

    fn is_down(&self) -> bool {
        !self.is_off_the_list() && self.down.values().any(Option::is_some)
    }

    /// What is to be sent now; it counts as sent.
    pub(super) fn next(&mut self, stage: Stage) -> Next {
        let next = self.find_next(stage);
        match &next {
            Next::Send(_, transition) => {
                self.said = Some(transition.clone());
                self.held_until = None;
            }
            // What is held until something else has become of it is told then.
            Next::Nothing | Next::Later => {}
        }
        next
    }

    fn find_next(&mut self, stage: Stage) -> Next {
        if self.is_quiet {
            if matches!(stage, Stage::Ends) && self.is_in_mass {
                // The last notice says that those it does not name are healthy.
                self.sent = Sent::Healthy;
                self.is_in_mass = false;
                self.sent_checks.clear();
            }
            return Next::Nothing;
        }
        if self.is_off_the_list() {
            self.flap = Flap::Steady;
            return self.next_of_deregistered();
        }
        match mem::take(&mut self.flap) {
            Flap::Steady => {}
            Flap::Begins(transition) => {
                self.flap = Flap::On(transition.clone());
                return Next::Send(NoticeKind::Flapping, transition);
            }
            Flap::On(transition) => {
                self.flap = Flap::On(transition);
                return Next::Nothing;
            }
            Flap::Ends(transition) => return self.next_of_steady(transition),
        }
        if self.is_down() {
            self.next_of_unhealthy(stage)
        } else if self.down.is_empty() && self.sent != Sent::Healthy && self.healthy.is_some() {
            self.next_of_healthy(stage)
        } else {
            Next::Nothing
        }
    }

    /// It no longer flaps: how it is now counts as told.
    fn next_of_steady(&mut self, last: TransitionRow) -> Next {
        let down = self.down.values().flatten().next().cloned();
        self.is_in_mass = false;
        self.sent_checks.clear();
        self.sent = Sent::Healthy;
        if down.is_some() {
            let down = self.down.iter().filter(|(_, it)| it.is_some());
            self.sent_checks.extend(down.map(|(name, _)| name.clone()));
            self.sent = Sent::Unhealthy;
        }
        let transition = down.or_else(|| self.healthy.take()).unwrap_or(last);
        Next::Send(NoticeKind::StoppedFlapping, transition)
    }

    fn next_of_deregistered(&mut self) -> Next {
        let (kind, sent, transition) = match (&self.deregistered, &self.answers) {
            (Some(it), _) if self.sent < Sent::Deregistered => {
                (NoticeKind::Deregistered, Sent::Deregistered, it)
            }
            (_, Some(it)) if self.sent < Sent::AnswersAgain => {
                (NoticeKind::AnswersAgain, Sent::AnswersAgain, it)
            }
            _ => return Next::Nothing,
        };
        let transition = transition.clone();
        self.outage = match self.sent {
            Sent::Healthy => self.down.values().flatten().next().cloned(),
            _ => None,
        };
        self.sent = sent;
        self.is_in_mass = false;
        Next::Send(kind, transition)
    }

    /// What made it unhealthy, if the notice that was given last by [`next`](Self::next) is the first one
    /// to say so, although it is about what followed from that.
    pub(super) fn take_outage(&mut self) -> Option<TransitionRow> {
        self.outage.take()
    }

    fn next_of_unhealthy(&mut self, stage: Stage) -> Next {
        let is_new = self.sent != Sent::Unhealthy;
        let is_of_mass = self.sent == Sent::Healthy || self.is_in_mass;
        let kind = match stage {
            Stage::Begins if is_of_mass => NoticeKind::MassFailure,
            Stage::Ends => NoticeKind::MassFailureOver,
            Stage::On { is_update: true } if is_new => NoticeKind::MassFailureUpdate,
            Stage::On { is_update: false } if is_new => return Next::Later,
            Stage::Off if is_new || self.new_check().is_some() => NoticeKind::Unhealthy,
            _ => return Next::Nothing,
        };
        let first = || self.down.values().flatten().next();
        let Some(transition) = self.new_check().or_else(first).cloned() else {
            return Next::Nothing;
        };
        let down = self.down.iter().filter(|(_, it)| it.is_some());
        self.sent_checks.extend(down.map(|(name, _)| name.clone()));
        self.is_in_mass = match stage {
            Stage::Off => false,
            Stage::Begins | Stage::On { .. } => true,
            Stage::Ends => is_of_mass,
        };
        self.sent = Sent::Unhealthy;
        Next::Send(kind, transition)
    }

    fn next_of_healthy(&mut self, stage: Stage) -> Next {
        let kind = match stage {
            Stage::On { is_update: false } if self.is_in_mass => return Next::Later,
            Stage::On { is_update: true } if self.is_in_mass => Some(NoticeKind::MassFailureUpdate),
            // Its notice names those that are not.
            Stage::Ends if self.is_in_mass => None,
            _ => Some(NoticeKind::Recovered),
        };
        self.sent = Sent::Healthy;
        self.sent_checks.clear();
        match (kind, self.healthy.take()) {
            (Some(kind), Some(transition)) => Next::Send(kind, transition),
            _ => Next::Nothing,
        }
    }

    /// A check that is unhealthy, and of which no notice has said so.
    fn new_check(&self) -> Option<&TransitionRow> {
        let mut new = self
            .down
            .iter()
            .filter(|(name, _)| !self.sent_checks.contains(*name));
        new.find_map(|(_, it)| it.as_ref())
    }
}
