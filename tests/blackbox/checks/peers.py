"""Clients that others have written."""

import csv
import io
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from .. import http
from ..outcome import Missing, demand, wait_for
from ..runner import Site
from ..tools import run

# `option httpchk` as it is: `OPTIONS / HTTP/1.0`, without Host.
CONFIGURATION = """
global
    stats socket {stats}
defaults
    mode http
    timeout connect 2s
    timeout client 2s
    timeout server 2s
    timeout check 2s
backend daemon
    option httpchk
    server one {host}:{port} check inter 100ms fastinter 100ms downinter 100ms rise 2 fall 2
"""


def haproxy(site: Site) -> str:
    """HAProxy's default check sees the daemon up, and down as soon as it drains."""
    if not shutil.which("haproxy"):
        raise Missing("haproxy")
    with tempfile.TemporaryDirectory() as name, site.daemon("--drain-delay", "8") as daemon:
        stats, file = Path(name, "stats"), Path(name, "haproxy.cfg")
        host, port = daemon.address
        file.write_text(CONFIGURATION.format(stats=stats, host=host, port=port))
        with (
            open(Path(name, "log"), "w+") as log,
            subprocess.Popen(["haproxy", "-db", "-f", file], stdout=log, stderr=log) as proxy,
        ):
            try:
                wait_for("HAProxy's socket", 20, stats.exists)
                up = wait_for("UP", 20, lambda: _seen(stats, "UP", "200"))
                daemon.signal(signal.SIGTERM)
                down = wait_for("DOWN", 20, lambda: _seen(stats, "DOWN", "503"))
            finally:
                proxy.terminate()
        demand(daemon.exit_code() == 0, f"exit code: {daemon.stderr}")
        return f"OPTIONS / HTTP/1.0: {up}, then {down}"


def _seen(stats: Path, status: str, code: str) -> str | None:
    """What HAProxy thinks of the server, if it is that."""
    with socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(20)
        try:
            stream.connect(str(stats))
        except ConnectionRefusedError:
            return None  # Its file is there before it listens.
        stream.sendall(b"show stat\n")
        text = http.read_to_end(stream).decode().removeprefix("# ")
    for row in csv.DictReader(io.StringIO(text)):
        if row["svname"] == "one" and row["status"] == status and row["check_code"] == code:
            return f"{row['status']} ({row['check_status']} {row['check_code']})"
    return None


def wget(site: Site) -> str:
    """`wget --spider`, as a Docker HEALTHCHECK runs it."""
    with site.daemon() as daemon:
        run("wget", "-q", "-T", "2", "-t", "1", "--spider", f"{daemon.url}/health")
        text = run("wget", "-q", "-T", "2", "-t", "1", "-O", "-", f"{daemon.url}/health")
        demand(text.startswith('{"status":"healthy"'), f"wget -O -: {text!r}")
        daemon.stop()
        return "--spider exits with 0, -O - prints the document"


def netcat(site: Site) -> str:
    """What `printf ... | nc -N` does: a request, the end, then reading. 1.0 without Host too."""
    with site.daemon() as daemon:
        for question in (
            b"GET /health HTTP/1.0\r\n\r\n",
            b"OPTIONS / HTTP/1.0\r\n\r\n",
            http.request("/health"),
            http.request("/health/live", method="OPTIONS"),
        ):
            with http.connect(daemon.address) as stream:
                stream.sendall(question)
                stream.shutdown(socket.SHUT_WR)
                answers = http.parse_all(http.read_to_end(stream))
            codes = [answer.code for answer in answers]
            demand(codes == [200], f"{question!r}: answered {codes}")
        daemon.stop()
        return "answered behind a FIN, in 1.0 and 1.1"
