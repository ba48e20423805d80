"""Ten thousand requests in one write."""

import statistics
import threading
import time

from .. import http
from ..outcome import demand
from ..runner import Site
from ..siege import Siege

REQUESTS = 10_000
ROUNDS = 50
# A machine that is busy with other things; a free one does many times as much.
LEAST_PER_SECOND = 20_000
PATHS = ("/health/live", "/version", "/nope", "/health/check/load", "/health/ready")
SIGNS = (
    b'{"status":"healthy"}',
    b'{"service":',
    b'{"error":',
    b'{"status":"healthy","name":"load"',
    b'{"status":"healthy"}',
)


def pipeline(site: Site) -> str:
    """All are answered, in their order; the rate is that of the liveness path alone."""
    with Siege(site) as siege:
        questions = b"".join(map(http.request, PATHS))
        mixed, _ = _ask(siege.address, REQUESTS // len(PATHS) * questions)
        answers = http.parse_all(mixed)
        demand(len(answers) == REQUESTS, f"{len(answers)} of {REQUESTS} answered")
        for number, answer in enumerate(answers):
            sign = SIGNS[number % len(PATHS)]
            demand(answer.body.startswith(sign), f"answer {number} is {answer.body!r}")
        rates = []
        for _ in range(ROUNDS):
            data, seconds = _ask(siege.address, REQUESTS * http.request("/health/live"))
            demand(data.count(b"HTTP/1.1 200 OK\r\n") == REQUESTS, "not all live")
            rates.append(REQUESTS / seconds)
        rate = statistics.median(rates)
        demand(rate >= LEAST_PER_SECOND, f"only {rate:,.0f} answers/s")
        return (
            f"{REQUESTS} answered in order, then {ROUNDS} times at {rate:,.0f} answers/s "
            f"(median); {siege.lift()}"
        )


def _ask(address: http.Address, questions: bytes) -> tuple[bytes, float]:
    """Sends all at once, and then the end; returns what comes back, and how long that took."""
    with http.connect(address) as stream:

        def send() -> None:
            stream.sendall(questions)
            stream.shutdown(1)

        sender = threading.Thread(target=send)
        begin = time.monotonic()
        sender.start()
        pieces = []
        while piece := stream.recv(1 << 20):
            pieces.append(piece)
        seconds = time.monotonic() - begin
        sender.join()
    return b"".join(pieces), seconds
