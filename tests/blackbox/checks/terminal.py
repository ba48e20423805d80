"""What a person in front of a terminal sees, and what a file gets instead."""

import os
import pty
import re
import subprocess
import time

from ..outcome import demand, wait_for
from ..registry import Disk, Fleet
from ..runner import Site

TARGETS = 1_500
# What a log line looks like from its first to its last character.
LOG = re.compile(r"\S+Z +(?:DEBUG|INFO|WARN|ERROR) .*")
SHOWN = re.compile(r"first checks: [\d,]+ of 1,500, \d+ failing")
SGR = re.compile(r"\x1b\[[\d;]*m")


def progress(site: Site) -> str:
    """The first checks of a long list: a line that is written over on a terminal, none elsewhere."""
    with Disk() as disk, Fleet(site.path) as fleet:
        config = disk.inside / "healthd.json"
        config.write_text(fleet.config(TARGETS, interval="30s"))
        seen = _on_a_terminal(site, disk, "monitor", "--config", str(config), until="\r\x1b[K")
        demand("\x1b[3" in seen, "no colours on a terminal")
        plain = SGR.sub("", seen)
        states = plain.replace("\r\n", "\n").split("\r\x1b[K")
        lines = [line for state in states for line in state.split("\n") if line]
        shown = [line for line in lines if SHOWN.fullmatch(line)]
        demand(len(set(shown)) >= 3, f"the line did not move: {shown}")
        for line in lines:
            whole = SHOWN.fullmatch(line) or LOG.fullmatch(line) or line.startswith("listening on")
            demand(whole, f"garbled: {line!r}")
        last = plain.rsplit("\r\x1b[K", 1)[1]
        demand("first checks" not in last, f"it is still there: {last!r}")
        turned = [line for line in lines if " INFO healthy target=" in line]
        demand(turned, "no log lines of targets among them")

        uncoloured = _on_a_terminal(site, disk, "list", env={"NO_COLOR": "1"})
        demand("\x1b" not in uncoloured, f"colours against NO_COLOR: {uncoloured[:200]!r}")
        coloured = _on_a_terminal(site, disk, "list")
        # Nobody looks any more: what was healthy is not shown in the colour of health.
        demand("\x1b[32m" not in coloured, f"green without a monitor: {coloured[:200]!r}")
        demand("no monitor runs: as of " in coloured, f"it is not said: {coloured[-200:]!r}")
        piped = disk.run(site.path, "list")
        demand("\x1b" not in piped, "colours into a pipe")

    with Disk() as disk, Fleet(site.path) as fleet:
        config = disk.inside / "healthd.json"
        config.write_text(fleet.config(TARGETS, interval="30s"))
        with disk.monitor(site.path, "--config", str(config)) as monitor:
            done = lambda: disk.count("SELECT count(*) FROM checks WHERE status = 'healthy'")  # noqa: E731
            wait_for("all are checked", 30, lambda: done() == TARGETS, 0.2)
            coloured = _on_a_terminal(site, disk, "list")
            demand("\x1b[32mhealthy\x1b[0m" in coloured, f"no colours: {coloured[:200]!r}")
            monitor.stop()
            for mark in ("\x1b", "\r"):
                demand(mark not in monitor.stderr, "what is meant for a terminal is in a file")
    return f"{len(set(shown))} states of the line, then gone; colours on a terminal only"


def _on_a_terminal(
    site: Site, disk: Disk, command: str, *flags: str, until: str = "", env: dict[str, str] = {}
) -> str:
    """What a command writes on a terminal, to its end, or until the line is gone for good."""
    master, slave = pty.openpty()
    words = [site.path, command, "--db", disk.inside / "healthd.db", *flags]
    if command == "monitor":
        words += ["--listen", "127.0.0.1:0"]
    clean = {"PATH": os.environ["PATH"], "TERM": "xterm", **env}
    with subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, env=clean) as child:
        os.close(slave)
        seen, deadline = "", time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                bytes_read = os.read(master, 65_536)
            except OSError:  # The other end is closed.
                break
            seen += bytes_read.decode(errors="replace")
            gone = until and "1,500" in seen and "first checks" not in seen.rsplit(until, 1)[1]
            if gone and re.search(r"\x1b\[K$|\n$", seen) and _rests(site, disk):
                child.terminate()
        child.wait(10)
    os.close(master)
    return seen


def _rests(site: Site, disk: Disk) -> bool:
    """Whether all targets were looked at."""
    return disk.count("SELECT count(*) FROM checks WHERE last_checked_at > 0") == TARGETS
