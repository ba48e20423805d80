"""`healthd` as PID 1 of a PID namespace: orphans are reaped, signals and the exit code come through."""

import json
import os
import signal
import time
from pathlib import Path

from ..daemon import Daemon
from ..group import PATIENCE, Place
from ..kernel import children, is_running, processes
from ..outcome import demand, wait_for
from ..registry import Disk, Monitor
from ..runner import Site
from ..tools import unshare

# Four commands, each of which leaves a process behind, in a session of its own or not.
ORPHANS = {
    "session": "setsid sleep 0.7 &",
    "group": "sleep 0.4 &",
    "two": "setsid sleep 0.3 & setsid sleep 0.9 &",
    "chain": "setsid sh -c 'setsid sleep 0.5 & sleep 0.2' &",
}
SECONDS = 60.0
# Fewer would show little; a busy machine needs longer for them.
LEAST_ORPHANS = 100
# A process that has ended is a zombie until its parent has run.
REAPED_WITHIN = 5.0


def orphans(site: Site) -> str:
    """PID 1 for 60 s with four commands that leave orphans: none stays a zombie; SIGTERM ends it."""
    with Disk() as disk, _Namespace(disk, site.path) as monitor:
        first = _first(monitor)
        began = time.monotonic()
        count = _reaped(first, SECONDS, LEAST_ORPHANS)
        took = time.monotonic() - began
        os.kill(first, signal.SIGTERM)
        code = monitor.exit_code()
        demand(code == 0, f"exit code after SIGTERM: {code}")
    return f"{count} children of PID 1 in {took:.0f} s, none stayed a zombie"


def run_first(site: Site) -> str:
    """`healthd run` as PID 1: orphans are reaped, signals are passed on, the exit code comes through."""
    script = (
        "trap 'echo hup' HUP; trap 'exit 7' USR1; trap 'exit 0' TERM; echo up; "
        "while :; do (setsid sleep 0.1 &); sleep 0.05; done"
    )
    with Place(site.path) as place:
        prefix = unshare()
        with place.script(script, "--fatal-exit", "7", prefix=prefix) as group:
            first = _first(group)
            group.wait_for_health("1/1 healthy")
            count = _reaped(first, 2.0, 20)
            os.kill(first, signal.SIGHUP)
            wait_for("SIGHUP at the replica", PATIENCE, lambda: "hup\n" in group.stdout)
            group.explained()
            os.kill(first, signal.SIGUSR1)
            code = group.exit_code(PATIENCE)
            demand(code == 7, f"exit code: {code}, {group.stderr}")
        with place.script(script, prefix=prefix) as group:
            first = _first(group)
            group.wait_for_health("1/1 healthy")
            os.kill(first, signal.SIGTERM)
            code = group.exit_code(PATIENCE)
            demand(code == 0, f"exit code after SIGTERM: {code}, {group.stderr}")
    return f"{count} children of PID 1 reaped, SIGHUP passed on, exit 7 and 0"


def exit_code(site: Site) -> str:
    """As PID 1: a healthd that is killed ends the container with 137, and nothing is left."""
    with Disk() as disk, _Namespace(disk, site.path) as monitor:
        first = _first(monitor)
        wait_for("an orphan", 20, lambda: len(children(first)) > 1)
        left = children(first)
        # The one that was started first watches.
        os.kill(min(left), signal.SIGKILL)
        code = monitor.exit_code()
        demand(code == 137, f"exit code after kill -9: {code}")
        wait_for("the end of all", 20, lambda: not any(map(is_running, left)))
    return "137"


class _Namespace(Monitor):
    """`healthd monitor` as PID 1."""

    def __init__(self, disk: Disk, healthd: Path) -> None:
        config = disk.outside / "healthd.json"
        targets = [{"name": name, "exec": ["sh", "-c", it]} for name, it in ORPHANS.items()]
        settings = {"interval": "500ms", "timeout": "5s", "targets": targets}
        config.write_text(json.dumps(settings))
        words = ("monitor", "--db", str(disk.inside / "healthd.db"), "--config", str(config))
        command = (*unshare(), str(healthd), *words, "--listen", "127.0.0.1:0")
        super().__init__(Path(command[0]), *command[1:])
        demand(self.address, "no address")


def _first(daemon: Daemon) -> int:
    """PID 1 of a namespace, as it is called outside of it."""
    return wait_for("PID 1", 20, lambda: next(iter(children(daemon.popen.pid)), 0))


def _reaped(first: int, seconds: float, least: int) -> int:
    """Watches the children of PID 1 for so long; how many there were, none of which stayed a zombie."""
    seen: dict[int, float] = {}
    orphans = set()
    began = time.monotonic()
    while (now := time.monotonic()) - began < seconds or (
        len(orphans) < least and now - began < seconds + PATIENCE
    ):
        zombies = set()
        for pid, state, parent in processes():
            if parent == first:
                orphans.add(pid)
                if state == "Z":
                    zombies.add(pid)
        seen = {pid: seen.get(pid, now) for pid in zombies}
        late = [pid for pid, since in seen.items() if now - since > REAPED_WITHIN]
        demand(not late, f"zombies after {now - began:.0f} s: {late}")
        time.sleep(0.05)
    demand(len(orphans) >= least, f"only {len(orphans)} orphans became children of PID 1")
    return len(orphans)
