"""Compares what each library links (`cargo tree -e normal`) with what it may link.

A daemon's author counts crates: one that slips in is noticed here, not by them.
"""

import subprocess
import sys

CORE = {"httparse", "serde", "serde_core", "serde_json", "itoa", "memchr", "zmij"}
# Regular expressions without their tables and optimisations.
EXPECT = CORE | {"regex", "regex-automata", "regex-syntax"}
DRIVER = CORE | {"health-core", "socket2", "libc"}
RUSTIX = {"rustix", "bitflags", "linux-raw-sys"}
SYSTEMD = RUSTIX | {"nix", "cfg-if", "memoffset"}
BLOCKING = DRIVER | {"health-driver", "mio"}
TOKIO = BLOCKING | {"tokio", "pin-project-lite"}
SMOL = DRIVER | RUSTIX | {"health-driver", "async-io", "polling", "cfg-if", "futures-io", "futures-core"}
SMOL |= {"futures-lite", "pin-project-lite", "parking", "slab", "concurrent-queue", "crossbeam-utils"}
# What each library may link, with these flags, on this platform.
ALLOWED = {
    ("health-core",): CORE,
    ("health-core", "--no-default-features"): CORE,
    ("health-core", "--features", "expect"): EXPECT,
    ("health-driver",): DRIVER,
    ("health-driver", "--features", "monitor"): DRIVER | RUSTIX,
    ("health-driver", "--features", "systemd"): DRIVER | SYSTEMD,
    ("health-blocking",): BLOCKING | RUSTIX,
    ("health-blocking", "--no-default-features"): BLOCKING,
    ("health-tokio",): TOKIO | RUSTIX,
    ("health-tokio", "--no-default-features"): TOKIO,
    ("health-tokio", "--no-default-features", "--features", "systemd"): TOKIO | SYSTEMD,
    ("health-smol",): SMOL,
    ("health-smol", "--no-default-features"): SMOL,
}


def linked(package: str, *flags: str) -> set[str]:
    """Names of the crates that `package` links on this platform, itself excluded."""
    command = ["cargo", "tree", "--locked", "-p", package, *flags]
    command += ["-e", "normal", "--prefix", "none"]
    lines = subprocess.run(command, check=True, text=True, capture_output=True).stdout.splitlines()
    return {line.split()[0] for line in lines if line.strip()} - {package}


def main() -> int:
    failed = 0
    for package, allowed in ALLOWED.items():
        crates = linked(*package)
        surplus = sorted(crates - allowed)
        failed += bool(surplus)
        verdict = f"NOT ALLOWED: {', '.join(surplus)}" if surplus else "ok"
        print(f"{' '.join(package)}: {len(crates)} crates, {verdict}")
    print(f"{len(ALLOWED) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
