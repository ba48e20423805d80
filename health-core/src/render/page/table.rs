//! The targets as a plain table, for browsers without scripts.

use alloc::format;
use alloc::vec::Vec;

use crate::base::{Moment, UnixTime};
use crate::monitor::{MonitorStatus, TargetStatus, TargetView};

/// Appends the table: of each target its status, since when, when it was checked, and why it is not well.
/// It shows messages: for readers who may see them.
pub(crate) fn table(status: &MonitorStatus, targets: &[TargetView], out: &mut Vec<u8>) {
    let (summary, moment) = (&status.summary, status.moment);
    let omitted = summary.total.saturating_sub(targets.len());
    let tone = match summary {
        it if it.unhealthy + it.deregistered > 0 => "unhealthy",
        it if it.healthy() < it.total => "unknown",
        _ => "healthy",
    };
    raw("<table><caption data-status=\"", out);
    raw(tone, out);
    raw("\">Targets: ", out);
    raw(
        &format!("{} of {} healthy", summary.healthy(), summary.total),
        out,
    );
    if omitted > 0 {
        raw(&format!("; {omitted} others are not shown"), out);
    }
    raw("</caption>\n<tr>", out);
    for title in ["Status", "Target", "Reason", "Group", "Since", "Checked"] {
        raw("<th scope=\"col\">", out);
        raw(title, out);
    }
    for target in targets {
        row(moment, target, out);
    }
    raw("\n</table>", out);
}

fn row(moment: Moment, target: &TargetView, out: &mut Vec<u8>) {
    let checks = || target.checks.iter();
    let since = match target.status {
        TargetStatus::Deregistered => checks().filter_map(|it| it.deregistered_at).min(),
        TargetStatus::AnswersAgain => checks().filter_map(|it| it.answers_since).max(),
        _ => checks().filter_map(|it| it.since).max(),
    };
    let last = checks()
        .filter_map(|it| it.history.last())
        .map(|it| moment.unix_at(it.begin()));
    let group = target.group.as_ref().map_or("", |it| it.as_str());
    raw("\n<tr><td class=\"status\" data-status=\"", out);
    raw(target.status.as_str(), out);
    raw("\">", out);
    raw(target.status.as_str(), out);
    cell(target.name.as_str(), out);
    cell(target.reason(), out);
    cell(group, out);
    time(since, out);
    time(last.max(), out);
}

fn time(at: Option<UnixTime>, out: &mut Vec<u8>) {
    raw("<td>", out);
    if let Some(at) = at {
        out.extend_from_slice(&at.rfc3339());
    }
}

/// Messages are whatever a target answered: markup in them stays text.
fn cell(text: &str, out: &mut Vec<u8>) {
    raw("<td>", out);
    for byte in text.bytes() {
        match byte {
            b'<' => raw("&lt;", out),
            b'>' => raw("&gt;", out),
            b'&' => raw("&amp;", out),
            b'"' => raw("&quot;", out),
            _ => out.push(byte),
        }
    }
}

fn raw(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(text.as_bytes());
}
