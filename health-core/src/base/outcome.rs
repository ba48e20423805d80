//! The result of one check: of a daemon's own component, or of a target.

mod kind;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::error::Error;
use core::fmt::{self, Write};

use crate::base::Capture;
pub use kind::Kind;

/// How an attempt ended, with a public message and a private cause.
///
/// The two halves are different types on purpose: a [`Cause`] may hold a connection string or a
/// panic's payload, and is shown to authorised readers only.
///
/// ```
/// use health_core::{Class, Outcome};
///
/// let outcome = Outcome::failure_with_message("connection refused")
///     .caused_by("postgres://app:hunter2@db/app");
/// assert_eq!(outcome.class, Class::Failure);
/// assert_eq!(outcome.message.as_str(), "connection refused");
/// assert!(!format!("{outcome:?}").contains("hunter2"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether it counts, and as what.
    pub class: Class,
    /// The kind of failure in one word, where there is one.
    pub kind: Option<Kind>,
    /// Public; empty if there is nothing to say.
    pub message: Message,
    /// Private: for authorised readers only.
    pub cause: Option<Cause>,
}

impl Outcome {
    /// It works.
    #[must_use]
    pub const fn success() -> Self {
        Self::new(Class::Success, Message::EMPTY)
    }

    /// It works, with a reservation: counts as a success and shows as degraded.
    #[must_use]
    pub fn warning(message: impl Into<Message>) -> Self {
        Self::new(Class::Warning, message.into())
    }

    /// It does not work: counts towards the threshold. `cause` is private, with its chain of
    /// [sources](Error::source): an error's text may hold a connection string.
    #[must_use]
    pub fn failure<'a>(cause: impl Into<Box<dyn Error + Send + Sync + 'a>>) -> Self {
        let mut outcome = Self::failure_with_message(Message::EMPTY);
        outcome.cause = Some(Cause::of_chain(&*cause.into()));
        outcome
    }

    /// It does not work, for a reason that anybody may read.
    #[must_use]
    pub fn failure_with_message(message: impl Into<Message>) -> Self {
        Self::new(Class::Failure, message.into())
    }

    /// A failure of the prober's own (no descriptors, no memory): says nothing about the target, so it
    /// does not count.
    #[must_use]
    pub fn indeterminate(message: impl Into<Message>) -> Self {
        Self::new(Class::Indeterminate, message.into())
    }

    /// Sets the kind of failure.
    #[must_use]
    pub const fn of_kind(mut self, kind: Kind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Sets the private cause.
    #[must_use]
    pub fn caused_by(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(Cause::new(cause));
        self
    }

    const fn new(class: Class, message: Message) -> Self {
        Self {
            class,
            kind: None,
            message,
            cause: None,
        }
    }
}

/// What an [`Outcome`] counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Counts as a success.
    Success,
    /// Counts as a success, shows as degraded.
    Warning,
    /// Counts as a failure.
    Failure,
    /// Does not count.
    Indeterminate,
}

/// A success, or a [failure](Outcome::failure) with the error as its private cause.
///
/// ```
/// use health_core::{Class, Outcome};
///
/// let checked: Result<(), std::io::Error> = std::fs::metadata("/").map(drop);
/// assert_eq!(Outcome::from(checked).class, Class::Success);
/// assert_eq!(Outcome::from(Err("no answer")).class, Class::Failure);
/// ```
impl<'a, E: Into<Box<dyn Error + Send + Sync + 'a>>> From<Result<(), E>> for Outcome {
    fn from(result: Result<(), E>) -> Self {
        match result {
            Ok(()) => Self::success(),
            Err(error) => Self::failure(error),
        }
    }
}

impl Class {
    /// The word shown and stored: `success`, `warning`, `failure`, `indeterminate`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Failure => "failure",
            Self::Indeterminate => "indeterminate",
        }
    }
}

/// A text that anybody may read, at most 1,024 bytes; longer ones are cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message(Cow<'static, str>);

impl Message {
    /// No text.
    pub(crate) const EMPTY: Self = Self(Cow::Borrowed(""));

    const MAX_LEN: usize = 1_024;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&'static str> for Message {
    fn from(text: &'static str) -> Self {
        Self(Cow::Borrowed(cut(text, Self::MAX_LEN)))
    }
}

impl From<String> for Message {
    fn from(mut text: String) -> Self {
        text.truncate(cut(&text, Self::MAX_LEN).len());
        Self(Cow::Owned(text))
    }
}

/// A text that only authorised readers may see, at most 4,608 bytes; longer ones are cut.
///
/// That is room for an excerpt of what a probe saw ([`Capture`])
/// and a sentence before it.
///
/// It has no `Display`, and its `Debug` shows nothing of it: printing one takes the explicit call
/// of [`Cause::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct Cause(Box<str>);

impl Cause {
    const MAX_LEN: usize = Capture::MAX_TEXT + 448;

    /// The text of `cause`, cut to the limit.
    #[must_use]
    pub fn new(cause: impl fmt::Display) -> Self {
        Self(cut(&format!("{cause}"), Self::MAX_LEN).into())
    }

    /// The text of `error` and of what caused it, one behind the other.
    fn of_chain(error: &(dyn Error + '_)) -> Self {
        let mut text = format!("{error}");
        let mut source = error.source();
        while let Some(error) = source {
            // Some errors repeat their source in their own text.
            let part = format!("{error}");
            if !text.ends_with(&part) {
                let _ = write!(text, ": {part}");
            }
            source = error.source();
        }
        Self::new(text)
    }

    /// The text, for a reader who may see it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cause(withheld)")
    }
}

/// The longest beginning of `text` that is at most `most` bytes and ends between characters.
fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<Self>>);

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|source| source as _)
        }
    }

    #[test]
    fn a_failure_keeps_what_caused_its_error() {
        let root = Layer("connection refused", None);
        let error = Layer("no pool: connection refused", Some(root.into()));
        let error = Layer("cannot load users", Some(error.into()));
        let outcome = Outcome::failure(error);
        let cause = outcome.cause.expect("a cause");
        let chain = "cannot load users: no pool: connection refused";
        assert_eq!(cause.reveal(), chain);
        assert_eq!(outcome.message, Message::EMPTY);
        assert_eq!(
            Outcome::failure("in words").cause,
            Some(Cause::new("in words"))
        );
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let text = "x".repeat(1_023) + "äöü";
        assert_eq!(Message::from(text).as_str(), "x".repeat(1_023));
        let text = "x".repeat(4_607) + "äöü";
        assert_eq!(Cause::new(text).reveal().len(), 4_607);
    }
}
