"""How a check ends when it does not simply pass, and how it waits."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Failed(Exception):
    """The daemon does not do what it should."""


class Skipped(Exception):
    """The check could not be made here; said aloud, counted as neither passed nor failed."""


class Missing(Skipped):
    """A tool that is not installed. In CI the check counts as failed: its setup is wrong there."""

    def __init__(self, tool: str) -> None:
        super().__init__(f"{tool} is not installed")


def demand(condition: object, message: str) -> None:
    """Fails the check unless `condition` holds. Unlike `assert`, it survives `python3 -O`."""
    if not condition:
        raise Failed(message)


def wait_for(what: str, seconds: float, probe: Callable[[], T], every: float = 0.02) -> T:
    """The first true answer of `probe`; fails the check if there is none within `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise Failed(f"{what}: not within {seconds:g} s (last seen: {answer!r})")
        time.sleep(every)
