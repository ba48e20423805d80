"""How `healthd run` ends, and what is left then: nothing."""

import os
import signal
import time

from ..group import PATIENCE, Place
from ..kernel import children, is_running
from ..outcome import demand, wait_for
from ..runner import Site

# It takes no notice of SIGTERM, and has a child that does not either, in the same process group.
STUBBORN = (
    "trap '' TERM; (while :; do sleep 0.05; done) & echo $! >$PLACE/child-$HEALTHD_REPLICA; "
    "echo $$ >$PLACE/leader-$HEALTHD_REPLICA; while :; do sleep 0.05; done"
)


def killed(site: Site) -> str:
    """With `--init`, `kill -9` of the one that supervises leaves nothing behind."""
    with Place(site.path) as place:
        # One child has left its session, as a daemon does.
        script = (
            "setsid sleep 1000 & echo $! >$PLACE/session-$HEALTHD_REPLICA; "
            f"{STUBBORN}"
        )
        with place.script(script, "--init", "--replicas", "2") as group:
            group.wait_for_health("2/2 healthy")
            left = _written(place, "leader", "child", "session")
            (supervisor,) = [it for it in children(group.popen.pid) if it not in left]
            os.kill(supervisor, signal.SIGKILL)
            code = group.exit_code(PATIENCE)
            demand(code == 128 + 9, f"exit code {code}: {group.stderr}")
            still = [pid for pid in left if is_running(pid)]
            demand(not still, f"survived: {still} of {left}")
    return f"{len(left)} processes, all gone with it; exit 137"


def twice(site: Site) -> str:
    """A second SIGTERM kills, however long the grace is."""
    with Place(site.path) as place:
        with place.script(STUBBORN, "--replicas", "2", "--stop-grace", "1h") as group:
            group.wait_for_health("2/2 healthy")
            left = _written(place, "leader", "child")
            group.explained()
            group.signal(signal.SIGTERM)
            group.wait_for_code("/health/ready", 503, PATIENCE)
            group.wait_for_health("0/2 healthy, 2/2 stopping")
            demand(all(map(is_running, left)), "ended by the first SIGTERM")
            demand("R18" in place.command("explain", "web"), "the stop is not explained")
            group.signal(signal.SIGTERM)
            code = group.exit_code(PATIENCE)
            demand(code == 128 + 15, f"exit code {code}: {group.stderr}")
            demand(not any(map(is_running, left)), f"survived: {left}")
    return "draining after the first, killed by the second; exit 143"


def ignoring(site: Site) -> str:
    """What ignores SIGTERM is gone after its grace, with its children; the exit code is 0."""
    with Place(site.path) as place:
        with place.script(STUBBORN, "--replicas", "2", "--stop-grace", "500ms") as group:
            group.wait_for_health("2/2 healthy")
            left = _written(place, "leader", "child")
            began = time.monotonic()
            group.stop()
            took = time.monotonic() - began
            demand(not any(map(is_running, left)), f"survived: {left}")
            # Less would be no grace.
            demand(took > 0.5, f"gone after {took:.2f} s")
    return f"gone after {took:.1f} s with their children; exit 0"


def leaving(site: Site) -> str:
    """A child that a replica leaves behind is ended before the next instance begins."""
    with Place(site.path) as place:
        # It holds a lock, as it would hold a port.
        lock = "exec 9>$PLACE/lock-$HEALTHD_REPLICA; flock"
        child = f"(trap '' TERM; {lock} 9; touch $PLACE/held-$HEALTHD_REPLICA; exec sleep 1000)"
        held = "while [ ! -e $PLACE/held-$HEALTHD_REPLICA ]; do sleep 0.05; done"
        ending = f"{child} & echo $! >$PLACE/child-$HEALTHD_REPLICA; {held}; exit 3"
        # Longer than a process needs to end that was killed, and shorter than the grace.
        script = (
            f"if [ $HEALTHD_INSTANCE = 1 ]; then {ending}; fi; "
            f"{lock} -w 0.5 9 || echo not alone; exec sleep 1000"
        )
        with place.script(script, "--replicas", "2", "--stop-grace", "2s") as group:
            group.wait_for(
                "both again",
                lambda it: it["health"] == "2/2 healthy"
                and all(one["instance"] == 2 for one in it["replicas"]),
            )
            left = [place.number(f"child-{index}") for index in (0, 1)]
            demand(not any(map(is_running, left)), f"survived: {left}")
            demand("not alone" not in group.stdout, group.stdout)
            for replica in group.explained()["replicas"]:
                demand(replica["instances"][0]["code"] == 3, f"{replica}")
            group.stop()
    return "killed after the grace, and only then the next instance"


def _written(place: Place, *names: str) -> list[int]:
    """The numbers of these processes of both replicas."""
    pids = [place.number(f"{name}-{index}") for name in names for index in (0, 1)]
    wait_for("all processes", PATIENCE, lambda: all(map(is_running, pids)))
    return pids
