//! What keeps a monitor itself from probing, counted over all of its checks.

use crate::base::{Kind, Outcome};
use crate::check::Check;

use super::mass_failure::is_active;

/// How many checks each shortage of the prober's own keeps without a result now: those whose last
/// attempt ended by it.
///
/// Such an attempt says nothing about its target and moves no streak. So it has to be seen elsewhere:
/// at once, as a component of the prober.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shortages([u32; OWN.len()]);

/// Every shortage, and the name of the prober's component that shows it.
const OWN: [(Kind, &str); 7] = [
    (Kind::Resolver, "resolver"),
    (Kind::Certificates, "certificates"),
    (Kind::Descriptors, "descriptors"),
    (Kind::Memory, "memory"),
    (Kind::Processes, "processes"),
    (Kind::Ports, "ports"),
    (Kind::CommandBusy, "commands"),
];

impl Shortages {
    /// The name of a component for each shortage that there can be, and the result to record for it: a
    /// failure while it keeps a check from its result.
    ///
    /// ```
    /// use health_core::monitor::Shortages;
    ///
    /// let names: Vec<_> = Shortages::default().outcomes().map(|(name, _)| name).collect();
    /// assert_eq!(names[..2], ["resolver", "certificates"]);
    /// ```
    pub fn outcomes(&self) -> impl Iterator<Item = (&'static str, Outcome)> + use<> {
        OWN.into_iter().zip(self.0).map(|((kind, name), checks)| {
            let outcome = match checks {
                0 => Outcome::success(),
                _ => Outcome::failure_with_message(kind.phrase()),
            };
            (name, outcome)
        })
    }

    /// A check that was kept by `before` is kept by `after`.
    pub(super) fn exchange(&mut self, before: Option<Kind>, after: Option<Kind>) {
        if before != after {
            for (count, (kind, _)) in self.0.iter_mut().zip(OWN) {
                *count += u32::from(after == Some(kind));
                *count -= u32::from(before == Some(kind));
            }
        }
    }
}

/// What keeps the check from its result; nothing keeps one that is not attempted.
pub(super) fn shortage_of(check: &Check) -> Option<Kind> {
    let last = check.last_indeterminate()?;
    is_active(check.mode()).then_some(last)
}
