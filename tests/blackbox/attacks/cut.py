"""Connections that end early: politely, with a FIN behind the request, or with a reset."""

import socket
import struct

from .. import http
from ..outcome import demand
from ..runner import Site
from ..siege import Siege

HALF_CLOSED = 1500
PIPELINES = 50
PIPELINED = 20
RESETS = 5000
KEPT = http.request("/health/live")
LAST = http.request("/health/live", "Connection: close")
OLD = b"GET /health/live HTTP/1.0\r\n\r\n"


def half_closed(site: Site) -> str:
    """A FIN right behind the request does not cancel its answer (RFC 9112 section 9.6)."""
    with Siege(site) as siege:
        for number in range(HALF_CLOSED):
            question = (KEPT, LAST, OLD)[number % 3]
            answers = _ask_and_end(siege.address, question)
            codes = [answer.code for answer in answers]
            demand(codes == [200], f"number {number}, {question!r}: answered {codes}")
        for number in range(PIPELINES):
            answers = _ask_and_end(siege.address, PIPELINED * KEPT)
            codes = [answer.code for answer in answers]
            demand(codes == PIPELINED * [200], f"pipeline {number}: answered {codes}")
        for number in range(PIPELINES):
            answers = _ask_and_end(siege.address, KEPT[:20], KEPT[20:])
            demand(len(answers) == 1, f"in two pieces, number {number}: {len(answers)} answers")
        return (
            f"{HALF_CLOSED}/{HALF_CLOSED} answered, {PIPELINES} pipelines of {PIPELINED} answered "
            f"whole, {PIPELINES} in two pieces; {siege.lift()}"
        )


def reset(site: Site) -> str:
    """A reset in the middle of a request, or of its answers, is the peer's own business."""
    pieces = (b"", b"G", KEPT[:20], KEPT[:-2], KEPT, 200 * KEPT, KEPT + KEPT[:9], b"broken\r\n")
    with Siege(site) as siege:
        for number in range(RESETS):
            stream = http.connect(siege.address)
            stream.sendall(pieces[number % len(pieces)])
            # Zero seconds of lingering: close sends a reset.
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            stream.close()
        return f"{RESETS} resets; {siege.lift()}"


def _ask_and_end(address: http.Address, *pieces: bytes) -> list[http.Answer]:
    with http.connect(address) as stream:
        for piece in pieces:
            stream.sendall(piece)
        stream.shutdown(socket.SHUT_WR)
        return http.parse_all(http.read_to_end(stream))
