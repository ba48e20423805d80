//! The id of a request: `X-Request-Id`.

use core::fmt;

/// The most bytes of an `X-Request-Id` that is taken over.
const ROOM: usize = 64;

/// The client's `X-Request-Id`, or one of our own; kept inline.
#[derive(Clone, Copy)]
pub(super) struct RequestId {
    len: u8,
    bytes: [u8; ROOM],
}

impl RequestId {
    pub(super) const NONE: Self = Self {
        len: 0,
        bytes: [0; ROOM],
    };

    /// The client's own, if it is 1 to 64 bytes of visible ASCII: it is sent back and logged.
    pub(super) fn of_client(value: &[u8]) -> Option<Self> {
        // Without a way out in the middle the compiler looks at many bytes at once.
        let all_graphic = |all, byte: &u8| all & byte.is_ascii_graphic();
        let is_valid = matches!(value.len(), 1..=ROOM) && value.iter().fold(true, all_graphic);
        is_valid.then(|| {
            let mut id = Self::NONE;
            id.bytes[..value.len()].copy_from_slice(value);
            id.len = value.len() as u8;
            id
        })
    }

    /// One of our own: the time, which differs between runs of the daemon, and a count, which differs
    /// between requests. It is no secret, so it need not be random.
    pub(super) fn generate(unix_millis: u64, count: usize) -> Self {
        let mut id = Self::NONE;
        // 16 digits at most, twice, and a dash: there is room.
        let _ = fmt::write(&mut id, format_args!("{unix_millis:x}-{count:x}"));
        id
    }

    /// Empty if there is none.
    pub(super) fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl fmt::Write for RequestId {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let start = usize::from(self.len);
        let room = self.bytes.get_mut(start..start + text.len());
        room.ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len += text.len() as u8;
        Ok(())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_client_only_what_can_do_no_harm() {
        for good in ["a", "6f1c2b3a-4d5e", "!\"#~", &"x".repeat(64)] {
            let id = RequestId::of_client(good.as_bytes()).expect(good);
            assert_eq!(id.as_str(), good);
        }
        for bad in ["", "a b", "a\tb", "ä", "a\x1b[2J", &"x".repeat(65)] {
            assert!(RequestId::of_client(bad.as_bytes()).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn our_own_are_told_apart_and_taken_over_by_others_like_us() {
        let longest = RequestId::generate(u64::MAX, usize::MAX);
        assert_eq!(longest.as_str().len(), 16 + 1 + size_of::<usize>() * 2);
        assert!(RequestId::of_client(longest.as_str().as_bytes()).is_some());
        let [one, two] = [1, 2].map(|n| RequestId::generate(1_769_164_200_123, n));
        assert_eq!(one.as_str(), "19bea6758bb-1");
        assert_ne!(one.as_str(), two.as_str());
    }
}
