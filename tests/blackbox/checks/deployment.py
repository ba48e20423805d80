"""What is in `contrib/` for systemd, Docker and Kubernetes, as their own tools and parsers read it."""

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from ..outcome import Failed, Missing, demand
from ..runner import Site

# Ours, which need not be installed where the check is made.
PROGRAMS = re.compile(r"/usr/local/bin/\w+")
# From the time that healthd is told to take for a stop, to that of whoever waits for it.
GRACE = re.compile(r"--grace[ =\",]+(\d+)s")


def units(site: Site) -> str:
    """systemd finds nothing to complain about; what stands in them fits together."""
    if not shutil.which("systemd-analyze"):
        raise Missing("systemd-analyze")
    sources = sorted((site.path / "systemd").iterdir())
    with tempfile.TemporaryDirectory() as directory:
        copies = []
        for source in sources:
            copy = Path(directory) / source.name
            copy.write_text(PROGRAMS.sub("/bin/true", source.read_text()))
            copies.append(str(copy))
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *copies],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    said = done.stdout + done.stderr
    demand(done.returncode == 0 and not said, f"systemd-analyze: {done.returncode}, {said}")
    for source in sources:
        fits = _socket if source.suffix == ".socket" else _service
        fits(source.name, _unit(source))
    return f"{len(sources)} units"


def _unit(path: Path) -> dict[str, str]:
    """The settings of a unit; none of ours stands twice."""
    text = path.read_text().replace("\\\n", " ")
    pairs = [line.split("=", 1) for line in text.splitlines() if re.match(r"\w+=", line)]
    settings = dict(pairs)
    demand(len(settings) == len(pairs), f"{path.name}: a setting stands twice")
    return settings


def _socket(name: str, unit: dict[str, str]) -> None:
    demand(unit["FileDescriptorName"] == "health", f"{name}: a name that nobody asks for")
    demand("Accept" not in unit, f"{name}: it has to be passed on itself, not its connections")


def _service(name: str, unit: dict[str, str]) -> None:
    demand(unit["Type"] == "notify", f"{name}: Type={unit['Type']}")
    demand(int(unit["WatchdogSec"]) >= 10, f"{name}: WatchdogSec={unit['WatchdogSec']}")
    if grace := GRACE.search(unit["ExecStart"]):
        demand(unit["KillMode"] == "mixed", f"{name}: replicas would get SIGTERM from outside")
        demand(int(unit["TimeoutStopSec"]) > int(grace[1]), f"{name}: killed within --grace")


def docker(site: Site) -> str:
    """The Dockerfile's commands are lists, its checks ask for what is served; compose fits to it."""
    text = (site.path / "docker" / "Dockerfile").read_text().replace("\\\n", " ")
    commands = re.findall(r"^(?:ENTRYPOINT|CMD|HEALTHCHECK .*?CMD) (.*)$", text, re.MULTILINE)
    lists = [json.loads(command) for command in commands]
    demand(["/healthd", "run"] in [command[:2] for command in lists], f"no `healthd run`: {lists}")
    ready = ["/healthcheck", "http://127.0.0.1:9104/health/ready"]
    demand(ready in lists, f"no HEALTHCHECK of the replicas: {lists}")
    grace = GRACE.search(text)
    stages = re.findall(r"^FROM .* AS (\w+)$", text, re.MULTILINE)

    compose = _yaml((site.path / "docker" / "compose.yaml").read_text())[0]
    services = compose["services"]
    for name, service in services.items():
        demand(service["build"]["target"] in stages, f"{name}: no such stage: {service['build']}")
        demand(service["stop_grace_period"].endswith("s"), f"{name}: no time to stop")
    stop = int(services["web"]["stop_grace_period"].removesuffix("s"))
    demand(grace and stop > int(grace[1]), f"web is killed within --grace: {stop}")
    return f"{len(lists)} commands, {len(services)} services"


def kubernetes(site: Site) -> str:
    """The probes are those that the endpoint has; the pod outlives its grace."""
    text = (site.path / "kubernetes" / "healthd-run.yaml").read_text()
    deployment, service = _yaml(text)
    pod = deployment["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    paths = {
        kind: container[f"{kind}Probe"]["httpGet"]["path"]
        for kind in ("startup", "liveness", "readiness")
    }
    wanted = {"startup": "/health/ready", "liveness": "/health/live", "readiness": "/health/ready"}
    demand(paths == wanted, f"probes: {paths}")
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    listen = next(arg for arg in container["args"] if arg.startswith("--listen="))
    demand(listen.endswith(f":{ports['health']}"), f"{listen} is not probed: {ports}")
    grace = GRACE.search(" ".join(container["args"]))
    patience = pod["spec"]["terminationGracePeriodSeconds"]
    demand(grace and patience >= int(grace[1]), f"killed within --grace: {patience}")
    labels = pod["metadata"]["labels"]
    demand(service["spec"]["selector"] == labels, f"the service finds nobody: {service['spec']}")
    targets = {port["targetPort"] for port in service["spec"]["ports"]}
    demand(targets <= set(ports), f"the service's ports: {targets - set(ports)}")
    return f"{len(ports)} ports, {len(paths)} probes"


def _yaml(text: str) -> list:
    """The documents, as the parser of most people reads them."""
    try:
        import yaml
    except ImportError:
        raise Missing("PyYAML (python3-yaml)") from None
    try:
        return list(yaml.safe_load_all(text))
    except yaml.YAMLError as error:
        raise Failed(f"YAML: {error}") from None
