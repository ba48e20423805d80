//! Responses of servers, good and bad, and the outcome of each.

mod chunked;
mod head;

use health_core::Kind::{self, BadResponse, BadStatus, Reset};

/// One answer.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) answer: &'static [u8],
    /// Whether the server closes the stream behind the answer.
    pub(crate) eof: bool,
    pub(crate) expect: Expect,
}

/// What has to come of it.
#[derive(Clone, Copy)]
pub(crate) enum Expect {
    /// Success, with this body.
    Body(&'static str),
    /// Failure of this kind with this message.
    Failure(Kind, &'static str),
    /// No verdict yet: the attempt waits for more until its deadline.
    Waits(&'static str),
}

use Expect::{Body, Failure, Waits};

/// All cases.
pub(crate) fn cases() -> Vec<&'static Case> {
    let all = CASES.iter().chain(head::CASES);
    all.chain(chunked::CASES).collect()
}

const fn whole(name: &'static str, answer: &'static [u8], expect: Expect) -> Case {
    Case {
        name,
        answer,
        eof: false,
        expect,
    }
}

const fn closed(name: &'static str, answer: &'static [u8], expect: Expect) -> Case {
    Case {
        name,
        answer,
        eof: true,
        expect,
    }
}

const fn refused(name: &'static str, answer: &'static [u8], message: &'static str) -> Case {
    whole(name, answer, Failure(BadResponse, message))
}

const HEAD_WAITS: Expect = Waits("timeout while waiting for the response head");
const BODY_WAITS: Expect = Waits("timeout while reading the response body");
const CUT_HEAD: Expect = Failure(
    Reset,
    "connection closed while waiting for the response head",
);
const CUT_BODY: Expect = Failure(Reset, "connection closed while reading the response body");
const BARE_CR: &str = "malformed answer: CR without LF";
const NAME: &str = "malformed answer: header name";
const LENGTH: &str = "malformed answer: Content-Length is not a number";
const REPEATED: &str = "malformed answer: more than one Content-Length";
const BOTH: &str = "malformed answer: Content-Length and Transfer-Encoding";
const CODING: &str = "unsupported Transfer-Encoding (supported: chunked in HTTP/1.1)";

const CASES: &[Case] = &[
    // Framing, RFC 9112 §6.3.
    whole(
        "length",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        Body("ok"),
    ),
    whole(
        "length 0",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        Body(""),
    ),
    whole(
        "leading zeros",
        b"HTTP/1.1 200 OK\r\nContent-Length: 002\r\n\r\nok",
        Body("ok"),
    ),
    whole(
        "surplus",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1",
        Body("ok"),
    ),
    closed("to close", b"HTTP/1.1 200 OK\r\n\r\nok", Body("ok")),
    closed("to close, 1.0", b"HTTP/1.0 200 OK\r\n\r\nok", Body("ok")),
    closed("to close, nothing", b"HTTP/1.1 200 OK\r\n\r\n", Body("")),
    whole("to close, open", b"HTTP/1.1 200 OK\r\n\r\nok", BODY_WAITS),
    whole("204", b"HTTP/1.1 204 No Content\r\n\r\nx", Body("")),
    whole(
        "304 with a length",
        b"HTTP/1.1 304 X\r\nContent-Length: 9\r\n\r\n",
        Body(""),
    ),
    whole(
        "205 has a body",
        b"HTTP/1.1 205 X\r\nContent-Length: 1\r\n\r\nx",
        Body("x"),
    ),
    whole(
        "length open",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
        BODY_WAITS,
    ),
    closed(
        "length cut",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
        CUT_BODY,
    ),
    refused(
        "length sign",
        b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
        LENGTH,
    ),
    refused(
        "length empty",
        b"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n",
        LENGTH,
    ),
    refused(
        "length hex",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nok",
        LENGTH,
    ),
    whole(
        "length list",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
        Body("ok"),
    ),
    refused(
        "length list of two",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nok",
        REPEATED,
    ),
    refused(
        "length list with a hole",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2,\r\n\r\nok",
        LENGTH,
    ),
    refused(
        "length spaces",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1 2\r\n\r\nok",
        LENGTH,
    ),
    refused(
        "length of 65 bits",
        b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n",
        LENGTH,
    ),
    whole(
        "length twice",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 2\r\n\r\nok",
        Body("ok"),
    ),
    refused(
        "two lengths",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 3\r\n\r\nok",
        REPEATED,
    ),
    refused(
        "a length and none",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length:\r\n\r\nok",
        LENGTH,
    ),
    refused(
        "length and coding",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok",
        BOTH,
    ),
    refused(
        "coding twice",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        CODING,
    ),
    refused(
        "gzip",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        CODING,
    ),
    refused(
        "identity",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n",
        CODING,
    ),
    refused(
        "coding in 1.0",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        CODING,
    ),
    refused(
        "coding in a 204",
        b"HTTP/1.1 204 X\r\nTransfer-Encoding: x\r\n\r\n",
        CODING,
    ),
    // Interim answers.
    whole(
        "two interim answers",
        b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 100 C\r\n\r\n\
          HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        Body("ok"),
    ),
    refused(
        "101",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
        "HTTP 101 Switching Protocols was not asked for",
    ),
    refused(
        "broken interim answer",
        b"HTTP/1.1 100 C\r\nX\r\n\r\n",
        NAME,
    ),
    whole("only interim", b"HTTP/1.1 100 C\r\n\r\n", HEAD_WAITS),
    closed("interim, then the end", b"HTTP/1.1 100 C\r\n\r\n", CUT_HEAD),
    // Ends and waits in the head.
    closed(
        "nothing",
        b"",
        Failure(
            Reset,
            "connection closed while waiting for the response head",
        ),
    ),
    closed("half a head", b"HTTP/1.1 200 OK\r\nContent-Le", CUT_HEAD),
    closed("a head without its end", b"HTTP/1.1 200 OK\r\n", CUT_HEAD),
    whole("silence", b"", HEAD_WAITS),
    whole("half a head, open", b"HTTP/1.1 200 OK\r\n", HEAD_WAITS),
    // Statuses.
    whole(
        "399",
        b"HTTP/1.1 399 X\r\nContent-Length: 0\r\n\r\n",
        Body(""),
    ),
    whole(
        "500",
        b"HTTP/1.1 500 Secret Words\r\nContent-Length: 2\r\n\r\nok",
        Failure(
            BadStatus,
            "HTTP 500 Internal Server Error (accepted: 200-399)",
        ),
    ),
    whole(
        "400",
        b"HTTP/1.1 400 X\r\nContent-Length: 0\r\n\r\n",
        Failure(BadStatus, "HTTP 400 Bad Request (accepted: 200-399)"),
    ),
    whole(
        "a status without a name",
        b"HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n",
        Failure(BadStatus, "HTTP 999 (accepted: 200-399)"),
    ),
    closed(
        "503 cut short",
        b"HTTP/1.1 503 X\r\nContent-Length: 9\r\n\r\nok",
        Failure(
            BadStatus,
            "HTTP 503 Service Unavailable (accepted: 200-399)",
        ),
    ),
];
