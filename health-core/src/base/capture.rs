//! The beginning and the end of an output of unknown length.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// Keeps the first 2,048 and the last 2,048 bytes of what is pushed, and counts the rest.
///
/// Both ends, because they answer different questions: what a program set out to do stands at the
/// beginning of its output, why it died at the end. Holds at most 8 KiB however much is pushed.
///
/// [`Display`](fmt::Display) gives the text, at most 4,160 bytes of it. It is cut
/// between characters, and bytes that are not UTF-8 are replaced by U+FFFD. Control characters are
/// left as they are: escape them before printing to a terminal.
///
/// ```
/// use health_core::Capture;
///
/// let mut output = Capture::new();
/// output.push(b"starting\n");
/// output.push(&b"working\n".repeat(1_000));
/// output.push(b"out of memory\n");
/// let text = output.to_string();
/// assert!(text.starts_with("starting\nworking\n"));
/// assert!(text.contains("\n... 3927 bytes omitted ...\n"));
/// assert!(text.ends_with("working\nout of memory\n"));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Capture {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    total: u64,
}

impl Capture {
    /// The most bytes its text has: two ends of 2,048 and the note between them.
    pub(crate) const MAX_TEXT: usize = 2 * END + NOTE;

    /// Nothing captured yet. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            head: Vec::new(),
            tail: VecDeque::new(),
            total: 0,
        }
    }

    /// Adds the next bytes of the output.
    pub fn push(&mut self, bytes: &[u8]) {
        self.total = self.total.saturating_add(bytes.len() as u64);
        let (first, rest) = bytes.split_at(bytes.len().min(END - self.head.len()));
        self.head.extend_from_slice(first);
        let last = &rest[rest.len().saturating_sub(END)..];
        let displaced = (self.tail.len() + last.len()).saturating_sub(END);
        self.tail.drain(..displaced);
        self.tail.extend(last);
    }

    /// Whether all of it is kept.
    #[cfg(feature = "supervise")]
    pub(crate) fn is_whole(&self) -> bool {
        self.total == (self.head.len() + self.tail.len()) as u64
    }

    /// How many bytes were pushed, kept or not.
    pub(crate) const fn total(&self) -> u64 {
        self.total
    }
}

impl fmt::Display for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut kept = self.head.clone();
        kept.extend(&self.tail);
        let (head, tail) = if kept.len() as u64 == self.total {
            let text = String::from_utf8_lossy(&kept);
            if text.len() <= 2 * END {
                return f.write_str(&text);
            }
            // Replacing bytes made it longer than an excerpt may be.
            (&kept[..], &kept[..])
        } else {
            let (head, tail) = kept.split_at(END);
            (without_cut_end(head), without_cut_start(tail))
        };
        let (beginning, shown_first) = beginning(head);
        let (ending, shown_last) = ending(tail);
        let omitted = self.total - (shown_first + shown_last) as u64;
        write!(f, "{beginning}\n... {omitted} bytes omitted ...\n{ending}")
    }
}

impl fmt::Debug for Capture {
    /// Sizes only: what a target said is for authorised readers, and `Debug` ends up in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capture")
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

/// What is kept of either end, in bytes as they came and in bytes of text.
const END: usize = 2_048;
/// Room for the note between the ends, with any number in it.
const NOTE: usize = 64;

/// The characters of `bytes`, each with the number of bytes that it stands for.
fn characters(bytes: &[u8]) -> impl Iterator<Item = (char, usize)> {
    bytes.utf8_chunks().flat_map(|chunk| {
        let wrong = chunk.invalid().len();
        let replaced = (wrong > 0).then_some((char::REPLACEMENT_CHARACTER, wrong));
        let valid = chunk.valid().chars().map(|c| (c, c.len_utf8()));
        valid.chain(replaced)
    })
}

/// As many characters from the start as make at most [`END`] bytes of text, and their bytes.
fn beginning(bytes: &[u8]) -> (String, usize) {
    let mut text = String::new();
    let mut shown = 0;
    for (c, length) in characters(bytes) {
        if text.len() + c.len_utf8() > END {
            break;
        }
        text.push(c);
        shown += length;
    }
    (text, shown)
}

/// As many characters from the end as make at most [`END`] bytes of text, and their bytes.
fn ending(bytes: &[u8]) -> (String, usize) {
    let mut text_len: usize = characters(bytes).map(|(c, _)| c.len_utf8()).sum();
    let mut text = String::new();
    let mut shown = 0;
    for (c, length) in characters(bytes) {
        if text_len > END {
            text_len -= c.len_utf8();
        } else {
            text.push(c);
            shown += length;
        }
    }
    (text, shown)
}

/// Drops the first bytes of a character whose others were not kept.
fn without_cut_end(bytes: &[u8]) -> &[u8] {
    let unfinished = bytes
        .utf8_chunks()
        .last()
        .map_or(&[][..], |chunk| chunk.invalid());
    match core::str::from_utf8(unfinished) {
        Err(error) if error.error_len().is_none() => &bytes[..bytes.len() - unfinished.len()],
        _ => bytes,
    }
}

/// Drops the last bytes of a character whose first one was not kept: at most three.
fn without_cut_start(bytes: &[u8]) -> &[u8] {
    let is_continuation = |byte: &&u8| **byte & 0b1100_0000 == 0b1000_0000;
    let cut = bytes.iter().take(3).take_while(is_continuation).count();
    &bytes[cut..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn of(bytes: &[u8]) -> Capture {
        let mut capture = Capture::new();
        capture.push(bytes);
        capture
    }

    #[test]
    fn what_fits_is_shown_whole() {
        assert_eq!(Capture::new().to_string(), "");
        let text = "ü".repeat(2_048);
        assert_eq!(
            of(text.as_bytes()).to_string(),
            text,
            "also across the seam"
        );
        // 2,047 bytes before it: the seam between head and tail lies inside the character.
        let text = "x".repeat(2_047) + "€" + &"y".repeat(2_046);
        assert_eq!(of(text.as_bytes()).to_string(), text);
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let text = "a".repeat(2_048) + "!" + &"b".repeat(2_048);
        assert_eq!(
            of(text.as_bytes()).to_string(),
            "a".repeat(2_048) + "\n... 1 bytes omitted ...\n" + &"b".repeat(2_048),
        );
        let text = "x".repeat(2_047) + &"€".repeat(1_000) + &"y".repeat(2_047);
        assert_eq!(
            of(text.as_bytes()).to_string(),
            "x".repeat(2_047) + "\n... 3000 bytes omitted ...\n" + &"y".repeat(2_047),
            "half characters are left out and counted",
        );
    }

    #[test]
    fn the_text_is_bounded_whatever_the_bytes() {
        for length in [1, 2_047, 2_048, 2_049, 4_095, 4_096, 4_097, 100_000] {
            for byte in [0xFF, 0x80, 0xE2, b'x'] {
                let text = of(&alloc::vec![byte; length]).to_string();
                assert!(text.len() <= Capture::MAX_TEXT, "{length} × {byte}");
            }
        }
    }

    #[test]
    fn pieces_make_no_difference() {
        let bytes: Vec<u8> = (0..9_000_u32).map(|i| (i * 7 % 256) as u8).collect();
        let whole = of(&bytes).to_string();
        for size in [1, 3, 100, 2_047, 2_048, 2_049, 5_000] {
            let mut capture = Capture::new();
            bytes.chunks(size).for_each(|piece| capture.push(piece));
            assert_eq!(capture.to_string(), whole, "{size}");
            assert_eq!(capture.total(), 9_000);
        }
    }
}
