"""What /proc tells of a process. Linux only, like the checks that need it."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .outcome import Failed

HEALTH_THREAD = "health"


@dataclass(frozen=True)
class Process:
    """A process, by its id."""

    pid: int

    def _read(self, name: str) -> str:
        return Path(f"/proc/{self.pid}/{name}").read_text()

    def _kib(self, name: str, field: str) -> int:
        match = re.search(rf"^{field}:\s+(\d+) kB$", self._read(name), re.MULTILINE)
        if not match:
            raise Failed(f"/proc/PID/{name} has no {field}")
        return int(match[1])

    @property
    def pss(self) -> int:
        """Memory in KiB, its share of what it shares."""
        return self._kib("smaps_rollup", "Pss")

    @property
    def rss(self) -> int:
        """Resident memory in KiB."""
        return self._kib("status", "VmRSS")

    @property
    def peak_rss(self) -> int:
        """The most resident memory in KiB since `reset_peak`."""
        return self._kib("status", "VmHWM")

    def reset_peak(self) -> None:
        """Begins a new count for `peak_rss`."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    @property
    def descriptors(self) -> int:
        """Open file descriptors."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    @property
    def sockets(self) -> int:
        """Open sockets: unlike descriptors, not touched by what the daemon samples meanwhile."""
        return sum(map(self._is_socket, os.listdir(f"/proc/{self.pid}/fd")))

    def _is_socket(self, descriptor: str) -> bool:
        try:
            return os.readlink(f"/proc/{self.pid}/fd/{descriptor}").startswith("socket:")
        except FileNotFoundError:
            return False  # Closed since it was listed.

    @property
    def threads(self) -> int:
        """Threads."""
        return len(os.listdir(f"/proc/{self.pid}/task"))

    @property
    def cpu_seconds(self) -> float:
        """Processor time of all threads, in steps of a clock tick (10 ms)."""
        fields = self._read("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def health_thread(self) -> "Thread":
        """The thread that serves."""
        tids = [tid for tid, name in self.thread_names.items() if name == HEALTH_THREAD]
        if not tids:
            raise Failed(f"no thread is named {HEALTH_THREAD}")
        return Thread(self.pid, tids[0])

    @property
    def thread_names(self) -> dict[int, str]:
        """What each thread is called."""
        names = {}
        for tid in os.listdir(f"/proc/{self.pid}/task"):
            with suppress(FileNotFoundError, ProcessLookupError):  # Ended since it was listed.
                names[int(tid)] = self._read(f"task/{tid}/comm").strip()
        return names


@dataclass(frozen=True)
class Thread:
    """One thread of a process."""

    pid: int
    tid: int

    @property
    def cpu_nanoseconds(self) -> int:
        """Time it has run, exactly."""
        text = Path(f"/proc/{self.pid}/task/{self.tid}/schedstat").read_text()
        return int(text.split()[0])

    @property
    def wakeups(self) -> int:
        """How often it has gone to sleep."""
        text = Path(f"/proc/{self.pid}/task/{self.tid}/status").read_text()
        match = re.search(r"^voluntary_ctxt_switches:\s+(\d+)$", text, re.MULTILINE)
        return int(match[1]) if match else 0


def unsent_bytes(port: int) -> list[int]:
    """What is not sent or not acknowledged yet, for each connection accepted at this port."""
    held = []
    for row in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        local, _, state, queues = row.split()[1:5]
        is_listener = state == "0A"
        if local.endswith(f":{port:04X}") and not is_listener:
            held.append(int(queues.partition(":")[0], 16))
    return held


def processes() -> Iterator[tuple[int, str, int]]:
    """All processes: id, state, parent."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except OSError:
            continue
        state, parent = text.rsplit(")", 1)[1].split()[:2]
        yield int(path.parent.name), state, int(parent)


def children(pid: int) -> set[int]:
    """The processes whose parent this is, zombies too."""
    return {child for child, _, parent in processes() if parent == pid}


def is_running(pid: int) -> bool:
    """Whether there is such a process that has not ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rsplit(")", 1)[1].split()[0] != "Z"
