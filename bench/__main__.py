"""Easel's client beside canvasapi and a plain requests loop, with the least that is possible."""

import json
import logging
import os
import platform
import statistics
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import requests
from canvasapi.account import Account
from canvasapi.requester import Requester

from bench.measure import limit, once, row, side_by_side, title, verdict
from bench.stand_in import ROOT, StandIn, stand_in
from canvas_app.canvas.client import CanvasClient
from canvas_app.canvas.throttle import MemoryBuckets, Throttle
from canvas_app.canvas.transport import Transport

LATENCY = 0.1
NUMBERED = "/api/v1/accounts/1/users"
BOOKMARKED = "/api/v1/courses/900/enrollments"
SELF = "/api/v1/users/self"


def plain(url: str, token: str, path: str) -> int:
    """What a careful beginner writes: follow ``next`` with one session."""
    rows = 0
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        target: str | None = f"{url}{path}?per_page=100"
        while target:
            answer = session.get(target, timeout=30)
            answer.raise_for_status()
            rows += len(answer.json())
            target = answer.links.get("next", {}).get("url")
    return rows


def easel(url: str, token: str, path: str) -> int:
    with CanvasClient(url, token) as canvas:
        return sum(1 for _ in canvas.paginate(path))


def expect(rows: int, work: Callable[[], int]) -> Callable[[], None]:
    """A client that loses rows is not measured but refused."""

    def checked() -> None:
        read = work()
        if read != rows:
            raise RuntimeError(f"{read} rows instead of {rows}")

    return checked


