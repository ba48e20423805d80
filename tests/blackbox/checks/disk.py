"""The disk of the registry is full or read-only: watching goes on, and is made up for."""

import re
import signal

from ..outcome import demand, wait_for
from ..registry import Server, SmallDisk
from ..runner import Site

FAST = ("--interval", "100ms", "--timeout", "20s", "--retries", "2", "--no-auto-deregister")
TURNED = re.compile(r" (?:INFO|WARN) (healthy|unhealthy) target=(\w+) .*was=\"(\w+)\"")
TURNS = "SELECT to_status, target, from_status FROM transitions WHERE change = 'status' ORDER BY id"
# The longest pause between two tries to write, and some more.
REPAIRED = 45.0


def full(site: Site) -> str:
    """Nothing can be written for a while: it is said, told, and in the file afterwards."""
    with SmallDisk() as disk, Server() as a, Server() as b:
        flags = (*FAST, "--target", f"a={a.url}", "--target", f"b={b.url}")
        with disk.monitor(site.path, *flags) as monitor:
            monitor.wait_for_line("healthy", "target=a")
            monitor.wait_for_line("healthy", "target=b")
            disk.fill()
            kept = len(disk.rows(TURNS))
            reason = monitor.wait_for_component("store", "unhealthy")
            demand("full" in reason, f"the component says {reason!r}")
            health = monitor.get("/health")
            demand(health.code == 200, f"a monitor without a disk is to be restarted: {health}")
            asked = a.requests
            for turn in (1, 2, 3):
                b.is_up = False
                monitor.wait_for_line("WARN unhealthy", "target=b", count=turn)
                b.is_up = True
                monitor.wait_for_line("INFO healthy", "target=b", count=turn + 1)
            went_on = a.requests - asked
            demand(went_on > 3, f"{went_on} probes while the disk was full")
            demand(len(disk.rows(TURNS)) == kept, "the disk was not full")
            disk.free()
            monitor.wait_for_component("store", "healthy", REPAIRED)
            monitor.wait_for_line("the registry is kept again")
            logged = TURNED.findall(monitor.stderr)
            wait_for("all turns in the file", 20, lambda: len(disk.rows(TURNS)) >= len(logged))
            demand(disk.rows(TURNS) == logged, f"kept {disk.rows(TURNS)}, logged {logged}")
            demand(len(logged) == 8, f"told more than once: {logged}")
            monitor.signal(signal.SIGKILL)
            monitor.exit_code()
        demand(disk.rows("PRAGMA integrity_check") == [("ok",)], "the file is damaged")
    return f"{len(logged) - kept} turns while it was full, {went_on} probes, all of it kept"


def read_only(site: Site) -> str:
    """A start on a disk that became read-only: it watches what it knew, and writes when it can."""
    with SmallDisk() as disk, Server() as a, Server() as b:
        flags = (*FAST, "--target", f"a={a.url}")
        with disk.monitor(site.path, *flags) as monitor:
            monitor.wait_for_line("healthy", "target=a")
            disk.run(site.path, "add", f"b={b.url}", "--interval", "100ms", "--timeout", "20s")
            monitor.wait_for_line("healthy", "target=b")
            monitor.stop()
        disk.remount("ro")
        with disk.monitor(site.path, *flags) as monitor:
            wait_for("both are probed", 20, lambda: monitor.get("/stats") and b.requests > 3)
            reason = monitor.wait_for_component("store", "unhealthy")
            demand("Read-only" in reason, f"the component says {reason!r}")
            b.is_up = False
            monitor.wait_for_line("WARN unhealthy", "target=b")
            listed = disk.run(site.path, "list")
            demand("a " in listed and "b " in listed, f"list on a read-only disk: {listed}")
            for command in (("add", f"c={a.url}"), ("status",)):
                complaint = disk.fails(site.path, *command)
                said = "Read-only" in complaint and "takes commands again" in complaint
                demand(said, f"{command[0]} on a read-only disk: {complaint!r}")
            disk.remount("rw")
            monitor.wait_for_component("store", "healthy", REPAIRED)
            status = "SELECT name, status FROM servers ORDER BY name"
            expected = [("a", "healthy"), ("b", "unhealthy")]
            wait_for("the file says so", 20, lambda: disk.rows(status) == expected)
            b.is_up = True

            def removed() -> bool:
                # Commands are taken again a few seconds later.
                return "removed" in disk.run(site.path, "remove", "a")

            wait_for("commands", 20, lambda: (disk.outside / "healthd.db.sock").exists())
            demand(removed(), "no command is taken")
            demand(disk.rows("SELECT name FROM servers") == [("b",)], "a was not removed")
            monitor.stop()
    return f"said {reason!r}, watched both, and kept what happened"
