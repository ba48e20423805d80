//! JSON (RFC 8259), checked byte by byte as it comes: nothing is kept of it but how it is nested.

#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use core::fmt;

/// Reads a JSON text, with a byte order mark before it or without (§8.1).
#[derive(Debug)]
pub(super) struct JsonReader {
    state: State,
    containers: Containers,
    /// How many bytes have come.
    length: u64,
}

/// What a byte has shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// A number ended before this byte.
    pub(super) has_number_ended: bool,
    /// A value begins with this byte; whether it is an array or object.
    pub(super) begins: Option<bool>,
    /// A value ends with this byte.
    pub(super) ends: bool,
    /// The byte is part of a key, or a quotation mark around it.
    pub(super) is_in_key: bool,
    /// A key ends with this byte.
    pub(super) ends_key: bool,
    /// Another element or member follows.
    pub(super) is_comma: bool,
}

/// Why a text is not JSON, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotJson {
    what: &'static str,
    at: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// So many bytes of a mark have come.
    Mark(usize),
    Value,
    /// A value, or the end of the array.
    FirstElement,
    /// A key, or the end of the object.
    FirstKey,
    Key,
    Colon,
    /// A comma, or the end of what the value is in.
    AfterValue,
    Text {
        is_key: bool,
        at: Text,
    },
    Number(Number),
    /// The rest of `true`, `false` or `null`.
    Word(&'static [u8]),
}

/// Where in a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    Start,
    Escape,
    /// So many digits of `\uXXXX` are missing.
    Hex(u8),
    /// So many bytes of a character are missing; the next one is in this range (RFC 3629 §4).
    Utf8(u8, u8, u8),
}

/// Where in a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    Minus,
    Zero,
    Whole,
    Point,
    Fraction,
    Exponent,
    Sign,
    Power,
}

impl JsonReader {
    pub(super) const fn new() -> Self {
        Self {
            state: State::Mark(0),
            containers: Containers {
                bits: Vec::new(),
                depth: 0,
            },
            length: 0,
        }
    }

    /// How many arrays and objects are open.
    pub(super) const fn depth(&self) -> usize {
        self.containers.depth
    }

    /// Whether the innermost of them is an array.
    pub(super) fn is_in_array(&self) -> bool {
        self.containers.is_array()
    }

    /// Whether the one around that is an array.
    pub(super) fn is_outer_array(&self) -> bool {
        self.containers
            .is_array_at(self.containers.depth.checked_sub(2))
    }

    /// Bytes of heap.
    #[cfg(feature = "test-util")]
    pub(super) fn buffered(&self) -> usize {
        self.containers.bits.capacity()
    }

    /// Takes the next byte.
    pub(super) fn handle_byte(&mut self, byte: u8) -> Result<Seen, NotJson> {
        let mut seen = Seen::default();
        let taken = self.take(byte, &mut seen);
        self.length += 1;
        taken.map(|()| seen).map_err(|what| NotJson {
            what,
            at: self.length,
        })
    }

    /// Whether the text is whole.
    pub(super) fn finish(&self) -> Result<(), NotJson> {
        let is_whole = match self.state {
            State::AfterValue => true,
            State::Number(number) => number.may_end(),
            _ => false,
        };
        if is_whole && self.containers.depth == 0 {
            return Ok(());
        }
        Err(NotJson {
            what: "unexpected end",
            at: self.length,
        })
    }

    fn take(&mut self, byte: u8, seen: &mut Seen) -> Result<(), &'static str> {
        self.state = match self.state {
            State::Text { is_key, at } => {
                seen.is_in_key = is_key;
                match (at, byte) {
                    (Text::Start, b'"') if is_key => {
                        seen.ends_key = true;
                        State::Colon
                    }
                    (Text::Start, b'"') => {
                        seen.ends = true;
                        State::AfterValue
                    }
                    _ => State::Text {
                        is_key,
                        at: at.after(byte)?,
                    },
                }
            }
            State::Number(number) => match number.after(byte) {
                Some(number) => State::Number(number),
                None if number.may_end() => {
                    seen.has_number_ended = true;
                    self.state = State::AfterValue;
                    return self.take(byte, seen);
                }
                None => return Err("invalid number"),
            },
            State::Word(rest) if rest.first() == Some(&byte) => {
                seen.ends = rest.len() == 1;
                if seen.ends {
                    State::AfterValue
                } else {
                    State::Word(&rest[1..])
                }
            }
            State::Word(_) => return Err("invalid word"),
            State::Mark(count) if MARK.get(count) == Some(&byte) => State::Mark(count + 1),
            State::Mark(1 | 2) => return Err("expected a value"),
            // Blanks around everything.
            state if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') => match state {
                State::Mark(_) => State::Value,
                state => state,
            },
            state => self.structure(state, byte, seen)?,
        };
        Ok(())
    }

    /// A byte between strings, numbers and words.
    fn structure(
        &mut self,
        state: State,
        byte: u8,
        seen: &mut Seen,
    ) -> Result<State, &'static str> {
        Ok(match (state, byte) {
            (State::FirstElement, b']') | (State::FirstKey, b'}') => self.close(seen),
            (State::Mark(_) | State::Value | State::FirstElement, _) => {
                seen.begins = Some(matches!(byte, b'[' | b'{'));
                self.value(byte)?
            }
            (State::FirstKey | State::Key, b'"') => {
                seen.is_in_key = true;
                State::Text {
                    is_key: true,
                    at: Text::Start,
                }
            }
            (State::FirstKey | State::Key, _) => return Err("expected a key"),
            (State::Colon, b':') => State::Value,
            (State::Colon, _) => return Err("expected a colon"),
            (_, b',') if self.containers.depth > 0 => {
                seen.is_comma = true;
                if self.containers.is_array() {
                    State::Value
                } else {
                    State::Key
                }
            }
            (_, b']') if self.containers.depth > 0 && self.containers.is_array() => {
                self.close(seen)
            }
            (_, b'}') if self.containers.depth > 0 && !self.containers.is_array() => {
                self.close(seen)
            }
            _ if self.containers.depth == 0 => return Err("more than one value"),
            _ => return Err("expected a comma or an end"),
        })
    }

    /// The first byte of a value.
    fn value(&mut self, byte: u8) -> Result<State, &'static str> {
        Ok(match byte {
            b'[' => {
                self.containers.open(true)?;
                State::FirstElement
            }
            b'{' => {
                self.containers.open(false)?;
                State::FirstKey
            }
            b'"' => State::Text {
                is_key: false,
                at: Text::Start,
            },
            b't' => State::Word(b"rue"),
            b'f' => State::Word(b"alse"),
            b'n' => State::Word(b"ull"),
            b'-' => State::Number(Number::Minus),
            b'0' => State::Number(Number::Zero),
            b'1'..=b'9' => State::Number(Number::Whole),
            _ => return Err("expected a value"),
        })
    }

    fn close(&mut self, seen: &mut Seen) -> State {
        seen.ends = true;
        self.containers.depth -= 1;
        State::AfterValue
    }
}

