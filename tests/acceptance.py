#!/usr/bin/env python3
"""Tries everything the example daemons promise, as their users would: curl, ab, signals, flags, a browser.

    python3 tests/acceptance.py                            # all drivers, all checks
    python3 tests/acceptance.py --package health-blocking --only drain
"""

import sys

from blackbox import runner
from blackbox.checks import (
    ending,
    endpoints,
    flags,
    likeness,
    load,
    outputs,
    page,
    peers,
    prometheus,
    resources,
    service_manager,
    states,
)

CHECKS = {
    "endpoints": endpoints.documents,
    "methods": endpoints.methods,
    "formats": endpoints.formats,
    "failing": states.failing,
    "hanging": states.hanging,
    "token": states.token,
    "drain": ending.drain,
    "interrupt": ending.interrupt,
    "port-in-use": ending.port_in_use,
    "restart": ending.restart,
    "outputs": outputs.daemon,
    "wrong-flags": flags.wrong,
    "environment": flags.environment,
    "ab": load.benchmark,
    "steady": load.steady,
    "memory": resources.memory,
    "idle": resources.idle,
    "descriptors": resources.descriptor_limit,
    "haproxy": peers.haproxy,
    "wget": peers.wget,
    "netcat": peers.netcat,
    "prometheus": prometheus.prometheus,
    "openmetrics": prometheus.openmetrics,
    "likeness": likeness.likeness,
    "page": page.page,
    "service-manager": service_manager.reports,
    "socket-activation": service_manager.activated,
}

if __name__ == "__main__":
    sys.exit(runner.main(__doc__.splitlines()[0], CHECKS))
