#!/usr/bin/env python3
"""Tries `healthd` where it hurts: bad disks, many targets, certificates, a stopped process, a terminal, PID 1.

    python3 tests/registry.py                      # all checks
    python3 tests/registry.py --only disk-full
"""

import sys

from blackbox import runner
from blackbox.checks import actions, discovery, disk, init, log, scale, streams, terminal

CHECKS = {
    "disk-full": disk.full,
    "disk-read-only": disk.read_only,
    "third-failure": log.third_failure,
    "log": log.levels,
    "actions": actions.retried,
    "webhook-tls": actions.over_tls,
    "certificates": streams.certificates,
    "banners": streams.banners,
    "discovery": discovery.discovery,
    "ten-thousand": scale.ten_thousand,
    "stalled": scale.stalled,
    "progress": terminal.progress,
    "orphans": init.orphans,
    "exit-code": init.exit_code,
}

if __name__ == "__main__":
    sys.exit(runner.of_healthd(__doc__.splitlines()[0], CHECKS))
