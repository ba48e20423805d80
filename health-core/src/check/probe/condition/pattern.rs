//! A regular expression that a body has to match.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use regex::bytes::{Regex, RegexBuilder};

use super::{Breach, quoted};
use crate::base::{ConfigError, Kind};

/// A regular expression, or why it is none. Clones share what it was compiled to.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    text: String,
    compiled: Result<Regex, NotCompiled>,
}

#[derive(Clone, Debug)]
enum NotCompiled {
    /// The reason.
    Syntax(String),
    TooLarge,
}

impl Pattern {
    /// The longest pattern, and the most memory that one may be compiled to.
    const MAX: usize = 64 * 1_024;

    pub(super) fn new(text: String) -> Self {
        // Bodies need not be text, and the tables of Unicode are half a megabyte.
        let compile = |text: &str| {
            let mut builder = RegexBuilder::new(text);
            builder.unicode(false).size_limit(Self::MAX).build()
        };
        let compiled = match text.len() {
            ..=Self::MAX => compile(&text).map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => NotCompiled::TooLarge,
                error => NotCompiled::Syntax(reason(&error.to_string())),
            }),
            _ => Err(NotCompiled::TooLarge),
        };
        Self { text, compiled }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let (value, allowed) = match &self.compiled {
            Ok(_) => return Ok(()),
            Err(NotCompiled::TooLarge) => (
                self.text.clone(),
                "allowed is a regular expression that is compiled to at most 64 KiB",
            ),
            Err(NotCompiled::Syntax(reason)) => (
                format!("{reason}: {}", self.text),
                "allowed is a regular expression, without look-around, back-references and \\p",
            ),
        };
        Err(ConfigError::new("expected pattern", &value, allowed))
    }
}

/// Keeps the beginning of a body, for it can only be searched as a whole.
pub(super) struct PatternReader<'p> {
    pattern: &'p Pattern,
    kept: Vec<u8>,
}

impl<'p> PatternReader<'p> {
    /// How much is kept.
    const MAX: usize = 64 * 1_024;

    pub(super) const fn new(pattern: &'p Pattern) -> Self {
        let kept = Vec::new();
        Self { pattern, kept }
    }

    pub(super) fn handle_input(&mut self, input: &[u8]) {
        let room = Self::MAX - self.kept.len();
        let input = &input[..input.len().min(room)];
        if self.kept.capacity() - self.kept.len() < input.len() {
            // Twice as much each time, but no more than is ever needed.
            let more = self.kept.len().max(input.len()).min(room);
            self.kept.reserve_exact(more);
        }
        self.kept.extend_from_slice(input);
    }

    /// Whether what is still to come is not looked at.
    pub(super) fn is_full(&self) -> bool {
        self.kept.len() == Self::MAX
    }

    #[cfg(feature = "test-util")]
    pub(super) fn buffered(&self) -> usize {
        self.kept.capacity()
    }

    pub(super) fn judge(&self, longer_than: Option<usize>) -> Result<(), Breach> {
        let Pattern { text, compiled } = self.pattern;
        if compiled.as_ref().is_ok_and(|it| it.is_match(&self.kept)) {
            return Ok(());
        }
        let is_cut = longer_than.is_some() || self.is_full();
        let border = is_cut.then(|| format!(" in its first {} bytes", self.kept.len()));
        let border = border.unwrap_or_default();
        let message = format!("body does not match {}{border}", quoted(text.as_bytes()));
        Err(Breach::new(Kind::BadBody, message))
    }
}

/// The last line of a text that shows the pattern above it.
fn reason(text: &str) -> String {
    let last = text.lines().last().unwrap_or_default();
    let last = last.trim();
    last.strip_prefix("error: ").unwrap_or(last).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::Condition;
    use alloc::string::ToString;

    #[track_caller]
    fn matches(pattern: &str, body: &[u8]) -> bool {
        let condition = Condition::body_matches(pattern);
        assert_eq!(condition.check_setting(), Ok(()), "{pattern}");
        let mut reader = condition.body_reader().expect("it is on the body");
        body.chunks(3).for_each(|piece| reader.handle_input(piece));
        reader.judge(None).is_ok()
    }

    #[test]
    fn it_is_searched_in_bytes() {
        assert!(matches("status: (ok|fine)", b"the status: fine\n"));
        assert!(!matches("^fine", b"status: fine"));
        assert!(matches("(?m)^fine$", b"status:\nfine\n"));
        assert!(matches("(?i)HEALTHY", b"healthy"));
        assert!(matches(r"\d+ ms\b", b"\xff\x00 17 ms;"));
        assert!(matches("gr\u{fc}n", "alles gr\u{fc}n".as_bytes()));
        assert!(!matches("a{3}", b"aa"));
        assert!(matches("", b""));
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_the_reason() {
        for (pattern, said) in [
            (
                "a(b",
                "expected pattern \"unclosed group: a(b\": allowed is a regular",
            ),
            (
                "*",
                "expected pattern \"repetition operator missing expression: *\"",
            ),
            (
                r"(a)\1",
                "expected pattern \"backreferences are not supported",
            ),
            (r"\p{Greek}", "expected pattern \""),
            ("(?=a)", "expected pattern \"look-around"),
            ("(a{999}){999}", "compiled to at most 64 KiB"),
        ] {
            let refused = Condition::body_matches(pattern).check_setting();
            let refused = refused.expect_err(pattern).to_string();
            assert!(refused.contains(said), "{refused}");
            assert_eq!(refused.lines().count(), 1, "{refused}");
        }
        let long = Condition::body_matches("a".repeat(70_000));
        assert!(long.check_setting().is_err());
    }

    #[test]
    fn only_the_beginning_of_a_long_body_counts() {
        let mut body = alloc::vec![b'a'; 64 * 1_024];
        body.extend_from_slice(b"ok");
        assert!(!matches("ok", &body));
        assert!(matches("ok", &body[2..]));
        assert!(matches("a$", &body));
    }

    /// Patterns that other engines need exponential time for.
    #[test]
    fn a_hostile_body_costs_time_that_is_linear_in_its_length() {
        let body = alloc::vec![b'a'; 64 * 1_024];
        assert!(!matches("(a*)*b$", &body));
        assert!(!matches("(a|a)*b", &body));
    }
}
