//! The value at a JSON pointer (RFC 6901), found in a text as it comes: no other part of it is kept.

use alloc::string::String;
use alloc::vec::Vec;

use super::json::{JsonReader, NotJson, Seen};

/// Reads a JSON text and keeps the value at one place of it. Of members with the same name, the last one
/// counts.
#[derive(Debug)]
pub(super) struct ValueReader {
    reader: JsonReader,
    /// Names and indexes, the outermost first.
    path: Vec<String>,
    /// How many of the containers that are open lie on the path: the first ones.
    on_path: usize,
    /// In each of them, how many elements are behind.
    indexes: Vec<usize>,
    /// The key that is read, in quotation marks, as long as it may be the one on the path.
    key: Vec<u8>,
    /// The last key of the innermost container on the path is the one on the path.
    is_key_on_path: bool,
    is_capturing: bool,
    value: Option<Vec<u8>>,
}

impl ValueReader {
    /// The longest text of a value that is kept.
    pub(super) const MAX: usize = 16 * 1_024;

    /// `pointer` is valid.
    pub(super) fn new(pointer: &str) -> Self {
        let tokens = pointer.split('/').skip(1);
        Self {
            reader: JsonReader::new(),
            path: tokens
                .map(|it| it.replace("~1", "/").replace("~0", "~"))
                .collect(),
            on_path: 0,
            indexes: Vec::new(),
            key: Vec::new(),
            is_key_on_path: false,
            is_capturing: false,
            value: None,
        }
    }

    /// Bytes of heap for what has come.
    #[cfg(feature = "test-util")]
    pub(super) fn buffered(&self) -> usize {
        let value = self.value.as_ref().map_or(0, Vec::capacity);
        self.reader.buffered() + self.key.capacity() + value
    }

    /// Takes the next byte.
    pub(super) fn handle_byte(&mut self, byte: u8) -> Result<(), NotJson> {
        let before = self.reader.depth();
        let seen = self.reader.handle_byte(byte)?;
        if seen.has_number_ended {
            self.value_ends(before);
        }
        if before == self.on_path {
            self.on_the_path(byte, seen);
        }
        if let Some(is_container) = seen.begins {
            self.value_begins(before, is_container);
        }
        if self.is_capturing {
            self.capture(byte);
        }
        if seen.ends {
            self.value_ends(self.reader.depth());
        }
        Ok(())
    }

    /// The text is over: the value's text, if there is one. One that is too long is cut.
    pub(super) fn finish(&self) -> Result<Option<&[u8]>, NotJson> {
        self.reader.finish()?;
        Ok(self.value.as_deref())
    }

    /// A byte directly in the innermost container on the path.
    fn on_the_path(&mut self, byte: u8, seen: Seen) {
        if let Some(index) = self.indexes.last_mut() {
            *index += usize::from(seen.is_comma);
        }
        let Some(name) = self.path.get(self.on_path.wrapping_sub(1)) else {
            return;
        };
        // A character of one byte may be written in six, longer ones in fewer for each byte.
        if seen.is_in_key && self.key.len() < 6 * name.len() + 3 {
            self.key.push(byte);
        }
        if seen.ends_key {
            let key = serde_json::from_slice::<String>(&self.key);
            self.is_key_on_path = key.is_ok_and(|key| key == *name);
            self.key.clear();
        }
    }

    fn value_begins(&mut self, depth: usize, is_container: bool) {
        if depth != self.on_path || !self.is_next_on_path(depth, is_container) {
            return;
        }
        // One of the same name that came before counts no longer.
        self.value = None;
        if depth == self.path.len() {
            self.is_capturing = true;
            self.value = Some(Vec::new());
        } else if is_container {
            self.on_path += 1;
            self.indexes.push(0);
            self.is_key_on_path = false;
        }
    }

