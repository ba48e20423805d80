"""Flags and environment variables, right and wrong."""

import subprocess

from .. import http
from ..daemon import Daemon
from ..outcome import demand
from ..runner import Site

# Flag, wrong value, and a word of what would be right.
WRONG = (
    ("--listen", "nonsense", "ADDR:PORT"),
    ("--listen", "127.0.0.1:99999", "ADDR:PORT"),
    ("--max-connections", "many", "number"),
    ("--max-connections", "-1", "number"),
    ("--fail", "warp-drive", "load, memory, disk"),
    ("--hang-after", "soon", "number of seconds"),
    ("--drain-delay", "-1", "number of seconds"),
    ("--idle-timeout", "5parsecs", "number of seconds"),
)
VARIABLES = {
    "DAEMON_LISTEN": "127.0.0.1:0",
    "DAEMON_MAX_CONNECTIONS": "2",
    "DAEMON_FAIL": "memory",
    "DAEMON_IDLE_TIMEOUT": "500ms",
    "DAEMON_TOKEN": "from-the-environment",
    "DAEMON_DRAIN_DELAY": "0",
}


def wrong(site: Site) -> str:
    """Exit code 2, and a message that names the flag, the value and what is allowed."""
    for flag, value, allowed in WRONG:
        done = _run(site, flag, value)
        what = f"{flag} {value}: exit code {done.returncode}, {done.stderr!r}"
        demand(done.returncode == 2 and not done.stdout, what)
        for word in (flag, value, allowed):
            demand(word in done.stderr, f"does not name {word!r}: {what}")
        variable = "DAEMON_" + flag[2:].upper().replace("-", "_")
        done = _run(site, env={variable: value})
        demand(done.returncode == 2 and value in done.stderr, f"{variable}={value}: {done}")
    for arguments in (("--warp",), ("--token",), ("extra",)):
        done = _run(site, *arguments)
        named = arguments[0] in done.stderr
        demand(done.returncode == 2 and named, f"{arguments}: {done.returncode}, {done.stderr!r}")
    text = _run(site, "--help").stdout
    for flag in {flag for flag, _, _ in WRONG} | {"--token"}:
        demand(flag in text, f"--help does not tell of {flag}")
    return f"{len(WRONG)} wrong values by flag and by variable, all named, exit 2"


def environment(site: Site) -> str:
    """Every flag is a variable too; where both are given, the flag wins."""
    with Daemon(site.path, env=VARIABLES) as daemon:
        demand(daemon.get("/stats").code == 401, "DAEMON_TOKEN is not heeded")
        with http.Conversation(daemon.address) as idle:
            idle.ask("/health/live")
            demand(idle.end() == b"", "DAEMON_IDLE_TIMEOUT: more than an end")
        with http.Conversation(daemon.address) as oldest, http.Conversation(daemon.address) as old:
            oldest.ask("/health/live")
            old.ask("/health/live")
            daemon.get("/health/live")
            demand(oldest.end() == b"", "DAEMON_MAX_CONNECTIONS: more than an end")
        daemon.wait_for_status("degraded", 20)
        demand(daemon.get("/health/check/memory").json["consecutive_failures"] > 2, "DAEMON_FAIL")
        daemon.stop()
    with site.daemon("--fail", "disk", env={"DAEMON_FAIL": "load"}) as daemon:
        daemon.wait_for_status("degraded", 20, "/health/check/disk")
        demand(daemon.get("/health/check/load").code == 200, "the variable wins over the flag")
        daemon.stop()
    return f"{len(VARIABLES)} variables heeded, a flag wins"


def _run(
    site: Site, *arguments: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [site.path, *arguments],
        env=env or {},
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
