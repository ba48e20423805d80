//! The grammar of JSON, held against serde_json.

use super::*;
use alloc::format;
use alloc::string::ToString;
use serde::de::IgnoredAny;

fn read(text: &[u8]) -> Result<(), NotJson> {
    let mut reader = JsonReader::new();
    for byte in text {
        reader.handle_byte(*byte)?;
    }
    reader.finish()
}

/// Every member of the grammar, and each of them damaged in every place: serde_json says the same,
/// but for UTF-8, which it leaves to others.
#[test]
fn it_agrees_with_serde_json() {
    let texts = [
        r#"{"a":[1,-0,0.5,1e9,1E+9,2.5e-3,-12],"b":{"":null,"x":[true,false,[],{}]}}"#,
        r#" [ "\"\\\/\b\f\n\r\t\u00e4\ud83d\ude00" , "é€😀" , { "k" : "v" } ] "#,
        "0",
        "-1",
        "1.5e3",
        "\"\"",
        "null",
        "true",
        "false",
        "[]",
        "{}",
        "\t[\r\n]",
    ];
    let mut counts = [0; 2];
    for text in texts {
        let whole = text.as_bytes();
        for at in 0..=whole.len() {
            for byte in (0..=255).map(Some).chain([None]) {
                for end in [at, (at + 1).min(whole.len())] {
                    let mut changed = whole[..at].to_vec();
                    changed.extend(byte);
                    changed.extend(&whole[end..]);
                    let is_utf8 = core::str::from_utf8(&changed).is_ok();
                    let expected =
                        is_utf8 && serde_json::from_slice::<IgnoredAny>(&changed).is_ok();
                    let shown = changed.escape_ascii();
                    assert_eq!(read(&changed).is_ok(), expected, "{shown}");
                    counts[usize::from(expected)] += 1;
                }
            }
        }
    }
    assert!(counts.iter().all(|count| *count > 1_000), "{counts:?}");
}

#[test]
fn what_is_not_utf8_is_not_json() {
    for bytes in [
        &b"\x80"[..],
        b"\xe9",
        b"caf\xe9",
        b"\xc0\xaf",
        b"\xc1\xbf",
        b"\xe0\x80\xaf",
        b"\xed\xa0\x80",
        b"\xf0\x80\x80\xaf",
        b"\xf4\x90\x80\x80",
        b"\xf5\x80\x80\x80",
        b"\xff",
        b"\xe2\x82",
        b"\xc3\xc3",
    ] {
        assert!(core::str::from_utf8(bytes).is_err());
        for (before, after) in [("\"", "\""), ("{\"", "\":1}"), ("[\"ok ", "\",1]")] {
            let text = [before.as_bytes(), bytes, after.as_bytes()].concat();
            assert!(read(&text).is_err(), "{}", text.escape_ascii());
        }
    }
    let text = "\"\u{80}\u{7ff}\u{800}\u{d7ff}\u{e000}\u{ffff}\u{10000}\u{10ffff}\"";
    assert_eq!(read(text.as_bytes()), Ok(()));
}

#[test]
fn where_it_ends_to_be_json_is_said() {
    for (text, expected) in [
        ("[1,]", "expected a value at byte 4"),
        (
            "{\"a\":\"\u{1}\"}",
            "control character in a string at byte 7",
        ),
        ("{} {}", "more than one value at byte 4"),
        ("[1", "unexpected end at byte 2"),
        ("", "unexpected end at byte 0"),
    ] {
        let error = read(text.as_bytes()).expect_err(text);
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn it_goes_deep_but_not_for_ever() {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(read(nested(MAX_DEPTH).as_bytes()), Ok(()));
    let error = read(nested(MAX_DEPTH + 1).as_bytes()).expect_err("too deep");
    assert_eq!(
        error.to_string(),
        "nested deeper than 65536 levels at byte 65537"
    );
    let mixed = "{\"a\":[".repeat(999) + &"]}".repeat(999);
    assert_eq!(read(mixed.as_bytes()), Ok(()));
    let crossed = "{\"a\":[".repeat(999) + &"}]".repeat(999);
    assert!(read(crossed.as_bytes()).is_err());
}
