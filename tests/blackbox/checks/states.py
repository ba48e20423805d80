"""What the endpoint says of a daemon that fails, hangs, or keeps its details to itself."""

import time

from .. import http
from ..outcome import demand
from ..runner import Site
from ..tools import run

# How long the daemon's loop may be silent.
DEADLINE = 2.0
TOKEN = "open-sesame-7f3a"
BEARER = f"Authorization: Bearer {TOKEN}"
WRONG = (
    (),
    ("Authorization: Bearer wrong",),
    (f"Authorization: Basic {TOKEN}",),
    (f"Authorization: Bearer {TOKEN}x",),
    (f"Authorization: Bearer {TOKEN[:-1]}",),
)
VERDICTS = (
    "/health", "/health/live", "/health/ready", "/health/startup", "/health/check/load",
)
# What a degraded daemon goes on answering with 200.
UNTOUCHED = (
    "/health/live", "/health/ready", "/health/startup", "/health/check/disk", "/stats",
)


def failing(site: Site) -> str:
    """`--fail load`: after three failures degraded with 503; alive and ready all the same."""
    with site.daemon("--fail", "load") as daemon:
        # One failure of three decides nothing, and before it nothing was known. On a slow machine
        # the third may have come before the first question.
        early = daemon.get("/health").json
        is_early = early["consecutive_failures"] < 3
        expected = ("healthy", "unknown") if is_early else ("degraded",)
        demand(early["status"] in expected, f"after few failures: {early}")
        answer = daemon.wait_for_status("degraded", 15)
        demand(answer.code == 503, f"degraded is {answer.code}")
        document = answer.json
        demand(answer.body.startswith(b'{"status":"degraded","healthy":false,'), f"{answer.body!r}")
        failures = document["consecutive_failures"]
        demand(failures >= 3, f"degraded after {failures} failures")
        demand("retry-after" in answer.fields, "503 without Retry-After")
        for path in UNTOUCHED:
            code = daemon.get(path).code
            demand(code == 200, f"{path}: {code} while degraded")
        check = daemon.get("/health/check/load")
        demand(check.code == 503 and check.json["status"] == "degraded", f"check/load: {check}")
        # What made the code 503 is not up, though it does its work.
        components = document["components"]
        demand(components == {"load": False, "memory": True, "disk": True}, f"{components}")
        cause = daemon.get("/health?verbose").json["checks"]["load"]["cause"]
        daemon.stop()
        return (
            f"degraded 503 at failure {failures}, components.load {components['load']}, "
            f"cause {cause!r}"
        )


def hanging(site: Site) -> str:
    """`--hang-after 3`: two seconds after the last beat liveness is 503 and names the heartbeat."""
    begin = time.monotonic()  # Before its first beat, however slow the machine is.
    with site.daemon("--hang-after", "3") as daemon:
        demand(daemon.get("/health/live").code == 200, "not alive at first")
        answer = daemon.wait_for_code("/health/live", 503, 20)
        took = time.monotonic() - begin
        expected = b'{"status":"unhealthy","stalled":["control"]}'
        demand(answer.body == expected, f"liveness: {answer.body!r}")
        demand(took >= DEADLINE, f"liveness 503 after {took:.1f} s, before any deadline")
        for path, status in (("/health/ready", "unhealthy"), ("/health", "unhealthy")):
            other = daemon.get(path)
            demand(other.code == 503 and other.json["status"] == status, f"{path}: {other}")
            demand(other.json["stalled"] == ["control"], f"{path}: {other.body!r}")
        text = daemon.get("/health/live?format=text")
        demand(b"[-]control failed" in text.body, f"as text: {text.body!r}")
        demand(daemon.get("/stats").code == 200, "/stats is not 200")
        daemon.stop()
        return f"liveness 503 after {took:.1f} s, {expected.decode()}"


def token(site: Site) -> str:
    """`--token`: details and stats need it, verdicts do not, and it is never shown."""
    texts = []
    for flags, env in ((["--token", TOKEN], {}), ([], {"DAEMON_TOKEN": TOKEN})):
        with site.daemon(*flags, env=env) as daemon:
            for path in VERDICTS:
                demand(daemon.get(path).code == 200, f"{path} needs the token")
            for wrong in WRONG:
                refused = daemon.get("/stats", *wrong)
                demand(refused.code == 401, f"/stats with {wrong}: {refused.code}")
                demand(refused.fields.get("www-authenticate") == "Bearer", f"{refused.fields}")
                quiet = daemon.get("/health?verbose", *wrong)
                hidden = quiet.code == 200 and "checks" not in quiet.json
                demand(hidden, f"verbose with {wrong}: {quiet.body!r}")
            answers = [daemon.get(path, BEARER) for path in ("/stats", "/health?verbose")]
            demand([answer.code for answer in answers] == [200, 200], f"with the token: {answers}")
            demand("checks" in answers[1].json, f"with the token: {answers[1].body!r}")
            malformed = f"GET /stats HTTP/1.1\r\n{BEARER}\r\nbroken\r\n\r\n"
            broken = _raw(daemon.address, malformed.encode())
            daemon.stop()
            texts += [daemon.stdout, daemon.stderr, repr(answers), repr(broken)]
    texts.append(run("env", f"DAEMON_TOKEN={TOKEN}", str(site.path), "--help"))
    shown = [text for text in texts if TOKEN in text]
    demand(not shown, f"the token is shown: {shown}")
    return f"401 without it, never shown in {len(texts)} outputs"


def _raw(address: http.Address, data: bytes) -> list[http.Answer]:
    with http.connect(address) as stream:
        stream.sendall(data)
        return http.parse_all(http.read_to_end(stream))
