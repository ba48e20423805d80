"""The page of `healthd`: a target dies, the page turns, and gives the reasons that `inspect` gives."""

import json
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from ..browser import Browser
from ..daemon import Daemon
from ..group import Place
from ..outcome import demand
from ..runner import ROOT

SOON = 20.0
TOKEN = "open-sesame-7f3b"
ENTER = "\ue007"
MARKUP = "<img src=x onerror=alert(3)>"
# As many of the page's questions for targets as are under way, at most and now.
COUNTING = """
const real = window.fetch;
let asking = 0;
Object.assign(window, { asked: 0, most: 0 });
window.fetch = async (path, ...rest) => {
  if (!/(^|\/)targets/.test(path)) return real(path, ...rest);
  window.asked += 1;
  window.most = Math.max(window.most, asking += 1);
  try { return await real(path, ...rest); } finally { asking -= 1; }
};
"""
ROWS = "return [...document.querySelectorAll('#targets li')].map(one => one.innerText)"


def page(browser: Browser) -> None:
    """Two targets: one dies, is the first row with its reason, and comes back, without a reload."""
    program = _build()
    with tempfile.TemporaryDirectory() as directory, _Peer() as well, _Peer() as ill:
        database = Path(directory, "registry.db")
        with Daemon(
            program, "monitor", "--db", str(database), "--listen", "127.0.0.1:0",
            "--interval", "500ms", "--timeout", "20s", "--no-auto-deregister",
            "--target", f"a={well.url}", "--target", f"b={ill.url}",
        ) as monitor:  # fmt: skip
            browser.go(f"{monitor.url}/")
            browser.wait_for_text("#tally", "2/2 healthy", SOON)
            browser.wait_for_text("#link", "live", SOON)
            browser.run(COUNTING)
            ill.stop()
            browser.wait_for_text("#tally", "1 of 2 healthy", SOON)
            told = _inspect(program, database, "b")
            row = browser.run(ROWS)[0]
            for reason in ("unhealthy", "b", ill.url, told["last_error"]):
                demand(reason in row, f"{reason!r} is not in the row of b: {row!r}")
            marks = browser.run("return document.querySelector('#targets svg').textContent")
            demand("failure" in marks and told["last_error"] in marks, f"the last results: {marks}")
            browser.wait_for_text("#word", "1 of 2 targets is down", SOON)
            browser.wait_for_text("#past", "b target healthy → unhealthy", SOON)
            ill.start()
            browser.wait_for_text("#tally", "2/2 healthy", SOON)
            demand(not _inspect(program, database, "b")["consecutive_failures"], "it still fails")
            asked, most = browser.run("return [window.asked, window.most]")
            demand(asked > 2 and most == 1, f"asked {asked} times, {most} at once")
            monitor.stop()


def replicas(browser: Browser) -> None:
    """Two replicas that `healthd run` keeps running: one exits until a file is there, and the page tells
    why, when it is tried again, and what it wrote; only with the token.
    """
    with Place(_build()) as place:
        script = (
            "[ $HEALTHD_REPLICA = 0 ] || [ -e $PLACE/disk ] || "
            f"{{ echo '{MARKUP}'; echo no disk >&2; exit 3; }}; exec sleep 1000"
        )
        flags = ("--replicas", "2", "--backoff", "1h", "--backoff-max", "1h", "--token", TOKEN)
        with place.script(script, *flags) as web:
            browser.go(f"{web.url}/")
            browser.wait_for_text("#access", "need a token", SOON)
            demand(not browser.text("#groups"), "replicas are shown without the token")
            browser.type("#token", TOKEN + ENTER)
            row = "#groups li li:nth-child(2)"
            browser.wait_for_text(row, "backoff", SOON)
            text = browser.wait_for_text(row, "next try in", SOON)
            for part in ("web-1", "instance 2", "2 restarts", "exit, code 3, after", "no disk"):
                demand(part in text, f"{part!r} is not in the row: {text!r}")
            browser.wait_for_text("#groups h3", "1/2 healthy, 1/2 restarting", SOON)
            browser.wait_for_text("#past", "web-1 replica starting → backoff", SOON)
            browser.wait_for_text("#past", "R9: exit, code 3; restart 2 in a row in 3600s", SOON)
            demand(browser.text("#watched") == "", "there are no targets")
            browser.run(f"document.querySelector('{row} summary').click()")
            browser.wait_for_text(f"{row} samp", MARKUP, SOON)
            found = browser.run("return document.querySelectorAll('img, script').length")
            demand(found == 1, f"{found} elements, but there is one script")
            (place.path / "disk").touch()
            place.command("restart", "web-1")
            browser.wait_for_text("#groups h3", "2/2 healthy", SOON)
            # What was opened stays so, whatever else changes.
            browser.wait_for_text(f"{row} samp", MARKUP, SOON)
            web.stop()


def _build() -> Path:
    build = ["cargo", "build", "--quiet", "--release", "--locked", "-p", "healthd"]
    subprocess.run(build, cwd=ROOT, check=True)
    return ROOT / "target" / "release" / "healthd"


def _inspect(program: Path, database: Path, name: str) -> dict[str, object]:
    command = [program, "inspect", name, "--json", "--db", str(database)]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    (check,) = json.loads(text)["checks"]
    return check


class _Peer:
    """A server that dies and comes back at the same address."""

    def __init__(self) -> None:
        self._port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/health"

    def start(self) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> "_Peer":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
