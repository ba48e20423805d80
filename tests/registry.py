#!/usr/bin/env python3
"""Tries `healthd` where it hurts: bad disks, many targets, a stopped process, a terminal, PID 1.

    python3 tests/registry.py                      # all checks
    python3 tests/registry.py --only disk-full
"""

import subprocess
import sys
from pathlib import Path

from blackbox import runner
from blackbox.checks import actions, discovery, disk, init, log, scale, terminal

CHECKS = {
    "disk-full": disk.full,
    "disk-read-only": disk.read_only,
    "third-failure": log.third_failure,
    "log": log.levels,
    "actions": actions.retried,
    "webhook-tls": actions.over_tls,
    "discovery": discovery.discovery,
    "ten-thousand": scale.ten_thousand,
    "stalled": scale.stalled,
    "progress": terminal.progress,
    "orphans": init.orphans,
    "exit-code": init.exit_code,
}


def main() -> int:
    args = runner.arguments(__doc__.splitlines()[0], CHECKS, has_packages=False).parse_args()
    path = args.daemon
    if not path:
        build = ["cargo", "build", "--release", "--locked", "-p", "healthd"]
        subprocess.run(build, cwd=runner.ROOT, check=True)
        path = runner.ROOT / "target" / "release" / "healthd"
    return runner.run(CHECKS, args.only, [runner.Site("healthd", Path(path).resolve())])


if __name__ == "__main__":
    sys.exit(main())
