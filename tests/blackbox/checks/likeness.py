"""No client can tell the drivers apart: the same bytes to the same questions in the same states."""

import re
import signal
import socket

from ..daemon import Daemon
from ..outcome import Failed, wait_for
from ..runner import Site

PATHS = (
    "/ /health /healthz /health/live /health/ready /health/startup /health/check/load "
    "/health/check/control /health/check/none /health?verbose /health?format=text&verbose "
    "/readyz?verbose&format=text&exclude=disk /health?format=health%2Bjson /health?format=none "
    "/stats /metrics /metrics?format=openmetrics /health/history /version /none"
).split()
METHODS = ("GET", "HEAD", "OPTIONS", "POST")
ODD = (
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    b"OPTIONS / HTTP/1.0\r\n\r\n",
    b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /health/live HTTP/1.0\r\n\r\n",
    b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n" * 20,
    b"GET /stats HTTP/1.1\r\nHost: attacker.example\r\n\r\n",
    b"GET /stats HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer s3cret\r\n\r\n",
    b"GET http://a/health/live HTTP/1.1\r\nHost: b\r\n\r\n",
    b"GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    b"POST /health HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET /health HTTP/1.1\r\n\r\n",
    b"GET /health HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
    b"GET /health HTTP/2.0\r\nHost: a\r\n\r\n",
    b"GET /health HTTP/1.1\nHost: a\n\n",
    b"GET  /health HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 101 + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET / HTTP/1.1\r\nHo",
)
# Status codes are no numbers: as letters they are compared.
STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
LETTERS = bytes.maketrans(b"0123456789", b"abcdefghij")
# What may differ between two runs of one program: dates and numbers, and so the length of a body.
MOVING = (
    (re.compile(rb"\r\nDate: [^\r]+"), b"\r\nDate: -"),
    (re.compile(rb"Content-Length: +\d+"), b"Content-Length: -"),
    (re.compile(rb"\d+(?:\.\d+)?(?:e[+-]?\d+)?"), b"0"),
)

Transcript = dict[tuple[str, bytes], bytes]
# The first driver tested is the pattern for the others.
_pattern: list[tuple[str, Transcript]] = []


def likeness(site: Site) -> str:
    """Asks everything in every state, and compares the answers with the first driver's."""
    transcript: Transcript = {}
    for state, flags in (("up", ()), ("failing", ("--fail", "load")), ("token", ("--token", "s3cret"))):
        with site.daemon(*flags) as daemon:
            daemon.address  # The daemon listens.
            if state == "failing":
                daemon.wait_for_status("degraded", 10)
            _ask(daemon, state, transcript)
            daemon.stop()
    with site.daemon("--drain-delay", "10") as daemon:
        daemon.get("/health")
        daemon.signal(signal.SIGTERM)
        daemon.wait_for_code("/health/ready", 503, 20)
        _ask(daemon, "draining", transcript)
        daemon.signal(signal.SIGTERM)
        wait_for("the end", 15, lambda: daemon.popen.poll() is not None)
    if not _pattern:
        _pattern.append((site.package, transcript))
        return f"{len(transcript)} answers, the pattern for the others"
    package, pattern = _pattern[0]
    for question, answer in transcript.items():
        if answer != pattern[question]:
            raise Failed(f"{question}: {answer!r}, but {package} says {pattern[question]!r}")
    return f"{len(transcript)} answers, byte for byte as those of {package}"


def _ask(daemon: Daemon, state: str, transcript: Transcript) -> None:
    plain = [
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        for path in PATHS
        for method in METHODS
    ]
    for request in (*plain, *ODD):
        answer = _exchange(daemon, request)
        answer = STATUS.sub(lambda code: b"status " + code[1].translate(LETTERS), answer)
        for moving, fixed in MOVING:
            answer = moving.sub(fixed, answer)
        transcript[state, request] = answer


def _exchange(daemon: Daemon, request: bytes) -> bytes:
    """All that comes back until the other side closes."""
    with socket.create_connection(daemon.address, timeout=15) as stream:
        stream.sendall(request)
        stream.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := stream.recv(65536):
            answer += piece
        return answer
