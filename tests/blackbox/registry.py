"""`healthd monitor`, the servers it watches, and the disk it keeps its registry on."""

import contextlib
import http.server
import json
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from .daemon import Daemon
from .outcome import Missing, Skipped, demand, wait_for

# What a monitor may take for what it should do at once: long, for machines are busy.
PATIENCE = 20.0

READ = """
import json, sqlite3, sys
file = sqlite3.connect(sys.argv[1], timeout=10)
print(json.dumps(file.execute(sys.argv[2]).fetchall()))
"""


class Server:
    """A server to be watched: it notes each request, and fails when it is told to. It has metrics,
    too.
    """

    def __init__(self, certificate: Path | None = None) -> None:
        """With a certificate, in one file with its key, it speaks HTTPS."""
        self.times: list[float] = []
        self.posted: list[str] = []
        self.is_up = True
        self._certificate = certificate
        self._listen(0)

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _listen(self, port: int) -> None:
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # noqa: N802: the library's name
                length = int(self.headers["Content-Length"])
                server.posted.append(self.rfile.read(length).decode())
                self.do_GET()

            def do_GET(self) -> None:  # noqa: N802
                if self.path == "/metrics":
                    return self._measure()
                server.times.append(time.time())
                # Who asked may have been killed meanwhile.
                with contextlib.suppress(ConnectionError):
                    self.send_response(200 if server.is_up else 500)
                    self.send_header("Content-Length", "2")
                    self.end_headers()
                    self.wfile.write(b"{}")

            def _measure(self) -> None:
                body = b"alive 1\n"
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        if self._certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def requests(self) -> int:
        """How many there were."""
        return len(self.times)

    @property
    def url(self) -> str:
        scheme = "https" if self._certificate else "http"
        return f"{scheme}://127.0.0.1:{self.port}/health"

    def stop(self) -> None:
        """Ends it: connections are refused from now on."""
        self._server.shutdown()
        self._server.server_close()


class Fleet:
    """As many targets as one likes: the servers of `healthd bench`."""

    def __init__(self, healthd: Path) -> None:
        command = [healthd, "bench-targets"]
        self._servers = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._servers.stdout
        self._ports = self._servers.stdout.readline().decode().split()

    def __enter__(self) -> "Fleet":
        return self

    def __exit__(self, *_: object) -> None:
        # They end with their standard input.
        self._servers.communicate()

    def config(self, count: int, interval: str) -> str:
        """A configuration that names so many of them."""
        ports = self._ports
        targets = [
            {"name": f"sim-{index:05}", "url": f"http://127.0.0.1:{ports[index % len(ports)]}/"}
            for index in range(count)
        ]
        return json.dumps({"interval": interval, "timeout": "10s", "targets": targets})


class Disk:
    """A directory for a registry. As a context manager it is gone at the end."""

    prefix: tuple[str, ...] = ()

    def __enter__(self) -> "Disk":
        self._directory = tempfile.TemporaryDirectory()
        self.inside = self.outside = Path(self._directory.name)
        return self

    def __exit__(self, *_: object) -> None:
        self._directory.cleanup()

    def monitor(
        self, healthd: Path, *flags: str, env: dict[str, str] | None = None
    ) -> "Monitor":
        """Starts a monitor that keeps its registry here."""
        command = (*self.prefix, str(healthd), "monitor", "--db", str(self.inside / "healthd.db"))
        flags = ("--listen", "127.0.0.1:0", *flags)
        return Monitor(Path(command[0]), *command[1:], *flags, env=env)

    def run(self, healthd: Path, command: str, *flags: str) -> str:
        """What a command prints that has to succeed."""
        done = self._call(healthd, command, *flags)
        demand(done.returncode == 0, f"healthd {command}: {done.stderr}")
        return done.stdout

    def fails(self, healthd: Path, command: str, *flags: str) -> str:
        """What a command complains of that has to fail."""
        done = self._call(healthd, command, *flags)
        demand(done.returncode == 1, f"healthd {command}: {done.returncode}, {done.stderr}")
        return done.stderr

    def _call(self, healthd: Path, command: str, *flags: str) -> "subprocess.CompletedProcess[str]":
        db = ("--db", str(self.inside / "healthd.db"))
        words = (*self.prefix, str(healthd), command, *db, *flags)
        return subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)

    def rows(self, query: str) -> list[Any]:
        """What the registry's file says."""
        # In a process of its own: SQLite finds a file by its name, and only there it has that name.
        words = (*self.prefix, sys.executable, "-c", READ, str(self.inside / "healthd.db"), query)
        done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
        demand(done.returncode == 0, f"{query}: {done.stderr}")
        return [tuple(row) for row in json.loads(done.stdout)]


    def count(self, query: str) -> int:
        """The one number that it asks for."""
        return int(self.rows(query)[0][0])


class SmallDisk(Disk):
    """A file system of its own, which nobody else sees: a tmpfs in another mount namespace.

    It needs no privileges where users may have namespaces, as most kernels let them.
    """

    def __init__(self, size: str = "4m") -> None:
        self._size = size

    def __enter__(self) -> "SmallDisk":
        super().__enter__()
        for tool in ("unshare", "nsenter"):
            if not shutil.which(tool):
                raise Missing(tool)
        mount = f"mount -t tmpfs -o size={self._size} tmpfs '{self.inside}' && echo ready && cat"
        self._holder = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self._holder.stdout and self._holder.stderr
        if self._holder.stdout.readline() != b"ready\n":
            reason = self._holder.stderr.read().decode().strip()
            self.__exit__()
            raise Skipped(f"no file system of its own can be made here: {reason}")
        pid = str(self._holder.pid)
        self.prefix = ("nsenter", "-t", pid, "-U", "-m", "--preserve-credentials")
        self.outside = Path(f"/proc/{pid}/root{self.inside}")
        return self

    def __exit__(self, *_: object) -> None:
        # Its end is the end of its standard input, and of the file system.
        self._holder.communicate()
        super().__exit__()

    def fill(self) -> None:
        """Leaves no byte free."""
        with open(self.outside / "ballast", "wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(b"\0" * 4096)
            except OSError:
                pass

    def free(self) -> None:
        """Gives the space back."""
        (self.outside / "ballast").unlink()

    def remount(self, mode: str) -> None:
        """`ro` or `rw`."""
        command = ["mount", "-o", f"remount,{mode}", str(self.inside)]
        subprocess.run([*self.prefix, *command], check=True, timeout=10)


class Monitor(Daemon):
    """A monitor that runs."""

    def wait_for_line(self, *parts: str, count: int = 1) -> None:
        """Waits until so many log lines have all of these parts."""

        def there() -> bool:
            lines = self.stderr.splitlines()
            return sum(all(part in line for part in parts) for line in lines) >= count

        wait_for(f"{count} lines with {parts}", PATIENCE, there)

    def component(self, name: str) -> dict[str, Any]:
        """What the monitor says of a part of itself."""
        return dict(self.get("/health?verbose").json["checks"][name])

    def wait_for_component(self, name: str, status: str, seconds: float = PATIENCE) -> str:
        """Waits until it has this status; the cause that it gives."""

        def has_status() -> dict[str, Any] | None:
            component = self.component(name)
            return component if component["status"] == status else None

        found = wait_for(f"component {name} {status}", seconds, has_status)
        assert found
        return str(found.get("cause", ""))
