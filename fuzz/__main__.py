"""Send Easel hostile requests and spoiled Canvas answers; exit with 1 if anything was found.

``FUZZ_REQUESTS`` and ``FUZZ_ANSWERS`` say how many, ``FUZZ_SEED`` makes them repeatable. With the
argument ``attack`` the attacks of :mod:`fuzz.attacks` run instead.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import SystemRandom
from typing import Any

from bench.stand_in import StandIn, stand_in
from fuzz import attacks
from fuzz.cases import Maker
from fuzz.findings import Findings, LogWatch, Memory, cpu_seconds, watch
from fuzz.readers import Reader
from fuzz.running import Easel, easel, everybody, free_port
from fuzz.senders import Numbers, Sender, offered
from fuzz.spoiler import Spoiler
from fuzz.wire import Broken, Wire

PEOPLE = ("dozen", "many", "newcomer", "hostile", "teacher", "observer", "ta", "busy")
MORE = 24.0  # MiB that memory may grow between the middle and the end
ENDS = ("/logout", "/sign-out-everywhere", "/disconnect", "/account/delete", "/end")
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


@contextmanager
def watched(
    what: str, house: Easel, findings: Findings, done: Callable[[], int], total: int
) -> Iterator[None]:
    """Watch log and memory while something runs, then check that the server is well.

    ``done`` returns how many of ``total`` items are finished; ``what`` names them in messages.
    """
    log, memory, over = LogWatch(house.log, findings), Memory(house.worker), threading.Event()

    def look() -> None:
        log.look()
        memory.sample()

    memory.sample()
    began = time.monotonic()
    watcher = threading.Thread(target=watch, args=(done, total, look, over, what), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        look()
    print(f"  {done():,} {what} in {time.monotonic() - began:.0f} s")
    print(f"  by status: {findings.summary()}")
    print(f"  memory of the worker: {memory.told()}")
    kept = house.folder / "sessions"
    print(f"  sessions kept: {len(list(kept.iterdir())) if kept.exists() else 0:,}")
    ask_whether_well(house, findings)
    log.look(last=True)
    _, middle, end = memory.three()
    if end - middle > MORE:
        findings.add(f"memory grew from {middle:.0f} to {end:.0f} MiB", what)


def ask_whether_well(house: Easel, findings: Findings) -> None:
    """Check that the first worker still runs, answers, and is idle when nobody asks."""
    if house.workers() != [house.worker]:
        findings.add("the worker is another one now", str(house.workers()))
        return
    try:
        with Wire(house.port, 30) as wire:
            wire.send([HEALTH])
            reply = wire.read()
    except (OSError, Broken):
        reply = None
    if reply is None or reply.status != 200:
        findings.add("the worker does not answer", "/healthz")
    for _ in range(10):
        before, began = cpu_seconds(house.worker), time.monotonic()
        time.sleep(1)
        if (cpu_seconds(house.worker) - before) / (time.monotonic() - began) < 0.3:
            return
    findings.add("a thread does not rest", "though nobody asks for anything")


def send_requests(canvas: StandIn, total: int, seed: int, findings: Findings) -> None:
    """Run the first part: numbered requests, from several people and without a sign-in."""
    print(f"\n{total:,} requests", flush=True)
    port = free_port()
    with easel(canvas, canvas.url, port) as house:
        people = everybody(canvas, house, PEOPLE)
        numbers = Numbers(total)
        senders = []
        for person in people:
            links, forms = offered(house, person.enter())
            maker = Maker(seed, port, house.routes, links, forms, ENDS)
            senders.append(Sender(maker, person, numbers, findings))
        print(f"  {len(senders)} people signed in", flush=True)
        with watched("requests", house, findings, lambda: numbers.given, total):
            run_all(senders)
        print(f"  sign-ins: {sum(person.sign_ins for person in people):,}")


def load_pages(canvas: StandIn, total: int, seed: int, findings: Findings) -> None:
    """Run the second part: load pages of several people from spoiled answers."""
    print(f"\n{total:,} spoiled answers", flush=True)
    settings = {"CACHE_SECONDS": "1", "PAGE_DEADLINE": "6"}
    with (
        Spoiler(canvas.url) as spoiler,
        easel(canvas, spoiler.url, free_port(), **settings) as house,
    ):
        people = everybody(canvas, house, PEOPLE)
        numbers = Numbers(total * 10)  # more than needed: most pages take several answers
        readers = []
        for person in people:
            person.enter()
            readers.append(
                Reader(
                    *(house, canvas, spoiler, person, seed, numbers),
                    goes_on=lambda: spoiler.spoiled < total,
                    findings=findings,
                )
            )
        print(f"  {len(readers)} people signed in", flush=True)
        with watched("spoiled answers", house, findings, lambda: spoiler.spoiled, total):
            run_all(readers)
        print(f"  pages loaded: {numbers.given:,}")
        print(f"  sign-ins: {sum(person.sign_ins for person in people):,}")
        for reader in readers:
            reader.heals()


def run_all(threads: Sequence[Any]) -> None:
    """Run the threads to their end, then raise the exception that stopped one of them, if any."""
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for thread in threads:
        if thread.fault is not None:
            raise thread.fault


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if sys.argv[1:] == ["attack"]:
        return attacks.main()
    total = int(os.environ.get("FUZZ_REQUESTS", "100000"))
    answers = int(os.environ.get("FUZZ_ANSWERS", "20000"))
    seed = int(os.environ.get("FUZZ_SEED") or SystemRandom().randrange(10**6))
    again = f"make fuzz FUZZ_SEED={seed} FUZZ_REQUESTS={total} FUZZ_ANSWERS={answers}"
    print(again, flush=True)
    found: list[Findings] = []
    for part, amount in ((send_requests, total), (load_pages, answers)):
        if amount:
            found.append(Findings())
            with stand_in() as canvas:
                canvas.control(costs={"default": 0.0})
                part(canvas, amount, seed, found[-1])
    return told(found, again)


def told(found: list[Findings], again: str) -> int:
    """Print all findings and how to look for them again; return the exit status."""
    kinds = sum(len(each.found) for each in found)
    print(f"\n{kinds} findings")
    for findings in found:
        for what, case in findings.found.items():
            print(f"- {findings.times[what]:,} times: {what}\n  first: {case}")
    print(f"Again: {again}")
    return 1 if kinds else 0


if __name__ == "__main__":
    sys.exit(main())
