//! Cuts what a process writes into whole lines.

/// The most bytes of a line; a longer one is cut into lines of this length.
pub(super) const MOST: usize = 16 * 1024;

/// The lines of one stream, without their ends.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The beginning of a line whose end has not come yet.
    rest: Vec<u8>,
}

impl Lines {
    /// Gives `take` every line that `bytes` complete.
    pub(super) fn push(&mut self, mut bytes: &[u8], mut take: impl FnMut(&[u8])) {
        loop {
            let room = MOST - self.rest.len();
            // One more: the end of a line that just fits.
            let end = bytes.iter().take(room + 1).position(|byte| *byte == b'\n');
            let (line, next) = match end {
                Some(end) => (&bytes[..end], &bytes[end + 1..]),
                None if bytes.len() > room => bytes.split_at(room),
                None => break,
            };
            bytes = next;
            if self.rest.is_empty() {
                take(line);
            } else {
                self.rest.extend_from_slice(line);
                take(&self.rest);
                self.rest.clear();
            }
        }
        self.rest.extend_from_slice(bytes);
    }

    /// Gives `take` the last line, if its end never came.
    pub(super) fn finish(&mut self, take: impl FnOnce(&[u8])) {
        let rest = std::mem::take(&mut self.rest);
        if !rest.is_empty() {
            take(&rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        let mut lines = Lines::default();
        for piece in pieces {
            lines.push(piece, |line| all.push(line.to_vec()));
        }
        lines.finish(|line| all.push(line.to_vec()));
        all
    }

    #[test]
    fn pieces_make_no_difference() {
        let mut bytes = b"\n\nfirst\nsecond\r\n".to_vec();
        for length in [MOST - 1, MOST, MOST + 1, 3 * MOST, 3 * MOST + 1] {
            bytes.extend(vec![b'x'; length]);
            bytes.push(b'\n');
        }
        bytes.extend(b"the end");
        let whole = lines(&[&bytes]);
        for size in [1, 2, 7, 4_096, MOST - 1, MOST, MOST + 1] {
            let pieces: Vec<_> = bytes.chunks(size).collect();
            assert_eq!(lines(&pieces), whole, "{size}");
        }
        let lengths: Vec<_> = whole.iter().map(Vec::len).collect();
        let mut expected = vec![0, 0, 5, 7, MOST - 1, MOST, MOST, 1];
        expected.extend([MOST, MOST, MOST, MOST, MOST, MOST, 1, 7]);
        assert_eq!(lengths, expected);
    }

    #[test]
    fn a_line_that_just_fits_is_one() {
        let line = vec![b'x'; MOST];
        assert_eq!(lines(&[&line]).len(), 1, "also without its end");
        assert_eq!(lines(&[&line, b"\n", b"y"]), [line, b"y".to_vec()]);
        assert_eq!(lines(&[]), <[Vec<u8>; 0]>::default());
    }
}
