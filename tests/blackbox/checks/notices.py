"""Notices with real receivers: one outage is one message and one end, whatever ends in between."""

import contextlib
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..outcome import Missing, demand, wait_for
from ..registry import PATIENCE, Disk, Monitor, Server
from ..runner import Site

TARGETS = 20
FAST = ("--interval", "500ms", "--timeout", "20s", "--retries", "1", "--no-auto-deregister")

SMTP = """
import json, sys, time
from aiosmtpd.controller import Controller

class Handler:
    async def handle_DATA(self, server, session, envelope):
        print(json.dumps({"to": envelope.rcpt_tos, "text": envelope.content.decode()}), flush=True)
        return "250 taken"

controller = Controller(Handler(), hostname="127.0.0.1", port=int(sys.argv[1]))
controller.start()
print("ready", flush=True)
sys.stdin.read()
controller.stop()
"""


class Hook:
    """A receiver over HTTP: it notes what it gets, and answers as it is told to."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.asked = 0
        self.answer: tuple[int, dict[str, str], bytes] = (200, {}, b"ok")
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # noqa: N802: the library's name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.asked += 1
                status, headers, text = hook.answer
                if status < 300:
                    hook.taken.append(
                        {"path": self.path, "headers": dict(self.headers), **json.loads(body)}
                    )
                # Who asked may have been killed meanwhile.
                with contextlib.suppress(ConnectionError):
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> "Hook":
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        wait_for(f"{count} notices", PATIENCE, lambda: len(self.taken) >= count)
        return self.taken


def config(disk: Disk, server: Server, actions: str) -> tuple[str, ...]:
    """Twenty targets on one server, and these actions; the flags of a monitor of them."""
    targets = "".join(
        f'[[target]]\nname = "t{index:02}"\ngroup = "shop"\nurl = "{server.url}"\n'
        for index in range(TARGETS)
    )
    file = disk.inside / "healthd.toml"
    file.write_text(f"{actions}\n{targets}")
    return (*FAST, "--config", str(file))


def kill(monitor: Monitor) -> None:
    """Ends it as nobody should; nothing of it may be lost, or told again."""
    monitor.signal(signal.SIGKILL)
    monitor.exit_code()


def all_healthy(monitor: Monitor) -> None:
    wait_for("all are healthy", PATIENCE, lambda: monitor.get("/targets").json["healthy"] == TARGETS)


def outage(site: Site, disk: Disk, actions: str, told: Any, over: Any) -> None:
    """All targets fail; the monitor is killed when the receivers know it, and again before they hear that
    it is over.
    """
    with Server() as server:
        flags = config(disk, server, actions)
        with disk.monitor(site.path, *flags) as monitor:
            wait_for("healthy", PATIENCE, lambda: "target=t19" in monitor.stderr)
            server.is_up = False
            told()
            wait_for("an empty outbox", PATIENCE, lambda: not disk.count("SELECT count(*) FROM outbox"))
            kill(monitor)
        with disk.monitor(site.path, *flags) as monitor:
            # Two rounds of failures of which nothing is told.
            wait_for("a probe", PATIENCE, lambda: len(server.times) > 0)
            before = server.requests
            wait_for("two rounds", PATIENCE, lambda: server.requests > before + 2 * TARGETS)
            server.is_up = True
            up = "SELECT count(*) FROM transitions WHERE to_status = 'healthy' AND from_status = 'unhealthy'"
            wait_for("all are up", PATIENCE, lambda: disk.count(up) >= TARGETS)
            kill(monitor)
        with disk.monitor(site.path, *flags) as monitor:
            over()
            monitor.stop()
        wait_for("an empty outbox", 5, lambda: not disk.count("SELECT count(*) FROM outbox"))


def over_http(site: Site) -> str:
    """Slack, Teams, Discord, ntfy and PagerDuty by servers of their shape, all in one outage."""
    with Disk() as disk, contextlib.ExitStack() as stack:
        kinds = ("slack", "teams", "discord", "ntfy", "pagerduty")
        hooks = {kind: stack.enter_context(Hook()) for kind in kinds}
        key = disk.inside / "key"
        key.write_text("r0ut1ng-key\n")
        actions = f"""
            action = [
                {{ name = "slack", gather = "3s", slack = "{hooks['slack'].url}/services/T0/s3cr3t" }},
                {{ name = "teams", gather = "3s", teams = "{hooks['teams'].url}/workflows/s3cr3t" }},
                {{ name = "discord", gather = "3s", discord = "{hooks['discord'].url}/api/webhooks/s3cr3t" }},
                {{ name = "ntfy", gather = "3s", ntfy = "{hooks['ntfy'].url}/alerts" }},
                {{ name = "pagerduty", gather = "3s", pagerduty = {{ key = {{ file = "{key}" }}, url = "{hooks['pagerduty'].url}/v2/enqueue" }} }},
            ]
        """
        everyone = hooks.values()
        outage(
            site,
            disk,
            actions,
            lambda: [it.wait_for(1) for it in everyone],
            lambda: [it.wait_for(2) for it in everyone],
        )
        for kind, hook in hooks.items():
            demand(len(hook.taken) == 2, f"{kind}: {len(hook.taken)} messages: {hook.taken}")
        slack = [it["text"] for it in hooks["slack"].taken]
        demand("20 targets" in slack[0] and "over" in slack[1], f"slack: {slack}")
        events = hooks["pagerduty"].taken
        actions_of = [it["event_action"] for it in events]
        demand(actions_of == ["trigger", "resolve"], f"pagerduty: {events}")
        demand(events[0]["dedup_key"] == events[1]["dedup_key"], f"pagerduty: {events}")
        demand(events[0]["routing_key"] == "r0ut1ng-key", f"pagerduty: {events}")
        demand(hooks["ntfy"].taken[0]["topic"] == "alerts", f"ntfy: {hooks['ntfy'].taken}")
    return "five receivers: one message and one end each, over two kill -9"


@contextlib.contextmanager
def real_alertmanager(directory: Path, hook: Hook) -> Iterator[str]:
    """An Alertmanager that tells the hook; its address."""
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if not program:
        raise Missing("prometheus-alertmanager")
    file = directory / "alertmanager.yml"
    file.write_text(
        "route: {receiver: hook, group_wait: 0s, group_interval: 1s, repeat_interval: 1h}\n"
        f"receivers: [{{name: hook, webhook_configs: [{{url: '{hook.url}/', send_resolved: true}}]}}]\n"
    )
    port = free_port()
    words = [program, f"--config.file={file}", f"--storage.path={directory / 'am'}"]
    words += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    with open(directory / "am.log", "wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"

        def is_ready() -> bool:
            with contextlib.suppress(OSError):
                with urllib.request.urlopen(f"{url}/-/ready", timeout=2) as answer:
                    return bool(answer.status == 200)
            return False

        wait_for("Alertmanager", PATIENCE, is_ready)
        yield url
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def alertmanager(site: Site) -> str:
    """A real Alertmanager: one alert fires, and is resolved."""
    with Disk() as disk, Hook() as hook, real_alertmanager(disk.inside, hook) as url:
        action = f"""
            [[action]]
            name = "am"
            gather = "3s"
            alertmanager = {{ url = "{url}", labels = {{ team = "shop" }} }}
        """
        outage(site, disk, action, lambda: hook.wait_for(1), lambda: hook.wait_for(2))
        states = [(it["status"], len(it["alerts"])) for it in hook.taken]
        demand(states == [("firing", 1), ("resolved", 1)], f"Alertmanager told: {states}")
        alert = hook.taken[0]["alerts"][0]
        demand(alert["labels"]["team"] == "shop", f"labels: {alert}")
        demand("20 targets" in alert["annotations"]["summary"], f"annotations: {alert}")
    return "one alert fired and was resolved, over two kill -9"


@contextlib.contextmanager
def smtp(mails: list[dict[str, Any]]) -> Iterator[int]:
    """A real mail server; its port."""
    # Debian has it for its own Python only.
    python = next(
        (
            it
            for it in (sys.executable, "/usr/bin/python3")
            if os.path.exists(it)
            and subprocess.run([it, "-c", "import aiosmtpd"], capture_output=True).returncode == 0
        ),
        None,
    )
    if not python:
        raise Missing("python3-aiosmtpd")
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    server = subprocess.Popen(
        [python, "-c", SMTP, str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert server.stdin and server.stdout
    demand(server.stdout.readline() == "ready\n", "the mail server does not start")
    lines = server.stdout

    def read_each() -> None:
        for line in lines:
            mails.append(json.loads(line))

    reader = threading.Thread(target=read_each, daemon=True)
    reader.start()
    try:
        yield port
    finally:
        # It ends with its standard input.
        server.stdin.close()
        server.wait(10)
        reader.join(10)


def mail(site: Site) -> str:
    """A real SMTP server: one mail, and one when it is over, in one thread."""
    mails: list[dict[str, Any]] = []
    with Disk() as disk, smtp(mails) as port:
        action = f"""
            [[action]]
            name = "mail"
            gather = "3s"
            mail = {{ to = ["ops@a.example", "boss@a.example"], from = "Healthd <healthd@a.example>", server = "127.0.0.1:{port}", encryption = "none" }}
        """

        def sent(count: int) -> None:
            wait_for(f"{count} mails", PATIENCE, lambda: len(mails) >= count)

        outage(site, disk, action, lambda: sent(1), lambda: sent(2))
    demand(len(mails) == 2, f"{len(mails)} mails: {mails}")
    heads = [it["text"].replace("\r\n", "\n") for it in mails]
    demand("Subject: [critical]" in heads[0] and "Subject: [ok]" in heads[1], f"mails: {heads}")
    threads = [next(line for line in it.split("\n") if line.startswith("References:")) for it in heads]
    demand(threads[0] == threads[1], f"not one thread: {threads}")
    demand(mails[0]["to"] == ["ops@a.example", "boss@a.example"], f"to: {mails[0]['to']}")
    return "one mail and one when it was over, over two kill -9"


def refused(site: Site) -> str:
    """What a receiver says against a notice is said, without secrets; Retry-After and redirects count."""
    with Disk() as disk, Server() as server, Hook() as hook:
        action = f"""
            [[action]]
            name = "slack"
            gather = "1s"
            slack = "{hook.url}/services/s3cr3t"
        """
        flags = config(disk, server, action)
        hook.answer = (429, {"Retry-After": "5"}, b"slow down, /services/s3cr3t")
        with disk.monitor(site.path, *flags) as monitor:
            wait_for("healthy", PATIENCE, lambda: "target=t19" in monitor.stderr)
            server.is_up = False
            monitor.wait_for_line("WARN action failed", "429", "slow down", "again_in=5s")
            hook.answer = (302, {"Location": "https://elsewhere.example/x"}, b"")
            monitor.wait_for_line("WARN action failed", "302", "https://elsewhere.example, which is not")
            hook.answer = (308, {"Location": "/moved"}, b"")
            monitor.wait_for_line("WARN action failed", "more than 3 redirects")
            demand("s3cr3t" not in monitor.stderr, f"a secret is in the log: {monitor.stderr}")
            monitor.stop()
    return "429 with Retry-After, redirects elsewhere and in a circle: said, heeded, no secret shown"


def trial(site: Site) -> str:
    """`healthd action test` sends a specimen, and says what was answered."""
    with Disk() as disk, Hook() as hook:
        file = disk.inside / "healthd.toml"
        file.write_text(f"""
            [[action]]
            name = "chat"
            slack = "{hook.url}/services/s3cr3t"
            [[action]]
            name = "pager"
            pagerduty = {{ key = "k3y", url = "{hook.url}/v2/enqueue" }}
        """)

        def run(name: str) -> tuple[int, str]:
            words = [str(site.path), "action", "test", name, "--config", str(file)]
            done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
            return done.returncode, done.stdout + done.stderr

        code, text = run("chat")
        demand(code == 0 and "has taken unhealthy: HTTP 200" in text, f"{code}: {text}")
        demand(hook.taken[0]["text"] == "specimen is unhealthy", f"taken: {hook.taken}")
        code, text = run("pagerduty")
        actions = [it["event_action"] for it in hook.taken[1:]]
        demand(code == 0 and actions == ["trigger", "resolve"], f"{code}: {text} {actions}")
        hook.answer = (403, {}, b'{"error": "invalid_token s3cr3t"}')
        code, text = run("chat")
        demand(code == 1 and "403" in text and "invalid_token" in text, f"{code}: {text}")
        demand("s3cr3t" not in text, f"a secret is shown: {text}")
        code, text = run("nobody")
        demand(code == 2 and "there are: chat, pager" in text, f"{code}: {text}")
    return "taken, triggered and resolved, refused, and what was answered"
