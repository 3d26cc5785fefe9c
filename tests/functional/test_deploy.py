"""The files of deploy/ work when installed: with systemd and nginx, and a release loses nothing.

Only what their own comments say to set is replaced: addresses, name, certificate, folders.
"""

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from cryptography.fernet import Fernet

from tests.certificates import school
from tests.conftest import ROOT, StandIn, free_port, stop

from .conftest import form_to, forms, send

pytestmark = pytest.mark.anyday

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH')}:/usr/sbin")
SYSTEMD = shutil.which("systemd-analyze")
MAY_SKIP = "CI" not in os.environ  # in CI a missing program fails the test
needs_nginx = pytest.mark.skipif(NGINX is None and MAY_SKIP, reason="nginx is not installed")
LIKE_SYSTEMD = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ['LISTEN_PID'] = str(os.getpid()); "
    "os.execv(sys.executable, [sys.executable, '-m', 'canvas_app', 'serve'])"
)


def installed(folder: Path, name: str, changes: dict[str, str]) -> Path:
    """Copy a file of deploy/ into a folder, with these replacements made."""
    text = (ROOT / "deploy" / name).read_text()
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.skipif(SYSTEMD is None and MAY_SKIP, reason="systemd is not installed")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    python = {"/opt/easel/.venv/bin/python": sys.executable}
    units = [installed(tmp_path, "easel.service", python), installed(tmp_path, "easel.socket", {})]

    done = subprocess.run(
        [str(SYSTEMD), "verify", *map(str, units)], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def nginx_files(folder: Path, hosts: tuple[int, int], http: int, https: int) -> Path:
    """nginx's main file, which includes the one of deploy/; ``hosts`` are the machines' ports."""
    _, pem = school(folder)
    site = installed(
        folder,
        "nginx.conf",
        {
            "192.0.2.11:8000": f"127.0.0.1:{hosts[0]}",
            "192.0.2.12:8000": f"127.0.0.1:{hosts[1]}",
            "easel.example.edu": "127.0.0.1",
            "listen 80;": f"listen 127.0.0.1:{http};",
            "listen [::]:80;": "",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{https} ssl http2;",
            "listen [::]:443 ssl http2;": "",
            "/etc/ssl/easel/fullchain.pem": str(pem),
            "/etc/ssl/easel/privkey.pem": str(pem),
            "/var/log/nginx": str(folder),
            "/etc/nginx/easel;": f"{ROOT / 'deploy'};",
        },
    )
    temporary = " ".join(
        f"{each}_temp_path {folder / each};"
        for each in ("client_body", "proxy", "fastcgi", "scgi", "uwsgi")
    )
    main = folder / "main.conf"
    main.write_text(
        f"daemon off; pid {folder / 'pid'}; error_log {folder / 'main.log'};\n"
        f"{'user root;' if os.geteuid() == 0 else ''}\n"
        f"events {{}}\nhttp {{ {temporary} include {site}; }}\n"
    )
    return main


@dataclass
class Host:
    """A machine: the port, which systemd holds open, and the service."""

    environ: dict[str, str]
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", self.port), backlog=2048)
        self.start()

    def start(self) -> None:
        handle = self.socket.fileno()
        self.process = subprocess.Popen(
            [sys.executable, "-c", LIKE_SYSTEMD, str(handle)],
            cwd=ROOT,
            env=os.environ | self.environ | {"LISTEN_FDS": "1"},
            pass_fds=(handle,),
        )

    def ready(self) -> None:
        """Return once it answers. Until then connections wait, because the port is open."""
        assert requests.get(f"http://127.0.0.1:{self.port}/healthz", timeout=60).ok

    def replace(self) -> None:
        """As ``systemctl restart`` does, after new code was put there."""
        self.process.terminate()
        assert self.process.wait(timeout=40) == 0
        self.start()
        self.ready()

    def end(self) -> None:
        stop(self.process)
        self.socket.close()


@dataclass
class Load:
    """Requests one after the other until stopped: each a page and a form of one person."""

    url: str
    browser: requests.Session
    statuses: list[int] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.over.is_set():
            page = self.browser.get(f"{self.url}/courses", timeout=60)
            assert page.text.rstrip().endswith("</html>")
            form = self.browser.post(f"{self.url}/logout", timeout=60)  # without its secret
            self.statuses += [page.status_code, form.status_code]


@contextmanager
def under_load(url: str, *browsers: requests.Session) -> Iterator[list[Load]]:
    loads = [Load(url, browser) for browser in browsers]
    threads = [threading.Thread(target=load.run) for load in loads]
    for thread in threads:
        thread.start()
    try:
        yield loads
    finally:
        for load in loads:
            load.over.set()
        for thread in threads:
            thread.join()


def deployed_at(url: str, canvas: StandIn, folder: Path, redis_url: str) -> dict[str, str]:
    key = canvas.key("confidential")
    canvas.control(redirect_uris=[f"{url}/oauth/callback"])
    return {
        "CANVAS_URL": canvas.url,
        "CANVAS_CLIENT_ID": str(key["client_id"]),
        "CANVAS_CLIENT_SECRET": key["client_secret"],
        "PUBLIC_URL": url,
        "SECRET_KEY": "0123456789abcdef" * 4,
        "TOKEN_KEYS": Fernet.generate_key().decode(),
        "INSTANCE_PATH": str(folder),
        "REDIS_URL": redis_url,
        "TRUSTED_PROXIES": "1",
        "CACHE_SECONDS": "3600",
        "LOG_LEVEL": "WARNING",
    }


def sign_in_through(url: str, canvas: StandIn, person: str, authority: Path) -> requests.Session:
    browser, who = requests.Session(), canvas.person(person)
    browser.trust_env, browser.verify = False, str(authority)  # not the machine's authorities
    page = browser.get(f"{url}/login?next=/courses", timeout=60)
    login = {
        "pseudonym_session[unique_id]": who["login"],
        "pseudonym_session[password]": who["password"],
    }
    page = send(browser, page, forms(page)[0], **login)
    page = send(browser, page, form_to(page, "/login/oauth2/accept"))
    assert (page.status_code, page.url) == (200, f"{url}/courses")
    return browser


@needs_nginx
def test_two_hosts_are_replaced_and_nobody_notices(
    canvas: StandIn, valkey_url: str, tmp_path: Path
) -> None:
    """Pages and forms go on; then one machine is down, then both, which a page says."""
    http, https = free_port(), free_port()
    url = f"https://127.0.0.1:{https}"
    environ = deployed_at(url, canvas, tmp_path, valkey_url)
    hosts = [Host(environ), Host(environ)]
    main = nginx_files(tmp_path, (hosts[0].port, hosts[1].port), http, https)
    subprocess.run([str(NGINX), "-t", "-q", "-c", str(main)], check=True)
    nginx = subprocess.Popen([str(NGINX), "-c", str(main)])
    try:
        for host in hosts:
            host.ready()
        authority = tmp_path / "ca.pem"
        browsers = [sign_in_through(url, canvas, who, authority) for who in ("dozen", "teacher")]
        with under_load(url, *browsers) as loads:
            for host in hosts:
                host.replace()
        for load in loads:
            assert set(load.statuses) == {200, 400}
        hosts[1].end()
        for _ in range(4):
            assert browsers[0].get(f"{url}/courses", timeout=60).ok
        hosts[0].end()
        away = browsers[0].get(f"{url}/courses", timeout=60)
        plain = requests.get(f"http://127.0.0.1:{http}/a?b=c", allow_redirects=False, timeout=60)
        metrics = browsers[0].get(f"{url}/metrics", timeout=60)
    finally:
        stop(nginx)
        for host in hosts:
            host.end()

    assert (away.status_code, away.headers["Retry-After"]) == (502, "10")
    assert "you are still signed in" in away.text
    assert plain.headers["Location"] == "https://127.0.0.1/a?b=c"
    assert metrics.status_code == 404
    told = (tmp_path / "easel.log").read_text()
    assert told.count(" 200 ") > 4
    assert "/" not in told.replace("127.0.0.1", ""), "no address of a page"
