//! Text for people: tables, ages, colours.

use std::io::{self, IsTerminal};
use std::time::{Duration, SystemTime};

/// Rows under a heading, each column as wide as its widest cell.
pub(super) fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| visible(&row[column]));
        cells.chain([heading[column].len()]).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..heading.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut line = String::new();
        for (cell, width) in cells.zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - visible(cell) + 2));
        }
        line.truncate(line.trim_end().len());
        line
    };
    let mut lines = vec![line(&mut heading.iter().copied())];
    lines.extend(
        rows.iter()
            .map(|row| line(&mut row.iter().map(String::as_str))),
    );
    lines.join("\n")
}

/// The command that brings a deregistered target back; its name comes behind it.
pub(super) const REACTIVATE: &str = "healthd reactivate";

/// Milliseconds, to the microsecond.
pub(super) fn millis(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1e3
}

/// `1 failure`, `2 failures`.
pub(super) fn count(number: u32, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// How long ago, in one unit.
pub(super) fn age(unix_millis: Option<u64>) -> String {
    let Some(millis) = unix_millis else {
        return "never".to_owned();
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let age = now
        .unwrap_or_default()
        .saturating_sub(Duration::from_millis(millis));
    match age.as_secs() {
        0 => format!("{}ms ago", age.as_millis()),
        seconds @ 1..120 => format!("{seconds}s ago"),
        seconds @ 120..7_200 => format!("{}m ago", seconds / 60),
        seconds @ 7_200..172_800 => format!("{}h ago", seconds / 3_600),
        seconds => format!("{}d ago", seconds / 86_400),
    }
}

/// A status in its colour, on a terminal.
pub(super) fn status(word: &str) -> String {
    let colour = match word {
        "healthy" => 32,
        "unhealthy" | "deregistered" => 31,
        _ => 33,
    };
    if has_colours(io::stdout().is_terminal()) {
        format!("\x1b[{colour}m{word}\x1b[0m")
    } else {
        word.to_owned()
    }
}

/// Whether to use colours: only on a terminal, and not if `NO_COLOR` is set.
pub(super) fn has_colours(is_terminal: bool) -> bool {
    is_terminal && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty())
}

/// `10,000`.
pub(super) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Escapes control characters: text from a target must not control the terminal.
pub(super) fn safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    safe
}

/// The number of visible characters; escape sequences for colours have none.
fn visible(text: &str) -> usize {
    let mut count = 0;
    let mut is_colour = false;
    for c in text.chars() {
        match c {
            '\x1b' => is_colour = true,
            'm' if is_colour => is_colour = false,
            _ if is_colour => {}
            _ => count += 1,
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other_whatever_their_colour() {
        let rows = vec![
            vec![
                "web-1".to_owned(),
                "\x1b[32mok\x1b[0m".to_owned(),
                "1".to_owned(),
            ],
            vec!["a".to_owned(), "unhealthy".to_owned(), String::new()],
        ];
        assert_eq!(
            table(&["NAME", "STATUS", "N"], &rows),
            "NAME   STATUS     N\nweb-1  \x1b[32mok\x1b[0m         1\na      unhealthy"
        );
    }

    #[test]
    fn long_numbers_are_grouped() {
        let numbers = [0, 999, 1_000, 10_000, 123_456, 1_234_567];
        let texts = ["0", "999", "1,000", "10,000", "123,456", "1,234,567"];
        assert_eq!(numbers.map(thousands), texts);
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(safe("a\x1b[2J\nä"), "a\\u{1b}[2J\\nä");
    }
}
