"""One daemon process, from its first line of output to its exit code."""

import os
import re
import resource
import select
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from . import http
from .kernel import Process
from .outcome import Failed, demand, wait_for

FIRST_LINE = re.compile(r"listening on http://(127\.0\.0\.1):(\d+)\n")
STARTS_WITHIN = 20.0
STOPS_WITHIN = 20.0


class Daemon:
    """An example daemon. As a context manager it is over at the end, whatever happened."""

    def __init__(
        self,
        path: Path,
        *flags: str,
        env: dict[str, str] | None = None,
        descriptors: int | None = None,
    ) -> None:
        """Starts it. `descriptors` is its resource limit (`ulimit -n`)."""
        self._stderr = tempfile.TemporaryFile()
        self._stdout = b""

        def limit() -> None:
            if descriptors is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

        self.popen = subprocess.Popen(
            [path, *flags],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env={"PATH": os.environ.get("PATH", ""), **(env or {})},
            preexec_fn=limit,
        )
        self.process = Process(self.popen.pid)
        self._address: http.Address | None = None

    def __enter__(self) -> "Daemon":
        return self

    def __exit__(self, *_: object) -> None:
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait()
        if self.popen.stdout:
            self.popen.stdout.close()
        self._stderr.close()

    @property
    def address(self) -> http.Address:
        """Where it listens, as it says in its first line."""
        if self._address is None:
            deadline = time.monotonic() + STARTS_WITHIN
            while b"\n" not in self._stdout and time.monotonic() < deadline:
                self._read_stdout(0.1)
                demand(self.popen.poll() is None, f"ended at once: {self.stderr}")
            line = FIRST_LINE.match(self._stdout.decode())
            demand(line, f"first line of output: {self._stdout!r}, standard error: {self.stderr!r}")
            assert line
            self._address = (line[1], int(line[2]))
        return self._address

    @property
    def url(self) -> str:
        """The address as curl wants it."""
        host, port = self.address
        return f"http://{host}:{port}"

    def _read_stdout(self, seconds: float) -> None:
        assert self.popen.stdout
        if select.select([self.popen.stdout], [], [], seconds)[0]:
            self._stdout += os.read(self.popen.stdout.fileno(), 65536)

    @property
    def stdout(self) -> str:
        """What it has printed so far."""
        self._read_stdout(0)
        return self._stdout.decode()

    @property
    def stderr(self) -> str:
        """What it has complained of so far."""
        return os.pread(self._stderr.fileno(), 1 << 20, 0).decode()

    def get(self, path: str, *lines: str) -> http.Answer:
        """One question on a connection of its own."""
        return http.get(self.address, path, *lines)

    def wait_for_code(self, path: str, code: int, seconds: float) -> http.Answer:
        """The first answer with this code."""

        def probe() -> http.Answer | None:
            answer = self.get(path)
            return answer if answer.code == code else None

        return wait_for(f"{code} at {path}", seconds, probe)

    def wait_for_status(self, status: str, seconds: float, path: str = "/health") -> http.Answer:
        """The first answer with this status in its document."""

        def probe() -> http.Answer | None:
            answer = self.get(path)
            return answer if answer.json["status"] == status else None

        return wait_for(f"{status} at {path}", seconds, probe)

    def wait_for_cycle(self, number: int) -> None:
        """Returns when the control loop has gone through this many cycles."""
        wait_for(f"cycle {number}", 20, lambda: self._cycles() >= number)

    def _cycles(self) -> int:
        return int(self.get("/stats").json["control"]["cycles"])

    def signal(self, number: signal.Signals) -> None:
        """Sends it a signal."""
        self.popen.send_signal(number)

    def exit_code(self, seconds: float = STOPS_WITHIN) -> int:
        """Its exit code, once it has ended by itself."""
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"still running {seconds:g} s after it was to end") from None

    def stop(self) -> None:
        """Ends it as an orchestrator does; it has to go in peace."""
        self.signal(signal.SIGTERM)
        code = self.exit_code()
        demand(code == 0, f"exit code {code} after SIGTERM: {self.stderr}")
