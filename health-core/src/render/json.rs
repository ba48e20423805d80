//! A JSON writer that cannot leave a bracket open and never allocates.

use alloc::vec::Vec;

use crate::base::decimal;

/// An object being written. Field names are written as they are: they need no escapes.
pub(crate) struct Object<'a> {
    out: &'a mut Vec<u8>,
    is_empty: bool,
}

/// Appends an array of objects.
pub(crate) fn array<T>(
    out: &mut Vec<u8>,
    items: impl Iterator<Item = T>,
    mut fill: impl FnMut(&mut Object<'_>, T),
) {
    out.push(b'[');
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        object(out, |o| fill(o, item));
    }
    out.push(b']');
}

/// Appends one object.
pub(crate) fn object(out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
    let mut object = Object {
        out,
        is_empty: true,
    };
    fill(&mut object);
    let closing: &[u8] = if object.is_empty { b"{}" } else { b"}" };
    out.extend_from_slice(closing);
}

impl Object<'_> {
    /// Writes a string, with the escapes it needs.
    #[inline]
    pub(crate) fn string(&mut self, name: &str, value: &str) {
        self.name(name);
        string(self.out, value);
    }

    /// Writes a text of ours, such as a fixed word, a date or a [`Name`](crate::base::Name): one
    /// that needs no escapes, so none are searched for.
    #[inline]
    pub(crate) fn word(&mut self, name: &str, value: impl AsRef<[u8]>) {
        let value = value.as_ref();
        debug_assert!(!value.iter().copied().any(needs_escape));
        self.name(name);
        self.out.push(b'"');
        self.out.extend_from_slice(value);
        self.out.push(b'"');
    }

    #[inline]
    pub(crate) fn bool(&mut self, name: &str, value: bool) {
        self.name(name);
        if value {
            self.out.extend_from_slice(b"true");
        } else {
            self.out.extend_from_slice(b"false");
        }
    }

    #[inline]
    pub(crate) fn number(&mut self, name: &str, value: u64) {
        self.name(name);
        decimal(self.out, value);
    }

    /// Writes seconds with one decimal, rounded down.
    #[inline]
    pub(crate) fn tenths(&mut self, name: &str, value: core::time::Duration) {
        self.name(name);
        decimal(self.out, value.as_secs());
        self.out.push(b'.');
        decimal(self.out, u64::from(value.subsec_millis() / 100));
    }

    /// Writes milliseconds with three decimals.
    #[cfg(any(feature = "monitor", test))]
    pub(crate) fn millis(&mut self, name: &str, value: core::time::Duration) {
        self.name(name);
        let micros = value.as_micros() as u64;
        decimal(self.out, micros / 1_000);
        let places = [100, 10, 1].map(|place| b'0' + (micros / place % 10) as u8);
        self.out.push(b'.');
        self.out.extend_from_slice(&places);
    }

    /// Writes a value that is JSON already.
    pub(crate) fn raw(&mut self, name: &str, value: &str) {
        self.name(name);
        self.out.extend_from_slice(value.as_bytes());
    }

    pub(crate) fn object(&mut self, name: &str, fill: impl FnOnce(&mut Object<'_>)) {
        self.name(name);
        object(self.out, fill);
    }

    /// Writes an array of strings; nothing at all if there are none.
    pub(crate) fn strings<'s>(&mut self, name: &str, values: impl Iterator<Item = &'s str>) {
        let mut values = values.peekable();
        if values.peek().is_none() {
            return;
        }
        self.name(name);
        for (index, value) in values.enumerate() {
            self.out.push(if index == 0 { b'[' } else { b',' });
            string(self.out, value);
        }
        self.out.push(b']');
    }

    /// Writes an array of objects.
    pub(crate) fn objects<T>(
        &mut self,
        name: &str,
        items: impl Iterator<Item = T>,
        fill: impl FnMut(&mut Object<'_>, T),
    ) {
        self.name(name);
        array(self.out, items, fill);
    }

    /// Begins a value of any kind, to be appended to what is returned.
    pub(crate) fn value(&mut self, name: &str) -> &mut Vec<u8> {
        self.name(name);
        self.out
    }

    /// Nearly all names are literals: where it is inlined, their lengths are known, and no copy is called.
    #[inline(always)]
    fn name(&mut self, name: &str) {
        // Two bytes either way: a length known beforehand makes no call of the copy.
        let opening = if core::mem::take(&mut self.is_empty) {
            b"{\""
        } else {
            b",\""
        };
        self.out.extend_from_slice(opening);
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }
}

/// Appends `text` in quotes. Escapes what RFC 8259 §7 demands, and DEL, which terminals act upon.
fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| needs_escape(*byte)) {
        out.extend_from_slice(&rest[..at]);
        escape(out, rest[at]);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

const fn needs_escape(byte: u8) -> bool {
    byte.is_ascii_control() || byte == b'"' || byte == b'\\'
}

fn escape(out: &mut Vec<u8>, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            out.extend_from_slice(b"\\u00");
            out.push(HEX[usize::from(byte >> 4)]);
            out.push(HEX[usize::from(byte & 15)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use core::time::Duration;
    use serde_json::{Value, json};

    fn read(out: &[u8]) -> Value {
        serde_json::from_slice(out).expect("the writer writes JSON")
    }

    #[test]
    fn serde_json_reads_what_was_meant() {
        let mut out = Vec::new();
        object(&mut out, |o| {
            o.string("s", "a\"b\\c\n\u{1}ä");
            o.bool("t", true);
            o.number("n", u64::MAX);
            o.tenths("d", Duration::from_millis(12_399));
            o.millis("m", Duration::from_micros(1_234_056));
            o.raw("r", "[1]");
            o.object("o", |o| o.bool("f", false));
            o.object("e", |_| ());
            o.strings("a", ["x", "y"].into_iter());
            o.strings("none", [].into_iter());
            o.objects("l", 1..3, |o, n| o.number("n", n));
            o.value("v").extend_from_slice(b"null");
        });
        assert_eq!(
            read(&out),
            json!({"s": "a\"b\\c\n\u{1}ä", "t": true, "n": u64::MAX, "d": 12.3, "m": 1234.056, "r": [1],
                   "o": {"f": false}, "e": {}, "a": ["x", "y"], "l": [{"n": 1}, {"n": 2}],
                   "v": null}),
        );
    }

    #[test]
    fn every_character_survives() {
        let text: String = ('\0'..='\u{2FF}')
            .chain(['\u{2028}', '\u{FFFF}', '😀'])
            .collect();
        let mut out = Vec::new();
        string(&mut out, &text);
        assert_eq!(read(&out), Value::String(text));
    }
}
