"""The page, in a browser: what a person sees of a daemon that is well, fails, hangs, and is gone."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ..browser import Browser
from ..daemon import Daemon
from ..http import Answer
from ..outcome import demand
from ..runner import Site
from . import watched

TOKEN = "open-sesame-7f3a"
ENTER = "\ue007"
FIRST = 20.0
# Refusals that the page reports by itself; Chromium logs each of them.
EXPECTED = "Failed to load resource"
# U+2028 ends a line for some readers, though not in JSON and not in a stream.
MARKUP = "\u2028<img src=x onerror=alert(1)><script>alert(2)</script>"


def page(site: Site) -> str:
    """Live in a browser: reasons, token, transitions, nobody there any more, somebody there again."""
    with Browser() as browser:
        with site.daemon("--token", TOKEN, "--hang-after", "3") as daemon:
            host, port = daemon.address
            browser.go(f"{daemon.url}/health")
            browser.wait_for_text("#word", "Healthy", FIRST)
            # It is the same window to the end: what follows comes without a reload.
            browser.run("window.isTheSame = true")
            _give_token(browser)
            browser.wait_for_text("#link", "live", FIRST)
            browser.wait_for_text("#past", "control heartbeat healthy → unhealthy", 20)
            browser.wait_for_text("#summary", "no beat of control", FIRST)
            demand("✕" in browser.run("return document.title"), "the title does not tell")
            daemon.stop()
        browser.wait_for_text("#word", "No answer", 20)
        browser.wait_for_text("#summary", "has not answered since", FIRST)
        with Daemon(site.path, "--listen", f"{host}:{port}", "--fail", "load") as daemon:
            served = daemon.get("/?format=html")
            browser.wait_for_text("#word", "Degraded", 20)
            browser.wait_for_text("#parts", "told to fail", FIRST)
            browser.wait_for_text("#past", "load component unknown → degraded", FIRST)
            demand("heartbeat" not in browser.text("#past"), "the past of another process stays")
            demand(browser.run("return window.isTheSame"), "the page was loaded anew")
            daemon.stop()
        _untrusted(browser, served)
        _targets(browser, served)
        if site.package == "health-tokio":
            watched.page(browser)
            watched.replicas(browser)
        complaints = [text for text in browser.complaints() if EXPECTED not in text]
        demand(not complaints, f"the page complains: {complaints}")
    size = len(served.body)
    return f"token, transition, lost, found degraded, targets, replicas; {size} bytes, markup stays text"


def _give_token(browser: Browser) -> None:
    browser.wait_for_text("#access", "need a token", FIRST)
    demand("control" not in browser.text("#parts"), "details are shown without the token")
    browser.type("#token", "wrong" + ENTER)
    browser.wait_for_text("#refused", "refused", FIRST)
    browser.run("document.getElementById('token').value = ''")
    browser.type("#token", TOKEN + ENTER)
    browser.wait_for_text("#parts", "control", FIRST)
    browser.wait_for_text("#stats", "available_kib", FIRST)
    demand(browser.text("#access") == "", "the token is still asked for")


def _untrusted(browser: Browser, served: Answer) -> None:
    """Markup in messages and values stays text; and the page works behind a prefix."""
    time = "2026-01-23T10:30:00.123Z"
    health = {
        "status": "degraded", "timestamp": time, "service": MARKUP, "version": MARKUP,
        "phase": "running", "uptime_seconds": 1, "consecutive_failures": 1, "components": {},
        "checks": {"db": {"status": "degraded", "message": MARKUP, "cause": MARKUP}},
    }
    changed = {"id": 1, "time": time, "what": "component", "name": "db", "from": "healthy"}
    # Its history ends with the stream's id: a page that is told less takes it for another process's.
    past = {"last_id": 2, "transitions": [{**changed, "to": MARKUP, "message": MARKUP}]}
    event = {**changed, "id": 2, "to": "streamed", "message": MARKUP}
    stream = f": \n\nretry: 1\nevent: transition\nid: 2\ndata: {_json(event)}\n\n"
    documents = {
        "/some/where/health": health,
        "/some/where/stats": {"text": {"age_ms": 0, "value": {MARKUP: [MARKUP, None]}}},
        "/some/where/health/history": past,
        "/some/where/health/events": stream,
    }
    with _Impostor(served, documents) as url:
        # Servers that mount the endpoint at /some/where show the page there, too.
        for place in ("/some/where", "/some/where/"):
            browser.go(f"{url}{place}")
            browser.wait_for_text("#past", "streamed", FIRST)
            for selector in ("#service", "#version", "#summary", "#parts", "#stats", "#past"):
                browser.wait_for_text(selector, MARKUP.strip(), FIRST)
            found = browser.run("return document.querySelectorAll('img, script').length")
            demand(found == 1, f"{found} elements, but there is one script")


def _targets(browser: Browser, served: Answer) -> None:
    """Of more targets than fit into an answer the first, which are the worst, as text."""
    time = "2026-01-23T10:30:00.123Z"

    def target(name: str, status: str, *classes: str, **more: object) -> dict[str, object]:
        results = [
            {
                "begin_at": time, "took_ms": 1.25, "class": one, "kind": None,
                "message": one + MARKUP, "counted": True,
            }
            for one in classes
        ]
        check = {
            "name": "http", "status": status, "target": MARKUP, "since": time, "results": results,
            "consecutive_failures": classes.count("failure"), "last_checked_at": time,
            "last_error": MARKUP, "last_error_kind": "refused", **more,
        }
        return {
            "name": name, "group": "web", "status": status,
            "active": status not in ("deregistered", "answers-again"),
            "healthy_checks": 0, "total_checks": 1, "checks": [check], "deregistered_at": time,
            "answers_since": time if status == "answers-again" else None,
            "reactivate": f"healthd reactivate {name}{MARKUP}",
        }

    counts = {"total": 1203, "healthy": 1198}
    health = {
        "status": "healthy", "timestamp": time, "service": "healthd", "version": "1",
        "phase": "running", "uptime_seconds": 1, "consecutive_failures": 0, "components": {},
        "targets": counts,
    }
    listed = [
        target("yak", "deregistered", deregistered_at=time),
        target("xerus", "answers-again", deregistered_at=time),
        target("worse", "unhealthy", "success", "warning", "indeterminate", "failure"),
        target("zebra", "unhealthy", "failure"),
        target("paused", "inactive"),
        target("slow", "degraded", "failure", "warning"),
        *(target(f"well-{number:03}", "healthy", "success") for number in range(130)),
    ]
    told = {
        **counts, "unhealthy": 2, "unknown": 0, "inactive": 3, "deregistered": 2,
        "answers_again": 1, "mass_failure": True,
    }
    documents = {
        "/health": health,
        "/stats": {},
        "/health/history": {"last_id": 0, "transitions": []},
        "/targets": {**told, "next": "healthy~well-129", "targets": listed},
    }
    with _Impostor(served, documents) as url:
        browser.go(f"{url}/")
        browser.wait_for_text("#tally", "1198 of 1203 healthy", FIRST)
        browser.wait_for_text("#targets", "zebra", FIRST)
        rows = "return [...document.querySelectorAll('#targets > li')].map(one => one.innerText)"
        names = [text.split("\n")[1].split()[0] for text in browser.run(rows)]
        well = [name for name in names if name.startswith("well-")]
        demand(len(well) == 100, f"{len(well)} that are well")
        expected = ["yak", "xerus", "worse", "zebra", "paused", "slow", *well]
        demand(names == expected, f"the order: {names}")
        counted = "1 deregistered, 1 answers-again, 2 unhealthy, 1 inactive"
        browser.wait_for_text("#others", counted, FIRST)
        browser.wait_for_text("#rest", "and 1097 more healthy", FIRST)
        browser.wait_for_text("#mass", "Mass failure", FIRST)
        browser.wait_for_text("#targets .inactive", "paused", FIRST)
        browser.wait_for_text("#targets .deregistered", f"healthd reactivate yak{MARKUP}", FIRST)
        browser.wait_for_text("#targets .answers-again", f"healthd reactivate xerus{MARKUP}", FIRST)
        browser.wait_for_text("#targets .unhealthy", MARKUP.strip(), FIRST)
        browser.wait_for_text("#targets .degraded", "warning", FIRST)
        marks = browser.run("return document.querySelector('#targets svg').textContent")
        for text in ("success", "warning", "indeterminate", "failure, 1.3 ms: failure" + MARKUP):
            demand(text in marks, f"{text} is not among the last results: {marks}")
        browser.wait_for_text("#summary", "1198 of 1203 targets", FIRST)
        found = browser.run("return document.querySelectorAll('img, script').length")
        demand(found == 1, f"{found} elements, but there is one script")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


class _Impostor(ThreadingHTTPServer):
    """A server that gives the daemon's page, and documents of its own."""

    daemon_threads = True

    def __init__(self, served: Answer, documents: dict[str, object]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                is_page = path.endswith(("/", "/where"))
                told = documents.get(self.path, documents.get(path))
                text = told if isinstance(told, str) else _json(told)
                body = served.body if is_page else text.encode()
                self.send_response(200 if is_page or path in documents else 404)
                for name in ("content-type", "content-security-policy"):
                    self.send_header(name, served.fields[name] if is_page else "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,))

    def __enter__(self) -> str:  # type: ignore[override]
        self._thread.start()
        return f"http://127.0.0.1:{self.server_port}"

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
