//! Responses of servers, good and bad, and the outcome of each.

mod chunked;

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
    CASES.iter().chain(chunked::CASES).collect()
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
const STATUS_LINE: &str = "malformed status line";
const NOT_HTTP: &str = "answer is not HTTP/1.1";
const BARE_CR: &str = "malformed answer: CR without LF";
const CONTROL: &str = "malformed answer: control character";
const NAME: &str = "malformed answer: header name";
const FOLDED: &str = "malformed answer: folded header line";
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
    // The status line, §4.
    whole(
        "no reason",
        b"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
        Body(""),
    ),
    whole(
        "odd reason",
        b"HTTP/1.1 200 \xFF\t  ok \r\nContent-Length: 0\r\n\r\n",
        Body(""),
    ),
    whole(
        "no space behind",
        b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
        Body(""),
    ),
    refused(
        "no space before a reason",
        b"HTTP/1.1 200OK\r\n\r\n",
        STATUS_LINE,
    ),
    refused("two spaces", b"HTTP/1.1  200 OK\r\n\r\n", STATUS_LINE),
    refused("two digits", b"HTTP/1.1 20 OK\r\n\r\n", STATUS_LINE),
    refused("four digits", b"HTTP/1.1 2000 OK\r\n\r\n", STATUS_LINE),
    refused("status 099", b"HTTP/1.1 099 OK\r\n\r\n", STATUS_LINE),
    refused("version 1.2", b"HTTP/1.2 200 OK\r\n\r\n", STATUS_LINE),
    refused("version 1.10", b"HTTP/1.10 200 OK\r\n\r\n", STATUS_LINE),
    refused("HTTP/2", b"HTTP/2 200\r\n\r\n", NOT_HTTP),
    refused("lower case", b"http/1.1 200 OK\r\n\r\n", NOT_HTTP),
    refused("SSH", b"SSH-2.0-OpenSSH_9.2p1\r\n", NOT_HTTP),
    refused("TLS alert", b"\x15\x03\x01\x00\x02\x02\x46", NOT_HTTP),
    refused(
        "HTTP/2 settings",
        b"\x00\x00\x12\x04\x00\x00\x00\x00\x00",
        NOT_HTTP,
    ),
    refused("empty line first", b"\r\nHTTP/1.1 200 OK\r\n\r\n", NOT_HTTP),
    refused("HTTP/0.9", b"<html>ok</html>", NOT_HTTP),
    // Lines and fields, §2.2, §5.
    whole(
        "no space",
        b"HTTP/1.1 200 OK\r\nContent-Length:2\r\n\r\nok",
        Body("ok"),
    ),
    whole(
        "spaces",
        b"HTTP/1.1 200 OK\r\nContent-Length: \t 2\t \r\n\r\nok",
        Body("ok"),
    ),
    whole(
        "empty value",
        b"HTTP/1.1 200 OK\r\nX:\r\nContent-Length: 0\r\n\r\n",
        Body(""),
    ),
    whole(
        "raw bytes",
        b"HTTP/1.1 200 OK\r\nX: \xE4\r\nContent-Length: 0\r\n\r\n",
        Body(""),
    ),
    whole(
        "bare LF",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
        Body("ok"),
    ),
    whole(
        "bare LF at the end",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\nok",
        Body("ok"),
    ),
    whole(
        "bare LF behind the status",
        b"HTTP/1.1 200\nContent-Length: 2\r\n\r\nok",
        Body("ok"),
    ),
    refused("bare CR", b"HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n", BARE_CR),
    refused("CR CR LF", b"HTTP/1.1 200 OK\r\r\n\r\n", BARE_CR),
    refused("NUL", b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n", CONTROL),
    refused("escape", b"HTTP/1.1 200 \x1B[31mOK\r\n\r\n", CONTROL),
    refused("DEL", b"HTTP/1.1 200 OK\r\nX: \x7F\r\n\r\n", CONTROL),
    whole(
        "folded",
        b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok",
        Body("ok"),
    ),
    whole(
        "folded twice, by LF and TAB",
        b"HTTP/1.1 200 OK\nX: a\n\tb: c\n \nContent-Length:\r\n 2\n\nok",
        Body("ok"),
    ),
    refused(
        "folded within a length",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 2\r\n\r\nok",
        LENGTH,
    ),
    refused("folded first", b"HTTP/1.1 200 OK\r\n\tX: a\r\n\r\n", FOLDED),
    refused(
        "space before colon",
        b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
        NAME,
    ),
    refused(
        "no colon",
        b"HTTP/1.1 200 OK\r\nContent-Length\r\n\r\n",
        NAME,
    ),
    refused("no name", b"HTTP/1.1 200 OK\r\n: 0\r\n\r\n", NAME),
    refused("odd name", b"HTTP/1.1 200 OK\r\nX(Y): 0\r\n\r\n", NAME),
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
