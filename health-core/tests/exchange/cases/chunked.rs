//! Chunked responses (RFC 9112 §7.1), and the outcome of each.

use super::Expect::Body;
use super::{BARE_CR, BODY_WAITS, CUT_BODY, Case, closed, refused, whole};

const SIZE: &str = "malformed answer: chunk size";
const EXTENSION: &str = "malformed answer: chunk extension";
const CHUNK_END: &str = "malformed answer: chunk is longer than its size";
const TRAILER: &str = "malformed answer: trailer";

/// A chunked answer with this coded body.
macro_rules! chunked {
    ($body:literal) => {
        concat!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            $body
        )
        .as_bytes()
    };
}

pub(super) const CASES: &[Case] = &[
    whole(
        "chunks",
        chunked!("2\r\nok\r\n00A\r\n0123456789\r\n0\r\n\r\n"),
        Body("ok0123456789"),
    ),
    whole("last chunk only", chunked!("000\r\n\r\n"), Body("")),
    whole(
        "chunks, surplus",
        chunked!("2\r\nok\r\n0\r\n\r\nHTTP"),
        Body("ok"),
    ),
    whole(
        "hex of both cases",
        chunked!("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n"),
        Body("01234567890123456789"),
    ),
    whole(
        "16 digits",
        chunked!("0000000000000002\r\nok\r\n0\r\n\r\n"),
        Body("ok"),
    ),
    refused(
        "a line end in a quoted extension",
        chunked!("2;a=\"e\r\n\"\r\nok\r\n0\r\n\r\n"),
        CHUNK_END,
    ),
    whole(
        "good extensions",
        chunked!("2;a;b=c;d=\"e;\\\"\t\" ; f = g\t;\th\r\nok\r\n0 ;x=\"\"\r\n\r\n"),
        Body("ok"),
    ),
    whole(
        "trailers",
        chunked!("2\r\nok\r\n0\r\nA: b\r\nC:\r\n\r\n"),
        Body("ok"),
    ),
    whole("no last line", chunked!("2\r\nok\r\n0\r\n"), BODY_WAITS),
    closed("no last chunk", chunked!("2\r\nok\r\n"), CUT_BODY),
    closed("inside a chunk", chunked!("5\r\nok"), CUT_BODY),
    refused(
        "17 digits",
        chunked!("00000000000000002\r\nok\r\n0\r\n\r\n"),
        SIZE,
    ),
    refused("no size", chunked!("\r\nok\r\n0\r\n\r\n"), SIZE),
    refused("no size but extension", chunked!(";a\r\n"), SIZE),
    refused("size 0x2", chunked!("0x2\r\nok\r\n0\r\n\r\n"), SIZE),
    refused("size -1", chunked!("-1\r\n"), SIZE),
    refused("space first", chunked!(" 2\r\nok\r\n"), SIZE),
    whole(
        "spaces behind the size",
        chunked!("2  \r\nok\r\n0 \t\r\n\r\n"),
        Body("ok"),
    ),
    whole(
        "spaces behind an extension",
        chunked!("2;a \r\nok\r\n0;a=b\t\r\n\r\n"),
        Body("ok"),
    ),
    refused(
        "a digit behind a space",
        chunked!("2 2\r\nok\r\n0\r\n\r\n"),
        SIZE,
    ),
    refused("LF in a chunk line", chunked!("2\nok\n0\n\n"), SIZE),
    refused("CR in a chunk line", chunked!("2\rok\r\n"), BARE_CR),
    refused("LF in an extension", chunked!("2;a\nok\r\n"), EXTENSION),
    refused("CR in an extension", chunked!("2;a\rok\r\n"), BARE_CR),
    refused(
        "NUL in an extension",
        chunked!("2;a\0\r\nok\r\n"),
        EXTENSION,
    ),
    whole(
        "extensions of no grammar",
        chunked!("2;\r\nok\r\n2;a=\r\nok\r\n2 ; (b \"c\x01ä\r\nok\r\n0;;\r\n\r\n"),
        Body("okokok"),
    ),
    refused(
        "too much data",
        chunked!("2\r\nokay\r\n0\r\n\r\n"),
        CHUNK_END,
    ),
    refused("LF behind data", chunked!("2\r\nok\n0\r\n\r\n"), CHUNK_END),
    refused("CR behind data", chunked!("2\r\nok\r0\r\n\r\n"), CHUNK_END),
    refused(
        "trailer without a colon",
        chunked!("0\r\nabc\r\n\r\n"),
        TRAILER,
    ),
    whole(
        "folded trailer",
        chunked!("2\r\nok\r\n0\r\nA: b\r\n c\r\n\r\n"),
        Body("ok"),
    ),
    refused("folded trailer first", chunked!("0\r\n c\r\n\r\n"), TRAILER),
    whole(
        "trailers of any name and value",
        chunked!("2\r\nok\r\n0\r\nA : b\r\n: c\r\nX(Y): \x01\r\n\r\n"),
        Body("ok"),
    ),
    refused("NUL in a trailer", chunked!("0\r\nA: \0\r\n\r\n"), TRAILER),
    refused("CR in a trailer", chunked!("0\r\nA: \rb\r\n\r\n"), TRAILER),
    refused("LF in the trailers", chunked!("0\r\nA: b\n\r\n"), TRAILER),
    refused("LF at the end", chunked!("0\r\n\n"), TRAILER),
];
