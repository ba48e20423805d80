//! A text searched in what comes piece by piece, without keeping it: Knuth, Morris and Pratt.

use alloc::vec;
use alloc::vec::Vec;

#[derive(Debug)]
pub(super) struct Search<'p> {
    text: &'p [u8],
    /// How much of the text is its own end as well, for each of its beginnings.
    borders: Vec<u16>,
    /// How much of the text the last bytes were. All of it: it was found.
    matched: usize,
}

impl<'p> Search<'p> {
    /// The longest text.
    pub(super) const MAX: usize = 10 * 1_024;

    /// Of at least one byte.
    pub(super) fn new(text: &'p [u8]) -> Self {
        let mut borders = vec![0; text.len()];
        let mut border = 0;
        for at in 1..text.len() {
            while border > 0 && text[at] != text[border] {
                border = usize::from(borders[border - 1]);
            }
            border += usize::from(text[at] == text[border]);
            borders[at] = u16::try_from(border).unwrap_or(u16::MAX);
        }
        Self {
            text,
            borders,
            matched: 0,
        }
    }

    pub(super) const fn text(&self) -> &'p [u8] {
        self.text
    }

    pub(super) fn is_found(&self) -> bool {
        self.matched == self.text.len()
    }

    /// Bytes of heap.
    #[cfg(feature = "test-util")]
    pub(super) fn buffered(&self) -> usize {
        self.borders.capacity() * size_of::<u16>()
    }

    pub(super) fn handle_input(&mut self, input: &[u8]) {
        for byte in input {
            if self.is_found() {
                return;
            }
            while self.matched > 0 && *byte != self.text[self.matched] {
                self.matched = usize::from(self.borders[self.matched - 1]);
            }
            self.matched += usize::from(*byte == self.text[self.matched]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All texts and bodies of two letters up to some length, in every cut into two.
    #[test]
    fn it_agrees_with_the_naive_search() {
        let words = |most: u32| {
            (1..=most).flat_map(|length| {
                (0..1_u32 << length).map(move |bits| {
                    let letter = |at| b'a' + u8::from(bits >> at & 1 == 1);
                    (0..length).map(letter).collect::<Vec<u8>>()
                })
            })
        };
        for text in words(5) {
            for body in words(9) {
                let expected = body.windows(text.len()).any(|part| part == text);
                for cut in 0..=body.len() {
                    let mut search = Search::new(&text);
                    search.handle_input(&body[..cut]);
                    search.handle_input(&body[cut..]);
                    assert_eq!(search.is_found(), expected, "{text:?} in {body:?}");
                }
            }
        }
    }
}
