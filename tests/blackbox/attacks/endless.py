"""Requests without an end: heads that grow, bodies that go on."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from .. import http
from ..outcome import demand
from ..runner import Site
from ..siege import Siege
from ..swarm import Client, Swarm

# 4 MB/s on each connection, for as long as it is taken.
PIECE = 4096
EVERY = 0.001
# The limits are 16 KiB of head and 64 KiB discarded behind a refusal; the rest is what is under way
# while a busy machine lets the daemon wait.
CUT_WITHIN_KIB = 512
MOST_GROWTH_KIB = 1024
SECONDS = 12.0
ROUNDS = 50


@dataclass(frozen=True)
class Kind:
    """One endless request: how it begins, what it goes on with, and how it is answered."""

    name: str
    opening: bytes
    more: bytes
    code: int


START = b"GET /health HTTP/1.1\r\nHost: test\r\n"
CHUNKED = b" /health HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKS = (b"400\r\n" + 1024 * b"x" + b"\r\n") * 4

HEADS = (
    Kind("method", b"", b"G" * PIECE, 414),
    Kind("target", b"GET /", b"a" * PIECE, 414),
    Kind("query", b"GET /health?", b"a=b&" * (PIECE // 4), 414),
    Kind("field name", START, b"X" * PIECE, 431),
    Kind("field value", START + b"X: ", b"y" * PIECE, 431),
    Kind("white space", START + b"X:", b" " * PIECE, 431),
    Kind("many fields", START, b"X-A: b\r\n" * (PIECE // 8), 431),
    Kind("empty lines", b"", b"\r\n" * (PIECE // 2), 400),
    Kind("zeros", b"", b"\0" * PIECE, 400),
)
BODIES = (
    Kind("GET chunked", b"GET" + CHUNKED, CHUNKS, 200),
    Kind("POST chunked", b"POST" + CHUNKED, CHUNKS, 405),
    Kind("one chunk", b"GET" + CHUNKED + b"ffffffff\r\n", b"x" * PIECE, 200),
    Kind("chunk extension", b"GET" + CHUNKED + b"1;", b"e" * PIECE, 200),
    Kind("chunk size", b"GET" + CHUNKED, b"0" * PIECE, 200),
    Kind("trailers", b"GET" + CHUNKED + b"0\r\n", b"T: x\r\n" * (PIECE // 6), 200),
    Kind("length 2^40", START + b"Content-Length: 1099511627776\r\n\r\n", b"x" * PIECE, 413),
    Kind("length 65536", START + b"Content-Length: 65536\r\n\r\n", b"x" * PIECE, 200),
    Kind("length 2^64", START + b"Content-Length: 18446744073709551616\r\n\r\n", b"x" * PIECE, 413),
)
TRICKLED_BODIES = 200


def head(site: Site) -> str:
    """Heads that never end are refused at the limit, and cut off soon after."""
    return _flood(site, HEADS)


def body(site: Site) -> str:
    """Bodies are answered before they come, discarded for a while, and cut off."""
    return _flood(site, BODIES)


def slow_body(site: Site) -> str:
    """Two hundred bodies of a byte a second are answered at once and let go a second later."""
    with Siege(site) as siege, Swarm(siege.address) as swarm:
        swarm.open(TRICKLED_BODIES, START + b"Content-Length: 60000\r\n\r\n")
        turn = 0

        def tick(clients: list[Client]) -> None:
            nonlocal turn
            turn += 1
            for client in clients:
                if client.number % 20 == turn % 20:
                    swarm.send(client, b"x")

        begin = time.monotonic()
        swarm.run(9, tick, until=lambda: siege.holds_sockets() <= 1)
        took = time.monotonic() - begin
        swarm.look(0)
        for client in swarm.clients:
            codes = [answer.code for answer in http.parse_all(bytes(client.received))]
            demand(codes == [200], f"client {client.number}: answered {codes}")
        return f"{TRICKLED_BODIES} answered, all let go after {took:.1f} s; {siege.lift()}"


def _flood(site: Site, kinds: tuple[Kind, ...]) -> str:
    cuts: dict[str, float] = {}
    with Siege(site) as siege:
        begin = time.monotonic()
        for _ in range(ROUNDS):
            with Swarm(siege.address) as swarm:
                for kind in kinds:
                    swarm.open(1, kind.opening)
                _pour(swarm, kinds, begin + SECONDS)
                for kind, client in zip(kinds, swarm.clients, strict=True):
                    cuts[kind.name] = max(cuts.get(kind.name, 0), _judge(kind, client))
        took = time.monotonic() - begin
        growth = siege.peak_growth
        demand(growth < MOST_GROWTH_KIB, f"memory +{growth} KiB")
        last = max(cuts, key=lambda name: cuts[name])
        return (
            f"{len(kinds)} kinds, {ROUNDS} times: each cut off within {took / ROUNDS:.2f} s, "
            f"the last ({last}) after {cuts[last]:.0f} KiB; {siege.lift()}"
        )


def _judge(kind: Kind, client: Client) -> float:
    """Demands that it was answered and cut off; returns the KiB it could send."""
    demand(client.ended, f"{kind.name}: not cut off within {SECONDS} s")
    answers = http.parse_all(bytes(client.received))
    codes = [answer.code for answer in answers]
    demand(codes == [kind.code], f"{kind.name}: answered {codes}, not {kind.code}")
    demand(answers[0].closes, f"{kind.name}: does not say that it closes")
    cut = client.sent / 1024
    demand(cut <= CUT_WITHIN_KIB, f"{kind.name}: cut off only after {cut:.0f} KiB")
    return cut


def _pour(swarm: Swarm, kinds: tuple[Kind, ...], deadline: float) -> None:
    """Sends on every connection until the daemon resets it: its FIN alone stops nobody."""
    pouring: dict[int, Callable[[], int]] = {
        client.number: lambda client=client: client.stream.send(kinds[client.number].more)
        for client in swarm.clients
    }
    due = time.monotonic()
    while pouring and time.monotonic() < deadline:
        for number, send in list(pouring.items()):
            client = swarm.clients[number]
            try:
                client.sent += send()
            except BlockingIOError:
                pass
            except OSError:
                del pouring[number]
                if client.ended is None:
                    client.ended = time.monotonic()
        due += EVERY
        swarm.look(max(0.0, due - time.monotonic()))
