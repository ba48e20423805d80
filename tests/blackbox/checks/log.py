"""What the log promises, by level, and what outlives a sudden end."""

import shutil
import signal

from ..outcome import Missing, demand, wait_for
from ..registry import Disk, Server
from ..runner import Site
from ..tools import run

# So slow that no two results of a target come into one batch, which has one line for both.
SLOW = ("--interval", "1500ms", "--timeout", "20s")
PROMISED = {
    "start": ("INFO started", "targets=2", "registry="),
    "well": ("INFO healthy", "target=a", 'was="starting"'),
    "each check": ("DEBUG", "target=a", "class=Success", "ms="),
    "each failed check": ("DEBUG", "target=b", "class=Failure", "connection refused"),
    "a failure": ("WARN failed", "target=b", "consecutive_failures=1", "reason="),
    "its streak": ("WARN failed", "target=b", "consecutive_failures=2"),
    "unhealthy": ("WARN unhealthy", "target=b", "consecutive_failures=3", 'was="healthy"'),
    "deregistration": ("ERROR deregistered", "target=b", "consecutive_failures=3"),
    "cycle": ("INFO cycle", "checked=", "targets=2", "healthy=1", "inactive=1", "lag_p99_ms="),
}
AT_THE_END = {"end": ("INFO stopping",), "and its end": ("INFO stopped",)}
BELOW = {"error": " WARN", "warn": " INFO", "info": " DEBUG"}


def levels(site: Site) -> str:
    """INFO start, end and cycles, DEBUG each check, WARN failures with their streak, ERROR what is done."""
    for level, below in BELOW.items():
        demand(below not in _life(site, level), f"--log {level} shows{below}")
    log = _life(site, "debug", PROMISED, AT_THE_END)
    return f"{len(PROMISED) + len(AT_THE_END)} kinds of line among {len(log.splitlines())}"


def _life(
    site: Site,
    level: str,
    promised: dict[str, tuple[str, ...]] | None = None,
    at_the_end: dict[str, tuple[str, ...]] | None = None,
) -> str:
    with Disk() as disk, Server() as a, Server() as b:
        flags = (*SLOW, "--log", level, "--target", f"a={a.url}", "--target", f"b={b.url}")
        with disk.monitor(site.path, *flags) as monitor:
            wait_for("both are asked", 20, lambda: a.requests > 1 and b.requests > 1)
            b.stop()
            monitor.wait_for_line("ERROR deregistered", "target=b")
            for parts in (promised or {}).values():
                monitor.wait_for_line(*parts)
            monitor.stop()
            for parts in (at_the_end or {}).values():
                monitor.wait_for_line(*parts)
            return monitor.stderr


def third_failure(site: Site) -> str:
    """Killed between the second failure and the third: the third one counts as such."""
    if not shutil.which("sqlite3"):
        raise Missing("sqlite3")
    query = "SELECT is_active, consecutive_failures FROM servers WHERE name = 'b'"
    with Disk() as disk, Server() as a, Server() as b:
        flags = (*SLOW, "--target", f"a={a.url}", "--target", f"b={b.url}")
        with disk.monitor(site.path, *flags) as monitor:
            monitor.wait_for_line("healthy", "target=b")
            b.stop()
            monitor.wait_for_line("WARN failed", "target=b", "consecutive_failures=2")
            monitor.signal(signal.SIGKILL)
            monitor.exit_code()
        file = str(disk.outside / "healthd.db")
        kept = run("sqlite3", file, query).strip()
        demand(kept == "1|2", f"after two failures and kill -9: {kept}")
        with disk.monitor(site.path, *flags) as monitor:
            monitor.wait_for_line("ERROR deregistered", "target=b", "consecutive_failures=3")
            monitor.signal(signal.SIGKILL)
            monitor.exit_code()
        kept = run("sqlite3", file, query).strip()
        demand(kept == "0|3", f"after the third: {kept}")
    return f"sqlite3 says {kept}: not active, three failures"
