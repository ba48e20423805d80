"""Certificates that expire, and servers that do not speak HTTP."""

import json
import re
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading
from pathlib import Path
from typing import Any

from ..outcome import Missing, demand, wait_for
from ..registry import PATIENCE, Disk, Monitor, Server
from ..runner import Site
from ..tools import run

FAST = ("--interval", "200ms", "--timeout", "5s", "--retries", "1", "--no-auto-deregister")
# What `healthd check` says of a target of this status.
VERDICTS = {"healthy": "healthy", "degraded": "healthy, with a warning", "unhealthy": "unhealthy"}
EXPIRY = re.compile(r'probe_ssl_earliest_cert_expiry\{target="([^"]+)",[^}]*\} (\d+)')


def certificates(site: Site) -> str:
    """Certificates with 90, 10 and 1 days left, over HTTPS and by a handshake alone."""
    expected = {90: "healthy", 10: "degraded", 1: "unhealthy"}
    with Disk() as disk:
        servers = {days: Server(_certificate(disk.inside, days)) for days in expected}
        targets, ends = [], {}
        for days, server in servers.items():
            pem = disk.inside / f"{days}.pem"
            said = run("openssl", "x509", "-in", str(pem), "-noout", "-enddate")
            end = int(ssl.cert_time_to_seconds(said.strip().removeprefix("notAfter=")))
            for scheme, url in (("https", server.url), ("tls", f"tls://127.0.0.1:{server.port}")):
                name = f"{scheme}-{days}"
                targets.append({"name": name, "url": url, "tls": {"ca": str(pem)}})
                ends[name] = end
                flags = ("--ca", str(pem), "--json")
                _check(site, url, end, VERDICTS[expected[days]], *flags)
        config = disk.inside / "healthd.json"
        config.write_text(json.dumps({"targets": targets}))
        with disk.monitor(site.path, *FAST, "--config", str(config)) as monitor:
            wanted = {f"{scheme}-{days}": word for days, word in expected.items() for scheme in ("https", "tls")}
            _wait_for_targets(monitor, wanted)

            def expiries() -> dict[str, int]:
                found = EXPIRY.findall(monitor.get("/metrics").body.decode())
                return {name: int(value) for name, value in found}

            wait_for(f"the metric to say {ends}", PATIENCE, lambda: expiries() == ends)
            told = lambda: disk.run(site.path, "inspect", "tls-1")
            wait_for("the reason", PATIENCE, lambda: "certificate expires in 23 hours" in told())
            monitor.stop()
        for server in servers.values():
            server.stop()
    return "healthy, degraded, unhealthy; the metric is what openssl says"


def banners(site: Site) -> str:
    """A Redis that answers PING, a mail server that is greeted, and one that answers otherwise."""
    if not shutil.which("redis-server"):
        raise Missing("redis-server")
    with Disk() as disk, Mail() as mail, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        redis = subprocess.Popen(command, cwd=disk.inside, stdout=subprocess.DEVNULL)
        try:
            config = disk.inside / "healthd.toml"
            config.write_text(f"""
                target = [
                    {{ name = "redis", url = "tcp://127.0.0.1:{port}", send = "PING\\r\\n", expect = "+PONG" }},
                    {{ name = "mail", url = "tcp://127.0.0.1:{mail.port}", steps = [
                        {{ expect = "220 " }}, {{ send = "QUIT\\r\\n" }}, {{ expect = "221" }} ] }},
                    {{ name = "other", url = "tcp://127.0.0.1:{mail.port}", timeout = "1s", expect = "+OK" }},
                ]
            """)
            with disk.monitor(site.path, *FAST, "--config", str(config)) as monitor:
                wanted = {"redis": "healthy", "mail": "healthy", "other": "unhealthy"}
                _wait_for_targets(monitor, wanted)
                # It counts as unhealthy before its first result, too.
                reason = 'what came does not begin with "+OK" (timeout)'
                told = lambda: reason in disk.run(site.path, "inspect", "other")
                wait_for(reason, PATIENCE, told)
                monitor.stop()
            for flags, code in (
                ((f"tcp://127.0.0.1:{port}", "--send", r"PING\r\n", "--expect", r"+PONG\r\n"), 0),
                ((f"tcp://127.0.0.1:{port}", "--send", r"PIN\r\n", "--expect", "+PONG", "-t", "1s"), 1),
            ):
                done = _healthd(site, "check", *flags)
                demand(done.returncode == code, f"{flags}: {done.returncode}, {done.stdout}")
            demand("received: -ERR unknown command" in done.stdout, done.stdout)
        finally:
            redis.terminate()
            redis.wait()
    return "two that answer are healthy, one that answers otherwise is not, and it says why"


class Mail:
    """Greets as a mail server does, and says good-bye to QUIT."""

    def __enter__(self) -> "Mail":
        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"220-mail.example\r\n220 ready\r\n")
                for line in self.rfile:
                    self.wfile.write(b"221 bye\r\n" if line == b"QUIT\r\n" else b"500 what?\r\n")

        class Listener(socketserver.ThreadingTCPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """A client that is gone is none."""

        self._server = Listener(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _certificate(place: Path, days: int) -> Path:
    """One for 127.0.0.1 that is its own authority, in one file with its key."""
    pem = place / f"{days}.pem"
    request = f"openssl req -x509 -newkey rsa:2048 -nodes -days {days} -out {pem} -keyout -"
    key = run(*request.split(), "-subj", "/CN=own", "-addext", "subjectAltName=IP:127.0.0.1")
    pem.write_text(key + pem.read_text())
    return pem


def _check(site: Site, url: str, end: int, verdict: str, *flags: str) -> None:
    done = _healthd(site, "check", url, *flags)
    document: dict[str, Any] = json.loads(done.stdout)
    demand(document["probe_ssl_earliest_cert_expiry"] == end, f"{document}, openssl: {end}")
    demand(document["verdict"] == verdict, f"{verdict}: {document}")
    demand(done.returncode == (verdict == "unhealthy"), f"exit code {done.returncode}: {document}")


def _healthd(site: Site, *words: str) -> "subprocess.CompletedProcess[str]":
    command = (str(site.path), *words)
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def _wait_for_targets(monitor: Monitor, wanted: dict[str, str]) -> None:
    def shown() -> dict[str, str]:
        targets = monitor.get("/targets").json["targets"]
        return {it["name"]: it["status"] for it in targets}

    wait_for(f"{wanted}", PATIENCE, lambda: shown() == wanted)