    /// Whether a value directly in the innermost container on the path lies on the path as well.
    fn is_next_on_path(&self, depth: usize, begins_container: bool) -> bool {
        let Some(name) = self.path.get(depth.wrapping_sub(1)) else {
            return depth == 0;
        };
        // The reader is within the value by now, if that is a container.
        let is_in_array = if begins_container {
            self.reader.is_outer_array()
        } else {
            self.reader.is_in_array()
        };
        if !is_in_array {
            return self.is_key_on_path;
        }
        let is_index = !name.starts_with('+') && (name == "0" || !name.starts_with('0'));
        is_index && name.parse() == Ok(self.indexes[depth - 1])
    }

    /// A value ended that `depth` containers are around.
    fn value_ends(&mut self, depth: usize) {
        if depth == self.path.len() {
            self.is_capturing = false;
        }
        if self.on_path > depth {
            self.on_path = depth;
            self.indexes.truncate(depth);
            // What follows is behind the key that has led here.
            self.is_key_on_path = false;
        }
    }

    fn capture(&mut self, byte: u8) {
        if let Some(value) = self.value.as_mut().filter(|it| it.len() < Self::MAX) {
            value.push(byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use serde_json::Value;

    fn find(text: &str, pointer: &str) -> Option<Value> {
        let mut reader = ValueReader::new(pointer);
        for byte in text.bytes() {
            reader.handle_byte(byte).expect(text);
        }
        let value = reader.finish().expect(text);
        value.map(|text| serde_json::from_slice(text).expect("a value"))
    }

    /// Every place of these texts, and places that they do not have: serde_json finds the same.
    #[test]
    fn it_agrees_with_serde_json() {
        let texts = [
            r#"{"a":[1,[2,{"b":3}],{"b":{"c":[4,5]}}],"b":"x","0":{"1":[[],[6]]},"":{"":7}}"#,
            r#"[[[0,1],[2]],{"0":[3]},[],"4",5,-6.5e1]"#,
            r#"{"a/b":1,"m~n":[2],"\u0061":3,"c":{"\"":4},"é":5,"\ud83d\ude00":6}"#,
            r#"{"a":1,"a":{"b":2},"a":3}"#,
            r#"{"a":{"b":1},"a":{"b":2,"c":3}}"#,
            r#"{"a":{"b":1},"a":{"c":3}}"#,
            r#"{"a":{"b":1},"a":[7]}"#,
            r#"{"x":{"a":{"b":1}},"a":{"y":2},"z":[{"a":{"b":4}}]}"#,
            " 12 ",
            "\"text\"",
        ];
        let tokens = [
            "a", "b", "c", "0", "1", "2", "00", "+1", "-", "", "x", "a~1b", "m~0n", "é", "😀", "\"",
        ];
        let mut found = 0;
        for text in texts {
            let document: Value = serde_json::from_str(text).expect(text);
            let mut pointers = alloc::vec![String::new()];
            for depth in 0..4 {
                let longer: Vec<_> = pointers
                    .iter()
                    .filter(|it| it.split('/').count() == depth + 1)
                    .flat_map(|it| tokens.map(|token| format!("{it}/{token}")))
                    .filter(|it| depth < 2 || document.pointer(it).is_some())
                    .collect();
                pointers.extend(longer);
            }
            for pointer in &pointers {
                let expected = document.pointer(pointer);
                assert_eq!(
                    find(text, pointer).as_ref(),
                    expected,
                    "{pointer} in {text}"
                );
                found += usize::from(expected.is_some());
            }
        }
        assert!(found > 50, "{found}");
    }

    #[test]
    fn a_long_value_is_cut_and_a_long_key_is_not_kept() {
        let text = format!(
            "{{\"{}\":1,\"a\":\"{}\"}}",
            "k".repeat(99_999),
            "v".repeat(99_999)
        );
        let mut reader = ValueReader::new("/a");
        for byte in text.bytes() {
            reader.handle_byte(byte).expect("JSON");
            assert!(reader.key.len() <= 9);
        }
        let value = reader.finish().expect("JSON").expect("a value");
        assert_eq!(value.len(), ValueReader::MAX);
    }
}
