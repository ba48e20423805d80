"""Clients that ask and ask, and never read."""

import select
import socket
import time

from .. import http
from ..kernel import unsent_bytes
from ..outcome import Failed, demand, wait_for
from ..runner import Site
from ..siege import Siege

CLIENTS = 50
REQUESTS = 5000
# The write deadline is 10 s.
DROPPED_WITHIN = 15.0
MOST_GROWTH_KIB = 1024
# Of what a client does not take, the system holds this much.
MOST_UNSENT = 256 * 1024


def never_read(site: Site) -> str:
    """Fifty clients, five thousand requests each, no room for the answers: all let go in time."""
    with Siege(site) as siege:
        begin = time.monotonic()
        streams = [_narrow(siege.address) for _ in range(CLIENTS)]
        sent = _push(streams, REQUESTS * http.request("/health"))
        wait_for("all are there", 5, lambda: siege.holds_sockets() >= CLIENTS)
        held = max(unsent_bytes(siege.address[1]))
        demand(0 < held <= MOST_UNSENT, f"the system holds {held} bytes for one client")
        while siege.holds_sockets() > 1:
            if time.monotonic() - begin > DROPPED_WITHIN:
                raise Failed(f"{siege.holds_sockets()} are not let go within {DROPPED_WITHIN} s")
            time.sleep(0.02)
        took = time.monotonic() - begin
        growth = siege.peak_growth
        demand(growth < MOST_GROWTH_KIB, f"memory +{growth} KiB")
        # A closed connection may live on in the system, with all that was not taken.
        left = DROPPED_WITHIN + begin - time.monotonic()
        wait_for("the system holds nothing", left, lambda: not sum(unsent_bytes(siege.address[1])))
        for stream in streams:
            stream.close()
        each = sent / CLIENTS / 1024
        return f"let go after {took:.1f} s, {each:.0f} KiB each sent, {held / 1024:.0f} KiB held; {siege.lift()}"


def _narrow(address: http.Address) -> socket.socket:
    """A connection whose own side holds as little as the system allows."""
    stream = socket.socket()
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    stream.settimeout(5)
    stream.connect(address)
    stream.setblocking(False)
    return stream


def _push(streams: list[socket.socket], data: bytes) -> int:
    """Sends as much as is taken, until nothing is for half a second; returns the bytes."""
    left = {stream.fileno(): (stream, data) for stream in streams}
    poll = select.poll()
    for descriptor in left:
        poll.register(descriptor, select.POLLOUT)
    sent = 0
    while left and (events := poll.poll(500)):
        for descriptor, _ in events:
            stream, rest = left[descriptor]
            try:
                count = stream.send(rest[:65536])
            except BlockingIOError:
                continue
            except OSError:
                count = len(rest)
            sent += count
            left[descriptor] = (stream, rest[count:])
            if count == len(rest):
                poll.unregister(descriptor)
                del left[descriptor]
    return sent
