"""Programs whose standard output and error are closed, full, or read by nobody: they serve, and end."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .. import http
from ..outcome import demand, wait_for
from ..runner import Site

LOOPBACK = "127.0.0.1"
# A stop takes 5 s at most; the rest is for a busy machine.
ENDS_WITHIN = 10.0


@contextmanager
def _full() -> Iterator[int]:
    """No space is left."""
    with open("/dev/full", "wb") as full:
        yield full.fileno()


@contextmanager
def _gone() -> Iterator[int]:
    """The reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@contextmanager
def _unread() -> Iterator[int]:
    """Not one byte more fits into the pipe."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        for size in (65536, 1):
            with contextlib.suppress(BlockingIOError):
                while True:
                    os.write(writer, b"x" * size)
    os.set_blocking(writer, True)
    yield writer
    os.close(writer)
    os.close(reader)


OUTPUTS = {"full": _full, "gone": _gone, "unread": _unread, "closed": None}


def survived(site: Site, start: Callable[[int], tuple[list[str], dict[str, str]]]) -> str:
    """`start` gives the arguments and the environment with which it listens on a port."""
    for name, output in OUTPUTS.items():
        port = _free_port()
        args, env = start(port)
        command = [str(site.path), *args]
        with output() if output else contextlib.nullcontext() as to:
            if to is None:
                command = ["sh", "-c", 'exec "$0" "$@" >&- 2>&-', *command]
            env = {"PATH": os.environ.get("PATH", ""), **env}
            program = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=to, stderr=to, env=env
            )
            try:
                wait_for(f"{name}: an answer", 20, lambda: _answers(port))
                demand(program.poll() is None, f"{name}: it ended with {program.returncode}")
                began = time.monotonic()
                program.send_signal(signal.SIGTERM)
                try:
                    code = program.wait(ENDS_WITHIN)
                except subprocess.TimeoutExpired:
                    code = None
                demand(code == 0, f"{name}: code {code} within {time.monotonic() - began:.1f} s")
            finally:
                program.kill()
                program.wait()
    return ", ".join(OUTPUTS)


def daemon(site: Site) -> str:
    """The example daemon."""
    return survived(site, lambda port: (["--listen", f"{LOOPBACK}:{port}"], {}))


def _answers(port: int) -> bool:
    try:
        return http.get((LOOPBACK, port), "/health").code in (200, 503)
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        return int(free.getsockname()[1])
