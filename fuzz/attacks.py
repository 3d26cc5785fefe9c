"""Run attacks on Easel one after another and measure what another person notices of each.

Each runs for ``ATTACK_SECONDS`` while one person loads their start page again and again, and
another signs in. There is no verdict: the figures describe this machine.
"""

import os
import statistics
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from bench.stand_in import StandIn, stand_in
from fuzz.running import Easel, Person, easel, everybody, free_port
from fuzz.wire import Broken, Wire

SLOW = 64  # connections of a slow sender
DRIP = 3.0  # seconds between two bytes of each
TABS = 32
SURCHARGE = 200  # units for each exchange of tokens: three fit, then one every 20 s
SIGN_INS = 5  # with a surcharge the last of these must wait
LATENCY = 5.0  # seconds that Canvas takes for an answer while it is slow
PAUSE = 0.05  # seconds between two loads of the start page
POST = b"POST /logout HTTP/1.1\r\nHost: a\r\n"
DRIPPED = {
    "slow heads": (b"GET /healthz HTTP/1.1\r\nX-Long: ", b"x"),
    "slow bodies": (POST + b"Content-Length: 100000\r\n\r\n", b"x"),
    "slow chunks": (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
}
MALFORMED = b"GET / HTTP/1.1\r\nHost: a\r\nX " + b"a1" * 4000 + b"\r\n\r\n"
STRANGER = b"GET %b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True)
class Field:
    """What an attack works on; it ends when ``over`` is set."""

    house: Easel
    canvas: StandIn
    tabs_of: Person
    over: threading.Event

    def ask(self, sent: bytes, seconds: float = 30.0) -> None:
        """Send some bytes and read the answer, if there is one."""
        with suppress(OSError, Broken), Wire(self.house.port, seconds) as wire:
            wire.send([sent])
            wire.read()


def drip(field: Field, begin: bytes, drop: bytes) -> None:
    """Open connections that send a byte every DRIP seconds, and reopen those that are cut."""
    wires: list[Wire | None] = [None] * SLOW
    while not field.over.is_set():
        for place, wire in enumerate(wires):
            try:
                if wire is None:
                    wires[place] = wire = Wire(field.house.port, 1.0)
                    wire.send_all(begin)
                else:
                    wire.send_all(drop)
            except OSError:
                wires[place] = None
        field.over.wait(DRIP)
    for wire in filter(None, wires):
        wire.close()


def in_threads(field: Field, many: int, work: Callable[[int], None]) -> None:
    """Repeat a piece of work in ``many`` threads until the attack is over."""

    def again(number: int) -> None:
        while not field.over.is_set():
            work(number)

    threads = [threading.Thread(target=again, args=(each,), daemon=True) for each in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def strangers_at_login(field: Field) -> None:
    """Request /login without cookies once a second, while each token exchange has a surcharge."""
    while not field.over.is_set():
        field.ask(STRANGER % (b"/login", field.house.port))
        field.over.wait(1)


def tabs(field: Field) -> None:
    """Load a different page in each of one person's tabs while Canvas is slow."""
    cookie = field.tabs_of.visitor.cookie.encode()

    def load(number: int) -> None:
        head = STRANGER % (b"/upcoming?week=%d" % number, field.house.port)
        field.ask(head.replace(b"Connection", b"Cookie: %b\r\nConnection" % cookie), 120)

    field.canvas.control(latency=LATENCY)
    try:
        in_threads(field, TABS, load)
    finally:
        field.canvas.control(latency=0)


def attacks() -> dict[str, Callable[[Field], None]]:
    """Return every attack by name; each returns soon after ``over`` is set."""
    found: dict[str, Callable[[Field], None]] = {"nothing": lambda field: None}
    for name, (begin, drop) in DRIPPED.items():
        found[f"{SLOW} {name}"] = lambda field, b=begin, d=drop: drip(field, b, d)  # type: ignore[misc]
    found["8 KB malformed headers, 4 at once"] = lambda field: in_threads(
        field, 4, lambda _: field.ask(MALFORMED)
    )
    found[f"{TABS} tabs, Canvas takes {LATENCY:g} s"] = tabs
    found["cookieless pages, 16 at once"] = lambda field: in_threads(
        field,
        16,
        lambda n: field.ask(STRANGER % ((b"/", b"/courses", b"/login")[n % 3], field.house.port)),
    )
    # This one is last, because Easel remembers the token endpoint's cost for a while.
    found["a stranger a second at /login"] = strangers_at_login
    return found


def load_meanwhile(field: Field, person: Person, seconds: float) -> list[float]:
    """Return the milliseconds of each load of a person's start page within ``seconds``.

    Raises RuntimeError for a load that fails.
    """
    head = STRANGER % (b"/", field.house.port)
    head = head.replace(b"Connection", b"Cookie: %b\r\nConnection" % person.visitor.cookie.encode())
    taken, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        with Wire(field.house.port, 60) as wire:
            wire.send([head])
            reply = wire.read()
        if reply is None or reply.status != 200:
            raise RuntimeError(f"the start page came with {reply.status if reply else 'nothing'}")
        taken.append(1000 * (time.monotonic() - began))
        time.sleep(PAUSE)
    return taken


def sign_in_meanwhile(person: Person, times: int, told: list[str]) -> None:
    """Sign in ``times`` times, one after another, and append the duration of each to ``told``."""
    for _ in range(times):
        began = time.monotonic()
        try:
            person.enter()
            told.append(f"{time.monotonic() - began:.1f} s")
        except Exception as fault:
            told.append(f"FAILED ({fault})")


def main() -> int:
    seconds = float(os.environ.get("ATTACK_SECONDS", "10"))
    settings = {"CACHE_SECONDS": "3600"}
    print(f"Another person's start page (ms) and sign-in, {seconds:g} s each")
    print(f"  {'':36}{'median':>8}{'p95':>8}{'most':>8}{'loads':>7}   sign-in")
    with stand_in() as canvas, easel(canvas, canvas.url, free_port(), **settings) as house:
        reader, newcomer, busy = everybody(canvas, house, ("teacher", "newcomer", "dozen"))
        reader.enter()
        busy.enter()
        for name, attack in attacks().items():
            charged = attack is strangers_at_login
            surcharge = SURCHARGE if charged else 0
            canvas.control(throttle={"token_endpoint_surcharge": surcharge})
            field = Field(house, canvas, busy, threading.Event())
            load_meanwhile(field, reader, 1)  # warm
            attacker = threading.Thread(target=attack, args=(field,), daemon=True)
            signs: list[str] = []
            signing = threading.Thread(
                target=sign_in_meanwhile,
                args=(newcomer, SIGN_INS if charged else 1, signs),
                daemon=True,
            )
            attacker.start()
            time.sleep(1)
            signing.start()
            taken = sorted(load_meanwhile(field, reader, seconds))
            signing.join()  # the attack goes on until they are signed in
            field.over.set()
            attacker.join()
            print(
                f"  {name:36}{statistics.median(taken):8.0f}{taken[int(0.95 * len(taken))]:8.0f}"
                f"{taken[-1]:8.0f}{len(taken):7}   {', '.join(signs)}",
                flush=True,
            )
    return 0
