//! What a notice comes to, in a few words.

use std::sync::OnceLock;

use health_core::monitor::registry::NoticeKind;

use crate::text::count;

/// Names that a title has; the others are counted.
const MAX_NAMES: usize = 5;

/// The title of a notice about these targets, `total` in all, after which so many are not healthy.
pub(crate) fn title(kind: NoticeKind, names: &[&str], total: usize, open: usize) -> String {
    let targets = u32::try_from(total).unwrap_or(u32::MAX);
    let targets = count(targets, "target", "targets");
    let (one, many) = match kind {
        NoticeKind::MassFailure => {
            return with(format!("mass failure: {targets} unhealthy"), names, total);
        }
        NoticeKind::MassFailureUpdate => {
            return with(
                format!("mass failure goes on: {targets} changed"),
                names,
                total,
            );
        }
        NoticeKind::MassFailureOver if total == 0 => return "mass failure over".to_owned(),
        NoticeKind::MassFailureOver => {
            return with(
                format!("mass failure over: {targets} still unhealthy"),
                names,
                total,
            );
        }
        NoticeKind::Reminder => {
            return with(format!("still not healthy: {targets}"), names, total);
        }
        NoticeKind::Recovered if total == 0 => {
            return "over: what was not healthy is no longer on the list".to_owned();
        }
        NoticeKind::Unhealthy => ("is unhealthy", "unhealthy"),
        NoticeKind::Deregistered => ("is deregistered", "deregistered"),
        NoticeKind::AnswersAgain => (
            "answers again, and can be reactivated",
            "answer again, and can be reactivated",
        ),
        NoticeKind::Recovered => ("has recovered", "have recovered"),
        NoticeKind::Flapping => ("is flapping", "flapping"),
        NoticeKind::StoppedFlapping => ("has stopped flapping", "have stopped flapping"),
        NoticeKind::Restarted => ("was restarted", "were restarted"),
        NoticeKind::GivenUp => ("is given up", "given up"),
        _ => ("has changed", "have changed"),
    };
    let mut title = match names {
        [name] if total == 1 => format!("{name} {one}"),
        names => with(format!("{targets} {many}"), names, total),
    };
    if kind == NoticeKind::Recovered && open > 0 {
        title += &format!("; {open} not yet");
    }
    title
}

/// `critical`, `warning` or `good`: how bad it is that these are unhealthy.
pub(crate) const fn severity(kind: NoticeKind, unhealthy: usize) -> &'static str {
    if kind.is_critical() || kind.is_recovery() && unhealthy > 0 {
        "critical"
    } else if kind.is_recovery() {
        "good"
    } else {
        "warning"
    }
}

/// The name of this machine, by which a receiver knows which monitor speaks.
pub(crate) fn source() -> &'static str {
    static SOURCE: OnceLock<String> = OnceLock::new();
    SOURCE.get_or_init(|| {
        let files = ["/proc/sys/kernel/hostname", "/etc/hostname"];
        let mut names = files
            .iter()
            .filter_map(|it| std::fs::read_to_string(it).ok());
        let name = names.next().map(|it| it.trim().to_owned());
        name.filter(|it| !it.is_empty())
            .unwrap_or_else(|| "healthd".to_owned())
    })
}

fn with(text: String, names: &[&str], total: usize) -> String {
    if names.is_empty() {
        return text;
    }
    let shown = &names[..names.len().min(MAX_NAMES)];
    let rest = total - shown.len();
    let more = if rest > 0 {
        format!(" and {rest} more")
    } else {
        String::new()
    };
    format!("{text}: {}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_names_a_few_and_counts_the_others() {
        use NoticeKind::{MassFailureOver, Recovered, Unhealthy};
        assert_eq!(title(Unhealthy, &["a"], 1, 1), "a is unhealthy");
        assert_eq!(
            title(Unhealthy, &["a", "b"], 2, 2),
            "2 targets unhealthy: a, b"
        );
        let many = ["a", "b", "c", "d", "e", "f"];
        let expected = "20 targets unhealthy: a, b, c, d, e and 15 more";
        assert_eq!(title(Unhealthy, &many, 20, 20), expected);
        assert_eq!(title(Recovered, &["a"], 1, 2), "a has recovered; 2 not yet");
        assert_eq!(title(MassFailureOver, &[], 0, 0), "mass failure over");
    }

    #[test]
    fn an_end_is_good_unless_somebody_is_still_down() {
        assert_eq!(severity(NoticeKind::MassFailureOver, 0), "good");
        assert_eq!(severity(NoticeKind::MassFailureOver, 1), "critical");
        assert_eq!(severity(NoticeKind::Flapping, 1), "warning");
        assert_eq!(severity(NoticeKind::Unhealthy, 1), "critical");
    }
}
