"""What connections cost: memory, wake-ups, descriptors."""

import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass

from .. import http
from ..daemon import Daemon
from ..kernel import Thread
from ..outcome import Failed, Missing, Skipped, demand, wait_for
from ..runner import Site
from ..swarm import Swarm

SILENT = 1000
IDLE = 100
IDLE_SECONDS = 3.0
SPANS = 4
# The pulse looks once in a second or less often: four times in three seconds at most, and each look
# is one wake-up. Tokio's timer wheel makes two of it, for it sorts timers that are near once more,
# and three where a timer lies behind a boundary of 4 s. Smol's reactor is one for the whole process:
# the thread that has it also wakes for the timer of the daemon's loop, twice a second.
MOST_WAKEUPS = {"health-blocking": 4, "health-tokio": 9, "health-smol": 10}
# Smol's reactor needs that many for each wake-up; the others need one and three.
CALLS_PER_WAKEUP = 5
NANOSECONDS_PER_WAKEUP = 1_000_000
LIMIT = 64
CROWD = 200
MOST_CPU = 0.05


def memory(site: Site) -> str:
    """A thousand connections that say nothing."""
    with site.daemon("--max-connections", "2000") as daemon:
        address = daemon.address  # Known once it listens.
        # Counted before the first connection: a closed one's socket may stay for a moment, and be
        # gone when the thousand are counted.
        held = daemon.process.sockets
        _settle(daemon)
        before = daemon.process.pss
        with Swarm(address) as swarm:
            swarm.open(SILENT)
            wait_for("all are accepted", 15, lambda: daemon.process.sockets >= held + SILENT)
            each = 1024 * (daemon.process.pss - before) / SILENT
        demand(each <= site.bytes_per_connection, f"{each:.0f} bytes of PSS per connection")
        daemon.stop()
        return f"{each:.0f} bytes of PSS each, of {site.bytes_per_connection} allowed"


def idle(site: Site) -> str:
    """A hundred kept connections without a request: the serving thread sleeps as if there were none.

    It wakes for its pulse, which costs the same whoever is connected.
    """
    if not shutil.which("strace"):
        raise Missing("strace")
    with site.daemon() as daemon:
        daemon.wait_for_cycle(2)
        thread = daemon.process.health_thread
        most = MOST_WAKEUPS[site.package]
        alone = _rest(thread, most)
        conversations = [http.Conversation(daemon.address) for _ in range(IDLE)]
        for conversation in conversations:
            demand(conversation.ask("/health").code == 200, "not 200")
        crowded = _rest(thread, most)
        calls = _system_calls(thread.tid)
        # A connection that is looked at in turn would show in every wake-up.
        demand(len(calls) <= CALLS_PER_WAKEUP * most, f"{len(calls)} calls: {calls[:20]}")
        for conversation in conversations:
            demand(conversation.ask("/health").code == 200, "not 200 after the rest")
            conversation.stream.close()
        daemon.stop()
        return (
            f"{IDLE_SECONDS:g} s with {IDLE} connections: {crowded}; with none: {alone}; "
            f"{len(calls)} system calls in another {IDLE_SECONDS:g} s"
        )


@dataclass(frozen=True)
class Rest:
    """What a thread did while there was nothing to do."""

    wakeups: int
    nanoseconds: int

    def __str__(self) -> str:
        return f"{self.wakeups} wake-ups, {self.nanoseconds / 1e6:.2f} ms of cpu"


def _rest(thread: Thread, most: int) -> Rest:
    """The first calm span of a few: the last answer, or the machine, may still be busy in one."""
    spans = []
    for _ in range(SPANS):
        ran, woken = thread.cpu_nanoseconds, thread.wakeups
        time.sleep(IDLE_SECONDS)  # This is what is measured: three seconds of nothing.
        rest = Rest(thread.wakeups - woken, thread.cpu_nanoseconds - ran)
        is_calm = rest.wakeups <= most
        if is_calm and rest.nanoseconds <= NANOSECONDS_PER_WAKEUP * (rest.wakeups + 1):
            return rest
        spans.append(str(rest))
    raise Failed(f"never calm for {IDLE_SECONDS:g} s: {'; '.join(spans)}")


def descriptor_limit(site: Site) -> str:
    """`ulimit -n 64` and 200 connections: it neither ends nor spins, nor fails in its own work."""
    with site.daemon(descriptors=LIMIT) as daemon:
        _settle(daemon)
        with Swarm(daemon.address) as swarm:
            swarm.open(CROWD, http.request("/health/live"))
            swarm.run(20, until=lambda: all(one.received or one.ended for one in swarm.clients))
            begin, before = time.monotonic(), daemon.process.cpu_seconds
            # Long enough for the three failures in a row that would make it degraded.
            swarm.run(20, until=lambda: time.monotonic() > begin + 2.5)
            spent = daemon.process.cpu_seconds - before
            cpu = spent / (time.monotonic() - begin)
            failures = daemon.get("/health").json["consecutive_failures"]
            held = daemon.process.descriptors
        demand(daemon.popen.poll() is None, f"it has ended: {daemon.stderr}")
        demand(cpu < MOST_CPU, f"{cpu:.0%} of a processor while out of descriptors")
        begin = time.monotonic()
        demand(daemon.get("/health/live").code == 200, "not alive after the release")
        took = time.monotonic() - begin
        demand(took < 5, f"answers {took:.2f} s after the release")
        demand(
            failures == 0,
            f"the daemon's own samples failed {failures} times in a row for want of descriptors",
        )
        daemon.stop()
        return (
            f"{CROWD} connections, {held} of {LIMIT} descriptors in use, cpu {cpu:.1%}, "
            f"answers {1000 * took:.1f} ms after the release"
        )


def _settle(daemon: Daemon) -> None:
    """Every path once, and a second cycle of the control loop."""
    for path in ("/health", "/health?verbose", "/health/live?format=text", "/nope"):
        daemon.get(path)
    daemon.wait_for_cycle(2)


def _system_calls(tid: int) -> list[str]:
    """What one thread asks of the system in three seconds."""
    with tempfile.NamedTemporaryFile("r") as log:
        command = ["strace", "-p", str(tid), "-o", log.name]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
            assert strace.stderr
            said = strace.stderr.readline()
            if "attached" not in said:
                strace.kill()
                raise Skipped(f"strace: {said.strip()}")
            time.sleep(IDLE_SECONDS)  # As above.
            strace.send_signal(signal.SIGINT)
            strace.wait(5)
        return log.read().splitlines()
