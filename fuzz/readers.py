"""The second part: load pages, twins, tables and feeds made from spoiled answers."""

import json
import threading
import time
from collections.abc import Callable
from random import Random
from typing import Any

from bench.stand_in import StandIn
from fuzz.checks import check
from fuzz.findings import Findings
from fuzz.pages import Page
from fuzz.running import PATIENCE, Easel, Person, bare_session
from fuzz.senders import Numbers
from fuzz.spoiler import Load, Spoiler
from fuzz.wire import Broken, Reply, Wire

FEEDS = 0.08  # the share of loads that fetch a feed
EXPIRED = 0.02  # the share of loads before which the token has expired
AGAIN = 0.3  # the share of loads with retry=all
HEALING = 120.0  # seconds after which a page must be whole again
OVER = frozenset({302, 401, 403})  # signed out, or locked out by a spoiled answer
PATHS = (
    *("/", "/dashboard.json", "/courses", "/courses.json", "/upcoming", "/upcoming.json"),
    *("/submissions", "/submissions.json", "/submissions.csv", "/search?q=e", "/search.json?q=a"),
    *("/account/feeds", "/upcoming?week=this", "/submissions?sort=graded"),
)


class Reader(threading.Thread):
    """Loads one person's pages while Canvas's answers are spoiled, while ``goes_on`` is true."""

    def __init__(
        self,
        house: Easel,
        canvas: StandIn,
        spoiler: Spoiler,
        person: Person,
        seed: int,
        numbers: Numbers,
        goes_on: Callable[[], bool],
        findings: Findings,
    ) -> None:
        super().__init__(name=f"reader {person.key}", daemon=True)
        self.house, self.canvas, self.spoiler, self.person = house, canvas, spoiler, person
        self.seed, self.numbers = seed, numbers
        self.goes_on, self.findings = goes_on, findings
        self.paths: tuple[str, ...] = PATHS
        self.fault: BaseException | None = None

    def run(self) -> None:
        try:
            self.paths = self.every_path()
            while self.goes_on() and (number := self.numbers.next()) is not None:
                self.load(number)
        except BaseException as fault:
            self.fault = fault

    def load(self, number: int) -> None:
        """Load one page from spoiled answers; the number decides which page and how."""
        random = Random(f"{self.seed}:load:{number}")
        path = random.choice(self.paths)
        if random.random() < FEEDS:
            path = self.new_feed() or path
        if random.random() < EXPIRED:
            self.canvas.control(expire_tokens=[int(self.person.id)])
        if "?" not in path and not path.startswith("/calendar") and random.random() < AGAIN:
            path += "?retry=all"
        load = Load(number, self.seed)
        self.spoiler.loads[self.person.id] = load
        try:
            reply = self.get(path)
        finally:
            del self.spoiler.loads[self.person.id]
        shown = "a new feed" if path.startswith("/calendar") else path
        told = f"load {number} of {shown} by {self.person.key}; {' | '.join(load.ways)}"[:6000]
        if reply is None:
            self.findings.add("no answer", told)
            return
        check(reply, told, self.findings)
        if reply.status in OVER:
            self.person.enter()

    def get(self, path: str) -> Reply | None:
        """Request a page as this person; return None if no whole answer came."""
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.house.port}\r\n"
        head += f"Cookie: {self.person.visitor.cookie}\r\nConnection: close\r\n\r\n"
        with Wire(self.house.port, PATIENCE) as wire:
            wire.send([head.encode()])
            try:
                return wire.read()
            except (TimeoutError, Broken):
                return None

    def new_feed(self) -> str | None:
        """End the person's feeds, make one, and return its path, which nobody has requested yet."""
        url, csrf = self.house.url, {"csrf_token": self.person.visitor.csrf}
        with bare_session() as session:
            session.headers["Cookie"] = self.person.visitor.cookie
            for form in Page(session.get(f"{url}/account", timeout=PATIENCE).text).forms:
                if form.action.endswith("/end"):
                    session.post(url + form.action, csrf, timeout=PATIENCE)
            page = Page(session.get(f"{url}/account/feeds", timeout=PATIENCE).text)
            fields = csrf | {"label": "x", "once": f"{time.monotonic_ns()}"}
            kinds = {"kind": page.values.get("kind", [])}
            made = session.post(f"{url}/account/feeds", fields | kinds, timeout=PATIENCE).text
        secret = made.partition("/calendar/")[2].partition(".ics")[0]
        return f"/calendar/{secret}.ics" if secret else None

    def every_path(self) -> tuple[str, ...]:
        """Return the paths of all pages, twins and tables, and of some courses and assignments."""
        found = list(PATHS)
        for row in self.rows("/courses.json")[:3]:
            course = f"/courses/{row['id']}"
            found += [course, f"{course}.json", f"{course}/grades", f"{course}/grades.json"]
        for row in self.rows("/submissions.json")[:4]:
            work = f"/courses/{row['course_id']}/assignments/{row['assignment_id']}"
            found += [work, f"{work}.json"]
        return tuple(found)

    def rows(self, twin: str) -> list[dict[str, Any]]:
        reply = self.get(twin)
        read = json.loads(reply.body) if reply is not None and reply.status == 200 else {}
        rows: list[dict[str, Any]] = read.get("data", [])
        return rows

    def heals(self) -> None:
        """Check that the person's start page becomes whole once Canvas's answers are good again."""
        end, last = time.monotonic() + HEALING, ""
        while time.monotonic() < end:
            reply = self.get("/dashboard.json")
            if reply is not None and reply.status in OVER:
                self.person.enter()
            elif reply is not None and reply.status == 200:
                if json.loads(reply.body)["complete"]:
                    return
                last = str(json.loads(reply.body)["sources"])[:1500]
            threading.Event().wait(1.5)
        self.findings.add("a page that stays incomplete", f"{self.person.key}: {last}")
