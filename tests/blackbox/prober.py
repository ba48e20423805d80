"""A client that does its work: a new connection per request, in a process of its own.

It shares no interpreter with those who attack, so what it waits for is the daemon. It goes on
until its standard input ends, and then reports in JSON.
"""

import json
import subprocess
import sys
from dataclasses import dataclass

from .http import Address
from .outcome import Failed, demand

# Orchestrators give a probe one second. That every probe is answered is demanded, how fast is
# printed: a machine that is busy with something else may take that second for itself.
TIMEOUT = 3.0

PROGRAM = r'''
import json, select, socket, sys, time
host, port, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
every, timeout = map(float, sys.argv[4:])
question = f"GET {path} HTTP/1.1\r\nHost: prober\r\nConnection: close\r\n\r\n".encode()

def probe():
    with socket.create_connection((host, port), timeout) as stream:
        stream.sendall(question)
        answer = b""
        while more := stream.recv(65536):
            answer += more
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 ") or not body.startswith(b'{"status":"healthy"'):
        raise OSError(f"answered {answer[:300]!r}")

times, failures = [], []
origin = due = time.monotonic()
while not select.select([sys.stdin], [], [], max(0, due - time.monotonic()))[0]:
    begin = time.monotonic()
    try:
        probe()
    except OSError as error:
        took = time.monotonic() - begin
        failures.append(f"{begin - origin:.2f} s in: {error!r} after {took:.3f} s")
    times.append(time.monotonic() - begin)
    if len(times) == 1:
        print("begun", flush=True)
    due = max(due + every, time.monotonic() - 10 * every)
print(json.dumps({"times": times, "failures": failures, "seconds": time.monotonic() - origin}))
'''


@dataclass(frozen=True)
class Report:
    """What a prober has seen."""

    times: list[float]
    failures: list[str]
    seconds: float

    def percentile(self, share: float) -> float:
        """The time in ms within which this share of the answers came."""
        times = sorted(self.times)
        return 1000 * times[min(len(times) - 1, int(share * len(times)))]

    def demand_all_answered(self) -> str:
        """Fails unless every probe was answered 200 in time; returns the figures."""
        asked = len(self.times)
        demand(
            not self.failures,
            f"prober: {len(self.failures)} of {asked} probes failed, first {self.failures[:3]}",
        )
        p50, p99, most = (self.percentile(share) for share in (0.5, 0.99, 1.0))
        return f"prober {asked}/{asked} answered 200, p50 {p50:.1f} p99 {p99:.1f} max {most:.1f} ms"


class Prober:
    """A prober at work."""

    def __init__(self, address: Address, path: str = "/health", every: float = 0.05) -> None:
        """Starts it, and waits for its first probe."""
        host, port = address
        self._popen = subprocess.Popen(
            [sys.executable, "-ISc", PROGRAM, host, str(port), path, str(every), str(TIMEOUT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._popen.stdout
        if self._popen.stdout.readline() != "begun\n":
            self.kill()
            raise Failed("the prober did not begin")

    def kill(self) -> None:
        """Ends it without a word."""
        if self._popen.poll() is None:
            self._popen.kill()
            self._popen.communicate()

    def report(self) -> Report:
        """Ends it; returns what it has seen."""
        text, _ = self._popen.communicate("", timeout=10)
        return Report(**json.loads(text))
