"""The first part: numbered requests, sent by nobody and by several people at once."""

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

GLANCE = 0.2  # seconds to wait for the answer to what is no whole request
HELD = 20  # unfinished requests of each sender that stay open while others are sent
EVERY = 250  # requests between two that come back from Canvas
PAGES = ("/", "/account", "/account/feeds", "/courses", "/upcoming", "/submissions")
ODD = ("", "x", "a" * 4000, "\x00", "é", "\ud800", "1~x", "<script>fuzz()</script>")


@dataclass
class Numbers:
    """Hands out numbers from 0 on, once each."""

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
    """Sends numbered cases as one person or as nobody, until there are no more."""

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
        """Send a case and read what comes; what should come and does not is a finding."""
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
                self.person.enter()  # the sign-in has ended, as asked
            if reply.header("connection") == "close" or reply.status >= 400:
                break  # the rest of what was sent together need not be answered

    def hold(self, wire: Wire) -> None:
        """Keep an unfinished request open for a while."""
        self.held.append(wire)
        if len(self.held) > HELD:
            self.held.pop(0).close()

    def come_back(self, number: int) -> None:
        """Begin a sign-in and come back from Canvas with a true state and a false code."""
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
    """Links and forms of a person's pages, two steps far."""
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
