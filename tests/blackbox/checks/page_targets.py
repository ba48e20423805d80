"""The page's targets, in a browser: groups, search, the view of one target, actions, and axe-core's opinion."""

import json
import subprocess
import tempfile
from pathlib import Path

from ..browser import Browser
from ..http import Answer
from ..impostor import MARKUP, Impostor
from ..outcome import demand, wait_for

TIME = "2026-01-23T10:30:00.123Z"
AT = 1_769_164_200_123
DAY = 86_400_000
FIRST = 20.0
ENTER = "\ue007"
AXE = """
const done = arguments[arguments.length - 1];
axe.run().then(found => done(found.violations.map(it => `${it.id}: ${it.nodes[0].html}`)), it => done([String(it)]));
"""


def page(browser: Browser, served: Answer) -> str:
    """The list, the view and the actions; returns what was measured."""
    axe = _axe()
    _list(browser, served, axe)
    _view(browser, served, axe)
    _without_history(browser, served)
    return _many(browser, served) + (", axe finds nothing" if axe else ", without axe (npm has it not)")


def _axe() -> str:
    """axe-core, if npm can fetch it."""
    with tempfile.TemporaryDirectory() as directory:
        try:
            pack = ["npm", "pack", "--silent", "axe-core"]
            subprocess.run(pack, cwd=directory, check=True, capture_output=True, timeout=60)
            archive = next(Path(directory).glob("axe-core*.tgz"))
            unpack = ["tar", "xzf", archive, "package/axe.min.js"]
            subprocess.run(unpack, cwd=directory, check=True, timeout=60)
            return Path(directory, "package", "axe.min.js").read_text(encoding="utf-8")
        except (OSError, subprocess.SubprocessError, StopIteration):
            return ""


def _accessible(browser: Browser, axe: str, what: str) -> None:
    if axe:
        browser.run(axe)
        found = browser.command("POST", "/execute/async", script=AXE, args=[])
        demand(not found, f"axe finds in {what}: {found}")


def _target(name: str, status: str, *classes: str, group: str = "web", **more: object) -> dict[str, object]:
    results = [
        {
            "begin_at": TIME, "took_ms": 1.25, "class": one, "kind": None,
            "message": one + MARKUP, "counted": True,
        }
        for one in classes
    ]
    is_gone = status in ("deregistered", "answers-again")
    check = {
        "name": "http", "status": "unhealthy" if status == "deregistered" else status,
        "target": MARKUP, "since": TIME, "results": results,
        "consecutive_failures": classes.count("failure"), "last_checked_at": TIME,
        "last_error": MARKUP, "last_error_kind": "refused",
        "deregistered_at": TIME if is_gone else None,
    }
    target = {
        "name": name, "group": group, "status": status, "active": not is_gone,
        "healthy_checks": 0, "total_checks": 1, "checks": [check], **more,
    }
    if is_gone:
        target["deregistered_at"] = TIME
        target["answers_since"] = TIME if status == "answers-again" else None
        target["reactivate"] = f"healthd reactivate {name}{MARKUP}"
    return target


def _documents(targets: list[dict[str, object]], **more: object) -> dict[str, object]:
    """Those of a monitor with these targets, in one page unless `more` says otherwise."""

    def count(*words: str) -> int:
        return sum(it["status"] in words for it in targets)

    total, healthy = len(targets), count("healthy", "degraded")
    told = {
        "total": total, "healthy": healthy, "unhealthy": count("unhealthy"),
        "unknown": count("unknown"), "inactive": count("inactive", "deregistered", "answers-again"),
        "deregistered": count("deregistered", "answers-again"),
        "answers_again": count("answers-again"), "mass_failure": False, "next": None,
        "targets": targets,
    }
    health = {
        "status": "healthy", "timestamp": TIME, "service": "healthd", "version": "1",
        "phase": "running", "uptime_seconds": 1, "consecutive_failures": 0, "components": {},
        "targets": {"total": total, "healthy": healthy},
    }
    return {
        "/health": health, "/stats": {}, "/health/history": {"last_id": 0, "transitions": []},
        "/targets": {**told, **more},
    }


