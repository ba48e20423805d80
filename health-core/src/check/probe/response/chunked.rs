//! The chunked coding (RFC 9112 §7.1), read without a buffer: strictly where the data ends.

use super::malformed::Malformed;

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
    /// Blanks behind the size, as some servers pad it.
    Padding,
    Extension,
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
            State::Padding => padding_byte(byte).ok_or(Malformed::ChunkSize)?,
            State::Extension => extension_byte(byte).ok_or(Malformed::ChunkExtension)?,
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
            (State::LineLf | State::Data | State::DataCr | State::DataLf, _)
            | (_, State::LineLf) => Ok(()),
            (_, State::Size { .. } | State::Padding | State::Extension) => {
                self.count(Self::MAX_LINE, Malformed::ChunkLineTooLong)
            }
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
        padding_byte(byte).ok_or(Malformed::ChunkSize)
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

/// A byte behind the digits of a size.
const fn padding_byte(byte: u8) -> Option<State> {
    match byte {
        b' ' | b'\t' => Some(State::Padding),
        b';' => Some(State::Extension),
        b'\r' => Some(State::LineLf),
        _ => None,
    }
}

/// What stands in it is for nobody: it is passed over up to the line end (RFC 9112 §7.1.1).
const fn extension_byte(byte: u8) -> Option<State> {
    match byte {
        b'\r' => Some(State::LineLf),
        b'\n' | 0 => None,
        _ => Some(State::Extension),
    }
}

/// `trailer-section = *( field-line CRLF )` and the last CRLF (RFC 9112 §7.1.2), of any names and values.
const fn trailer_byte(state: State, byte: u8) -> Option<State> {
    Some(match (state, byte) {
        (State::TrailerStart | State::TrailerNext, b'\r') => State::LastLf,
        (State::TrailerValue, b'\r') => State::TrailerLf,
        (State::TrailerLf, b'\n') => State::TrailerNext,
        (State::LastLf, b'\n') => State::End,
        // The first trailer continues nothing.
        (State::TrailerStart, b' ' | b'\t')
        | (State::TrailerLf | State::LastLf, _)
        | (_, 0 | b'\r' | b'\n') => return None,
        (State::TrailerNext, b' ' | b'\t') | (State::TrailerValue, _) | (_, b':') => {
            State::TrailerValue
        }
        _ => State::TrailerName,
    })
}
