//! The command `history`: what became of a target.

use std::fmt::Write as _;

use health_core::UnixTime;

use super::cli::HistoryArgs;
use super::daemon::now;
use super::show::{changed, failed, time};
use super::store::read::Reader;
use super::store::{CheckHistory, DAY, HOUR, LeftOut, Level, Tally};
use super::{CommandError, CommandResult, EXIT_FAILURE, print, print_json, text};

pub(super) fn run(args: &HistoryArgs) -> CommandResult {
    let (db, now) = (args.registry.path(), now());
    let not = |error: String| Err(CommandError::new(EXIT_FAILURE, error));
    if !db.exists() {
        return not(format!("there is no registry {}", db.display()));
    }
    let reader = Reader::open(&db).map_err(failed)?;
    let checks = reader.history(&args.name, now).map_err(failed)?;
    if checks.is_empty() {
        let db = db.display();
        return not(format!("{}: no such target in {db}", args.name));
    }
    if args.json {
        let document = reader.history_document(&args.name, now);
        print_json(&document.map_err(failed)?);
        return Ok(());
    }
    let since = u64::try_from(args.since.as_millis()).unwrap_or(u64::MAX);
    let mut out = format!("Name:    {}\n", args.name);
    for check in &checks {
        describe(check, now, since, &mut out);
    }
    print(out.trim_end());
    Ok(())
}

fn describe(check: &CheckHistory, now: UnixTime, since: u64, out: &mut String) {
    // Writing to a text cannot fail.
    let _ = writeln!(out, "\nCheck {}", check.name);
    let windows = check.windows(now);
    let uptimes = windows
        .iter()
        .map(|(name, sum)| format!("{} {name}", uptime(sum)));
    let uptimes: Vec<_> = uptimes.collect();
    let _ = writeln!(out, "  uptime     {}", uptimes.join(", "));
    for (name, sum) in &windows {
        let left_out = LeftOut::ALL.map(|why| (sum.left_out(why), reason(why)));
        let left_out = left_out.iter().filter(|(count, _)| *count > 0);
        let left_out: Vec<_> = left_out
            .map(|(count, why)| format!("{count} {why}"))
            .collect();
        if !left_out.is_empty() {
            let _ = writeln!(out, "  left out   {} in {name}", left_out.join(", "));
        }
    }
    let (level, width) = match since {
        since if since <= 3 * HOUR => (Level::Minutes, 16),
        since if since <= 3 * DAY => (Level::Hours, 16),
        _ => (Level::Days, 10),
    };
    let first = now.as_millis().saturating_sub(since);
    let rows = check.tallies(level).range(level.begin(first)..);
    let rows: Vec<_> = rows.map(|(at, tally)| row(*at, width, tally)).collect();
    let unit = match level {
        Level::Minutes => "MINUTE (UTC)",
        Level::Hours => "HOUR (UTC)",
        Level::Days => "DAY (UTC)",
    };
    let heading = [unit, "UPTIME", "RESULTS", "FAILURES", "P50 MS", "P99 MS"];
    let _ = writeln!(out, "\n{}", text::table(&heading, &rows));
    let turns = check.transitions.iter().filter(|it| it.at >= first);
    let turns: Vec<_> = turns.collect();
    if !turns.is_empty() {
        let _ = writeln!(out, "\nTransitions, newest first:");
    }
    for it in turns {
        let _ = writeln!(out, "  {}  {}", time(it.at), changed(it));
    }
}

fn row(at: u64, width: usize, tally: &Tally) -> Vec<String> {
    let mut begin = time(at).replace('T', " ");
    begin.truncate(width);
    let quantile = |share| tally.latency.quantile_ms(share);
    let ms = |share| quantile(share).map_or_else(|| "-".to_owned(), |it| format!("{it:.1}"));
    vec![
        begin,
        uptime(tally),
        tally.counted().to_string(),
        tally.failures().to_string(),
        ms(0.5),
        ms(0.99),
    ]
}

/// Never rounded up to 100 %.
fn uptime(tally: &Tally) -> String {
    let percent = |it: f64| format!("{:.3} %", (it * 1e5).floor() / 1e3);
    tally.uptime().map_or_else(|| "-".to_owned(), percent)
}

const fn reason(why: LeftOut) -> &'static str {
    match why {
        LeftOut::Own => "in trouble of our own",
        LeftOut::Early => "too early to count",
        LeftOut::Paused => "while paused",
        LeftOut::Silenced => "while silenced",
    }
}
