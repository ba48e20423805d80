"""Real programs in replicas that `healthd run` keeps running: who is restarted, and who is not."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..group import PATH, PATIENCE, Group, Place, free_ports
from ..outcome import Missing, demand, wait_for
from ..runner import Site
from ..tools import run

# A timeout that a busy machine does not reach, and times that keep the checks short.
HEALTH = ("--health-interval", "200ms", "--health-timeout", "10s", "--health-retries", "3")
QUICK = (*HEALTH, "--min-uptime", "300ms", "--settle", "1s")
NGINX = """
daemon off; worker_processes 1; error_log stderr; pid {place}/nginx-{{port}}.pid;
events {{}}
http {{
    access_log off; client_body_temp_path {place}; proxy_temp_path {place};
    fastcgi_temp_path {place}; uwsgi_temp_path {place}; scgi_temp_path {place};
    server {{ listen 127.0.0.1:{{port}}; location / {{ return 200 "well\\n"; }} }}
}}
"""


def nginx(site: Site) -> str:
    """Three nginx, each with its own configuration: one is killed, and the others serve meanwhile."""
    _need("nginx")
    with Place(site.path) as place:
        # nginx' workers are another user's.
        place.path.chmod(0o755)
        text = NGINX.format(place=place.path).replace("{{", "{").replace("}}", "}")
        script = 'printf "%s" "$1" >"$2"; exec nginx -c "$2" -e stderr'
        # `{port}` is replaced in each argument: also in the text of the configuration.
        words = ("sh", "-c", script, "sh", text, f"{place.path}/nginx-{{port}}.conf")
        flags = ("--replicas", "3", "--port", free_ports(3), "--health-http", "path=/")
        with place.group(*flags, *QUICK, run=words) as web:
            before = web.wait_for_health("3/3 healthy")["replicas"]
            os.kill(before[1]["pid"], signal.SIGKILL)
            codes = set()

            def is_back(document: dict[str, Any]) -> bool:
                codes.add(web.get("/health/ready").code)
                return document["health"] == "3/3 healthy" and _instances(document) == [1, 2, 1]

            after = web.wait_for("repaired", is_back)["replicas"]
            demand(codes == {200}, f"readiness meanwhile: {codes}")
            demand(after[1]["last_end"]["signal"] == 9, f"{after[1]}")
            pids = [[it[0]["pid"], it[2]["pid"]] for it in (before, after)]
            demand(pids[0] == pids[1], f"others were restarted: {pids}")
            web.stop()
    return "one of 3 killed: begun again, the others untouched, readiness 200 all the time"


def answers_500(site: Site) -> str:
    """An app that answers 500 is replaced after three failures, and shown as what it is."""
    with Place(site.path) as place:
        flags = ("--replicas", "2", "--port", free_ports(2), "--backoff", "1s")
        with place.apps(*QUICK, *flags, file="well") as web:
            web.wait_for_health("0/2 healthy, 2/2 restarting")

            def is_said() -> bool:
                text = place.command("inspect", "web")
                return "\nHealth:  0/2 healthy, 2/2 restarting\n" in text

            wait_for("the words of the group", PATIENCE, is_said)
            web.wait_for("replaced", lambda it: 2 in _instances(it))
            replaced = [it for it in web.explained()["replicas"] if it["instances"]]
            demand(replaced[0]["instances"][0]["reason"] == "liveness", f"{replaced}")
            who = f"{replaced[0]['index']} 1"
            asked = (place.path / "notes").read_text().splitlines().count(who)
            # A check before it listens is a failure, too, of which it has no note.
            failures = [it["failures"] for it in replaced[0]["instances"][0]["checks"]]
            demand(failures == [3] and asked >= 1, f"after {failures}, {asked} of them answers")
            demand(web.get("/health/ready").code == 503, "ready")
            demand(web.get("/health/live").code == 200, "not alive")
            (place.path / "well").touch()
            web.wait_for_health("2/2 healthy")
            web.stop()
    return f"0/2 healthy, 2/2 restarting; replaced after 3 failures, healthy when it answers 200"


def redis(site: Site) -> str:
    """Redis by TCP: one that no longer listens is replaced, though its process runs."""
    _need("redis-server", "redis-cli")
    with Place(site.path) as place:
        port = free_ports(1)
        words = ("redis-server", "--port", "{port}", "--save", "", "--dir", str(place.path))
        flags = ("--port", port, "--health-tcp", "{port}")
        with place.group(*flags, *QUICK, run=words, name="redis") as group:
            first = group.wait_for_health("1/1 healthy")["replicas"][0]
            demand(run("redis-cli", "-p", port, "ping") == "PONG\n", "no PONG")
            run("redis-cli", "-p", port, "config", "set", "port", "0")
            second = group.wait_for("replaced", lambda it: _are_well(it, [2]))["replicas"][0]
            demand(second["pid"] != first["pid"], f"the same process: {second}")
            demand(second["last_end"]["reason"] == "liveness", f"{second}")
            demand(run("redis-cli", "-p", port, "ping") == "PONG\n", "no PONG")
            group.stop()
    return "PONG; no longer listening: replaced, PONG"


def postgres(site: Site) -> str:
    """PostgreSQL by `pg_isready`: its start takes longer than three failures, its end is repaired."""
    _need("pg_isready")
    with Place(site.path) as place, _database() as (as_user, programs, data):
        # Failures count after the start period: three of them are over long before it listens.
        script = f'sleep 2; exec {as_user} {programs}/postgres "$@"'
        options = ("-D", str(data), "-p", "{port}", "-h", "127.0.0.1", "-k", str(data), "-F")
        flags = ("--port", free_ports(1), "--health-cmd", "pg_isready -h 127.0.0.1 -p {port}")
        flags += ("--health-start-period", "1h", "--health-start-interval", "200ms")
        flags += ("--stop-signal", "INT", "--backoff", "1s")
        words = ("sh", "-c", script, "sh", *options)
        with place.group(*QUICK, *flags, run=words, name="db") as group:
            first = group.wait_for("ready", lambda it: _are_well(it, [1]))["replicas"][0]
            os.kill(first["pid"], signal.SIGKILL)
            # What it leaves behind may keep the data for a moment, so that the second one ends as well.
            last = group.wait_for(
                "repaired", lambda it: it["health"] == "1/1 healthy" and _instances(it) != [1]
            )
            reasons = {it["reason"] for it in group.explained()["replicas"][0]["instances"]}
            demand(reasons == {"exit"}, f"ended by: {reasons}")
            group.stop()
    return f"ready in its start period, repaired after kill -9 by instance {_instances(last)[0]}"


def broken_dependency(site: Site) -> str:
    """What all need breaks: one is restarted to see if that helps, and nobody else, then or later."""
    with Place(site.path) as place:
        (place.path / "dependency").touch()
        flags = ("--replicas", "5", "--port", free_ports(5), "--backoff", "1h", "--backoff-max", "1h")
        with place.apps(*QUICK, *flags, file="dependency") as web:
            before = web.wait_for_health("5/5 healthy")["replicas"]
            (place.path / "dependency").unlink()

            # All have failed, the canary a second time.
            def is_stuck(document: dict[str, Any]) -> bool:
                states = {it["state"] for it in document["replicas"]}
                is_canary_back = sorted(_instances(document)) == [1, 1, 1, 1, 2]
                return bool(document["mass_failure"]) and is_canary_back and states <= _WAITING

            during = web.wait_for("one canary", is_stuck)
            demand(during["health"] == "0/5 healthy, 5/5 restarting", f"{during['health']}")
            text = place.command("inspect", "web")
            demand("mass failure: one replica is restarted at a time" in text, text)
            web.explained()
            (place.path / "dependency").touch()

            def is_over(document: dict[str, Any]) -> bool:
                is_planned = any(it["next_ms"] is not None for it in document["replicas"])
                is_well = document["health"] == "5/5 healthy"
                return is_well and not document["mass_failure"] and not is_planned

            after = web.wait_for("the end of the mass failure", is_over)
            demand(sum(_instances(after)) == 6, f"restarted: {_instances(after)}")
            pids = [{it["pid"] for it in them} for them in (before, after["replicas"])]
            demand(len(pids[0] & pids[1]) == 4, f"processes: {pids}")
            demand(web.get("/health/ready").code == 200, "not ready")
            web.stop()
    return "5 fail: one restarted, four untouched; well again: nobody else"


_WAITING = {"waiting", "backoff"}


def _instances(document: dict[str, Any]) -> list[int]:
    return [it["instance"] for it in document["replicas"]]


def _are_well(document: dict[str, Any], instances: list[int]) -> bool:
    is_ready = all(it["state"] == "ready" for it in document["replicas"])
    return is_ready and _instances(document) == instances


def _need(*tools: str) -> None:
    for tool in tools:
        if not shutil.which(tool, path=PATH):
            raise Missing(tool)


@contextmanager
def _database() -> Iterator[tuple[str, Path, Path]]:
    """An empty database: words before commands on it, where they are, its directory."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found += [Path(it) for it in [shutil.which("initdb")] if it]
    if not found:
        raise Missing("initdb")
    with tempfile.TemporaryDirectory() as directory:
        prefix: tuple[str, ...] = ()
        if os.getuid() == 0:
            # It refuses to run as root.
            prefix = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
            shutil.chown(directory, "postgres")
        data = Path(directory, "data")
        command = (*prefix, str(found[-1]), "-D", str(data), "-A", "trust", "--no-sync")
        made = subprocess.run(
            command, capture_output=True, text=True, timeout=120, check=False, cwd="/"
        )
        demand(made.returncode == 0, f"initdb: {made.stderr}")
        yield " ".join(prefix), found[-1].parent, data
