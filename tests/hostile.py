#!/usr/bin/env python3
"""Attacks the example daemons over loopback; a prober that does its work must always be answered.

    python3 tests/hostile.py                            # all drivers, all attacks
    python3 tests/hostile.py --package health-blocking --only slowloris
"""

import sys

from blackbox import runner
from blackbox.attacks import cut, descriptors, endless, floods, mutated, pipeline, readers

CHECKS = {
    "slowloris": floods.slowloris,
    "silent": floods.silent,
    "slowloris-64": floods.slowloris_little_room,
    "silent-64": floods.silent_little_room,
    "never-read": readers.never_read,
    "half-closed": cut.half_closed,
    "reset": cut.reset,
    "endless-head": endless.head,
    "endless-body": endless.body,
    "slow-body": endless.slow_body,
    "pipeline": pipeline.pipeline,
    "descriptors": descriptors.exhausted,
    "mutated": mutated.mutated,
    "smuggled": mutated.smuggled,
}

if __name__ == "__main__":
    sys.exit(runner.main(__doc__.splitlines()[0], CHECKS))
