"""Ten thousand inputs from a fixed seed, random or mutated: whatever comes back is well-formed."""

import random
from collections import Counter

from .. import http
from ..outcome import Failed, demand
from ..runner import Site
from ..siege import Siege

INPUTS = 10_000
SEED = 20260123
ROUNDS = 50
# Every refusal ends its connection, and what came behind it is never looked at.
REFUSALS = {400, 408, 413, 414, 431, 505}
# 403: details, asked for by a name that is not this machine's.
EXPECTED = REFUSALS | {200, 204, 401, 403, 404, 405, 406, 503}

# No HEAD: whether a body follows would depend on what a mutation left of the method.
SEEDS = (
    http.request("/health"),
    http.request("/health/live?verbose&format=text", "Accept: text/plain;q=0.5, */*"),
    http.request("/stats", "Connection: keep-alive", "Authorization: Bearer x"),
    http.request("/health/ready", "Content-Length: 0"),
    http.request("/health", "Content-Length: 5", method="POST") + b"hello",
    http.request("/health", "Transfer-Encoding: chunked", method="PUT")
    + b"5\r\nhello\r\n0\r\n\r\n",
    http.request("http://test/health"),
    http.request("*", method="OPTIONS"),
    http.request("/", "Connection: keep-alive", version="1.0"),
    3 * http.request("/health/live"),
)
TOKENS = (
    b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\0", b" ", b"\t", b":", b"\x7f", b"\x80", b"\xff",
    b"GET ",
    b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"Host: a\r\n", b"Content-Length: 7\r\n", b"%00", b"//",
    b"Content-Length: -1\r\n", b"Content-Length: 99999999999999999999\r\n", b"#", b"?", b"*", b",",
    b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: x, chunked\r\n",
    b"Connection: close\r\n", b"Expect: 100-continue\r\n", b"Upgrade: h2c\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01",
)
CANARY = http.request("/version")
# Each hides the canary in what is, for some servers, a body.
SMUGGLED = tuple(
    http.request("/health", *lines, version=version) + CANARY
    for version in ("1.1", "1.0")
    for lines in (
        (f"Content-Length: {len(CANARY)}",),
        (f"Content-Length: {len(CANARY)}", f"Content-Length: {len(CANARY)}"),
        ("Content-Length: 0", f"Content-Length: {len(CANARY)}"),
        (f"Content-Length: {len(CANARY)}, {len(CANARY)}",),
        ("Content-Length: +0",),
        ("Content-Length: 0x0",),
        ("Content-Length : 0",),
        ("Content-Length:",),
        ("Transfer-Encoding: chunked",),
        ("Transfer-Encoding: chunked", "Content-Length: 0"),
        ("Content-Length: 0", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: identity",),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding:\tchunked",),
        ("Transfer-Encoding: \x0bchunked",),
        ("X: y\r\n Transfer-Encoding: chunked",),
        ("X: y\nContent-Length: 5",),
        ("Connection: close",),
    )
)


def mutated(site: Site) -> str:
    """No input makes it crash, hang, answer badly or keep anything."""
    generator = random.Random(SEED)
    codes: Counter[int] = Counter()
    silent = 0
    with Siege(site) as siege:
        for number in range(INPUTS):
            data = _input(generator)
            answers = _answers(siege.address, data, f"input {number}")
            codes.update(answer.code for answer in answers)
            silent += not answers
        told = ", ".join(f"{code} {count}x" for code, count in sorted(codes.items()))
        return f"{INPUTS} inputs, seed {SEED}: {told}, no answer {silent}x; {siege.lift()}"


def smuggled(site: Site) -> str:
    """A request hidden in another one's body is never answered."""
    with Siege(site) as siege:
        for data in ROUNDS * SMUGGLED:
            answers = _answers(siege.address, data, "smuggled")
            demand(len(answers) == 1, f"{len(answers)} answers to {data!r}")
            demand(answers[0].closes, f"does not say that it closes: {data!r}")
            demand(b'"started"' not in answers[0].body, f"the canary answers {data!r}")
        return f"{len(SMUGGLED)} ways, {ROUNDS} times, one answer each; {siege.lift()}"


def _answers(address: http.Address, data: bytes, name: str) -> list[http.Answer]:
    """Sends `data`, then the end; every byte that comes back has to be right."""
    try:
        with http.connect(address) as stream:
            try:
                stream.sendall(data)
                stream.shutdown(1)
            except OSError:
                pass  # Cut off in the middle: what was answered before is still there to be read.
            answers = http.parse_all(http.read_to_end(stream))
        for answer in answers:
            demand(answer.code in EXPECTED, f"answered {answer.code}")
            if answer.code in REFUSALS:
                demand(answer.closes, f"{answer.code} without `Connection: close`")
            if answer.fields.get("content-type") == "application/json":
                _ = answer.json
    except (Failed, OSError) as error:
        raise Failed(f"{name} {data!r}: {error}") from error
    return answers


def _input(generator: random.Random) -> bytes:
    """One in ten is noise; the others are requests with a few things wrong, and one behind them."""
    if generator.random() < 0.1:
        return generator.randbytes(generator.randrange(1, 400))
    data = bytearray(generator.choice(SEEDS))
    for _ in range(generator.randrange(1, 5)):
        _mutate(generator, data)
    return bytes(data) + CANARY


def _mutate(generator: random.Random, data: bytearray) -> None:
    at = generator.randrange(len(data) + 1)
    length = generator.randrange(1, 12)
    match generator.randrange(7):
        case 0:
            data[at:at + 1] = generator.randbytes(1)
        case 1:
            del data[at:at + length]
        case 2:
            data[at:at] = generator.choice(TOKENS)
        case 3:
            data[at:at + length] = generator.choice(TOKENS)
        case 4:
            data[at:at] = data[at:at + length] * generator.randrange(1, 40)
        case 5:
            data[at:at] = generator.randbytes(length)
        case _:
            if at < len(data):
                data[at] ^= 1 << generator.randrange(8)
