"""How a daemon goes: drained and in peace, or killed and back at once."""

import signal
import socket
import time

from .. import http
from ..daemon import Daemon
from ..outcome import Failed, demand, wait_for
from ..runner import Site

DELAY = 5


def drain(site: Site) -> str:
    """SIGTERM: not ready, but alive, for as long as was asked; then exit code 0."""
    with site.daemon("--drain-delay", str(DELAY)) as daemon:
        with http.Conversation(daemon.address) as idle, http.Conversation(daemon.address) as busy:
            idle.ask("/health")
            half = http.request("/health/live")
            busy.send(half[:20])
            begin = time.monotonic()
            daemon.signal(signal.SIGTERM)
            ready = daemon.wait_for_code("/health/ready", 503, DELAY)
            seen = time.monotonic() - begin
            demand("retry-after" in ready.fields, f"not ready without Retry-After: {ready.fields}")
            demand(ready.json["phase"] == "draining", f"readiness: {ready.body!r}")
            live = daemon.get("/health/live")
            demand(live.code == 200, f"liveness while draining: {live}")
            health = daemon.get("/health")
            demand(health.code == 503 and health.json["status"] == "draining", f"health: {health}")
            demand(idle.end() == b"", "an idle connection gets more than its end")
            closed = time.monotonic() - begin
            demand(closed < DELAY, f"the idle connection was closed only after {closed:.1f} s")
            busy.send(half[20:])
            answer = busy.answer()
            demand(answer.code == 200 and answer.closes, f"begun before the drain: {answer}")
        code = daemon.exit_code()
        took = time.monotonic() - begin
        demand(code == 0, f"exit code {code}: {daemon.stderr}")
        demand(DELAY - 0.1 <= took < DELAY + 10, f"gone after {took:.1f} s")
        _refused(daemon.address)
        return (
            f"503 after {1000 * seen:.0f} ms, idle connection closed after {1000 * closed:.0f} ms, "
            f"exit 0 after {took:.2f} s"
        )


def interrupt(site: Site) -> str:
    """SIGINT does the same; without a delay the daemon is gone at once, also while it hangs."""
    figures = []
    for flags in ((), ("--hang-after", "0")):
        with site.daemon(*flags) as daemon:
            with http.Conversation(daemon.address) as idle:
                idle.ask("/health")
                begin = time.monotonic()
                daemon.signal(signal.SIGINT)
                code = daemon.exit_code()
                took = time.monotonic() - begin
                demand(code == 0, f"{flags}: exit code {code}: {daemon.stderr}")
                demand(idle.end() == b"", "an idle connection gets more than its end")
            figures.append(f"{1000 * took:.0f} ms")
    return f"exit 0 after {' and, hanging, '.join(figures)}, a connection open"


def port_in_use(site: Site) -> str:
    """A second daemon says which address it cannot have, works on, and ends in peace."""
    with site.daemon() as first:
        host, port = first.address
        with Daemon(site.path, "--listen", f"{host}:{port}") as second:
            wait_for("a complaint", 15, lambda: "\n" in second.stderr)
            said = second.stderr
            demand(f"{host}:{port}" in said, f"does not name {host}:{port}: {said!r}")
            time.sleep(1.2)  # Two cycles of its loop.
            demand(second.popen.poll() is None, f"it has ended: {second.stderr}")
            demand(second.stdout == "", f"it claims: {second.stdout!r}")
            demand(first.get("/health").code == 200, "the first one does not answer")
            second.stop()
        first.stop()
        return f"says {said.splitlines()[0].replace(str(port), 'PORT')!r}, goes on, exit 0"


def restart(site: Site) -> str:
    """Killed with connections open, it is back on its port at once."""
    with site.daemon() as first:
        address = first.address
        conversations = [http.Conversation(address) for _ in range(20)]
        for conversation in conversations[:10]:
            conversation.ask("/health")
        first.popen.kill()
        first.popen.wait()
        begin = time.monotonic()
        with Daemon(site.path, "--listen", f"{address[0]}:{address[1]}") as second:
            demand(second.address == address, f"listens on {second.address}, not {address}")
            demand(second.get("/health").code == 200, "does not answer")
            took = time.monotonic() - begin
            second.stop()
        for conversation in conversations:
            conversation.stream.close()
    return f"answers again {1000 * took:.0f} ms after the kill"


def _refused(address: http.Address) -> None:
    try:
        socket.create_connection(address, 1).close()
    except ConnectionRefusedError:
        return
    raise Failed("somebody still listens")
