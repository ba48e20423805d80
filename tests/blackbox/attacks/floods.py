"""Many connections that ask nothing, or not to the end."""

import time
from collections.abc import Callable

from ..outcome import Failed, demand
from ..runner import Site
from ..siege import Siege
from ..swarm import Client, Swarm

# The head is due within 10 s of accept, and a refused client is let go a second later.
DROPPED_WITHIN = 15.0
SILENT = 2000
SLOW = 1000
ROOM_FOR_ALL = ("--max-connections", "4000")
LITTLE_ROOM = ("--max-connections", "64")
CHURN_SECONDS = 5.0
CHURN_PER_TICK = 25


def slowloris(site: Site) -> str:
    """A thousand clients that send their head byte by byte are all dropped at its deadline."""
    return _all_dropped(site, SLOW, b"GET /health HTTP/1.1\r\nHost: test\r\nX-Slow: ", _trickle())


def silent(site: Site) -> str:
    """Two thousand clients that say nothing are all dropped, and cost next to nothing."""
    return _all_dropped(site, SILENT, b"", None)


def slowloris_little_room(site: Site) -> str:
    """The same with room for 64: the slow ones go, whoever asks is answered."""
    return _churn(site, SLOW, b"GET /health HTTP/1.1\r\nHost: test\r\nX-Slow: ", _trickle())


def silent_little_room(site: Site) -> str:
    """Silent clients who come back as soon as they are shown the door."""
    return _churn(site, SILENT, b"", None)


def _trickle() -> Callable[[list[Client]], None]:
    """Sends each client's next byte once a second: a twentieth of them in each tick."""
    turn = 0

    def tick(clients: list[Client]) -> None:
        nonlocal turn
        turn += 1
        for client in clients:
            if client.number % 20 == turn % 20:
                try:
                    client.stream.send(b"a")
                except OSError:
                    pass  # It has been dropped; the next look tells.

    return tick


def _all_dropped(
    site: Site, count: int, opening: bytes, tick: Callable[[list[Client]], None] | None
) -> str:
    with Siege(site, *ROOM_FOR_ALL) as siege:
        before = siege.process.pss
        with Swarm(siege.address) as swarm:
            swarm.open(count, opening)
            swarm.run(9, until=lambda: siege.holds_sockets() >= count)
            each = 1024 * (siege.process.pss - before) / count
            swarm.run(DROPPED_WITHIN, tick)
            lived = max(client.lived or 0.0 for client in swarm.clients)
            demand(lived <= DROPPED_WITHIN, f"the last one lived {lived:.1f} s")
            _let_go(siege, swarm)
            lives = swarm.lives()
        return f"{lives}; {each:.0f} bytes per connection; {siege.lift()}"


def _let_go(siege: Siege, swarm: Swarm) -> None:
    """The sockets are closed on the daemon's side too, while the clients still hold theirs."""
    deadline = swarm.clients[-1].opened + DROPPED_WITHIN
    while siege.holds_sockets() > 1:
        if time.monotonic() > deadline:
            raise Failed(f"{siege.holds_sockets()} sockets are still open after {DROPPED_WITHIN} s")
        time.sleep(0.02)


def _churn(
    site: Site, count: int, opening: bytes, tick: Callable[[list[Client]], None] | None
) -> str:
    """Opens `count` at once, then five hundred a second for a while; then waits for the end."""
    with Siege(site, *LITTLE_ROOM) as siege:
        with Swarm(siege.address) as swarm:
            swarm.open(count, opening)
            most = siege.holds_sockets()
            end = time.monotonic() + CHURN_SECONDS

            def churn(clients: list[Client]) -> None:
                nonlocal most
                if tick:
                    tick(clients)
                most = max(most, siege.holds_sockets())
                swarm.open(CHURN_PER_TICK, opening)

            swarm.run(CHURN_SECONDS + 5, churn, until=lambda: time.monotonic() > end)
            # One beyond the limit may be seen while it takes the place of another.
            demand(most <= 65, f"{most} connections at once")
            swarm.run(DROPPED_WITHIN, tick)
            _let_go(siege, swarm)
            lives = swarm.lives()
        return f"{lives}, at most {most} held; {siege.lift()}"
