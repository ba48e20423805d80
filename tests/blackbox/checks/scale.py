"""Long lists: watched at once, changed at once, and judged one by one or all together."""

import json
import signal
import time

from ..outcome import demand, wait_for
from ..registry import Disk, Fleet, Server
from ..runner import Site

TARGETS = 10_000
INTERVAL = 2


def ten_thousand(site: Site) -> str:
    """Ten thousand targets in a file: on the list after a moment, and so are their changes."""
    with Disk() as disk, Fleet(site.path) as fleet:
        config = disk.inside / "healthd.json"
        config.write_text(fleet.config(TARGETS, interval="60s"))
        begin = time.monotonic()
        with disk.monitor(site.path, "--config", str(config)) as monitor:
            monitor.wait_for_line("started", f"targets={TARGETS}")
            started = time.monotonic() - begin
            demand(disk.count("SELECT count(*) FROM targets") == TARGETS, "not all are kept")
            took = []
            for interval, count in (("50s", TARGETS), ("50s", TARGETS // 2), ("50s", TARGETS)):
                config.write_text(fleet.config(count, interval=interval))
                begin = time.monotonic()
                monitor.signal(signal.SIGHUP)
                lines = len(took) + 1
                monitor.wait_for_line("configuration read", count=lines)
                took.append(time.monotonic() - begin)
                kept = disk.count("SELECT count(*) FROM targets")
                demand(kept == count, f"{kept} of {count} are kept")
            monitor.stop()
    reloads = ", ".join(f"{seconds:.1f} s" for seconds in took)
    return f"started after {started:.1f} s; all changed, half removed, half added: {reloads}"


def stalled(site: Site) -> str:
    """A monitor that was stopped for several intervals looks once at each target, and blames none."""
    with Disk() as disk:
        servers = [Server() for _ in range(5)]
        flags = ["--interval", f"{INTERVAL}s", "--timeout", "1s", "--retries", "1"]
        for index, server in enumerate(servers):
            flags += ["--target", f"t{index}={server.url}"]
        with disk.monitor(site.path, *flags) as monitor:
            for index in range(len(servers)):
                monitor.wait_for_line("healthy", f"target=t{index}")
            wait_for("a second round", 20, lambda: all(it.requests >= 2 for it in servers))
            monitor.signal(signal.SIGSTOP)
            time.sleep(3.5 * INTERVAL)
            before = [it.requests for it in servers]
            monitor.signal(signal.SIGCONT)
            more = lambda: all(it.requests >= n + 3 for it, n in zip(servers, before))  # noqa: E731
            wait_for("three more of each", 20, more)
            checks = json.loads(disk.run(site.path, "status", "--json"))["checks"]
            monitor.stop()
        rows = disk.rows("SELECT target, from_status, to_status FROM transitions")
        demand(len(rows) == len(servers), f"our own stall changed a status: {rows}")
        # Three slots of each have passed, and one of them at most was made up for.
        skipped = checks["skipped_slots"]
        demand(skipped >= 2 * len(servers), f"missed slots were made up for: {skipped} skipped")
        demand(checks["failures"] == 0, f"{checks['failures']} failures of nobody's")
        for server in servers:
            server.stop()
    return f"three slots of {len(servers)} targets missed, {skipped} skipped, no status changed"
