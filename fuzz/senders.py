"""The first part: send numbered requests, from several people at once and without a sign-in."""

import threading
from dataclasses import dataclass, field
from random import Random
from urllib.parse import parse_qs, quote, urlsplit

import requests

from fuzz.cases import Case, Maker, path_of
from fuzz.checks import check
from fuzz.findings import Findings
from fuzz.pages import Form, Page
from fuzz.running import PATIENCE, Easel, Person, bare_session
from fuzz.wire import Broken, Reply, Wire

GLANCE = 0.2  # seconds to wait for an answer to an incomplete request
HELD = 20  # unfinished requests that a sender keeps open
EVERY = 250  # requests between two returns from Canvas
PAGES = ("/", "/account", "/account/feeds", "/courses", "/upcoming", "/submissions")
ODD = ("", "x", "a" * 4000, "\x00", "é", "\ud800", "1~x", "<script>fuzz()</script>")


@dataclass
class Numbers:
    """Hands out the numbers from 0 to ``total`` - 1, each once."""

    total: int
    given: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self) -> int | None:
        with self._lock:
            if self.given >= self.total:
                return None
            self.given += 1
            return self.given - 1


class Sender(threading.Thread):
    """Sends numbered cases as one person or without a sign-in, until none are left."""

    def __init__(self, maker: Maker, person: Person, numbers: Numbers, findings: Findings) -> None:
        super().__init__(name=f"sender {person.key}", daemon=True)
        self.maker, self.person = maker, person
        self.numbers, self.findings = numbers, findings
        self.held: list[Wire] = []
        self.fault: BaseException | None = None

    def run(self) -> None:
        try:
            while (number := self.numbers.next()) is not None:
                if number % EVERY == 7:
                    self.come_back(number)
                self.send(self.maker.case(number, self.person.visitor))
        except BaseException as fault:
            self.fault = fault
        finally:
            for wire in self.held:
                wire.close()

    def send(self, case: Case) -> None:
        """Send a case and read the answers; a missing answer is a finding."""
        who = self.person.visitor
        told = case.told((who.csrf, quote(who.csrf), *who.cookie.split("; ")))
        try:
            wire = Wire(self.maker.port, PATIENCE if case.whole else GLANCE)
        except OSError as fault:
            self.findings.add(f"no connection: {type(fault).__name__}", told)
            return
        try:
            wire.send(case.pieces, case.pause)
            self.read(wire, case, told)
        except TimeoutError:
            if case.whole:
                self.findings.add("no answer", told)
            else:
                self.findings.answered("unfinished")
                self.hold(wire)
                return
        except Broken as fault:
            if case.whole:
                self.findings.add(f"broken answer: {fault}", told)
            else:
                self.findings.answered("unfinished")
        wire.close()

    def read(self, wire: Wire, case: Case, told: str) -> None:
        for method in case.methods:
            reply = wire.read(method)
            if reply is None:
                self.findings.answered("hung up")
                break
            check(reply, told, self.findings)
            led = reply.status == 302 and reply.header("location").startswith("/login?next")
            if led and case.who != "nobody" and case.kind != "flipped":
                self.person.enter()  # the request has ended the sign-in
            if reply.header("connection") == "close" or reply.status >= 400:
                break  # requests sent after this one need no answer

    def hold(self, wire: Wire) -> None:
        """Keep an unfinished request open for a while."""
        self.held.append(wire)
        if len(self.held) > HELD:
            self.held.pop(0).close()

    def come_back(self, number: int) -> None:
        """Start a sign-in and return from Canvas with a valid state and an invalid code."""
        random = Random(f"{self.maker.seed}:{number}:callback")
        url = f"http://127.0.0.1:{self.maker.port}"
        with bare_session() as session:
            begun = session.get(f"{url}/login", allow_redirects=False, timeout=PATIENCE)
            query = urlsplit(begun.headers.get("Location", "")).query
            state = parse_qs(query).get("state", [""])[0]
            name = random.choice(("code", "code", "error", "error_description"))
            odd, where = random.choice(ODD), random.choice(("", "", "/beta", "/test", "/"))
            state = random.choice((state, state, state, state[:-1], state * 2))
            sent = f"state={quote(state)}&{name}={quote(odd, errors='surrogatepass')}"
            answer = session.get(
                f"{url}/oauth/callback{where}?{sent}", allow_redirects=False, timeout=PATIENCE
            )
        headers = [(each.lower(), value) for each, value in answer.headers.items()]
        told = f"request {number}: back from Canvas at {where or 'production'}, {name}={odd[:50]!r}"
        check(Reply(answer.status_code, headers, answer.content), told, self.findings)


def offered(house: Easel, session: requests.Session) -> tuple[tuple[str, ...], tuple[Form, ...]]:
    """Return the links and forms of a person's pages, up to two links deep."""
    links = [*PAGES, "/help/keyboard"]
    forms: dict[tuple[str, str], Form] = {}

    def look(path: str) -> list[str]:
        page = Page(session.get(house.url + path, timeout=PATIENCE).text)
        for form in page.forms:
            forms.setdefault((form.method, form.action), form)
        return [path_of(link) for link in page.links]

    for path in tuple(links):
        links += look(path)
    for path in [each for each in links if each.startswith("/courses/")][:6]:
        links += look(path)[:20]
    shown = {link for link in links if not link.startswith(("//", "/static"))}
    return tuple(sorted(shown)), tuple(forms.values())
