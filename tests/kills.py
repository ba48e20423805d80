#!/usr/bin/env python3
"""Kills `healthd monitor` again and again, and examines what is left.

    tests/kills.py [KILLS]      default 10; a hundred take two minutes

A server goes up and down at random. After each `kill -9`: the file is sound, the transitions of the
target form a chain (each begins with the status the last one ended with), and every transition that
was ever logged is in the file, for it is logged only once it is kept.
"""

import contextlib
import pathlib
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import time

from blackbox.registry import Server

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEALTHD = ROOT / "target" / "release" / "healthd"
LOGGED = re.compile(r" (?:INFO|WARN) (healthy|unhealthy) target=a .*was=\"(\w+)\"")


def life(db: pathlib.Path, server: Server, rng: random.Random) -> list[tuple[str, str]]:
    """One monitor from its start to its sudden end: the transitions it has logged."""
    command = [HEALTHD, "monitor", "--db", db, "--listen", "127.0.0.1:0", "--interval", "100ms"]
    command += ["--timeout", "20s", "--retries", "2", "--no-auto-deregister"]
    command += ["--target", f"a={server.url}"]
    monitor = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + rng.uniform(0.05, 1.5)
    while time.monotonic() < end:
        server.is_up = rng.random() < 0.5
        time.sleep(rng.uniform(0.02, 0.2))
    monitor.kill()
    _, log = monitor.communicate(timeout=30)
    return [(was, status) for status, was in LOGGED.findall(log)]


def examine(db: pathlib.Path, logged: list[tuple[str, str]]) -> int:
    """How many transitions there are; what is wrong ends the program."""
    with contextlib.closing(sqlite3.connect(db, timeout=10)) as file:
        verdict = file.execute("PRAGMA integrity_check").fetchone()[0]
        assert verdict == "ok", verdict
        query = "SELECT from_status, to_status FROM transitions WHERE change = 'status' ORDER BY id"
        kept = file.execute(query).fetchall()
        status = file.execute("SELECT status FROM servers").fetchone()
    for before, after in zip(kept, kept[1:]):
        assert before[1] == after[0], f"a gap: {before} then {after}"
    if kept:
        assert status == (kept[-1][1],), f"{status} after {kept[-1]}"
    rest = iter(kept)
    for it in logged:
        assert it in rest, f"{it} was logged and is not kept: {kept}"
    return len(kept)


def main() -> int:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    build = ["cargo", "build", "--quiet", "--release", "--locked", "-p", "healthd"]
    subprocess.run(build, cwd=ROOT, check=True)
    rng = random.Random(4)
    logged: list[tuple[str, str]] = []
    kept = 0
    with Server() as server, tempfile.TemporaryDirectory() as directory:
        db = pathlib.Path(directory, "registry.db")
        for _ in range(kills):
            logged += life(db, server, rng)
            if db.exists() and db.stat().st_size > 0:
                kept = examine(db, logged)
    print(f"{kills} kills: {kept} transitions kept, all of {len(logged)} logged among them")
    # A monitor that says nothing would pass everything above.
    return 0 if kept >= kills // 2 else 1


if __name__ == "__main__":
    sys.exit(main())
