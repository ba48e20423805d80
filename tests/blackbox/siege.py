"""A daemon under attack: what it was before, whom it serves meanwhile, and what is left behind."""

import time
from dataclasses import dataclass

from . import http
from .kernel import Process
from .outcome import demand, wait_for
from .prober import Prober
from .runner import Site

# Of the attacks' traces nothing may stay but what the allocator keeps for next time.
MOST_KEPT_KIB = 1024
# A thread that waits does not run; a look at one late deadline is forgiven.
MOST_IDLE_NANOSECONDS = 1_000_000
IDLE_SECONDS = 0.5


@dataclass(frozen=True)
class Footprint:
    """What a daemon holds."""

    rss: int
    pss: int
    descriptors: int
    sockets: int
    threads: int

    @classmethod
    def of(cls, process: Process) -> "Footprint":
        """What it holds now."""
        return cls(
            process.rss, process.pss, process.descriptors, process.sockets, process.threads
        )


class Siege:
    """A daemon, a prober that must always be answered, and room for an attack.

    `lift` makes the demands; leaving the context without it only clears the field.
    """

    def __init__(
        self,
        site: Site,
        *flags: str,
        path: str = "/health",
        descriptors: int | None = None,
    ) -> None:
        self.daemon = site.daemon(*flags, descriptors=descriptors)
        self._path = path
        self._prober: Prober | None = None

    def __enter__(self) -> "Siege":
        try:
            self._warm_up()
            self.before = Footprint.of(self.process)
            self.process.reset_peak()
            self._prober = Prober(self.address, self._path)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._prober:
            self._prober.kill()
        self.daemon.__exit__()

    @property
    def address(self) -> http.Address:
        """Where to attack."""
        return self.daemon.address

    @property
    def process(self) -> Process:
        """What to look at."""
        return self.daemon.process

    @property
    def peak_growth(self) -> int:
        """KiB of resident memory, at the worst moment, beyond what it was before."""
        return max(0, self.process.peak_rss - self.before.rss)

    def _warm_up(self) -> None:
        """Lets the daemon grow what it grows once, before the first measurement."""
        address = self.address  # Known once it listens.
        held = self.process.sockets
        for path in ("/health", "/stats", "/health?verbose", "/nope", "/health/live?format=text"):
            self.daemon.get(path)
        streams = [http.connect(address) for _ in range(16)]
        for stream in streams:
            stream.sendall(100 * http.request("/health") + b"broken\r\n\r\n")
            stream.shutdown(1)
        for stream in streams:
            http.read_to_end(stream)
            stream.close()
        # By its second cycle the control loop has its thread.
        self.daemon.wait_for_cycle(2)
        # A socket that is still being closed must not be counted among those held from the start.
        wait_for("the connections' end", 20, lambda: self.process.sockets <= held)

    def holds_sockets(self) -> int:
        """Sockets beyond those at the start; the prober's own may be among them."""
        return self.process.sockets - self.before.sockets

    def lift(self) -> str:
        """The attackers are gone: demands that the prober was served and that nothing is left."""
        assert self._prober
        served = self._prober.report().demand_all_answered()
        wait_for(
            f"descriptors back to {self.before.descriptors}",
            20,
            lambda: self.process.descriptors <= self.before.descriptors,
        )
        wait_for(
            f"threads back to {self.before.threads}",
            20,
            lambda: self.process.threads <= self.before.threads,
        )
        peak = self.peak_growth
        after = Footprint.of(self.process)
        kept = after.pss - self.before.pss
        demand(kept <= MOST_KEPT_KIB, f"{kept} KiB kept afterwards")
        idle = self._idle()
        self.daemon.stop()
        return (
            f"{served}; rss {self.before.rss} KiB, peak +{peak}, pss kept {kept:+} KiB; "
            f"{after.descriptors} descriptors and {after.threads} threads as before; {idle}"
        )

    def _idle(self) -> str:
        thread = self.process.health_thread
        before = thread.cpu_nanoseconds
        time.sleep(IDLE_SECONDS)  # This is what is measured: half a second of nothing.
        ran = thread.cpu_nanoseconds - before
        demand(
            ran <= MOST_IDLE_NANOSECONDS,
            f"the thread ran {ran / 1e6:.2f} ms of {IDLE_SECONDS} s with nothing to do",
        )
        return f"idle cpu {ran / 1e6:.2f} ms in {IDLE_SECONDS} s"
