"""The example programs, each against what its field demands of it.

Each depends on a peer that the check plays: a gateway, a feed, an exchange.
"""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from .. import http
from ..daemon import Daemon
from ..kernel import HEALTH_THREAD
from ..outcome import demand, wait_for
from ..runner import Site
from ..tools import curl
from .outputs import survived

LOOPBACK = "127.0.0.1"
NOT_FOUND = b'{"error":"Not found"}'
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
# How each program is told its peer and the port on which it answers.
STARTS = {
    "health-blocking": lambda peer, port: ([peer, f"{LOOPBACK}:{port}"], {}),
    "health-tokio": lambda peer, port: (
        [peer],
        {"HEALTH_HOST": LOOPBACK, "HEALTH_PORT": str(port)},
    ),
    "health-smol": lambda peer, port: ([peer], {"HEALTH_LISTEN": f"{LOOPBACK}:{port}"}),
}
PARTS = ["registry", "pool", "router", "workers", "lifecycle", "recycler"]


class Peer:
    """A port that can be opened and closed, and stays the same."""

    def __init__(self) -> None:
        # Bound and not listening: connections are refused, and nobody else gets the port.
        self._socket = self._bound(0)
        self.port: int = self._socket.getsockname()[1]
        self.name = f"{LOOPBACK}:{self.port}"

    def open(self) -> None:
        """From now on connections are accepted, if only by the system."""
        self._socket.listen(64)

    def accept(self) -> socket.socket:
        """Waits for a connection."""
        self._socket.settimeout(20)
        return self._socket.accept()[0]

    def close(self) -> None:
        """From now on connections are refused again."""
        self._socket.close()
        self._socket = self._bound(self.port)

    def end(self) -> None:
        """Gives the port back."""
        self._socket.close()

    @staticmethod
    def _bound(port: int) -> socket.socket:
        bound = socket.socket()
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((LOOPBACK, port))
        return bound


@contextmanager
def _peer() -> Iterator[Peer]:
    peer = Peer()
    try:
        yield peer
    finally:
        peer.end()


def outputs(site: Site) -> str:
    """Outputs that are closed, full or unread do not keep it from answering and from ending."""
    with _peer() as peer:
        peer.open()
        return survived(site, lambda port: STARTS[site.package](peer.name, port))


def steering(site: Site) -> str:
    """Healthy below three failures in a row, then degraded with 503; one success heals."""
    with _peer() as gateway:
        gateway.open()
        with Daemon(site.path, gateway.name, f"{LOOPBACK}:0") as daemon:
            for path in ("/", "/health"):
                answer = curl(daemon.url + path)
                demand(answer.code == 200, f"{path}: {answer}")
                demand(answer.fields["content-type"] == "application/json", f"{answer.fields}")
                _steering_document(answer, "healthy")
            nothing = curl(daemon.url + "/nothing")
            demand((nothing.code, nothing.body) == (404, NOT_FOUND), f"404: {nothing}")
            gateway.close()
            # Every answer on the way says what its own number means.
            wait_for("degraded", 20, lambda: _steered(daemon, 503))
            gateway.open()
            wait_for("well again", 20, lambda: _steered(daemon, 200))
            # A port in use is a warning; a second daemon steers on without an endpoint.
            with Daemon(site.path, gateway.name, daemon.url.removeprefix("http://")) as second:
                wait_for("a warning", 20, lambda: "warning: no health endpoint" in second.stderr)
                second.stop()
            daemon.stop()
            demand(daemon.stderr == "", f"it says: {daemon.stderr}")
            # A restart binds at once, though the old connections are not forgotten yet.
            with Daemon(site.path, gateway.name, daemon.url.removeprefix("http://")) as third:
                demand(third.get("/health").code == 200, "not healthy before its first cycle")
                third.stop()
        return "steering: 200 below 3 failures, 503 degraded at 3, 200 after one success"


def _steered(daemon: Daemon, code: int) -> bool:
    answer = daemon.get("/health")
    document = answer.json
    below = document["consecutive_failures"] < 3
    expected = (200, "healthy") if below else (503, "degraded")
    demand((answer.code, document["status"]) == expected, f"{answer.code}: {document}")
    return answer.code == code