impl Text {
    /// What follows a byte that does not end the string.
    fn after(self, byte: u8) -> Result<Self, &'static str> {
        Ok(match (self, byte) {
            (Self::Start, b'\\') => Self::Escape,
            (Self::Start, ..0x20) => return Err("control character in a string"),
            (Self::Start, ..0x80) => Self::Start,
            (Self::Start, 0xC2..=0xDF) => Self::Utf8(1, 0x80, 0xBF),
            (Self::Start, 0xE0) => Self::Utf8(2, 0xA0, 0xBF),
            (Self::Start, 0xED) => Self::Utf8(2, 0x80, 0x9F),
            (Self::Start, 0xE1..=0xEF) => Self::Utf8(2, 0x80, 0xBF),
            (Self::Start, 0xF0) => Self::Utf8(3, 0x90, 0xBF),
            (Self::Start, 0xF1..=0xF3) => Self::Utf8(3, 0x80, 0xBF),
            (Self::Start, 0xF4) => Self::Utf8(3, 0x80, 0x8F),
            (Self::Utf8(missing, first, last), _) if (first..=last).contains(&byte) => {
                match missing {
                    1 => Self::Start,
                    _ => Self::Utf8(missing - 1, 0x80, 0xBF),
                }
            }
            (Self::Start | Self::Utf8(..), _) => return Err("invalid UTF-8"),
            (Self::Escape, b'u') => Self::Hex(4),
            (Self::Escape, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Self::Start,
            (Self::Hex(1), _) if byte.is_ascii_hexdigit() => Self::Start,
            (Self::Hex(missing), _) if byte.is_ascii_hexdigit() => Self::Hex(missing - 1),
            (Self::Escape | Self::Hex(_), _) => return Err("invalid escape in a string"),
        })
    }
}

impl Number {
    const fn may_end(self) -> bool {
        matches!(
            self,
            Self::Zero | Self::Whole | Self::Fraction | Self::Power
        )
    }

    /// `None`: the byte is not part of it.
    const fn after(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Minus, b'0') => Self::Zero,
            (Self::Minus, b'1'..=b'9') | (Self::Whole, b'0'..=b'9') => Self::Whole,
            (Self::Zero | Self::Whole, b'.') => Self::Point,
            (Self::Point | Self::Fraction, b'0'..=b'9') => Self::Fraction,
            (Self::Zero | Self::Whole | Self::Fraction, b'e' | b'E') => Self::Exponent,
            (Self::Exponent, b'+' | b'-') => Self::Sign,
            (Self::Exponent | Self::Sign | Self::Power, b'0'..=b'9') => Self::Power,
            _ => return None,
        })
    }
}

/// The arrays and objects that are open, one bit each.
#[derive(Debug)]
struct Containers {
    bits: Vec<u8>,
    depth: usize,
}

impl Containers {
    fn open(&mut self, is_array: bool) -> Result<(), &'static str> {
        if self.depth == MAX_DEPTH {
            return Err("nested deeper than 65536 levels");
        }
        let (at, bit) = (self.depth / 8, 1 << (self.depth % 8));
        if at == self.bits.len() {
            self.bits.push(0);
        }
        self.bits[at] = self.bits[at] & !bit | if is_array { bit } else { 0 };
        self.depth += 1;
        Ok(())
    }

    /// Whether the innermost is an array; false if none is open.
    fn is_array(&self) -> bool {
        self.is_array_at(self.depth.checked_sub(1))
    }

    fn is_array_at(&self, at: Option<usize>) -> bool {
        at.is_some_and(|at| self.bits[at / 8] & 1 << (at % 8) != 0)
    }
}

impl fmt::Display for NotJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.what, self.at)
    }
}

/// 8 KiB of memory.
const MAX_DEPTH: usize = 64 * 1_024;

/// U+FEFF in UTF-8.
const MARK: &[u8] = b"\xEF\xBB\xBF";