def lists(canvas: StandIn, times: int) -> None:
    token = canvas.tokens["admin"]

    def reset() -> None:
        canvas.control(reset=True, campus={"bulk_rows": 5000}, latency=LATENCY)

    reset()
    title(f"Numbered list, 50 pages of 100, {1000 * LATENCY:.0f} ms a call")
    least = LATENCY * (1 + -(-49 // 11))
    samples = side_by_side(
        times,
        reset,
        easel=expect(5000, lambda: easel(canvas.url, token, NUMBERED)),
        plain=expect(5000, lambda: plain(canvas.url, token, NUMBERED)),
        canvasapi=expect(5000, lambda: canvasapi_users(canvas.url, token)),
    )
    row("Easel", samples["easel"], least, "the limit")
    row("requests loop", samples["plain"], least, "the limit")
    row("canvasapi", samples["canvasapi"], least, "the limit")
    limit(least, "the first page alone, then 49 by 11 at once")
    verdict("time against the limit", samples["easel"].median / least, 1.25)

    title(f"Bookmark list, 50 pages of 100, {1000 * LATENCY:.0f} ms a call")
    least = LATENCY * 50
    samples = side_by_side(
        times,
        reset,
        easel=expect(5000, lambda: easel(canvas.url, token, BOOKMARKED)),
        plain=expect(5000, lambda: plain(canvas.url, token, BOOKMARKED)),
    )
    row("Easel", samples["easel"], least, "the limit")
    row("requests loop", samples["plain"], least, "the limit")
    limit(least, "each page names the next")
    verdict("time against the loop", samples["easel"].median / samples["plain"].median, 1.03)
    verdict("CPU against the loop", samples["easel"].median_cpu / samples["plain"].median_cpu, 1.15)


def canvasapi_users(url: str, token: str) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it wants https, on loopback too
        account = Account(Requester(url, token), {"id": 1})
    return sum(1 for _ in account.get_users(per_page=100))


def burst(canvas: StandIn, *, calls: int, hwm: float = 600, stranger: bool = False) -> None:
    """Calls of cost 5 through a bucket that leaks 1,000 a second, 20 ms each."""
    canvas.control(
        reset=True,
        latency=0.02,
        costs={"default": 5.0},
        throttle={"outflow": 1000, "hwm": hwm, "maximum": hwm + 200},
    )
    token = canvas.tokens["dozen"]
    refused = 0
    stop = threading.Event()

    def disturb() -> None:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {token}"
            while not stop.is_set():
                session.get(canvas.url + SELF, timeout=30)

    others = [threading.Thread(target=disturb) for _ in range(1 if stranger else 0)]
    for other in others:
        other.start()
    transport = Transport(canvas.url)
    throttle = Throttle(MemoryBuckets(), transport.origin)
    client = CanvasClient(canvas.url, token, transport=transport, throttle=throttle)
    surfaced = 0

    def call(_: int) -> bool:
        try:
            client.get(SELF)
        except Exception:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        started = time.perf_counter()
        surfaced = sum(not good for good in pool.map(call, range(calls)))
        seconds = time.perf_counter() - started
    stop.set()
    for other in others:
        other.join()
    transport.close()
    refused = sum(figures.throttled for figures in throttle._buckets.figures())
    least = max((calls * 5 - hwm / 2) / 1000, 0.02)
    name = f"{'with a stranger' if stranger else 'alone'}, ceiling {hwm:.0f}"
    print(
        f"  {name:28}{seconds:7.2f} s, {100 * least / seconds:5.1f} % of what leak and "
        f"reservation allow ({least:.2f} s); refused {100 * refused / calls:.2f} %, "
        f"surfaced {surfaced}"
    )


def cpu(canvas: StandIn, times: int) -> None:
    canvas.control(reset=True, latency=0)
    token = canvas.tokens["dozen"]
    calls = 300
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    client = CanvasClient(canvas.url, token)

    def ours() -> None:
        for _ in range(calls):
            client.get(SELF)

    def theirs() -> None:
        for _ in range(calls):
            json.loads(session.get(canvas.url + SELF, timeout=30).content)

    title(f"CPU per call, {calls} small calls one after another")
    samples = side_by_side(times, lambda: None, easel=ours, plain=theirs)
    row("Easel", samples["easel"], samples["plain"].median, "requests")
    row("Session.get, json.loads", samples["plain"], samples["plain"].median, "requests")
    each = 1e6 * samples["easel"].median_cpu / calls
    print(f"  Easel spends {each:.0f} microseconds of CPU on a call")
    verdict(
        "CPU against requests",
        samples["easel"].median_cpu / samples["plain"].median_cpu,
        1.15,
    )
    session.close()


def memory(canvas: StandIn, rows: int) -> None:
    print(f"\nMemory while {rows:,} rows are streamed")
    canvas.control(
        reset=True,
        campus={"bulk_rows": rows},
        throttle={"enabled": False},
        costs={"default": 0.0},
    )
    run = subprocess.run(
        [sys.executable, "-m", "bench.memory", canvas.url, canvas.tokens["admin"], str(rows)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    if run.returncode:
        print(f"  failed: {run.stderr.strip().splitlines()[-1]}")
        return
    read, grown = (int(word) for word in run.stdout.split())
    print(f"  {read:,} rows read")
    verdict("MiB above the start", grown / 2**20, 40)


def two_people(canvas: StandIn) -> None:
    """A call of one person alone, then while another's bucket is full and ten of hers wait."""
    print("\nTwo people in one process: one's bucket is full, the other calls")
    canvas.control(reset=True, latency=0.02, costs={"default": 0.05})
    buckets = MemoryBuckets()
    transport = Transport(canvas.url)

    def client(person: str) -> CanvasClient:
        throttle = Throttle(buckets, transport.origin)
        return CanvasClient(
            canvas.url, canvas.tokens[person], transport=transport, throttle=throttle
        )

    free, full = client("many"), client("dozen")
    free.get(SELF)
    full.get(SELF)
    alone = statistics.median(once(lambda: free.get(SELF))[0] for _ in range(30))
    throttle = Throttle(buckets, transport.origin)
    held = throttle.admit(canvas.tokens["dozen"])
    held.settle(throttled=True, remaining=30.0, cost=None)
    until = time.monotonic() + 3

    def wait() -> None:
        try:
            throttle.admit(canvas.tokens["dozen"], until).forget()
        except Exception:
            return

    waiting = [threading.Thread(target=wait) for _ in range(10)]
    for thread in waiting:
        thread.start()
    beside = statistics.median(once(lambda: free.get(SELF))[0] for _ in range(30))
    for thread in waiting:
        thread.join()
    transport.close()
    print(f"  alone {1000 * alone:.1f} ms, beside a full bucket {1000 * beside:.1f} ms")
    verdict("milliseconds of delay", 1000 * (beside - alone), 10)


def main() -> None:
    quick = "--quick" in sys.argv
    logging.getLogger("canvas_app").setLevel(logging.WARNING)
    print(f"{platform.platform()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    print("Client and stand-in Canvas share this machine; read the ratios, not the seconds.")
    with stand_in() as canvas:
        lists(canvas, 1 if quick else 3)
        print("\nBurst: cost 5, leak 1,000 a second, 20 ms")
        calls = 400 if quick else 2000
        burst(canvas, calls=calls)
        burst(canvas, calls=calls, stranger=True)
        burst(canvas, calls=calls, hwm=300)
        cpu(canvas, 3 if quick else 5)
        two_people(canvas)
        memory(canvas, 100_000 if quick else 1_000_000)


if __name__ == "__main__":
    main()
