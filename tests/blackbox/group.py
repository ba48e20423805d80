"""`healthd run`, a group of processes that it keeps running, and the directory of both."""

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import http
from .daemon import FIRST_LINE, STARTS_WITHIN, Daemon
from .kernel import is_running
from .outcome import Failed, demand, wait_for

# What may take as long as a busy machine makes it: nothing here is a measurement.
PATIENCE = 40.0
RULE = re.compile(r"R\d+: .")
REASONS = {"exit", "liveness", "startup", "requested", "stop", "spawn"}
VERDICTS = {"liveness", "startup"}
KEPT = 5
# Where distributions put what is no command of users.
PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])

# An app that answers 200 while a file is there, else 500, and notes who was asked:
# `python3 app.py PORT FILE NOTES`.
APP = """
import http.server, os, sys
port, file, notes = int(sys.argv[1]), sys.argv[2], open(sys.argv[3], "a", buffering=1)
who = os.environ["HEALTHD_REPLICA"] + " " + os.environ["HEALTHD_INSTANCE"]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        notes.write(who + "\\n")
        self.send_response(200 if os.path.exists(file) else 500)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


class Place:
    """A directory for files, and for the sockets by which commands find a group. As a context manager
    it is gone at the end.
    """

    def __init__(self, healthd: Path) -> None:
        self._healthd = healthd

    def __enter__(self) -> "Place":
        self._directory = tempfile.TemporaryDirectory()
        self.path = Path(self._directory.name)
        self.env = {"HEALTHD_RUN_DIR": str(self.path / "run"), "PATH": PATH}
        return self

    def __exit__(self, *_: object) -> None:
        self._directory.cleanup()

    def group(
        self, *flags: str, run: tuple[str, ...], name: str = "web", prefix: tuple[str, ...] = ()
    ) -> "Group":
        """Starts a group; `prefix` are words before those of healthd."""
        words = (str(self._healthd), "run", "--listen", "127.0.0.1:0", "--name", name)
        return Group(self, name, (*prefix, *words, *flags, "--", *run))

    def script(
        self, script: str, *flags: str, name: str = "web", prefix: tuple[str, ...] = ()
    ) -> "Group":
        """Starts a group of shell scripts, in which `$PLACE` is this directory."""
        run = ("/bin/sh", "-c", f"PLACE='{self.path}'; {script}")
        return self.group(*flags, run=run, name=name, prefix=prefix)

    def apps(self, *flags: str, file: str) -> "Group":
        """Starts a group of apps that are well while this file is there."""
        self.write_app()
        files = [str(self.path / name) for name in ("app.py", file, "notes")]
        run = ("python3", files[0], "{port}", *files[1:])
        return self.group("--health-http", "path=/", *flags, run=run)

    def write_app(self) -> None:
        """Puts the app where scripts find it: `$PLACE/app.py`."""
        (self.path / "app.py").write_text(APP)

    def command(self, *words: str) -> str:
        """What a command prints that has to succeed."""
        done = subprocess.run(
            [self._healthd, *words],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            env=self.env,
        )
        demand(done.returncode == 0, f"healthd {' '.join(words)}: {done.stderr}")
        return done.stdout

    def number(self, name: str) -> int:
        """The number that a replica writes into a file of this name."""
        file = self.path / name
        text = wait_for(name, PATIENCE, lambda: file.exists() and file.read_text().strip())
        return int(text)


class Group(Daemon):
    """A group that runs. As a context manager nothing of it is left at the end."""

    def __init__(self, place: Place, name: str, command: tuple[str, ...]) -> None:
        self.place, self.name = place, name
        self._seen: set[int] = set()
        super().__init__(Path(command[0]), *command[1:], env=place.env)

    def __exit__(self, *_: object) -> None:
        if self.popen.poll() is None:
            # So that it kills its replicas.
            self.popen.send_signal(signal.SIGQUIT)
            try:
                self.popen.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                pass
        super().__exit__()

    @property
    def address(self) -> http.Address:
        """Where it listens, as it says in the first line of its standard error."""
        if self._address is None:

            def first() -> "re.Match[str] | None":
                demand(self.popen.poll() is None, f"ended at once: {self.stderr}")
                return FIRST_LINE.match(self.stderr)

            line = wait_for("its address", STARTS_WITHIN, first)
            assert line
            self._address = (line[1], int(line[2]))
        return self._address

    def document(self, command: str = "inspect") -> dict[str, Any]:
        """What `inspect` or `explain` says."""
        demand(self.address, "no address")
        document = dict(json.loads(self.place.command(command, self.name, "--json")))
        self._seen |= {it["pid"] for it in document["replicas"] if it["pid"]}
        return document

    @property
    def replicas(self) -> list[dict[str, Any]]:
        """How each replica is."""
        return list(self.document()["replicas"])

    def wait_for(self, what: str, is_so: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Its document, once it is as it should be."""
        last: dict[str, Any] = {}

        def probe() -> bool:
            last.update(self.document())
            return bool(is_so(last))

        try:
            wait_for(what, PATIENCE, probe, every=0.1)
        except Failed as error:
            raise Failed(f"{error}: {json.dumps(last)}; {self.stderr[-2_000:]}") from None
        return last

    def wait_for_health(self, words: str) -> dict[str, Any]:
        """Its document, once these are the words of the group."""
        return self.wait_for(words, lambda it: it["health"] == words)

    def explained(self) -> dict[str, Any]:
        """What `explain` says, after demanding that it tells how each replica came to be as it is: by
        which rule, on what evidence.
        """
        document = self.document("explain")
        for replica in document["replicas"]:
            _explained(replica)
        text = self.place.command("explain", self.name)
        rules = text.count("\n  rule      R")
        demand(rules == len(document["replicas"]), f"{rules} rules: {text}")
        return document

    def stop(self) -> None:
        """Ends it as an orchestrator does; every restart so far has to be explained, and nothing may
        be left.
        """
        self.explained()
        super().stop()
        left = [pid for pid in self._seen if is_running(pid)]
        demand(not left, f"left behind: {left}")


