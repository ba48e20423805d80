"""What `healthd run` costs when replicas end all the time, or write all the time: nothing more."""

import re
import time
from typing import Any

from ..group import PATIENCE, Group, Place, free_ports
from ..kernel import Process, processes
from ..outcome import demand, wait_for
from ..runner import Site
from .replicas import QUICK

EACH = 250
ENDING = 4
RESTARTS = EACH * ENDING
# KiB. A hundred bytes for each restart would be less.
MOST_MORE = 512
FLOOD = 300_000_000
UNLIMITED = ("--log-rate", "0")


def thousand(site: Site) -> str:
    """A thousand restarts without back-off, and a thousand more: what they cost does not grow."""
    with Place(site.path) as place:
        # One stays, so that the group does. The others are given up in the end, so that it is known.
        script = "[ $HEALTHD_REPLICA = 0 ] && exec sleep 1000; echo $HEALTHD_INSTANCE; exit 1"
        flags = ("--replicas", str(ENDING + 1), "--backoff", "0", "--log", "error")
        with place.script(script, *flags, "--max-restarts", str(EACH)) as group:
            began = time.monotonic()
            first = _at_rest(group, 1)
            took = time.monotonic() - began
            for index in range(1, ENDING + 1):
                place.command("reactivate", f"web-{index}")
            second = _at_rest(group, 2)
            demand(first[0] == second[0], f"descriptors: {first[0]}, then {second[0]}")
            more = second[1] - first[1]
            demand(more <= MOST_MORE, f"{more} KiB of memory more")
            group.stop()
    return (
        f"{RESTARTS} restarts in {took:.1f} s; {RESTARTS} more cost no descriptor ({first[0]}), "
        f"no zombie, {more} KiB"
    )


def _at_rest(group: Group, round_: int) -> tuple[int, int]:
    """Descriptors and memory when all that end have been given up so many times."""

    def is_over(document: dict[str, Any]) -> bool:
        ending = document["replicas"][1:]
        restarts = [it["restarts"] for it in ending]
        is_failed = all(it["state"] == "failed" for it in ending)
        return is_failed and restarts == [EACH * round_] * ENDING

    # Whoever asks all the time costs memory as well.
    group.wait_for(f"{RESTARTS} restarts", is_over)
    for replica in group.explained()["replicas"][1:]:
        demand(replica["rule"].startswith("R12: "), f"{replica['rule']}")
        last = replica["instances"][-1]
        demand(last["output"].strip() == str(last["instance"]), f"{last}")
    pid = group.popen.pid
    mine = [(child, state) for child, state, parent in processes() if parent == pid]
    demand(len(mine) == 1 and mine[0][1] != "Z", f"children: {mine}")
    process = Process(pid)
    # Connections of the last command end a moment later.
    counts: list[int] = []

    def is_steady() -> bool:
        counts.append(process.descriptors)
        return len(counts) >= 10 and len(set(counts[-10:])) == 1

    wait_for("a steady number of descriptors", PATIENCE, is_steady)
    return counts[-1], process.pss


def flood(site: Site) -> str:
    """A replica writes as fast as it can: to a reader that does not read, with the limit of lines and
    without, to one that has gone, to a disk that is full. It is not slowed down, nor is another one, and
    its last words are known.
    """
    full = ("/bin/sh", "-c", 'exec "$0" "$@" >/dev/full')
    rates = {
        "limited": _flood(site),
        "not read": _flood(site, *UNLIMITED),
        "gone": _flood(site, *UNLIMITED, is_gone=True),
        "full": _flood(site, *UNLIMITED, prefix=full),
    }
    text = ", ".join(f"{what} {rate:.0f}" for what, rate in rates.items())
    return f"MB/s with an output that is {text}; last words known"


def _flood(site: Site, *flags: str, prefix: tuple[str, ...] = (), is_gone: bool = False) -> float:
    """How fast a replica could write, in MB/s."""
    with Place(site.path) as place:
        (place.path / "well").touch()
        app = "python3 $PLACE/app.py $PORT $PLACE/well $PLACE/notes"
        line = "x" * 120
        # Where the rest went: two pipes have no order.
        words = "echo $HEALTHD_INSTANCE: these are my last words; exit 3"
        # By its own clock: when it begins again is another matter.
        floods = (
            f"date +%s%N >$PLACE/began; yes {line} | head -c {FLOOD}; date +%s%N >$PLACE/over; {words}"
        )
        script = (
            f"[ $HEALTHD_REPLICA = 1 ] && exec {app}; [ $HEALTHD_INSTANCE -gt 1 ] && exec sleep 1000; "
            f"while [ ! -e $PLACE/go ]; do sleep 0.05; done; {floods}"
        )
        place.write_app()
        # Only the second one answers; the first is well without.
        check = "test {index} = 0 || curl -sfo /dev/null http://127.0.0.1:{port}/"
        # On a busy machine the app takes a while to begin.
        patient = (*QUICK, "--health-start-period", "20s", "--health-cmd", check)
        settings = ("--replicas", "2", "--port", free_ports(2), *patient)
        with place.script(script, *settings, *flags, prefix=prefix) as group:
            group.wait_for_health("2/2 healthy")
            if is_gone:
                assert group.popen.stdout
                group.popen.stdout.close()
            (place.path / "go").touch()

            def is_over(document: dict[str, Any]) -> bool:
                demand(group.get("/health/live").code == 200, "healthd is not alive")
                demand(document["replicas"][1]["state"] == "ready", f"the other one: {document}")
                return bool(document["replicas"][0]["instance"] > 1)

            group.wait_for("the end of the flood", is_over)
            first, second = group.explained()["replicas"]
            (ended,) = first["instances"]
            demand(ended["output"].endswith("1: these are my last words\n"), ended["output"][-200:])
            demand((second["instance"], second["restarts"]) == (1, 0), f"restarted: {second}")
            metrics = group.get("/metrics").body.decode()
            dropped = re.search(r'_dropped_lines_total{group="web",replica="web-0"} (\d+)', metrics)
            is_limited = flags != UNLIMITED
            demand(dropped and (int(dropped[1]) > 0) == is_limited, f"lines dropped: {dropped}")
            group.stop()
        return FLOOD / 1e6 / ((place.number("over") - place.number("began")) / 1e9)
