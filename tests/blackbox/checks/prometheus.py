"""What Prometheus makes of `/metrics` and of the alert rules."""

import json
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import Any

from ..daemon import Daemon
from ..outcome import Failed, Missing, demand, wait_for
from ..runner import ROOT, Site
from ..tools import run

RULES = ROOT / "contrib" / "prometheus"
PARSER = ROOT / "health-core" / "driver" / "tests" / "openmetrics.py"
# What a Prometheus of today asks for.
ACCEPT = (
    "Accept: application/openmetrics-text;version=1.0.0,"
    "application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
CONFIGURATION = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
rule_files: ["{rules}/alerts.yml"]
scrape_configs:
  - job_name: openmetrics
    static_configs: [{{targets: ["{target}"]}}]
  - job_name: text
    params: {{format: [prometheus]}}
    static_configs: [{{targets: ["{target}"]}}]
"""
# Of each job one sample each, with this value.
WANTED = {
    "up": "1",
    'health_component_status{component="load",health_component_status="healthy"}': "1",
    'health_probe_success{probe="liveness"}': "1",
    'health_heartbeat_age_seconds{heartbeat="control"} < bool 2': "1",
    'health_component_check_duration_seconds_count{component="disk"} > bool 0': "1",
    'health_phase{health_phase="running"}': "1",
}


def prometheus(site: Site) -> str:
    """A real one scrapes both formats and takes in the rules; promtool finds nothing to mend."""
    for tool in ("prometheus", "promtool"):
        if not which(tool):
            raise Missing(tool)
    run("promtool", "check", "rules", str(RULES / "alerts.yml"))
    run("promtool", "test", "rules", str(RULES / "alerts_test.yml"))
    with site.daemon() as daemon:
        # A look at the endpoint's own failures belongs to the sample.
        daemon.get("/nowhere")
        _promtool(daemon)
        target = daemon.url.removeprefix("http://")
        with running(CONFIGURATION.format(rules=RULES, target=target)) as server:
            for query, value in WANTED.items():
                expected = {"openmetrics": value, "text": value}
                wait_for(query, 20, lambda: values(server, query) == expected, every=0.1)
            errors = [one["lastError"] for one in active_targets(server) if one["lastError"]]
            demand(not errors, f"scrapes failed: {errors}")
            groups = _api(server, "rules")["groups"]
            rules = [rule for group in groups for rule in group["rules"]]
            broken = [rule["name"] for rule in rules if rule["health"] == "err"]
            demand(rules and not broken, f"rules it cannot evaluate: {broken}")
        daemon.stop()
        return f"both formats scraped, {len(WANTED)} series seen, {len(rules)} rules evaluated"


@contextmanager
def running(configuration: str) -> Iterator[str]:
    """A Prometheus with this configuration, by its address; it may complain of nothing."""
    with tempfile.TemporaryDirectory() as name:
        server, file = f"127.0.0.1:{_free_port()}", Path(name, "prometheus.yml")
        file.write_text(configuration)
        command = [
            "prometheus", f"--config.file={file}", f"--storage.tsdb.path={name}/data",
            f"--web.listen-address={server}", "--log.level=warn",
        ]
        with (
            open(Path(name, "log"), "w+") as log,
            subprocess.Popen(command, stdout=log, stderr=log) as popen,
        ):
            try:
                yield server
            finally:
                popen.terminate()
                complaints = Path(log.name).read_text()
        demand("level=error" not in complaints, f"Prometheus says: {complaints}")


def values(server: str, query: str) -> dict[str, str]:
    """The value in each job; empty as long as Prometheus does not answer."""
    try:
        result = _api(server, "query?" + urllib.parse.urlencode({"query": query}))["result"]
    except OSError:
        return {}
    return {one["metric"]["job"]: one["value"][1] for one in result}


def active_targets(server: str) -> list[dict[str, Any]]:
    """Whom it scrapes."""
    return list(_api(server, "targets")["activeTargets"])


def openmetrics(site: Site) -> str:
    """The parser of Prometheus' own Python client reads what is negotiated."""
    with site.daemon() as daemon:
        answer = daemon.get("/metrics", ACCEPT)
        kind = answer.fields["content-type"]
        demand(kind == "application/openmetrics-text; version=1.0.0; charset=utf-8", kind)
        done = subprocess.run(
            [sys.executable, PARSER], input=answer.body, capture_output=True, timeout=20
        )
        said = done.stdout.decode() + done.stderr.decode()
        if done.returncode == 77:
            raise Missing("prometheus_client")
        demand(done.returncode == 0, f"it cannot be read: {said}")
        daemon.stop()
        return f"{len(answer.body.splitlines())} lines"


def _promtool(daemon: Daemon) -> None:
    """Names, types and helps, by the rules of the field."""
    answer = daemon.get("/metrics")
    kind = answer.fields["content-type"]
    demand(kind == "text/plain; version=0.0.4; charset=utf-8", kind)
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=answer.body, capture_output=True, timeout=20
    )
    said = done.stdout.decode() + done.stderr.decode()
    demand(done.returncode == 0 and not said, f"promtool: {said}")


def _api(server: str, path: str) -> Any:
    try:
        with urllib.request.urlopen(f"http://{server}/api/v1/{path}", timeout=5) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        if error.code == 503:  # It is starting.
            raise ConnectionError from error
        raise Failed(f"Prometheus, {path}: {error}: {error.read()!r}") from error


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
