"""What is done when a target turns: once, after failures again, and never at others' cost."""

import json
import socket

from ..outcome import demand, wait_for
from ..registry import Disk, Server
from ..runner import Site
from ..tools import run

FAST = ("--interval", "100ms", "--timeout", "20s", "--retries", "1", "--no-auto-deregister")


def retried(site: Site) -> str:
    """A webhook that fails, a command that fails and one that hangs: bounded tries, all said."""
    with Disk() as disk, Server() as target, Server() as hook, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        flag, notes = disk.inside / "flag", disk.inside / "notes"
        flaky = f"test -e {flag} || {{ touch {flag}; exit 3; }}; cat >> {notes}"
        hook.is_up = False
        config = disk.inside / "healthd.toml"
        config.write_text(f"""
            [[action]]
            command = ["sleep", "60"]
            timeout = "500ms"
            give_up_after = "5s"
            on = ["unhealthy"]
            [[action]]
            command = ["sh", "-c", {json.dumps(flaky)}]
            on = ["unhealthy"]
            [[action]]
            webhook = "{hook.url}?key=s3cr3t"
            on = ["unhealthy"]
            [[action]]
            webhook = "http://127.0.0.1:{nobody.getsockname()[1]}/"
            give_up_after = "5s"
            on = ["unhealthy"]
        """)
        flags = (*FAST, "--config", str(config), "--target", f"a={target.url}")
        with disk.monitor(site.path, *flags) as monitor:
            monitor.wait_for_line("healthy", "target=a")
            target.is_up = False
            monitor.wait_for_line("WARN action failed", "action=sh", "exit status: 3", "again_in=1s")
            monitor.wait_for_line("WARN action failed", "action=sleep", "not done within 500ms")
            monitor.wait_for_line("WARN action failed", str(hook.port), "500")
            hook.is_up = True
            wait_for("the command's second try", 20, lambda: notes.exists() and notes.read_text())
            wait_for("the webhook's second try", 20, lambda: len(hook.posted) == 2)
            monitor.wait_for_line("ERROR action failed, given up", "action=sleep")
            monitor.wait_for_line("ERROR action failed, given up", "connection refused")
            demand("s3cr3t" not in monitor.stderr, "the webhook's secret is in the log")
            notices = [json.loads(text) for text in (notes.read_text(), *hook.posted)]
            for notice in notices:
                names = [it["name"] for it in notice["targets"]]
                demand((notice["event"], names) == ("unhealthy", ["a"]), f"told: {notice}")
            demand(len(hook.posted) == 2, f"told again after 200: {hook.posted}")
            monitor.stop()
    return "each failed, was tried again until it was done or given up, and said so"


def over_tls(site: Site) -> str:
    """A webhook whose server's certificate the system trusts, and one that nobody vouches for."""
    with Disk() as disk:
        pem, other = disk.inside / "hook.pem", disk.inside / "other.pem"
        for file in (pem, other):
            request = f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -out {file} -keyout -"
            names = "-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
            names += " -addext basicConstraints=critical,CA:FALSE"
            # Both in one file: the key on standard output, the certificate behind it.
            key = run(*request.split(), *names.split())
            file.write_text(key + file.read_text())
        with Server() as target, Server(pem) as hook, Server(other) as stranger:
            config = disk.inside / "healthd.toml"
            actions = [f'[[action]]\nwebhook = "{it.url}"\n' for it in (hook, stranger)]
            config.write_text("".join(actions))
            flags = (*FAST, "--config", str(config), "--target", f"a={target.url}")
            env = {"SSL_CERT_FILE": str(pem)}
            with disk.monitor(site.path, *flags, env=env) as monitor:
                monitor.wait_for_line("healthy", "target=a")
                target.is_up = False
                wait_for("the webhook", 10, lambda: len(hook.posted) == 1)
                monitor.wait_for_line("WARN action failed", f"127.0.0.1:{stranger.port}")
                monitor.stop()
            demand(not stranger.posted, "told to whom nobody vouches for")
            demand(json.loads(hook.posted[0])["event"] == "unhealthy", f"told: {hook.posted}")
    return "told to the one, not to the other"