def _list(browser: Browser, served: Answer, axe: str) -> None:
    """Groups, the worst first, in two pages; what it is narrowed to stands in the address."""
    quiet = {"since": AT, "until": AT, "why": f"a new disk{MARKUP}", "by": "ann"}
    ill = [
        _target("n10", "deregistered", "failure", group="dead"),
        _target("n2", "deregistered", "failure", group="dead"),
        _target("xerus", "answers-again"),
        _target("worse", "unhealthy", "success", "warning", "indeterminate", "failure", silenced=quiet),
        _target("lazy", "inactive", paused=quiet, labels={"rack": "r7"}),
        _target("slow", "degraded", "failure", "warning"),
    ]
    well = [_target(f"well-{number}", "healthy", "success", group="well") for number in range(130)]
    documents = _documents([*ill, *well], mass_failure=True)
    whole = documents["/targets"]
    assert isinstance(whole, dict)
    documents["/targets"] = {**whole, "targets": [*ill, *well[:30]], "next": "healthy~well-29"}
    second = "/targets?limit=1000&after=healthy~well-29"
    documents[second] = documents[second.replace("~", "%7E")] = {**whole, "targets": well[30:]}
    with Impostor(served, documents) as impostor:
        browser.go(f"{impostor.url}/")
        browser.wait_for_text("#word", "3 of 136 targets are down", FIRST)
        browser.wait_for_text("#summary", "all 2 of dead, worse. healthd itself is well.", FIRST)
        browser.wait_for_text("#tally", "131 of 136 healthy", FIRST)
        browser.wait_for_text("#chips", "130 healthy", FIRST)
        demand("3 of 136" in browser.run("return document.title"), "the title does not tell")
        heads = browser.run(_all("summary h3"))
        demand(heads == ["dead", "web", "well"], f"the order of groups: {heads}")
        names = browser.run(_all(".group[open] .who strong"))
        demand(names == ["n2", "n10", "xerus", "worse", "lazy", "slow"], f"the order: {names}")
        browser.wait_for_text("#mass", "Mass failure", FIRST)
        for text in ("Paused since", "Silenced until", "a new disk", "(ann)", "rack=r7", MARKUP.strip()):
            browser.wait_for_text("#targets", text, FIRST)
        marks = browser.run("return document.querySelector('.group .unhealthy svg').textContent")
        for text in ("success", "warning", "indeterminate", "failure, 1.3 ms: failure" + MARKUP):
            demand(text in marks, f"{text} is not among the last results: {marks}")
        browser.wait_for_text("#past", "worse target → unhealthy", FIRST)
        found = browser.run("return document.querySelectorAll('img, script').length")
        demand(found == 1, f"{found} elements, but there is one script")
        _accessible(browser, axe, "the list")
        browser.run("document.querySelector('#group-well summary').click()")
        browser.wait_for_text("#group-well", "Show 30 more", FIRST)
        _narrowed(browser)


def _narrowed(browser: Browser) -> None:
    browser.type("#search", "RACK=r7 la")
    browser.wait_for_text("#rest", "1 of 136 targets", FIRST)
    demand("q=RACK" in _query(browser), "the search is not in the address")
    browser.run("history.back()")
    browser.wait_for_text("#group-dead", "n10", FIRST)
    demand(not _query(browser), f"one step back is not enough: {_query(browser)}")
    browser.run("document.querySelector('[data-chip=degraded]').click()")
    browser.wait_for_text("#rest", "1 of 136 targets", FIRST)
    browser.command("POST", "/refresh")
    browser.wait_for_text("#rest", "1 of 136 targets", FIRST)
    demand(_query(browser) == "?status=degraded", f"in the address: {_query(browser)}")


def _view(browser: Browser, served: Answer, axe: str) -> None:
    """One target, behind a prefix, with its past; and what can be done with it."""
    gone = _target("yak", "deregistered", "success", "failure")
    documents = {f"/ops{path}": it for path, it in _documents([gone]).items()}
    begun = AT - AT % DAY
    point = {"p50_ms": 1.5, "p99_ms": 40.5, "results": 10, "failures": 1}
    past = {
        "name": "http", "uptime": {"24h": 0.99996, "7d": 0.9, "30d": 1, "90d": None},
        "left_out": {"24h": {"paused": 3, "silenced": 0, "own": 2}},
        "days": [{"at": begun, "uptime": 0.5, "results": 4, "failures": 2}],
        "latency": {
            "24h": [{"at": AT - 600_000 * ago, **point} for ago in (9, 8, 2, 1)],
            "7d": [{"at": AT - 3_600_000 * ago, **point, "p99_ms": 900} for ago in (9, 8, 2, 1)],
        },
        "results": [
            {
                "at": AT, "took_ms": 2, "class": "failure", "kind": "refused",
                "message": MARKUP, "counted": True,
            },
        ],
        "transitions": [
            {"at": AT, "change": "status", "from": "healthy", "to": "unhealthy", "reason": MARKUP},
        ],
    }
    attempt = {"check": "http", "next_at": TIME, "output": f"no disk{MARKUP}", "address": "10.0.0.7:80"}
    documents |= {
        "/ops/targets/yak": {**gone, "attempts": [attempt]},
        "/ops/targets/yak/history": {"name": "yak", "checks": [past]},
        "/ops/targets/yak/reactivate": (200, {"done": f"yak is back{MARKUP}"}),
        "/ops/targets/yak/check-now": (409, {"error": "it is paused"}),
        "/ops/targets/yak/silence": (401, {"error": "Unauthorized"}),
    }
    with Impostor(served, documents) as impostor:
        browser.go(f"{impostor.url}/ops/")
        browser.wait_for_text(".who a", "yak", FIRST)
        browser.run("document.querySelector('.who a').click()")
        # The same after a reload, and from a link that somebody else has sent.
        for _ in range(2):
            browser.wait_for_text("#word", "yak is deregistered", FIRST)
            demand(browser.run("return location.pathname") == "/ops/targets/yak", "the address")
            for text in (
                "99.99 %", "90.00 %", "100 %", "left out: 3 paused, 2 of own trouble", "Last 90 days",
                "Last result", "no disk", "10.0.0.7:80", "healthy → unhealthy", MARKUP.strip(),
                f"healthd reactivate yak{MARKUP}",
            ):  # fmt: skip
                browser.wait_for_text("#target", text, FIRST)
            browser.wait_for_text("#up", "All targets", FIRST)
            labels = browser.run("return [...document.querySelectorAll('#target svg')].map(it => it.ariaLabel)")
            demand("p99 at most 41 ms; 4 of 4 points have failures" in labels[-1], f"{labels}")
            browser.command("POST", "/refresh")
        _accessible(browser, axe, "the view")
        browser.run("document.querySelector('[data-length=\"7d\"]').click()")
        labels = browser.run("return [...document.querySelectorAll('#target svg')].map(it => it.ariaLabel)")
        demand("p99 at most 900 ms" in labels[-1], f"{labels}")
        _actions(browser, impostor)
        found = browser.run("return document.querySelectorAll('img, script').length")
        demand(found == 1, f"{found} elements, but there is one script")
        browser.run("document.querySelector('#up a').click()")
        browser.wait_for_text("#word", "1 of 1 targets is down", FIRST)


