#!/usr/bin/env python3
"""Tries the example programs as those who probe them would: a steering daemon, a group of loops, a
trading app."""

import sys

from blackbox import runner
from blackbox.checks import programs

EXAMPLES = {
    "health-blocking": "steering",
    "health-tokio": "loop_group",
    "health-smol": "trading",
}
CHECKS = {
    "program": lambda site: programs.OF[site.package](site),
    "outputs": programs.outputs,
}

if __name__ == "__main__":
    sys.exit(runner.main(__doc__.split(":")[0], CHECKS, EXAMPLES))
