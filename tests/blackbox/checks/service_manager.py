"""The daemon under a service manager: what it reports, and the listener that it is given."""

import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .. import http
from ..daemon import Daemon
from ..outcome import Failed, Missing, demand, wait_for
from ..runner import Site

PATIENCE = 20.0


class Manager:
    """Receives what is sent to `$NOTIFY_SOCKET`."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.lines: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address.replace("@", "\0", 1))

    def wait_for(self, line: str) -> None:
        """Waits for a line that was not waited for."""
        deadline = time.monotonic() + PATIENCE
        while line not in self.receive(max(deadline - time.monotonic(), 0.001)):
            demand(time.monotonic() < deadline, f"no {line} after {self.lines}")

    def receive(self, seconds: float) -> list[str]:
        """The lines of the next message; none if there is none in that time."""
        self._socket.settimeout(seconds)
        try:
            lines = self._socket.recv(4096).decode().splitlines()
        except TimeoutError:
            return []
        self.lines += lines
        return lines

    def close(self) -> None:
        """Leaves nobody at the address."""
        self._socket.close()


@contextmanager
def _managers() -> Iterator[list[Manager]]:
    """One at a path, one at an abstract name."""
    with tempfile.TemporaryDirectory() as directory:
        managers = [Manager(f"{directory}/notify"), Manager(f"@{directory}/notify")]
        yield managers
        for manager in managers:
            manager.close()


def reports(site: Site) -> str:
    """Ready once, alive while its loop runs, stopping at the drain; to a path and to a name."""
    with _managers() as managers:
        for manager in managers:
            _reports(site, manager)
        return f"{sum(len(manager.lines) for manager in managers)} lines"


def _reports(site: Site, manager: Manager) -> None:
    env = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "400000"}
    with site.daemon("--hang-after", "2", env=env) as daemon:
        manager.wait_for("READY=1")
        manager.wait_for("WATCHDOG=1")
        manager.wait_for("STATUS=running, unhealthy; control: no heartbeat")
        live = daemon.get("/health/live")
        demand(live.code == 503, f"the endpoint says otherwise: {live}")
        late = manager.receive(1.0)
        demand(not late, f"sent while the loop hangs: {late}")
        daemon.signal(signal.SIGTERM)
        manager.wait_for("STOPPING=1")
        code = daemon.exit_code()
        demand(code == 0, f"exit code {code}: {daemon.stderr}")
    for once in ("READY=1", "STOPPING=1"):
        demand(manager.lines.count(once) == 1, f"not once {once}: {manager.lines}")
    first = manager.lines.index("READY=1")
    demand("WATCHDOG=1" not in manager.lines[:first], f"before it was ready: {manager.lines}")


def activated(site: Site) -> str:
    """A client that comes before the daemon is answered by it, on the listener that was passed on."""
    tool = shutil.which("systemd-socket-activate")
    if not tool:
        raise Missing("systemd-socket-activate")
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = free.getsockname()
    place = f"{address[0]}:{address[1]}"
    flags = ("-l", place, "--fdname=health", str(site.path), "--listen", "127.0.0.1:1")
    with Daemon(Path(tool), *flags) as daemon:
        answer = wait_for("a listener", PATIENCE, lambda: _get(address))
        demand(answer.code == 200, f"the first client: {answer}")
        demand(daemon.address == address, f"it says that it listens on {daemon.address}")
        daemon.stop()
    return f"answered on {place}"


def _get(address: http.Address) -> http.Answer | None:
    try:
        return http.get(address, "/health/live")
    except (ConnectionRefusedError, Failed):
        return None
