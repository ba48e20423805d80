#!/usr/bin/env python3
"""Tries the notices of `healthd` with real receivers, or servers of their shape.

    python3 tests/notices.py                      # all checks
    python3 tests/notices.py --only alertmanager
"""

import sys

from blackbox import runner
from blackbox.checks import notices

CHECKS = {
    "http": notices.over_http,
    "alertmanager": notices.alertmanager,
    "mail": notices.mail,
    "refused": notices.refused,
    "test": notices.trial,
}

if __name__ == "__main__":
    sys.exit(runner.of_healthd(__doc__.splitlines()[0], CHECKS))
