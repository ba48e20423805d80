#!/usr/bin/env python3
"""Reads what is in `contrib/` as systemd, Docker and Kubernetes would.

    python3 tests/contrib.py                 # all checks
    python3 tests/contrib.py --only units
"""

import sys

from blackbox import runner
from blackbox.checks import deployment

CHECKS = {
    "units": deployment.units,
    "docker": deployment.docker,
    "kubernetes": deployment.kubernetes,
}


def main() -> int:
    args = runner.arguments(__doc__.splitlines()[0], CHECKS, has_packages=False).parse_args()
    return runner.run(CHECKS, args.only, [runner.Site("contrib", runner.ROOT / "contrib")])


if __name__ == "__main__":
    sys.exit(main())
