"""The page, in a browser: what a person sees of a daemon that is well, fails, hangs, and is gone."""

import json

from ..browser import Browser
from ..daemon import Daemon
from ..http import Answer
from ..outcome import demand
from ..runner import Site
from ..impostor import MARKUP, Impostor
from . import page_targets, watched

TOKEN = "open-sesame-7f3a"
ENTER = "\ue007"
FIRST = 20.0
# Refusals that the page reports by itself; Chromium logs each of them.
EXPECTED = "Failed to load resource"


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
        measured = page_targets.page(browser, served)
        if site.package == "health-tokio":
            watched.page(browser)
            watched.replicas(browser)
        complaints = [text for text in browser.complaints() if EXPECTED not in text]
        demand(not complaints, f"the page complains: {complaints}")
    size = len(served.body)
    return f"token, transition, lost, found degraded, replicas; {size} bytes, markup stays text; {measured}"


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
    stream = f": \n\nretry: 1\nevent: transition\nid: 2\ndata: {json.dumps(event, ensure_ascii=False)}\n\n"
    documents = {
        "/some/where/health": health,
        "/some/where/stats": {"text": {"age_ms": 0, "value": {MARKUP: [MARKUP, None]}}},
        "/some/where/health/history": past,
        "/some/where/health/events": stream,
    }
    with Impostor(served, documents) as impostor:
        # Servers that mount the endpoint at /some/where show the page there, too.
        for place in ("/some/where", "/some/where/"):
            browser.go(f"{impostor.url}{place}")
            browser.wait_for_text("#past", "streamed", FIRST)
            for selector in ("#service", "#version", "#summary", "#parts", "#stats", "#past"):
                browser.wait_for_text(selector, MARKUP.strip(), FIRST)
            found = browser.run("return document.querySelectorAll('img, script').length")
            demand(found == 1, f"{found} elements, but there is one script")
