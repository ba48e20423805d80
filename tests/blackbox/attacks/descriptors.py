"""More connections than the daemon may have descriptors."""

import time

from .. import http
from ..outcome import demand
from ..runner import Site
from ..siege import Siege
from ..swarm import Swarm

LIMIT = 128
CLIENTS = 400
WATCHED_SECONDS = 2.0
MOST_CPU = 0.05
ANSWERS_WITHIN = 10.0


def exhausted(site: Site) -> str:
    """Idle connections take every descriptor: the daemon goes on answering, and does not spin.

    Its own work needs descriptors too, so `/health`, which tells of it, is what the prober asks.
    """
    with Siege(site, descriptors=LIMIT) as siege:
        with Swarm(siege.address) as swarm:
            # The daemon's work must not fail only because the endpoint has all descriptors.
            swarm.open(CLIENTS, http.request("/health/live"))
            swarm.run(20, until=lambda: all(c.received or c.ended for c in swarm.clients))
            held = siege.process.descriptors
            before, begin = siege.process.cpu_seconds, time.monotonic()
            swarm.run(
                WATCHED_SECONDS + 5, until=lambda: time.monotonic() > begin + WATCHED_SECONDS
            )
            cpu = (siege.process.cpu_seconds - before) / (time.monotonic() - begin)
            demand(cpu < MOST_CPU, f"{cpu:.0%} of a processor while out of descriptors")
        begin = time.monotonic()
        siege.daemon.wait_for_code("/health", 200, ANSWERS_WITHIN)
        released = time.monotonic() - begin
        return (
            f"{CLIENTS} connections, {held} descriptors of {LIMIT} in use, cpu {cpu:.1%}, "
            f"answers {released:.3f} s after the release; {siege.lift()}"
        )
