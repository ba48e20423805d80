//! What a line of the log looks like.
//!
//! ```text
//! 2026-12-01T00:59:02.939Z ERROR deregistered target=web-2 check=http reason="HTTP 500"
//! {"timestamp":"2026-12-01T00:59:02.939Z","level":"ERROR","message":"deregistered","target":"web-2",…}
//! ```
//!
//! The pairs of the first form are those of logfmt: a value with a blank, a quote or an equals sign in it
//! stands in quotes, so that a program can read it back.

use std::fmt::{self, Debug};
use std::sync::Arc;

use tracing::field::Field;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::format::{Writer, debug_fn};

use crate::cli::{Level, LogArgs, LogFormat};
use crate::terminal::Terminal;
use crate::text;

/// From now on whatever is logged goes to the terminal.
pub(crate) fn init(args: LogArgs, terminal: &Arc<Terminal>) {
    let level = match args.level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
    };
    let lines = tracing_subscriber::fmt()
        .with_writer(Arc::clone(terminal))
        .with_ansi(text::has_colours(terminal.is_terminal()))
        .with_max_level(level)
        .with_target(false)
        // They are printed by `eprintln!`, which panics if standard error is closed.
        .log_internal_errors(false);
    match args.format {
        LogFormat::Text => lines.fmt_fields(debug_fn(write).delimited(" ")).init(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .init(),
    }
}

fn write(writer: &mut Writer<'_>, field: &Field, value: &dyn Debug) -> fmt::Result {
    let text = format!("{value:?}");
    match field.name() {
        "message" => writer.write_str(&text),
        name => write!(writer, "{name}={}", quoted(text)),
    }
}

/// In quotes where it needs them; what is a text already has them.
fn quoted(text: String) -> String {
    let is_plain = |c: char| c > ' ' && !matches!(c, '"' | '=' | '\x7f');
    let is_quoted = text.len() > 1 && text.starts_with('"') && text.ends_with('"');
    match is_quoted || (!text.is_empty() && text.chars().all(is_plain)) {
        true => text,
        false => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_where_they_need_it() {
        for (text, expected) in [
            ("web-2", "web-2"),
            ("", "\"\""),
            ("two words", "\"two words\""),
            ("\"a text\"", "\"a text\""),
            ("a=b", "\"a=b\""),
            ("a\nb", "\"a\\nb\""),
        ] {
            assert_eq!(quoted(text.to_owned()), expected);
        }
    }
}
