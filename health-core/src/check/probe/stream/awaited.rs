//! What came over a connection, while something is waited for in it.

use alloc::vec::Vec;

/// The most bytes that are read for one expectation.
const MAX: usize = 16 * 1_024;

/// The bytes that came since the last match. At most [`MAX`] of them.
#[derive(Default)]
pub(in super::super) struct Awaited {
    bytes: Vec<u8>,
    /// Where the line begins that may match.
    line: usize,
    /// Up to where its end was looked for.
    searched: usize,
}

impl Awaited {
    /// Takes what came. What is more than is read makes no difference: there is no match in it.
    pub(in super::super) fn push(&mut self, bytes: &[u8]) {
        let room = MAX - self.bytes.len();
        self.bytes
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Whether what came, or a line of it, begins with this. If so, that is past, and all before it.
    pub(in super::super) fn take(&mut self, expected: &[u8]) -> bool {
        loop {
            let rest = &self.bytes[self.line..];
            if rest.starts_with(expected) {
                self.bytes.drain(..self.line + expected.len());
                (self.line, self.searched) = (0, 0);
                return true;
            }
            if expected.starts_with(rest) {
                // It may become one.
                return false;
            }
            let from = self.searched.max(self.line);
            let end = self.bytes[from..].iter().position(|byte| *byte == b'\n');
            let Some(end) = end else {
                self.searched = self.bytes.len();
                return false;
            };
            self.line = from + end + 1;
        }
    }

    /// Whether no more is read.
    pub(in super::super) fn is_full(&self) -> bool {
        self.bytes.len() >= MAX
    }

    pub(in super::super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    #[cfg(feature = "test-util")]
    pub(in super::super) fn buffered(&self) -> usize {
        self.bytes.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    /// Whether all of these are found one after the other, however the bytes are cut.
    #[track_caller]
    fn finds(input: &str, expected: &[&str]) -> bool {
        let found = [1, 2, 3, 5, 4_096, input.len().max(1)].map(|size| {
            let mut awaited = Awaited::default();
            let mut left = expected;
            for piece in input.as_bytes().chunks(size) {
                awaited.push(piece);
                while let [first, rest @ ..] = left {
                    if !awaited.take(first.as_bytes()) {
                        break;
                    }
                    left = rest;
                }
            }
            left.is_empty()
        });
        assert!(found.iter().all(|it| *it == found[0]), "{found:?}");
        found[0]
    }

    #[test]
    fn lines_count_by_their_beginning() {
        assert!(finds("+PONG\r\n", &["+PONG"]));
        assert!(finds("220-hello\r\n220 mail ESMTP\r\n", &["220 "]));
        assert!(!finds("421 try again [id 2203]\r\n 220 \r\n", &["220"]));
        assert!(finds("\n\nx\nab\n", &["ab"]));
        assert!(!finds("+PON", &["+PONG"]));
    }

    #[test]
    fn what_was_found_is_past() {
        let mail = "220 mail\r\n250-mail\r\n250 SIZE\r\n221 bye\r\n";
        assert!(finds(mail, &["220", "250 ", "221"]));
        assert!(!finds(mail, &["250 ", "220"]));
        assert!(!finds(mail, &["221", "221"]));
        // Of a protocol without lines.
        assert!(finds("\u{1}\u{2}\u{3}\u{4}", &["\u{1}\u{2}", "\u{3}\u{4}"]));
    }

    #[test]
    fn a_beginning_that_has_lines_in_it() {
        assert!(finds("a\nb\nc", &["a\nb"]));
        assert!(finds("a\na\nb", &["a\nb"]), "the second line begins it");
        assert!(!finds("a\nx\nb", &["a\nb"]));
    }

    /// All of it at hand at once, without a buffer.
    fn is_there(input: &[u8], expected: &[&str]) -> bool {
        let mut from = 0;
        expected.iter().all(|expected| {
            let begins = |at: &usize| *at == from || input[at - 1] == b'\n';
            let mut places = (from..=input.len()).filter(begins);
            let found = places.find(|at| input[*at..].starts_with(expected.as_bytes()));
            found.is_some_and(|at| {
                from = at + expected.len();
                true
            })
        })
    }

    #[test]
    fn any_bytes_are_found_as_without_a_buffer() {
        let mut seed = 1_u64;
        let mut next = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % below
        };
        let mut counts = [0, 0];
        for _ in 0..20_000 {
            let mut text = |most| -> String {
                let length = 1 + next(most);
                (0..length)
                    .map(|_| ['a', 'b', '\n'][next(3) as usize])
                    .collect()
            };
            let (input, first, second) = (text(12), text(3), text(3));
            let expected = [&*first, &*second];
            let found = finds(&input, &expected);
            assert_eq!(
                found,
                is_there(input.as_bytes(), &expected),
                "{input:?} {expected:?}"
            );
            counts[usize::from(found)] += 1;
        }
        assert!(counts.iter().all(|count| *count > 500), "{counts:?}");
    }

    #[test]
    fn no_more_is_read_than_the_limit() {
        let mut awaited = Awaited::default();
        for _ in 0..MAX {
            assert!(!awaited.is_full() && !awaited.take(b"z"));
            awaited.push(b"\n");
        }
        awaited.push(b"z");
        assert!(awaited.is_full() && !awaited.take(b"z"));
        assert_eq!(awaited.bytes().len(), MAX);
    }
}
