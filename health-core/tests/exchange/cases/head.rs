//! Heads of responses (RFC 9112 §2 to §5), and the outcome of each.

use super::Expect::Body;
use super::{BARE_CR, CODING, CUT_HEAD, Case, HEAD_WAITS, LENGTH, NAME, closed, refused, whole};

const STATUS_LINE: &str = "malformed status line";
const NOT_HTTP: &str = "answer is not HTTP/1.1";
const NUL: &str = "malformed answer: NUL in the head";
const FOLDED: &str = "malformed answer: folded header line";
const FRAMING: &str = "malformed answer: name of Content-Length or Transfer-Encoding";

pub(super) const CASES: &[Case] = &[
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
    whole(
        "three spaces",
        b"HTTP/1.1   200 OK\r\nContent-Length: 0\r\n\r\n",
        Body(""),
    ),
    refused("nothing but spaces", b"HTTP/1.1   \r\n\r\n", STATUS_LINE),
    refused("a tab before", b"HTTP/1.1\t200 OK\r\n\r\n", STATUS_LINE),
    refused("a tab behind", b"HTTP/1.1 200\tOK\r\n\r\n", STATUS_LINE),
    refused("a status of IIS", b"HTTP/1.1 200.1 OK\r\n\r\n", STATUS_LINE),
    refused("two digits", b"HTTP/1.1 20 OK\r\n\r\n", STATUS_LINE),
    refused("four digits", b"HTTP/1.1 2000 OK\r\n\r\n", STATUS_LINE),
    refused("status 099", b"HTTP/1.1 099 OK\r\n\r\n", STATUS_LINE),
    whole(
        "version 1.2",
        b"HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok",
        Body("ok"),
    ),
    whole(
        "version 1.9 and chunks",
        b"HTTP/1.9 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        Body("ok"),
    ),
    refused("version 1.x", b"HTTP/1.x 200 OK\r\n\r\n", STATUS_LINE),
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
    whole(
        "empty line first",
        b"\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        Body("ok"),
    ),
    whole(
        "empty lines first, one of them LF",
        b"\r\n\n\r\nHTTP/1.1 200 OK\nX: a\n b\nContent-Length: 2\n\nok",
        Body("ok"),
    ),
    whole(
        "an empty line behind an interim answer",
        b"HTTP/1.1 100 C\r\n\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        Body("ok"),
    ),
    whole("only empty lines", b"\r\n\r\n", HEAD_WAITS),
    closed("only empty lines, then the end", b"\r\n\r\n", CUT_HEAD),
    refused("CR first", b"\rHTTP/1.1 200 OK\r\n\r\n", BARE_CR),
    refused("CR CR LF first", b"\r\r\nHTTP/1.1 200 OK\r\n\r\n", BARE_CR),
    refused("a space first", b" HTTP/1.1 200 OK\r\n\r\n", NOT_HTTP),
    refused("a mark first", b"\xEF\xBB\xBFHTTP/1.1 200 OK\r\n\r\n", NOT_HTTP),
    refused("an empty line, then another protocol", b"\r\n220 mail", NOT_HTTP),
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
    refused("bare CR first", b"HTTP/1.1 200 OK\r\n\rX: a\r\n\r\n", BARE_CR),
    refused("NUL", b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n", NUL),
    refused("NUL in a reason", b"HTTP/1.1 200 O\0K\r\n\r\n", NUL),
    refused("NUL in a name", b"HTTP/1.1 200 OK\r\nX\0: a\r\n\r\n", NUL),
    whole(
        "escape in a reason",
        b"HTTP/1.1 200 \x1B[31mOK\r\nContent-Length: 2\r\n\r\nok",
        Body("ok"),
    ),
    whole(
        "control bytes in values",
        b"HTTP/1.1 200 OK\r\nX: \x7F\r\nY: a\x01\x08\x0B\x0C\x1Bb\r\nContent-Length: 2\r\n\r\nok",
        Body("ok"),
    ),
    refused(
        "control byte in a length",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\x0B\r\n\r\nok",
        LENGTH,
    ),
    refused(
        "control byte in a coding",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: \x0Bchunked\r\n\r\n",
        CODING,
    ),
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
    whole(
        "blanks before a colon",
        b"HTTP/1.1 200 OK\r\nX : a\r\nY \t: b\r\nContent-Length: 2\r\n\r\nok",
        Body("ok"),
    ),
    refused(
        "space before the colon of a length",
        b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
        FRAMING,
    ),
    refused(
        "tab before the colon of a second length",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length\t: 2\r\n\r\nok",
        FRAMING,
    ),
    refused(
        "space before the colon of a coding",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n\r\n",
        FRAMING,
    ),
    refused(
        "space within a coding's name",
        b"HTTP/1.1 200 OK\r\nTransfer- Encoding: chunked\r\n\r\n",
        FRAMING,
    ),
    refused(
        "control byte in a length's name",
        b"HTTP/1.1 200 OK\r\nContent-Length\x0B: 0\r\n\r\n",
        FRAMING,
    ),
    refused(
        "raw byte in a length's name",
        b"HTTP/1.1 204 OK\r\n\xA0Content-Length: 0\r\n\r\n",
        FRAMING,
    ),
    refused(
        "space before the colon of a length, interim",
        b"HTTP/1.1 100 C\r\nContent-Length : 0\r\n\r\n",
        FRAMING,
    ),
    refused(
        "no colon",
        b"HTTP/1.1 200 OK\r\nContent-Length\r\n\r\n",
        NAME,
    ),
    whole(
        "names of no field",
        b"HTTP/1.1 200 OK\r\n: 0\r\nX(Y): 0\r\nX Y: 0\r\nX\x01: 0\r\n\xE4: 0\r\nContent-Length: 2\r\n\r\nok",
        Body("ok"),
    ),
];
