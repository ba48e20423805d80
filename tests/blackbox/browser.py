"""A real browser, driven over WebDriver: what a person in front of the page would see."""

import json
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from typing import Any

from .outcome import Failed, Missing, wait_for

DRIVER, BROWSER = "chromedriver", "chromium"
STARTED = re.compile(r"started successfully on port (\d+)")
# No sandbox, since tests run as root in containers; and nothing that talks to anybody but us.
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 30.0


class Browser:
    """One window. As a context manager it is closed at the end, whatever happened."""

    def __init__(self, *flags: str) -> None:
        """Starts it; the check is skipped where there is no browser."""
        for program in (DRIVER, BROWSER):
            if not shutil.which(program):
                raise Missing(program)
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._driver = subprocess.Popen(
            [DRIVER, "--port=0"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._session = ""
        try:
            self._base = f"http://127.0.0.1:{self._port()}/session"
            arguments = [*FLAGS, f"--user-data-dir={self._profile.name}", *flags]
            options = {"binary": shutil.which(BROWSER), "args": arguments}
            wanted = {
                "alwaysMatch": {
                    "goog:chromeOptions": options,
                    "goog:loggingPrefs": {"browser": "ALL"},
                }
            }
            session = self.command("POST", "", capabilities=wanted)["sessionId"]
            self._session = f"/{session}"
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the browser, then its driver."""
        try:
            if self._session:
                self.command("DELETE", "")
        finally:
            self._driver.kill()
            self._driver.wait()
            assert self._driver.stdout
            self._driver.stdout.close()
            self._profile.cleanup()

    def _port(self) -> str:
        assert self._driver.stdout
        for line in self._driver.stdout:
            if port := STARTED.search(line):
                return port[1]
        raise Failed(f"{DRIVER} ended at once")

    def command(self, method: str, path: str, **arguments: Any) -> Any:
        """One command of the WebDriver protocol (W3C WebDriver §6)."""
        request = urllib.request.Request(
            self._base + self._session + path,
            data=json.dumps(arguments).encode() if method == "POST" else None,
            headers={"Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise Failed(f"browser: {path}: {json.load(error)['value']['message']}") from error

    def go(self, url: str) -> None:
        """Opens a page."""
        self.command("POST", "/url", url=url)

    def run(self, script: str, *arguments: Any) -> Any:
        """What `script` returns in the page."""
        return self.command("POST", "/execute/sync", script=script, args=list(arguments))

    def text(self, selector: str = "body") -> str:
        """The text that is seen in the first element that fits."""
        script = (
            "const one = document.querySelector(arguments[0]);"
            "return one?.checkVisibility() ? one.innerText : ''"
        )
        return str(self.run(script, selector))

    def wait_for_text(self, selector: str, wanted: str, seconds: float) -> str:
        """The text of an element once it has `wanted` in it."""
        def probe() -> str:
            text = self.text(selector)
            return text if wanted in text else ""

        try:
            return wait_for(f"{wanted!r} in {selector}", seconds, probe)
        except Failed as error:
            raise Failed(f"{error}; the page says: {self.text()!r}") from None

    def type(self, selector: str, text: str) -> None:
        """Types into a field, as a person does."""
        found = self.command("POST", "/element", using="css selector", value=selector)
        (element,) = found.values()
        self.command("POST", f"/element/{element}/value", text=text)

    def complaints(self) -> list[str]:
        """What the page has complained of in the console: script errors, breaches of its policy."""
        entries = self.command("POST", "/se/log", type="browser")
        return [entry["message"] for entry in entries]
