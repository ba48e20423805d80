"""Which daemons, which checks, and one line for each."""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .daemon import Daemon
from .outcome import Failed, Missing, Skipped

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("health-blocking", "health-tokio", "health-smol")
DAEMONS = dict.fromkeys(PACKAGES, "daemon")
DESCRIPTORS_WANTED = 16_384


@dataclass(frozen=True)
class Site:
    """The daemon under test."""

    package: str
    path: Path

    @property
    def bytes_per_connection(self) -> int:
        """What a silent connection may cost: less where no task stands behind it."""
        return 512 if self.package == "health-blocking" else 2048

    def daemon(
        self, *flags: str, env: dict[str, str] | None = None, descriptors: int | None = None
    ) -> Daemon:
        """Starts one on a free port."""
        return Daemon(
            self.path, "--listen", "127.0.0.1:0", *flags, env=env, descriptors=descriptors
        )


# A check returns what it has measured; it raises `Failed` or `Skipped`.
Check = Callable[[Site], str]


def main(
    description: str, checks: Mapping[str, Check], examples: Mapping[str, str] = DAEMONS
) -> int:
    """Runs the checks that the command line asks for, on an example of each package; returns the
    exit code.
    """
    args = arguments(description, checks).parse_args()
    _raise_descriptor_limit()
    with tempfile.TemporaryDirectory() as directory:
        return run(checks, args.only, _sites(args, examples, Path(directory)))


def of_healthd(description: str, checks: Mapping[str, Check]) -> int:
    """Runs the checks that the command line asks for on `healthd`; returns the exit code."""
    args = arguments(description, checks, has_packages=False).parse_args()
    path = args.daemon
    if not path:
        build = ["cargo", "build", "--release", "--locked", "-p", "healthd"]
        subprocess.run(build, cwd=ROOT, check=True)
        path = ROOT / "target" / "release" / "healthd"
    return run(checks, args.only, [Site("healthd", Path(path).resolve())])


def run(checks: Mapping[str, Check], only: list[str] | None, sites: list[Site]) -> int:
    """Runs the checks on each site, says how they went, and returns the exit code."""
    passed = failed = 0
    for site in sites:
        for name, check in checks.items():
            if only and name not in only:
                continue
            begin = time.monotonic()
            try:
                word, text = "ok  ", check(site)
                passed += 1
            except Skipped as reason:
                is_failure = isinstance(reason, Missing) and "CI" in os.environ
                word, text = "FAIL" if is_failure else "SKIP", f"NOT CHECKED: {reason}"
                failed += is_failure
            except Failed as error:
                word, text = "FAIL", str(error)
                failed += 1
            except Exception as error:  # One check's mishap must not silence the others.
                word, text = "FAIL", f"the check itself: {error!r}"
                failed += 1
            took = time.monotonic() - begin
            print(f"{word} {site.package}  {name}: {text} ({took:.1f} s)", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def arguments(
    description: str, checks: Mapping[str, Check], *, has_packages: bool = True
) -> argparse.ArgumentParser:
    """What can be told on the command line."""
    parser = argparse.ArgumentParser(description=description)
    if has_packages:
        parser.add_argument(
            "--package",
            action="append",
            metavar="NAME",
            help="a driver whose example daemon is tested; may be repeated (default: all there are)",
        )
    parser.add_argument(
        "--daemon", type=Path, metavar="PATH", help="test this program instead of building one"
    )
    parser.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        choices=list(checks),
        help="run this check; may be repeated. One of: " + ", ".join(checks),
    )
    return parser


def _sites(
    args: argparse.Namespace, examples: Mapping[str, str], directory: Path
) -> list[Site]:
    if args.daemon:
        name = args.package[0] if args.package else args.daemon.name
        return [Site(name, args.daemon.resolve())]
    text = _cargo("metadata", "--no-deps", "--format-version", "1")
    metadata = json.loads(text)
    present = {
        package["name"]: examples[package["name"]] in [one["name"] for one in package["targets"]]
        for package in metadata["packages"]
        if package["name"] in examples
    }
    for name, has_example in present.items():
        if not has_example:
            sys.exit(f"FAIL {name}: it has no example {examples[name]}")
    packages = args.package or [name for name in examples if present.get(name)]
    return [Site(package, _build(package, examples[package], directory)) for package in packages]


def _build(package: str, example: str, directory: Path) -> Path:
    """Builds the package's example, and takes it out of the way of the next one of the same name."""
    command = ["build", "--release", "-p", package, "--example", example, "--features", "systemd"]
    text = _cargo(*command, "--message-format", "json")
    messages = map(json.loads, text.splitlines())
    programs = [message["executable"] for message in messages if message.get("executable")]
    return Path(shutil.copy(programs[-1], directory / package))


def _cargo(*arguments: str) -> str:
    done = subprocess.run(
        ["cargo", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"cargo {' '.join(arguments)} failed")
    return done.stdout


def _raise_descriptor_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS_WANTED if hard == resource.RLIM_INFINITY else min(DESCRIPTORS_WANTED, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
