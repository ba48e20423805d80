//! Quiet on purpose: which targets are paused or silenced, until when, by whom and why.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::base::{Name, UnixTime};

/// Which targets are paused, and which are silenced.
///
/// A paused target is not probed: nothing is known of it, and it is counted as neither well nor unwell. A
/// silenced one is probed, judged and shown as ever, and deregistered if that is due; only its
/// [notices](super::Notices) are held back, and its [results](super::ResultRow) are marked, so that they
/// are left out of its uptime.
///
/// It goes by the wall clock, since it outlives the process. A monitor goes by it after
/// [`Monitor::set_quiet`](crate::monitor::Monitor::set_quiet).
///
/// ```
/// use health_core::monitor::registry::{Quiet, QuietReason, QuietScope};
/// use health_core::{Name, UnixTime};
///
/// let (web, shop) = (Name::new("web-1")?, Name::new("shop")?);
/// let at = UnixTime::from_millis;
/// let reason = QuietReason {
///     since: at(0),
///     until: Some(at(7_200_000)),
///     why: "new disks".into(),
///     by: "alice@ops".into(),
/// };
/// let mut quiet = Quiet::default();
/// quiet.silence(QuietScope::Group(shop.clone()), reason);
/// assert!(quiet.is_quiet(at(1), &web, Some(&shop)));
/// assert!(!quiet.is_quiet(at(1), &web, None), "it is of no group");
/// assert!(!quiet.is_quiet(at(7_200_000), &web, Some(&shop)), "it is over");
/// # Ok::<(), health_core::NameError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quiet {
    paused: BTreeMap<Name, Arc<QuietReason>>,
    silences: Scopes,
    windows: Scopes,
}

/// Whom a silence is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QuietScope {
    /// Every target.
    All,
    /// The targets of this group, also those that are added to it later.
    Group(Name),
    /// This target.
    Target(Name),
}

/// Why a target is paused or silenced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuietReason {
    /// When it began. A window of maintenance may be known before it begins.
    pub since: UnixTime,
    /// When it ends by itself; `None`: never.
    pub until: Option<UnixTime>,
    /// What it is for, in the words of who asked for it.
    pub why: Box<str>,
    /// Who asked for it.
    pub by: Box<str>,
}

/// Reasons by scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Scopes(BTreeMap<QuietScope, Arc<QuietReason>>);

impl Quiet {
    /// Pauses a target, until [`resume`](Self::resume).
    pub fn pause(&mut self, target: Name, reason: QuietReason) {
        self.paused.insert(target, Arc::new(reason));
    }

    /// Ends the pause of a target; `None` if it is not paused.
    pub fn resume(&mut self, target: &Name) -> Option<Arc<QuietReason>> {
        self.paused.remove(target)
    }

    /// Silences the targets of this scope from now on, instead of an earlier silence of the same scope.
    pub fn silence(&mut self, scope: QuietScope, reason: QuietReason) {
        self.silences.0.insert(scope, Arc::new(reason));
    }

    /// Ends the silence of this very scope; `None` if there is none. Others may be for the same targets.
    pub fn unsilence(&mut self, scope: &QuietScope) -> Option<Arc<QuietReason>> {
        self.silences.0.remove(scope)
    }

    /// Silences by windows of maintenance, instead of those before. Each is from its
    /// [beginning](QuietReason::since); of several of one scope the one that ends last counts.
    pub fn set_windows(&mut self, windows: impl IntoIterator<Item = (QuietScope, QuietReason)>) {
        let mut scopes = Scopes::default();
        for (scope, reason) in windows {
            let known = scopes.0.get(&scope);
            if known.is_none_or(|known| known.ends_before(&reason)) {
                scopes.0.insert(scope, Arc::new(reason));
            }
        }
        self.windows = scopes;
    }

    /// Why the target is paused, if it is.
    #[must_use]
    pub fn paused(&self, target: &Name) -> Option<&Arc<QuietReason>> {
        self.paused.get(target)
    }

    /// Why the target is silenced, if it is: of several reasons the one that lasts longest.
    #[must_use]
    pub fn silenced(
        &self,
        at: UnixTime,
        target: &Name,
        group: Option<&Name>,
    ) -> Option<&Arc<QuietReason>> {
        // One that was asked for begins when it is asked for, also if the clock is put back then.
        let asked = self.silences.of(target, group).filter(|it| !it.is_over(at));
        let windows = self.windows.of(target, group);
        let windows = windows.filter(|it| it.since <= at && !it.is_over(at));
        asked.chain(windows).reduce(|a, b| match a.ends_before(b) {
            true => b,
            false => a,
        })
    }

    /// Whether no notices are to be sent about the target: it is paused or silenced.
    #[must_use]
    pub fn is_quiet(&self, at: UnixTime, target: &Name, group: Option<&Name>) -> bool {
        self.paused.contains_key(target) || self.silenced(at, target, group).is_some()
    }

    /// Takes the silences out that are over, and returns them. Windows are not among them: who knows them
    /// [sets](Self::set_windows) the next.
    pub fn expire(&mut self, now: UnixTime) -> Vec<(QuietScope, Arc<QuietReason>)> {
        let mut over = Vec::new();
        self.silences.0.retain(|scope, reason| {
            let is_over = reason.is_over(now);
            if is_over {
                over.push((scope.clone(), Arc::clone(reason)));
            }
            !is_over
        });
        over
    }

    /// The target was removed: another one of its name begins without its pause and its silence.
    pub fn forget(&mut self, target: &Name) {
        self.paused.remove(target);
        self.silences.0.remove(&QuietScope::Target(target.clone()));
    }

    /// Takes over what is paused or silenced in `other` and not here.
    pub fn merge(&mut self, other: &Self) {
        for (target, reason) in &other.paused {
            let reason = || Arc::clone(reason);
            self.paused.entry(target.clone()).or_insert_with(reason);
        }
        for (scope, reason) in &other.silences.0 {
            let reason = || Arc::clone(reason);
            self.silences.0.entry(scope.clone()).or_insert_with(reason);
        }
    }

    /// Those that are paused.
    pub fn pauses(&self) -> impl ExactSizeIterator<Item = (&Name, &Arc<QuietReason>)> {
        self.paused.iter()
    }

    /// What was silenced by [`silence`](Self::silence).
    pub fn silences(&self) -> impl ExactSizeIterator<Item = (&QuietScope, &Arc<QuietReason>)> {
        self.silences.0.iter()
    }

    /// The windows of maintenance, be it that they are still to come.
    pub fn windows(&self) -> impl ExactSizeIterator<Item = (&QuietScope, &Arc<QuietReason>)> {
        self.windows.0.iter()
    }

    /// Whether nothing is paused or silenced, nor will be.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.paused.is_empty() && self.silences.0.is_empty() && self.windows.0.is_empty()
    }
}

impl QuietReason {
    fn is_over(&self, now: UnixTime) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    fn ends_before(&self, other: &Self) -> bool {
        match (self.until, other.until) {
            (Some(own), Some(other)) => own < other,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }
}

impl Scopes {
    /// The reasons that are for this target.
    fn of(&self, target: &Name, group: Option<&Name>) -> impl Iterator<Item = &Arc<QuietReason>> {
        // Most monitors silence nobody.
        let scopes = (!self.0.is_empty()).then(|| {
            let group = group.cloned().map(QuietScope::Group);
            [
                Some(QuietScope::All),
                group,
                Some(QuietScope::Target(target.clone())),
            ]
        });
        let scopes = scopes.into_iter().flatten().flatten();
        scopes.filter_map(|scope| self.0.get(&scope))
    }
}
