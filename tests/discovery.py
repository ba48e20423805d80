#!/usr/bin/env python3
"""Has a real Prometheus follow `healthd`: it finds at `/targets?ready` whom to scrape, drops a target
that is no longer ready, and reads at `/metrics` that it is down.
"""

import http.server
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading

from blackbox.checks.prometheus import active_targets, running, values
from blackbox.daemon import Daemon
from blackbox.outcome import Failed, demand, wait_for

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEALTHD = ROOT / "target" / "debug" / "healthd"
CONFIGURATION = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: watched
    http_sd_configs: [{{url: "{url}/targets?ready", refresh_interval: 1s}}]
  - job_name: healthd
    static_configs: [{{targets: ["{address}"]}}]
"""
PATIENCE = 20


class Server(http.server.BaseHTTPRequestHandler):
    """A service with metrics; two of them, one of which falls ill."""

    ill: set[int] = set()

    def do_GET(self) -> None:  # noqa: N802: the library's name
        is_ill = self.server.server_address[1] in Server.ill
        body = b"{}" if self.path == "/health" else b"alive 1\n"
        self.send_response(500 if is_ill and self.path == "/health" else 200)
        kind = "application/json" if self.path == "/health" else "text/plain; version=0.0.4"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def serve() -> int:
    """A server that ends with this process, by its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return int(server.server_address[1])


def follow(directory: str) -> str:
    """Lets one of two targets fall ill and come back, and sees Prometheus follow."""
    a, b = serve(), serve()
    with Daemon(
        HEALTHD, "monitor", "--db", f"{directory}/healthd.db", "--listen", "127.0.0.1:0",
        "--interval", "200ms", "--timeout", "150ms", "--no-auto-deregister",
        "--target", f"a=http://127.0.0.1:{a}/health", "--target", f"b=http://127.0.0.1:{b}/health",
    ) as healthd:  # fmt: skip
        url = healthd.url
        text = CONFIGURATION.format(url=url, address=url.removeprefix("http://"))
        with running(text) as server:

            def discovered() -> set[tuple[str, str, str]]:
                try:
                    targets = active_targets(server)
                except OSError:
                    return set()
                labels = [one["labels"] for one in targets if one["scrapePool"] == "watched"]
                return {(it["target"], it["group"], it["instance"]) for it in labels}

            of_a = ("a", "targets", f"127.0.0.1:{a}")
            of_b = ("b", "targets", f"127.0.0.1:{b}")

            def expect(what: str, wanted: set[tuple[str, str, str]]) -> None:
                wait_for(what, PATIENCE, lambda: discovered() == wanted, every=0.1)

            def measure(query: str, job: str, value: str) -> None:
                found = lambda: values(server, query) == {job: value}  # noqa: E731
                wait_for(query, PATIENCE, found, every=0.1)

            expect("both found", {of_a, of_b})
            measure('alive{target="b",group="targets"}', "watched", "1")
            measure('probe_success{target="b"}', "healthd", "1")
            Server.ill.add(b)
            expect("the ill one dropped", {of_a})
            measure('probe_success{target="b"}', "healthd", "0")
            measure('probe_http_status_code{target="b"}', "healthd", "500")
            Server.ill.clear()
            expect("the one that is well again found", {of_a, of_b})
            errors = [one["lastError"] for one in active_targets(server) if one["lastError"]]
            demand(not errors, f"scrapes failed: {errors}")
        healthd.stop()
    return "2 targets found, the ill one dropped, and found again when it was well"


def main() -> int:
    """Builds `healthd` and lets Prometheus follow it."""
    if not shutil.which("prometheus"):
        print("SKIP NOT CHECKED: prometheus is not installed")
        return 0
    build = ["cargo", "build", "--quiet", "--locked", "-p", "health-tokio", "--features", "cli"]
    subprocess.run([*build, "--bin", "healthd"], cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as directory:
        try:
            print(f"ok   discovery: {follow(directory)}")
        except Failed as error:
            print(f"FAIL discovery: {error}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