def _actions(browser: Browser, impostor: Impostor) -> None:
    browser.run("document.querySelector('[data-verb=reactivate]').click()")
    browser.wait_for_text("#said", f"yak is back{MARKUP}", FIRST)
    browser.run("document.querySelector('[data-verb=check-now]').click()")
    browser.wait_for_text("#said", "Check now yak: it is paused (409)", FIRST)
    browser.run("document.querySelector('[data-verb=silence]').click()")
    browser.wait_for_text("#asked", "Silence yak", FIRST)
    browser.type("#why", "a & b" + ENTER)
    browser.wait_for_text("#said", "Silence yak: Unauthorized (401)", FIRST)
    browser.type("#token", "sesame" + ENTER)
    wait_for("the form is hidden", FIRST, lambda: browser.text("#access") == "")
    browser.run("document.querySelector('[data-verb=pause]').click()")
    browser.run("document.getElementById('not').click()")
    browser.run("document.querySelector('[data-verb=reactivate]').click()")
    wanted = [
        ("POST", "/ops/targets/yak/reactivate", None),
        ("POST", "/ops/targets/yak/check-now", None),
        ("POST", "/ops/targets/yak/silence?for=2h&why=a+%26+b", None),
        ("POST", "/ops/targets/yak/reactivate", "Bearer sesame"),
    ]
    wait_for(f"{wanted}", FIRST, lambda: impostor.asked == wanted)
    browser.run("delete sessionStorage.token")


def _without_history(browser: Browser, served: Answer) -> None:
    """Of a service that has no such documents the view shows what the list tells."""
    documents = _documents([_target("yak", "unhealthy", "success", "failure")])
    with Impostor(served, documents) as impostor:
        browser.go(f"{impostor.url}/targets/yak")
        browser.wait_for_text("#word", "yak is unhealthy", FIRST)
        browser.wait_for_text("#target", "Last 2 results", FIRST)
        browser.go(f"{impostor.url}/targets/nobody")
        browser.wait_for_text("#target", "There is no such target", FIRST)


def _many(browser: Browser, served: Answer) -> str:
    """5,000 targets, a thousand in a page."""
    all_ = [
        _target(f"t{number}", "healthy" if number >= 40 else "unhealthy", *["success"] * 10, group=f"g{number % 90}")
        for number in range(5000)
    ]
    documents = _documents(all_)
    whole = documents["/targets"]
    assert isinstance(whole, dict)
    for first in range(0, 5000, 1000):
        after = f"&after={first}" if first else ""
        told = {**whole, "targets": all_[first : first + 1000], "next": str(first + 1000) if first < 4000 else None}
        documents[f"/targets?limit=1000{after}"] = json.dumps(told)
    with Impostor(served, documents) as impostor:
        browser.go(f"{impostor.url}/")
        browser.wait_for_text("#chips", "4960 healthy", FIRST)
        loaded = browser.run(
            "return Math.max(...performance.getEntriesByType('resource')"
            ".filter(it => /targets/.test(it.name)).map(it => it.responseEnd))"
        )
        search = """
            const begin = performance.now(), field = document.getElementById('search');
            field.value = 't4321';
            field.dispatchEvent(new Event('input'));
            return [performance.now() - begin, document.getElementById('rest').textContent];
        """
        took, found = browser.run(search)
        demand(found == "1 of 5000 targets", f"the search found {found}")
        rows = browser.run("return document.querySelectorAll('.group li').length")
        demand(rows == 1, f"{rows} rows")
        return f"5000 targets loaded in {loaded:.0f} ms, searched in {took:.0f} ms"


def _all(selector: str) -> str:
    return f"return [...document.querySelectorAll({selector!r})].map(it => it.textContent)"


def _query(browser: Browser) -> str:
    return str(browser.run("return location.search"))
