//! The chunked coding (RFC 9112 §7.1), read strictly and without a buffer.

use super::malformed::Malformed;
use crate::base::grammar::{is_token_byte, is_value_byte};

/// Reads chunk lines, line ends and trailers byte by byte, and counts data down.
#[derive(Clone, Debug)]
pub(super) struct Chunked {
    state: State,
    /// The size on the line being read, then what is left of the chunk's data.
    size: u64,
    /// Bytes of the chunk's line without its end, or of all trailers with theirs, so far.
    length: usize,
}

/// Where in the coding the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Size {
        digits: u8,
    },
    Extension(Extension),
    LineLf,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    /// After a trailer, which a blank continues.
    TrailerNext,
    TrailerName,
    TrailerValue,
    TrailerLf,
    LastLf,
    End,
}

/// `chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extension {
    /// Whitespace after a complete extension or the size: only `;` or the line end may follow.
    BeforeSemicolon,
    BeforeName,
    Name,
    AfterName,
    BeforeValue,
    Token,
    Quoted,
    Escaped,
    AfterQuoted,
}

impl Chunked {
    pub(super) const MAX_LINE: usize = 256;
    pub(super) const MAX_TRAILERS: usize = 4_096;

    pub(super) const fn new() -> Self {
        Self {
            state: State::Size { digits: 0 },
            size: 0,
            length: 0,
        }
    }

    /// How many bytes of data come next; `None` if the next byte is not data.
    pub(super) fn data_left(&self) -> Option<u64> {
        (self.state == State::Data).then_some(self.size)
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.state == State::End
    }

    /// `length` bytes of data, at most [`Self::data_left`], have come.
    pub(super) fn handle_data(&mut self, length: u64) {
        self.size = self.size.saturating_sub(length);
        if self.size == 0 {
            self.state = State::DataCr;
        }
    }

    /// A byte that is not data has come.
    pub(super) fn handle_byte(&mut self, byte: u8) -> Result<(), Malformed> {
        let before = self.state;
        self.state = match before {
            State::Size { digits } => self.size_byte(digits, byte)?,
            State::Extension(at) => extension_byte(at, byte).ok_or(Malformed::ChunkExtension)?,
            State::LineLf => self.line_end(byte)?,
            State::DataCr if byte == b'\r' => State::DataLf,
            State::DataLf if byte == b'\n' => {
                *self = Self::new();
                self.state
            }
            State::Data | State::DataCr | State::DataLf => return Err(Malformed::ChunkEnd),
            trailer => trailer_byte(trailer, byte).ok_or(Malformed::Trailer)?,
        };
        match (before, self.state) {
            (
                State::Size { .. } | State::Extension(_),
                State::Size { .. } | State::Extension(_),
            ) => self.count(Self::MAX_LINE, Malformed::ChunkLineTooLong),
            (State::LineLf | State::Data | State::DataCr | State::DataLf, _)
            | (_, State::LineLf) => Ok(()),
            _ => self.count(Self::MAX_TRAILERS, Malformed::TrailersTooLong),
        }
    }

    fn count(&mut self, most: usize, beyond: Malformed) -> Result<(), Malformed> {
        self.length += 1;
        if self.length > most {
            Err(beyond)
        } else {
            Ok(())
        }
    }

    fn size_byte(&mut self, digits: u8, byte: u8) -> Result<State, Malformed> {
        if let Some(digit) = (byte as char).to_digit(16) {
            // Sixteen digits fill 64 bits; a seventeenth would wrap around to a small chunk.
            if digits == 16 {
                return Err(Malformed::ChunkSize);
            }
            self.size = self.size << 4 | u64::from(digit);
            return Ok(State::Size { digits: digits + 1 });
        }
        if digits == 0 {
            return Err(Malformed::ChunkSize);
        }
        match byte {
            b'\r' => Ok(State::LineLf),
            b';' => Ok(State::Extension(Extension::BeforeName)),
            b' ' | b'\t' => Ok(State::Extension(Extension::BeforeSemicolon)),
            _ => Err(Malformed::ChunkSize),
        }
    }

    fn line_end(&mut self, byte: u8) -> Result<State, Malformed> {
        if byte != b'\n' {
            return Err(Malformed::BareCr);
        }
        self.length = 0;
        Ok(if self.size == 0 {
            State::TrailerStart
        } else {
            State::Data
        })
    }
}

fn extension_byte(at: Extension, byte: u8) -> Option<State> {
    use Extension as E;
    let next = match (at, byte) {
        // Blanks before the line end are padding, as some servers write it.
        (E::Name | E::AfterName | E::Token | E::AfterQuoted | E::BeforeSemicolon, b'\r') => {
            return Some(State::LineLf);
        }
        (E::Name | E::BeforeName, byte) if is_token_byte(byte) => E::Name,
        (E::Token | E::BeforeValue, byte) if is_token_byte(byte) => E::Token,
        (E::BeforeName | E::BeforeValue | E::BeforeSemicolon | E::AfterName, b' ' | b'\t') => at,
        (E::Name, b' ' | b'\t') => E::AfterName,
        (E::Token | E::AfterQuoted, b' ' | b'\t') => E::BeforeSemicolon,
        (E::Name | E::AfterName, b'=') => E::BeforeValue,
        (E::Name | E::AfterName | E::Token | E::AfterQuoted | E::BeforeSemicolon, b';') => {
            E::BeforeName
        }
        (E::BeforeValue, b'"') => E::Quoted,
        (E::Quoted, b'"') => E::AfterQuoted,
        (E::Quoted, b'\\') => E::Escaped,
        (E::Quoted | E::Escaped, byte) if is_value_byte(byte) => E::Quoted,
        _ => return None,
    };
    Some(State::Extension(next))
}

/// `trailer-section = *( field-line CRLF )` and the last CRLF (RFC 9112 §7.1.2).
fn trailer_byte(state: State, byte: u8) -> Option<State> {
    Some(match (state, byte) {
        (State::TrailerStart | State::TrailerNext, b'\r') => State::LastLf,
        (State::TrailerName, b':') => State::TrailerValue,
        (State::TrailerStart | State::TrailerNext | State::TrailerName, byte)
            if is_token_byte(byte) =>
        {
            State::TrailerName
        }
        (State::TrailerNext, b' ' | b'\t') => State::TrailerValue,
        (State::TrailerValue, b'\r') => State::TrailerLf,
        (State::TrailerValue, byte) if is_value_byte(byte) => State::TrailerValue,
        (State::TrailerLf, b'\n') => State::TrailerNext,
        (State::LastLf, b'\n') => State::End,
        _ => return None,
    })
}