def _explained(replica: dict[str, Any]) -> None:
    demand(RULE.match(replica["rule"]), f"no rule: {replica}")
    instances = replica["instances"]
    # The current one may have ended as well.
    least = min(KEPT, replica["instance"] - 1)
    demand(least <= len(instances) <= KEPT, f"{len(instances)} ended instances: {replica}")
    for instance in instances:
        _ended(instance)
    if instances:
        last = f"instance {instances[-1]['instance']}"
        demand(any(it.startswith(last) for it in replica["evidence"]), f"no evidence: {replica}")


def _ended(instance: dict[str, Any]) -> None:
    demand(instance["reason"] in REASONS, f"no reason: {instance}")
    demand("code" in instance or "signal" in instance, f"no code: {instance}")
    demand(RULE.match(instance["rule"]), f"no rule: {instance}")
    demand(all(instance["evidence"]) and instance["evidence"], f"no evidence: {instance}")
    for check in instance["checks"]:
        demand(check["message"], f"a check failed and said nothing: {instance}")
        # Milliseconds of two readings of the wall clock.
        is_then = instance["began_at"] - 5 <= check["at"] <= instance["ended_at"] + 5
        demand(is_then, f"a check of another time: {instance}")
    if instance["reason"] in VERDICTS:
        verdicts = [it for it in instance["checks"] if it["status"] == "unhealthy"]
        demand(verdicts, f"a verdict without the check that gave it: {instance}")


def free_ports(count: int) -> str:
    """The first of so many ports in a row that are free, as far as that can be known."""
    for first in range(20_000 + os.getpid() % 97 * 100, 32_000, count):
        try:
            for port in range(first, first + count):
                with socket.socket() as bound:
                    bound.bind(("127.0.0.1", port))
        except OSError:
            continue
        return str(first)
    raise Failed("no ports are free")
