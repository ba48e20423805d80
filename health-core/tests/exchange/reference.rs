//! The chunked coding by the book, on the whole input, with nothing in common with the machine.

use health_core::Kind;

use crate::{Random, body_of, mirror, run};

#[derive(Debug, PartialEq)]
pub(crate) enum Decoded {
    Whole(String),
    Incomplete,
    Wrong,
}

pub(crate) fn decode(input: &str) -> Decoded {
    let mut rest = input;
    let mut body = String::new();
    loop {
        let Some((line, after)) = rest.split_once("\r\n") else {
            let line = rest.strip_suffix('\r');
            let ends = ["", "0"].map(|end| rest.to_owned() + end);
            let may_be_right = line.map_or(ends.iter().any(|line| is_right(line)), is_right);
            return if may_be_right {
                Decoded::Incomplete
            } else {
                Decoded::Wrong
            };
        };
        if !is_right(line) {
            return Decoded::Wrong;
        }
        let size = line.split(';').next().unwrap().trim_end_matches(' ');
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return match after {
                "" | "\r" => Decoded::Incomplete,
                _ if after.starts_with("\r\n") => Decoded::Whole(body),
                _ => Decoded::Wrong,
            };
        }
        if after.len() < size {
            return Decoded::Incomplete;
        }
        body.push_str(&after[..size]);
        rest = match &after[size..] {
            "" | "\r" => return Decoded::Incomplete,
            end if end.starts_with("\r\n") => &end[2..],
            _ => return Decoded::Wrong,
        };
    }
}

/// A size, perhaps spaces behind it, and behind a semicolon anything but line ends.
fn is_right(line: &str) -> bool {
    let (size, extension) = line.split_once(';').unwrap_or((line, ""));
    let size = size.trim_end_matches(' ');
    let is_size = !size.is_empty() && size.chars().all(|c| c.is_ascii_hexdigit());
    is_size && !extension.contains(['\r', '\n'])
}

#[test]
fn chunked_agrees_with_a_naive_reference() {
    let probe = mirror();
    let mut random = Random(4);
    let mut seen = [0_u32; 3];
    for _ in 0..60_000 {
        let mut coded = String::new();
        for _ in 0..random.below(4) {
            let data = &"0123456789abcdef-0123456789"[..1 + random.below(26)];
            let extension = ["", "", ";e", ";eee"][random.below(4)];
            coded += &format!("{:x}{extension}\r\n{data}\r\n", data.len());
        }
        coded += "0\r\n\r\n";
        // Two of three are damaged: a byte changed, doubled or removed, or the end cut off.
        match random.below(6) {
            0 | 1 => {}
            2 => coded.truncate(random.below(coded.len())),
            damage => {
                let at = random.below(coded.len());
                let byte = ["\r", "\n", ";", "0", "1", "g", " "][random.below(7)];
                let (end, put) = match damage {
                    3 => (at + 1, byte),
                    4 => (at, byte),
                    _ => (at + 1, ""),
                };
                coded.replace_range(at..end, put);
            }
        }
        let expected = decode(&coded);
        let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{coded}");
        let report = run(&probe, random.cuts(answer.as_bytes()), true);
        let (decoded, nth) = match report.outcome.kind {
            None => (Decoded::Whole(body_of(&report).to_owned()), 0),
            Some(Kind::Reset) => (Decoded::Incomplete, 1),
            Some(Kind::BadResponse) => (Decoded::Wrong, 2),
            other => panic!("{other:?} of {coded:?}"),
        };
        assert_eq!(decoded, expected, "{coded:?}");
        seen[nth] += 1;
    }
    assert!(
        seen.iter().all(|count| *count > 5_000),
        "all kinds occur: {seen:?}"
    );
}
