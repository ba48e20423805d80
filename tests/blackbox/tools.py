"""Other people's clients: what is installed is used, what is not is said."""

import re
import shutil
import subprocess

from . import http
from .outcome import Failed, Missing, demand

UNSHARE = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
# Where only users of their own namespace may make one.
AS_USER = ("--user", "--map-root-user")


def run(*command: str, seconds: float = 30.0) -> str:
    """Runs a tool to its end; returns what it prints."""
    if not shutil.which(command[0]):
        raise Missing(command[0])
    done = subprocess.run(command, capture_output=True, timeout=seconds, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(command)}: exit code {done.returncode}, {done.stderr.decode()}")
    return done.stdout.decode("latin-1")


def curl(url: str, *options: str) -> http.Answer:
    """`curl -i`, its output read as strictly as any answer."""
    text = run("curl", "-sS", "-i", "--max-time", "5", *options, url)
    parsed = http.parse(text.encode("latin-1"), bodiless="-I" in options)
    demand(parsed, f"curl {url}: cut off: {text!r}")
    assert parsed
    answer, length = parsed
    demand(length == len(text), f"curl {url}: more than one answer: {text!r}")
    return answer


def ab(url: str, requests: int, clients: int, *options: str) -> dict[str, float]:
    """ApacheBench; returns the numbers of its report by their names."""
    command = ("ab", "-l", "-q", "-n", str(requests), "-c", str(clients), *options, url)
    report = run(*command, seconds=60)
    numbers = re.findall(r"^([A-Z][\w -]*):\s+(\d+(?:\.\d+)?)(?:\s|$)", report, re.MULTILINE)
    # "Time per request" stands there twice; the first is what one client waits.
    return {name: float(value) for name, value in reversed(numbers)}


def unshare() -> tuple[str, ...]:
    """A command that makes a PID namespace. Fails where the system allows none."""
    if not shutil.which("unshare"):
        raise Missing("unshare")
    errors = []
    for command in (UNSHARE, (*UNSHARE, *AS_USER)):
        done = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return command
        errors.append(done.stderr.strip())
    raise Failed(f"no PID namespace: {'; '.join(errors)}")
