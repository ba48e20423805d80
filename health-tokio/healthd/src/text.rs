//! Text for people: tables, ages, colours.

use std::io::{self, IsTerminal};
use std::time::{Duration, SystemTime};

/// Rows under a heading, each column as wide as its widest cell.
pub(super) fn table(heading: &[&'static str], rows: &[Vec<String>]) -> String {
    Cells::new(heading.to_vec(), rows.to_vec()).fitting(None)
}

/// A table that is not laid out yet.
pub(super) struct Cells {
    heading: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Cells {
    pub(super) const fn new(heading: Vec<&'static str>, rows: Vec<Vec<String>>) -> Self {
        Self { heading, rows }
    }

    /// As text of at most this width, if the last column, the only one that is cut, can be so narrow.
    pub(super) fn fitting(mut self, width: Option<usize>) -> String {
        let widest = |column: usize| {
            let cells = self.rows.iter().map(|row| visible(&row[column]));
            cells.chain([self.heading[column].len()]).max().unwrap_or(0)
        };
        let widths: Vec<_> = (0..self.heading.len()).map(widest).collect();
        let before: usize = widths.iter().rev().skip(1).map(|width| width + 2).sum();
        if let Some(width) = width {
            let left = width.saturating_sub(before).max(MIN_COLUMN);
            let last = self.rows.iter_mut().filter_map(|row| row.last_mut());
            last.for_each(|cell| cut(cell, left));
        }
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let mut line = String::new();
            for (cell, width) in cells.zip(&widths) {
                line.push_str(cell);
                let padding = (width + 2).saturating_sub(visible(cell));
                line.extend(std::iter::repeat_n(' ', padding));
            }
            line.truncate(line.trim_end().len());
            line
        };
        let mut lines = vec![line(&mut self.heading.iter().copied())];
        let rows = self.rows.iter();
        lines.extend(rows.map(|row| line(&mut row.iter().map(String::as_str))));
        lines.join("\n")
    }
}

/// A column is not cut further than to this.
const MIN_COLUMN: usize = 20;

fn cut(cell: &mut String, width: usize) {
    if cell.chars().count() > width {
        let kept = cell.chars().take(width.saturating_sub(1));
        *cell = kept.chain(['…']).collect();
    }
}

/// How many columns the terminal has; `None` if standard output is none.
pub(super) fn terminal_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
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
    unix_millis.map_or_else(|| "never".to_owned(), |at| format!("{} ago", span(at)))
}

/// The time from then until now, in one unit.
pub(super) fn span(unix_millis: u64) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let age = now
        .unwrap_or_default()
        .saturating_sub(Duration::from_millis(unix_millis));
    match age.as_secs() {
        0 => format!("{}ms", age.as_millis()),
        seconds @ 1..120 => format!("{seconds}s"),
        seconds @ 120..7_200 => format!("{}min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{}h", seconds / 3_600),
        seconds => format!("{}d", seconds / 86_400),
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
pub(super) fn thousands(number: impl std::fmt::Display) -> String {
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
        let numbers = [0_u64, 999, 1_000, 10_000, 123_456, 1_234_567];
        let texts = ["0", "999", "1,000", "10,000", "123,456", "1,234,567"];
        assert_eq!(numbers.map(thousands), texts);
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(safe("a\x1b[2J\nä"), "a\\u{1b}[2J\\nä");
    }
}
