"""What connections cost: memory, wake-ups, descriptors."""

import shutil
import signal
import subprocess
import tempfile
import time

from .. import http
from ..daemon import Daemon
from ..kernel import Thread
from ..outcome import Skipped, demand, wait_for
from ..runner import Site
from ..swarm import Swarm

SILENT = 1000
IDLE = 100
IDLE_SECONDS = 3.0
# The daemon's heartbeat has a deadline of 2 s, and the endpoint looks at it twice in each: that is
# what it costs to tell a loop that is stuck from a host that stands still. A look is one wake-up, or
# a few where a runtime's timers go off in steps.
MOST_LOOKS = 4
WAKEUPS_PER_LOOK = 4
CALLS_PER_LOOK = 16
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
    """A hundred kept connections without a request: the serving thread sleeps, but for its pulse."""
    if not shutil.which("strace"):
        raise Skipped("strace is not installed")
    with site.daemon() as daemon:
        conversations = [http.Conversation(daemon.address) for _ in range(IDLE)]
        for conversation in conversations:
            demand(conversation.ask("/health").code == 200, "not 200")
        thread = daemon.process.health_thread
        # Going to sleep behind the last answer counts as well, and may take a moment.
        wait_for("sleep", 5, lambda: _sleeps(thread), every=0.0)
        ran, woken = thread.cpu_nanoseconds, thread.wakeups
        time.sleep(IDLE_SECONDS)  # This is what is measured: three seconds of nothing.
        ran, woken = thread.cpu_nanoseconds - ran, thread.wakeups - woken
        most = MOST_LOOKS * WAKEUPS_PER_LOOK
        demand(woken <= most, f"woken {woken} times in {IDLE_SECONDS:g} s, {most} are allowed")
        calls = _system_calls(thread.tid)
        # The first line is the call in which it waits, and which the tracer interrupted.
        count, most = max(len(calls) - 1, 0), MOST_LOOKS * CALLS_PER_LOOK
        demand(count <= most, f"{count} system calls while idle, {most} allowed: {calls[:10]}")
        for conversation in conversations:
            demand(conversation.ask("/health").code == 200, "not 200 after the rest")
            conversation.stream.close()
        daemon.stop()
        return (
            f"{IDLE} connections, {IDLE_SECONDS:g} s: {woken} wake-ups and {ran / 1000:.0f} us of cpu "
            f"for the pulse; another {IDLE_SECONDS:g} s under strace: {count} system calls"
        )


def descriptor_limit(site: Site) -> str:
    """`ulimit -n 64` and 200 connections: it neither ends nor spins, nor fails in its own work."""
    with site.daemon(descriptors=LIMIT) as daemon:
        _settle(daemon)
        with Swarm(daemon.address) as swarm:
            swarm.open(CROWD, http.request("/health/live"))
            swarm.run(5, until=lambda: all(one.received or one.ended for one in swarm.clients))
            begin, before = time.monotonic(), daemon.process.cpu_seconds
            # Long enough for the three failures in a row that would make it degraded.
            swarm.run(9, until=lambda: time.monotonic() > begin + 2.5)
            spent = daemon.process.cpu_seconds - before
            cpu = spent / (time.monotonic() - begin)
            failures = daemon.get("/health").json["consecutive_failures"]
            held = daemon.process.descriptors
        demand(daemon.popen.poll() is None, f"it has ended: {daemon.stderr}")
        demand(cpu < MOST_CPU, f"{cpu:.0%} of a processor while out of descriptors")
        begin = time.monotonic()
        demand(daemon.get("/health/live").code == 200, "not alive after the release")
        took = time.monotonic() - begin
        demand(took < 1, f"answers {took:.2f} s after the release")
        demand(
            failures == 0,
            f"the daemon's own samples failed {failures} times in a row for want of descriptors",
        )
        daemon.stop()
        return (
            f"{CROWD} connections, {held} of {LIMIT} descriptors in use, cpu {cpu:.1%}, "
            f"answers {1000 * took:.1f} ms after the release"
        )


def _sleeps(thread: Thread) -> bool:
    """Whether it does nothing but look once, for two cycles of the daemon's loop.

    smol's reactor is one for the whole process: the thread that waits in it when the loop's timer
    rings is woken for that, once, and hands the reactor over.
    """
    woken = thread.wakeups
    time.sleep(1.1)
    return thread.wakeups - woken <= WAKEUPS_PER_LOOK


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
