#!/usr/bin/env python3
"""Tries `healthd run` with real programs: who is restarted, who is not, and what is left.

    python3 tests/supervise.py                     # all checks
    python3 tests/supervise.py --only nginx
"""

import sys

from blackbox import runner
from blackbox.checks import init, replicas, run_ends, run_load

CHECKS = {
    "nginx": replicas.nginx,
    "answers-500": replicas.answers_500,
    "redis": replicas.redis,
    "postgres": replicas.postgres,
    "broken-dependency": replicas.broken_dependency,
    "thousand": run_load.thousand,
    "flood": run_load.flood,
    "killed": run_ends.killed,
    "twice": run_ends.twice,
    "ignoring": run_ends.ignoring,
    "leaving": run_ends.leaving,
    "first-process": init.run_first,
}

if __name__ == "__main__":
    sys.exit(runner.of_healthd(__doc__.splitlines()[0], CHECKS))
