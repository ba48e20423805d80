//! The query of a request that is handed over: decoded, and bounded.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// The most parameters.
const MOST: usize = 8;
/// The most bytes of all of them, decoded.
const MOST_BYTES: usize = 1_024;

/// Why a request cannot be handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum Flaw {
    /// Not UTF-8, a broken `%`, a control character.
    Text,
    TooMuch,
    Twice,
    Body,
}

impl Flaw {
    /// What is allowed.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Text => {
                "the query is NAME=VALUE&NAME=VALUE in UTF-8, encoded with % and two digits, without \
                 control characters"
            }
            Self::TooMuch => "the query has at most 8 parameters and 1024 bytes",
            Self::Twice => "each parameter of the query stands there once",
            Self::Body => "the request has no body: parameters stand in the query",
        }
    }
}

/// Names and values, in their order.
#[derive(Debug, Default)]
pub(super) struct Parameters(pub(super) Box<[(String, String)]>);

impl Parameters {
    /// Reads what forms send: `application/x-www-form-urlencoded` (WHATWG URL §5.1). What a browser would
    /// take for something else is refused.
    pub(super) fn parse(query: &[u8]) -> Result<Self, Flaw> {
        let mut parameters = Vec::<(String, String)>::new();
        let mut left = MOST_BYTES;
        for part in query.split(|&byte| byte == b'&') {
            if part.is_empty() {
                continue;
            }
            let equals = part.iter().position(|&byte| byte == b'=');
            let (name, value) = part.split_at(equals.unwrap_or(part.len()));
            let name = decode(name, &mut left)?;
            let value = decode(value.strip_prefix(b"=").unwrap_or(value), &mut left)?;
            if parameters.len() == MOST {
                return Err(Flaw::TooMuch);
            }
            if parameters.iter().any(|(known, _)| *known == name) {
                return Err(Flaw::Twice);
            }
            parameters.push((name, value));
        }
        Ok(Self(parameters.into()))
    }
}

/// Decodes `+` and `%XX`, and takes what it needs of the bytes that are `left`.
fn decode(text: &[u8], left: &mut usize) -> Result<String, Flaw> {
    let mut decoded = Vec::new();
    let mut rest = text;
    while let [byte, behind @ ..] = rest {
        rest = behind;
        *left = left.checked_sub(1).ok_or(Flaw::TooMuch)?;
        decoded.push(match *byte {
            b'+' => b' ',
            b'%' => {
                let ([high, low], behind) = rest.split_first_chunk().ok_or(Flaw::Text)?;
                rest = behind;
                let digit = |byte: u8| char::from(byte).to_digit(16).ok_or(Flaw::Text);
                (digit(*high)? * 16 + digit(*low)?) as u8
            }
            byte => byte,
        });
    }
    let decoded = String::from_utf8(decoded).map_err(|_| Flaw::Text)?;
    if decoded.chars().any(char::is_control) {
        return Err(Flaw::Text);
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<Vec<(String, String)>, Flaw> {
        Parameters::parse(query.as_bytes()).map(|it| it.0.into_vec())
    }

    #[test]
    fn what_forms_send_is_decoded() {
        for (query, wanted) in [
            ("", &[][..]),
            ("&&", &[]),
            ("for=2h", &[("for", "2h")]),
            ("why=new+disk%21", &[("why", "new disk!")]),
            ("why=a%26b%3Dc", &[("why", "a&b=c")]),
            ("why=a=b", &[("why", "a=b")]),
            ("why=%C3%BCber", &[("why", "über")]),
            ("all", &[("all", "")]),
            ("=x", &[("", "x")]),
            ("b=1&a=2", &[("b", "1"), ("a", "2")]),
        ] {
            let got = parse(query).expect(query);
            let got: Vec<_> = got.iter().map(|(n, v)| (&**n, &**v)).collect();
            assert_eq!(got, wanted, "{query}");
        }
    }

    #[test]
    fn what_is_broken_is_refused() {
        for query in [
            "%", "a=%4", "a=%zz", "a=%FF", "a=%00", "a=x%0Ay", "a=%C2%80",
        ] {
            assert_eq!(parse(query), Err(Flaw::Text), "{query}");
        }
        assert_eq!(parse("for=1h&for=2h"), Err(Flaw::Twice));
        assert_eq!(parse("for=1h&f%6Fr=2h"), Err(Flaw::Twice));
    }

    #[test]
    fn it_is_bounded() {
        let many = |count: usize| {
            let all: Vec<_> = (0..count).map(|it| alloc::format!("p{it}=x")).collect();
            all.join("&")
        };
        assert_eq!(parse(&many(MOST)).map(|it| it.len()), Ok(MOST));
        assert_eq!(parse(&many(MOST + 1)), Err(Flaw::TooMuch));
        let long = |bytes: usize| ["a=", &"x".repeat(bytes - 1)].concat();
        assert!(parse(&long(MOST_BYTES)).is_ok());
        assert_eq!(parse(&long(MOST_BYTES + 1)), Err(Flaw::TooMuch));
    }
}
