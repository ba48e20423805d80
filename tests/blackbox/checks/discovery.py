"""What Prometheus makes of `/targets?ready` and of the metrics of a monitor's probes."""

from shutil import which

from ..outcome import Missing, demand, wait_for
from ..registry import PATIENCE, Disk, Server
from ..runner import Site
from .prometheus import active_targets, running, values

CONFIGURATION = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: watched
    http_sd_configs: [{{url: "{url}/targets?ready", refresh_interval: 1s}}]
  - job_name: healthd
    static_configs: [{{targets: ["{address}"]}}]
"""
FLAGS = ("--interval", "200ms", "--timeout", "20s", "--no-auto-deregister")


def discovery(site: Site) -> str:
    """A real one scrapes whoever is ready, drops the one that falls ill, and sees that it is down."""
    if not which("prometheus"):
        raise Missing("prometheus")
    with Disk() as disk, Server() as a, Server() as b:
        flags = (*FLAGS, "--target", f"a={a.url}", "--target", f"b={b.url}")
        with disk.monitor(site.path, *flags) as monitor:
            url = monitor.url
            text = CONFIGURATION.format(url=url, address=url.removeprefix("http://"))
            with running(text) as prometheus:
                _follow(prometheus, a, b)
            monitor.stop()
    return "2 targets found, the ill one dropped, and found again when it was well"


def _follow(prometheus: str, a: Server, b: Server) -> None:
    of_a, of_b = (("a", f"127.0.0.1:{a.port}"), ("b", f"127.0.0.1:{b.port}"))

    def expect(what: str, wanted: set[tuple[str, str]]) -> None:
        wait_for(what, PATIENCE, lambda: _discovered(prometheus) == wanted, every=0.1)

    def measure(query: str, job: str, value: str) -> None:
        wait_for(query, PATIENCE, lambda: values(prometheus, query) == {job: value}, every=0.1)

    expect("both found", {of_a, of_b})
    measure('alive{target="b",group="targets"}', "watched", "1")
    measure('probe_success{target="b"}', "healthd", "1")
    b.is_up = False
    expect("the ill one dropped", {of_a})
    measure('probe_success{target="b"}', "healthd", "0")
    measure('probe_http_status_code{target="b"}', "healthd", "500")
    b.is_up = True
    expect("the one that is well again found", {of_a, of_b})
    errors = [one["lastError"] for one in active_targets(prometheus) if one["lastError"]]
    demand(not errors, f"scrapes failed: {errors}")


def _discovered(prometheus: str) -> set[tuple[str, str]]:
    """Whom it has found, by name and address; nobody as long as it does not answer."""
    try:
        targets = active_targets(prometheus)
    except OSError:
        return set()
    labels = [one["labels"] for one in targets if one["scrapePool"] == "watched"]
    return {(it["target"], it["instance"]) for it in labels}