def _steering_document(answer: http.Answer, status: str) -> None:
    document = answer.json
    demand(next(iter(document)) == "status", f"status is not first: {document}")
    demand(document["status"] == status, f"{document}")
    uptime = re.search(rb'"uptime_seconds":([0-9]+\.[0-9])[,}]', answer.body)
    demand(uptime, f"uptime without one decimal: {answer.body!r}")
    demand(re.fullmatch(r"\d+\.\d+\.\d+", document["version"]), f"version: {document}")
    demand(document["consecutive_failures"] == 0, f"{document}")


def loop_group(site: Site) -> str:
    """Alive from the beginning, ready while all loops run, and no more when one has ended."""
    with _peer() as source:
        env = {"HEALTH_HOST": LOOPBACK, "HEALTH_PORT": "0"}
        source.open()
        with Daemon(site.path, source.name, env=env) as daemon:
            feed = source.accept()
            wait_for("ready", 20, lambda: daemon.get("/health/ready").code == 200)
            for path in ("/health/live", "/health/ready"):
                answer = curl(daemon.url + path)
                demand((answer.code, answer.body) == (200, b'{"status":"healthy"}'), f"{answer}")
                demand(answer.fields["content-length"] == "20", f"{answer.fields}")
            demand(curl(daemon.url + "/health/nothing").code == 404, "not 404")
            feed.close()
            answer = daemon.wait_for_code("/health/ready", 503, 20)
            demand(answer.json["status"] == "unhealthy", f"{answer.body!r}")
            demand(answer.json["pending"] == ["feed"], f"{answer.body!r}")
            demand(curl(daemon.url + "/health/live").code == 200, "not alive")
            daemon.stop()
        # The endpoint exists only if a port was configured; the loops run all the same.
        with Daemon(site.path, source.name) as silent:
            source.accept().close()
            names = silent.process.thread_names.values()
            demand(HEALTH_THREAD not in names, "it serves without being told to")
            silent.stop()
            demand(silent.stdout == "", f"it says: {silent.stdout}")
    return "loop group: ready while all run, 503 and the name of the one that ended"


def trading(site: Site) -> str:
    """Parts that are not there yet are false; `/stats` is always there."""
    with _peer() as exchange:
        env = {"HEALTH_LISTEN": f"{LOOPBACK}:0"}
        with Daemon(site.path, exchange.name, env=env) as daemon:
            up = ["registry"]
            answer = wait_for("the first part", 20, lambda: _parts_up(daemon, up))
            demand(answer.code == 503, f"while starting: {answer}")
            stats = curl(daemon.url + "/stats")
            demand(stats.code == 200 and list(stats.json) == PARTS, f"/stats: {stats}")
            demand(stats.json["pool"] == {}, f"no numbers yet: {stats.body!r}")
            exchange.open()
            answer = wait_for("all parts", 20, lambda: _parts_up(daemon, PARTS))
            demand(answer.code == 200 and answer.json["healthy"] is True, f"{answer}")
            demand(TIMESTAMP.fullmatch(answer.json["timestamp"]), f"{answer.body!r}")
            rounds = curl(daemon.url + "/stats").json["pool"]["work"]["rounds"]
            demand(rounds > 0, f"{rounds} rounds")
            exchange.close()
            down = [part for part in PARTS if part != "pool"]
            answer = wait_for("the pool's failure", 20, lambda: _parts_up(daemon, down))
            demand(answer.code == 503 and answer.json["healthy"] is False, f"{answer}")
            demand(curl(daemon.url + "/stats").code == 200, "/stats is not 200")
            env = {"HEALTH_LISTEN": daemon.url.removeprefix("http://")}
            with Daemon(site.path, exchange.name, env=env) as second:
                wait_for("a complaint", 20, lambda: "no health endpoint" in second.stderr)
                demand(second.popen.poll() is None, "a port conflict ended it")
                second.stop()
            daemon.stop()
    return f"trading: {len(PARTS)} parts one after another, /stats 200 in every state"


def _parts_up(daemon: Daemon, expected: list[str]) -> http.Answer | None:
    answer = daemon.get("/health")
    components = answer.json["components"]
    demand(list(components) == PARTS, f"{components}")
    up = [name for name, is_up in components.items() if is_up]
    return answer if up == expected else None


OF = {"health-blocking": steering, "health-tokio": loop_group, "health-smol": trading}
