//! RFC 9112 §7.1: chunked bodies, good and bad, and none of them is ever parsed.
//!
//! The answer goes out when the head is complete, and it ends the connection: there is no chunk
//! decoder in the server that could be confused. So all of these must look the same from outside.

use super::super::answer::{not_allowed, ok};
use super::super::case::{Case, get, head, raw};

pub(super) fn cases() -> Vec<Case> {
    let body = |name, body: &[u8]| {
        let head = head("GET /health HTTP/1.1", "Transfer-Encoding: chunked");
        raw(name, [&head, body].concat(), ok().closes())
    };
    let inner = String::from_utf8_lossy(&get("/version")).into_owned();
    vec![
        body("chunks", b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"),
        body("no_body_yet", b""),
        body("last_chunk_of_two_zeros", b"00\r\n\r\n"),
        body("last_chunk_missing", b"5\r\nhello\r\n"),
        body("chunk_cut_short", b"5\r\nhel"),
        body("last_chunk_of_many_zeros", b"00000000000000000\r\n\r\n"),
        body("size_in_upper_case", b"A\r\n0123456789\r\n0\r\n\r\n"),
        body("extension", b"5;name=value\r\nhello\r\n0\r\n\r\n"),
        body(
            "extension_in_quotes",
            b"5;name=\"a\r\nb\"\r\nhello\r\n0\r\n\r\n",
        ),
        body(
            "extension_of_64_kilobytes",
            &[b"5;", "x".repeat(65_000).as_bytes()].concat(),
        ),
        body("trailers", b"0\r\nX-Test: a\r\n\r\n"),
        body("trailer_content_length", b"0\r\nContent-Length: 5\r\n\r\n"),
        body("size_empty", b"\r\nhello\r\n0\r\n\r\n"),
        body("size_negative", b"-5\r\nhello\r\n0\r\n\r\n"),
        body("size_with_plus", b"+5\r\nhello\r\n0\r\n\r\n"),
        body("size_with_prefix", b"0x5\r\nhello\r\n0\r\n\r\n"),
        body("size_not_hexadecimal", b"xyz\r\nhello\r\n0\r\n\r\n"),
        body(
            "size_of_two_to_the_64",
            b"10000000000000000\r\nhello\r\n0\r\n\r\n",
        ),
        body("size_with_space_before", b" 5\r\nhello\r\n0\r\n\r\n"),
        body("size_with_space_after", b"5 \r\nhello\r\n0\r\n\r\n"),
        body("bare_lf_after_size", b"5\nhello\r\n0\r\n\r\n"),
        body("bare_lf_after_data", b"5\r\nhello\n0\r\n\r\n"),
        body("bare_cr_after_size", b"5\rhello\r\n0\r\n\r\n"),
        body("data_longer_than_size", b"3\r\nhello\r\n0\r\n\r\n"),
        body("data_shorter_than_size", b"9\r\nhello\r\n0\r\n\r\n"),
        body("not_chunked_at_all", b"hello"),
        body(
            "request_in_a_chunk",
            format!("{:x}\r\n{inner}\r\n0\r\n\r\n", inner.len()).as_bytes(),
        ),
        body(
            "request_after_the_last_chunk",
            format!("0\r\n\r\n{inner}").as_bytes(),
        ),
        body("request_instead_of_chunks", inner.as_bytes()),
        raw(
            "chunks_of_post",
            [
                head("POST /health HTTP/1.1", "Transfer-Encoding: chunked"),
                b"5\r\nhello\r\n0\r\n\r\n".to_vec(),
            ]
            .concat(),
            not_allowed().closes(),
        ),
    ]
}
