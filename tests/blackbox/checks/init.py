"""`healthd` as PID 1 of a PID namespace: orphans are reaped, signals and the exit code come through."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from ..outcome import Failed, Missing, demand, wait_for
from ..registry import Disk, Monitor
from ..runner import Site

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
UNSHARE = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
# Where only users of their own namespace may make one.
AS_USER = ("--user", "--map-root-user")


def orphans(site: Site) -> str:
    """PID 1 for 60 s with four commands that leave orphans: none stays a zombie; SIGTERM ends it."""
    with Disk() as disk, _Namespace(disk, site.path) as monitor:
        first = monitor.first()
        seen: dict[int, float] = {}
        orphans = set()
        began = time.monotonic()
        while (now := time.monotonic()) - began < SECONDS or (
            len(orphans) < LEAST_ORPHANS and now - began < 3 * SECONDS
        ):
            zombies = set()
            for pid, state, parent in _processes():
                if parent == first:
                    orphans.add(pid)
                    if state == "Z":
                        zombies.add(pid)
            seen = {pid: seen.get(pid, now) for pid in zombies}
            late = [pid for pid, since in seen.items() if now - since > REAPED_WITHIN]
            demand(not late, f"zombies after {now - began:.0f} s: {late}")
            time.sleep(0.05)
        demand(len(orphans) >= LEAST_ORPHANS, f"only {len(orphans)} orphans became children of PID 1")
        os.kill(first, signal.SIGTERM)
        code = monitor.exit_code()
        demand(code == 0, f"exit code after SIGTERM: {code}")
    return f"{len(orphans)} children of PID 1 in {now - began:.0f} s, none stayed a zombie"


def exit_code(site: Site) -> str:
    """As PID 1: a healthd that is killed ends the container with 137, and nothing is left."""
    with Disk() as disk, _Namespace(disk, site.path) as monitor:
        first = monitor.first()
        wait_for("an orphan", 20, lambda: len(_children(first)) > 1)
        left = _children(first)
        # The one that was started first watches.
        os.kill(min(left), signal.SIGKILL)
        code = monitor.exit_code()
        demand(code == 137, f"exit code after kill -9: {code}")
        wait_for("the end of all", 20, lambda: not any(_is_there(pid) for pid in left))
    return "137"


class _Namespace(Monitor):
    """`healthd monitor` as PID 1."""

    def __init__(self, disk: Disk, healthd: Path) -> None:
        if not shutil.which("unshare"):
            raise Missing("unshare")
        config = disk.outside / "healthd.json"
        targets = [{"name": name, "exec": ["sh", "-c", it]} for name, it in ORPHANS.items()]
        settings = {"interval": "500ms", "timeout": "5s", "targets": targets}
        config.write_text(json.dumps(settings))
        words = ("monitor", "--db", str(disk.inside / "healthd.db"), "--config", str(config))
        command = (*_unshare(), str(healthd), *words, "--listen", "127.0.0.1:0")
        super().__init__(Path(command[0]), *command[1:])
        demand(self.address, "no address")

    def first(self) -> int:
        """PID 1 of the namespace, as it is called outside of it."""
        return wait_for("PID 1", 20, lambda: next(iter(_children(self.popen.pid)), 0))


def _unshare() -> tuple[str, ...]:
    """A command that makes a PID namespace. Fails where the system allows none."""
    errors = []
    for command in (UNSHARE, (*UNSHARE, *AS_USER)):
        done = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return command
        errors.append(done.stderr.strip())
    raise Failed(f"no PID namespace: {'; '.join(errors)}")


def _processes() -> Iterator[tuple[int, str, int]]:
    """All processes: id, state, parent."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except OSError:
            continue
        state, parent = text.rsplit(")", 1)[1].split()[:2]
        yield int(path.parent.name), state, int(parent)


def _children(pid: int) -> set[int]:
    return {child for child, _, parent in _processes() if parent == pid}


def _is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()
