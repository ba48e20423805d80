"""Every endpoint of a running daemon, asked by curl."""

import re
from email.utils import parsedate_to_datetime

from .. import http
from ..outcome import demand
from ..runner import Site
from ..tools import curl

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
LIVE, READY, STARTUP = (f"/health/{kind}" for kind in ("live", "ready", "startup"))
ALIASES = {
    "/health": ("/", "/health", "/healthz"),
    LIVE: (LIVE, "/livez"),
    READY: (READY, "/readyz"),
    STARTUP: (STARTUP, "/startupz"),
}
COMPONENTS = ["load", "memory", "disk"]
NATIVE = [
    "status", "healthy", "timestamp", "service", "version", "phase", "uptime_seconds",
    "consecutive_failures", "components",
]
UNKNOWN = (
    "/nope", "/health/", "//health", "/health/check/nope", "/Health", "/health%2Flive",
    "/../health",
)
ALLOW = "GET, HEAD, OPTIONS"
MOST_BYTES = 1024


def documents(site: Site) -> str:
    """Codes, fields and documents of all paths, and of those that do not exist."""
    with site.daemon() as daemon:
        url = daemon.url
        for path in ALIASES["/health"]:
            _native(curl(url + path), path)
        for kind in (LIVE, READY, STARTUP):
            for path in ALIASES[kind]:
                answer = _common(curl(url + path), path, 200, JSON)
                demand(answer.body == b'{"status":"healthy"}', f"{path}: {answer.body!r}")
        for name in (*COMPONENTS, "control"):
            path = f"/health/check/{name}"
            answer = _common(curl(url + path), path, 200, JSON)
            names = list(answer.json)[:2]
            demand(names == ["status", "name"], f"{path}: {answer.body!r}")
        _verbose(curl(f"{url}/health?verbose"))
        _stats(curl(f"{url}/stats"))
        version = _common(curl(f"{url}/version"), "/version", 200, JSON).json
        demand(list(version)[:2] == ["service", "version"], f"/version: {version}")
        for path in UNKNOWN:
            answer = _common(curl(url + path, "--path-as-is"), path, 404, JSON)
            demand(answer.body == b'{"error":"Not found"}', f"{path}: {answer.body!r}")
        most = max(len(curl(f"{url}/health").body) for _ in range(3))
        demand(most <= MOST_BYTES, f"/health has {most} bytes")
        daemon.stop()
        return f"{sum(map(len, ALIASES.values()))} verdict paths, /health has {most} bytes"


def methods(site: Site) -> str:
    """GET, HEAD and OPTIONS, and 405 for all others."""
    with site.daemon() as daemon:
        for paths in ALIASES.values():
            for path in paths:
                url = daemon.url + path
                body = len(curl(url).body)
                head = _common(curl(url, "-I"), f"HEAD {path}", 200, JSON)
                length = int(head.fields["content-length"])
                demand(abs(length - body) <= 2, f"HEAD {path}: length {length}, GET has {body}")
                options = curl(url, "-X", "OPTIONS")
                demand(options.code == 200, f"OPTIONS {path}: {options.code}")
                demand(options.fields.get("allow") == ALLOW, f"OPTIONS {path}: {options.fields}")
                demand(options.body == b"", f"OPTIONS {path}: {options.body!r}")
        refused = ("POST", "PUT", "DELETE", "PATCH", "TRACE", "get", "BREW")
        for method in refused:
            answer = _common(curl(f"{daemon.url}/health", "-X", method), method, 405, JSON)
            demand(answer.fields.get("allow") == ALLOW, f"{method}: Allow {answer.fields}")
        posted = curl(f"{daemon.url}/health", "-d", "x=1")
        demand(posted.code == 405 and posted.closes, f"POST with a body: {posted}")
        star = curl(daemon.url, "-X", "OPTIONS", "--request-target", "*")
        demand(star.code == 204 and star.fields.get("allow") == ALLOW, f"OPTIONS *: {star}")
        daemon.stop()
        paths = sum(map(len, ALIASES.values()))
        return f"GET, HEAD, OPTIONS on {paths} paths, {len(refused)} others 405"


def formats(site: Site) -> str:
    """Text as Kubernetes words it, by query or by Accept; a format nobody knows is 406."""
    with site.daemon() as daemon:
        for paths in ALIASES.values():
            page = paths[-1].removeprefix("/")
            for path in paths:
                url = daemon.url + path
                for answer in (curl(f"{url}?format=text"), curl(url, "-H", "Accept: text/plain")):
                    _common(answer, path, 200, TEXT)
                    demand(answer.body == b"ok", f"{path}: {answer.body!r}")
                lines = curl(f"{url}?verbose&format=text").body.decode().splitlines()
                demand(lines[-1] == f"{page} check passed", f"{path}: {lines}")
                passed = all(re.fullmatch(r"\[\+\]\S+ ok", line) for line in lines[:-1])
                demand(passed and len(lines) > 1, f"{path}: {lines}")
        unknown = curl(f"{daemon.url}/health?format=klingon")
        demand(unknown.code == 406, f"format=klingon: {unknown.code}")
        both = curl(f"{daemon.url}/health?format=json", "-H", "Accept: text/plain")
        _native(both, "format wins over Accept")
        daemon.stop()
        return "text by query and by Accept, 406 for an unknown format"


def _common(answer: http.Answer, what: str, code: int, content_type: str) -> http.Answer:
    """What every answer has to have; that its length is right, the client has seen."""
    demand(answer.code == code, f"{what}: {answer.code}, not {code}: {answer.body!r}")
    for name, value in (
        ("content-type", content_type),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    ):
        demand(answer.fields.get(name) == value, f"{what}: {name}: {answer.fields.get(name)}")
    date = answer.fields.get("date", "")
    is_date = re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", date)
    demand(is_date, f"{what}: Date {date}")
    parsedate_to_datetime(date)
    return answer


def _native(answer: http.Answer, what: str) -> None:
    document = _common(answer, what, 200, JSON).json
    demand(list(document) == NATIVE, f"{what}: fields {list(document)}")
    begins = answer.body.startswith(b'{"status":"healthy","healthy":true,')
    demand(begins, f"{what}: {answer.body!r}")
    stamp = document["timestamp"]
    demand(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", stamp), f"{what}: {stamp}")
    demand(re.search(rb'"uptime_seconds":\d+\.\d,', answer.body), f"{what}: {answer.body!r}")
    demand(document["phase"] == "running", f"{what}: phase {document['phase']}")
    demand(document["consecutive_failures"] == 0, f"{what}: {document}")
    demand(document["components"] == dict.fromkeys(COMPONENTS, True), f"{what}: {document}")


def _verbose(answer: http.Answer) -> None:
    checks = _common(answer, "?verbose", 200, JSON).json["checks"]
    demand(list(checks) == [*COMPONENTS, "control"], f"?verbose: {list(checks)}")
    for name, check in checks.items():
        demand(next(iter(check)) == "status", f"?verbose, {name}: {check}")
        demand({"since", "age_ms"} <= set(check), f"?verbose, {name}: {check}")


def _stats(answer: http.Answer) -> None:
    stats = _common(answer, "/stats", 200, JSON).json
    demand({*COMPONENTS, "control"} <= set(stats), f"/stats: {list(stats)}")
    demand(stats["memory"]["total_kib"] > 0, f"/stats: {stats['memory']}")
    demand(stats["control"]["cycles"] >= 1, f"/stats: {stats['control']}")
