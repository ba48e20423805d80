"""Many polite questions."""

import statistics
import time

from ..outcome import demand
from ..prober import Prober
from ..runner import Site
from ..tools import ab

REQUESTS = 1000
CLIENTS = 10
# What is wanted is far below 10 ms; a test on a busy machine demands this.
MOST_MEAN_MS = 100.0
RATE = 100
SECONDS = 10


def benchmark(site: Site) -> str:
    """`ab -l -n 1000 -c 10`, with and without keep-alive."""
    figures = []
    with site.daemon() as daemon:
        for path in ("/health", "/stats"):
            for options in ((), ("-k",)):
                told = ab(daemon.url + path, REQUESTS, CLIENTS, *options)
                what = " ".join(("ab", *options, path))
                demand(told["Complete requests"] == REQUESTS, f"{what}: {told}")
                demand(told["Failed requests"] == 0, f"{what}: {told}")
                demand(told.get("Non-2xx responses", 0) == 0, f"{what}: {told}")
                if options:
                    demand(told["Keep-Alive requests"] == REQUESTS, f"{what}: {told}")
                mean = told["Time per request"]
                demand(mean < MOST_MEAN_MS, f"{what}: {mean} ms a request")
                figures.append(f"{' '.join((path, *options))} {mean:.2f} ms")
        daemon.stop()
    return f"{REQUESTS} of {REQUESTS} each, mean " + ", ".join(figures)


def steady(site: Site) -> str:
    """A hundred requests a second for ten seconds, each on a new connection: all 200."""
    with site.daemon() as daemon:
        before = daemon.process.cpu_seconds
        prober = Prober(daemon.address, "/health", 1 / RATE)
        time.sleep(SECONDS)  # The load lasts this long.
        report = prober.report()
        served = report.demand_all_answered()
        rate = len(report.times) / report.seconds
        demand(rate > 0.9 * RATE, f"only {rate:.0f} requests/s were made")
        cpu = (daemon.process.cpu_seconds - before) / report.seconds
        daemon.stop()
        mean = 1000 * statistics.fmean(report.times)
        return f"{served}, mean {mean:.2f} ms, {rate:.0f}/s, cpu {cpu:.1%}"
