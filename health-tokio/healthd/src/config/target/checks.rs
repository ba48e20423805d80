//! The checks of a target.

use health_core::{Name, ProbeKind};

use crate::config::check::{self, CheckDef, Defaults};
use crate::config::reader::{Result, Table};

/// One check is the target's own table; several are a list, or the three of a Kubernetes container.
pub(super) fn checks(table: &Table<'_>, defaults: &Defaults) -> Result<Vec<CheckDef>> {
    let host = table.get("host").map(|item| item.text()).transpose()?;
    let mut checks = Vec::new();
    if let Some(list) = table.either(&["checks", "check", "health_checks"])? {
        for (index, item) in list.list()?.iter().enumerate() {
            let of_check = item.table()?;
            let mut check = check::check(&of_check, defaults, host, None)?;
            if let Some(name) = of_check.get("name") {
                check.name = check::name(&name)?;
            } else if checks.iter().any(|it: &CheckDef| it.name == check.name) {
                let name = format!("{}-{}", check.name, index + 1);
                check.name = Name::new(&name).map_err(|error| of_check.lacks(error))?;
            }
            of_check.finish()?;
            checks.push(check);
        }
        if checks.is_empty() {
            return Err(list.wrong("allowed is 1 to 16 checks"));
        }
    }
    for (place, kind) in [
        ("startupProbe", ProbeKind::Startup),
        ("livenessProbe", ProbeKind::Liveness),
        ("readinessProbe", ProbeKind::Readiness),
    ] {
        if let Some(item) = table.get(place) {
            let of_check = item.table()?;
            let mut check = check::check(&of_check, defaults, host, Some(kind))?;
            check.name = Name::new(kind.as_str()).map_err(|error| of_check.lacks(error))?;
            of_check.finish()?;
            checks.push(check);
        }
    }
    if checks.is_empty() {
        checks.push(check::check(table, defaults, host, None)?);
    }
    Ok(checks)
}
