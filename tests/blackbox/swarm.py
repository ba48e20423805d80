"""Many bad clients in one thread."""

import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .http import Address, connect
from .outcome import Failed

TICK = 0.05


@dataclass
class Client:
    """One connection of a swarm."""

    stream: socket.socket
    opened: float
    number: int
    received: bytearray = field(default_factory=bytearray)
    sent: int = 0
    ended: float | None = None

    @property
    def lived(self) -> float | None:
        """Seconds from its beginning to the end that the daemon put to it."""
        return None if self.ended is None else self.ended - self.opened


class Swarm:
    """Connections that are opened at once and looked after together."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.clients: list[Client] = []
        self._poll = select.epoll()
        self._by_descriptor: dict[int, Client] = {}

    def __enter__(self) -> "Swarm":
        return self

    def __exit__(self, *_: object) -> None:
        for client in self.clients:
            client.stream.close()
        self._poll.close()

    @property
    def alive(self) -> list[Client]:
        """Those whom the daemon has not yet shown the door."""
        return list(self._by_descriptor.values())

    def open(self, count: int, opening: bytes = b"") -> None:
        """Opens `count` more connections, each of which begins with `opening`."""
        for _ in range(count):
            stream = connect(self.address)
            client = Client(stream, time.monotonic(), len(self.clients))
            stream.setblocking(False)
            self.clients.append(client)
            self._by_descriptor[stream.fileno()] = client
            self._poll.register(stream, select.EPOLLIN | select.EPOLLRDHUP)
            self.send(client, opening)

    def send(self, client: Client, data: bytes) -> None:
        """Sends what the socket takes."""
        try:
            if data and client.ended is None:
                client.sent += client.stream.send(data)
        except BlockingIOError:
            pass
        except OSError:
            self._end(client)

    def look(self, seconds: float) -> None:
        """Waits for the daemon, then takes notice of what it sends and of whom it drops."""
        for descriptor, _ in self._poll.poll(seconds, 4096):
            client = self._by_descriptor.get(descriptor)
            if client is None:
                continue
            try:
                data = client.stream.recv(65536)
                client.received += data
                if not data:
                    self._end(client)
            except BlockingIOError:
                pass
            except OSError:
                self._end(client)

    def run(
        self,
        seconds: float,
        tick: Callable[[list[Client]], None] | None = None,
        until: Callable[[], bool] | None = None,
    ) -> None:
        """Goes on until all are dropped or `until` holds; fails after `seconds`.

        `tick` is called with the living ones every 50 ms.
        """
        deadline = time.monotonic() + seconds
        due = time.monotonic()
        done = until or (lambda: not self._by_descriptor)
        while not done():
            now = time.monotonic()
            if now > deadline:
                left = f"{len(self._by_descriptor)} of {len(self.clients)} clients"
                raise Failed(f"{left} are still there after {seconds:g} s")
            if now >= due:
                due = now + TICK
                if tick:
                    tick(self.alive)
            self.look(max(0.0, due - time.monotonic()))

    def _end(self, client: Client) -> None:
        client.ended = time.monotonic()
        descriptor = client.stream.fileno()
        if self._by_descriptor.pop(descriptor, None):
            self._poll.unregister(descriptor)

    def lives(self) -> str:
        """How long those that were dropped have lived."""
        lives = sorted(client.lived for client in self.clients if client.lived is not None)
        if not lives:
            return "none dropped"
        return f"dropped {len(lives)}/{len(self.clients)} after {lives[0]:.1f} to {lives[-1]:.1f} s"
