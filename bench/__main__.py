"""Compare Easel's client with canvasapi, a plain requests loop and the theoretical limit."""

import json
import logging
import os
import platform
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.measure import Sample, Targets, once, side_by_side, table
from bench.others import (
    canvasapi_calls,
    canvasapi_enrollments,
    canvasapi_matrix,
    canvasapi_users,
    plain_calls,
    plain_rows,
    plain_session,
    requester,
)
from bench.stand_in import ROOT, StandIn, stand_in
from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.client import CanvasClient
from canvas_app.canvas.errors import CanvasError
from canvas_app.canvas.throttle.queue import MemoryBuckets, Throttle
from canvas_app.canvas.transport import Answer, Transport
from canvas_app.domain.matrix import GradebookFilter
from canvas_app.services.class_gradebook import gradebook
from canvas_app.services.dashboard import dashboard
from canvas_app.sources.cache import MemoryCache
from canvas_app.sources.sources import Sources

LATENCY = 0.1
NUMBERED = "/api/v1/accounts/1/users"
BOOKMARKED = "/api/v1/courses/900/enrollments"
SELF = "/api/v1/users/self"
EASEL, LOOP, CANVASAPI = "Easel", "requests loop", "canvasapi"
MATRIX_COURSE, MATRIX_CELLS = 4301, 25_600
AT_ONCE = 11  # calls that fit into an empty bucket of 600 at once


def expect(rows: int, work: Callable[[], int]) -> Callable[[], None]:
    """Wrap a piece of work so that it raises RuntimeError unless it reads so many rows."""

    def checked() -> None:
        read = work()
        if read != rows:
            raise RuntimeError(f"{read} rows instead of {rows}")

    return checked


def easel_rows(url: str, token: str, path: str) -> int:
    throttle = Throttle(MemoryBuckets(), url, max_parallel=AT_ONCE)
    with CanvasClient(url, token, throttle=throttle) as canvas:
        return sum(1 for _ in canvas.paginate(path))


def numbered(canvas: StandIn, targets: Targets, rounds: int) -> None:
    url, token = canvas.url, canvas.tokens["admin"]
    canvas.control(reset=True, campus={"bulk_rows": 5000}, latency=LATENCY)
    least = LATENCY * (1 + -(-49 // AT_ONCE))
    samples = side_by_side(
        rounds,
        canvas.forget_costs,
        {
            EASEL: expect(5000, lambda: easel_rows(url, token, NUMBERED)),
            LOOP: expect(5000, lambda: plain_rows(url, token, NUMBERED)),
            CANVASAPI: expect(5000, lambda: canvasapi_users(url, token)),
        },
        seldom=(LOOP, CANVASAPI),
    )
    title = f"Numbered list: 50 pages of 100, {1000 * LATENCY:.0f} ms a call"
    table(title, samples, least, f"one page, then 49 by {AT_ONCE} at once")
    ours = samples[EASEL].wall
    targets.ratio("numbered list: time / limit", ours, [least] * rounds, 1.25)
    targets.at_most("numbered list: throttled answers", canvas.throttled(), 0)


def bookmarked(canvas: StandIn, targets: Targets, rounds: int) -> None:
    url, token = canvas.url, canvas.tokens["admin"]
    canvas.control(reset=True, campus={"bulk_rows": 5000}, latency=LATENCY)
    samples = side_by_side(
        rounds,
        canvas.forget_costs,
        {
            EASEL: expect(5000, lambda: easel_rows(url, token, BOOKMARKED)),
            LOOP: expect(5000, lambda: plain_rows(url, token, BOOKMARKED)),
            CANVASAPI: expect(5000, lambda: canvasapi_enrollments(url, token)),
        },
        seldom=(CANVASAPI,),
    )
    title = f"Bookmark list: 50 pages of 100, {1000 * LATENCY:.0f} ms a call"
    table(title, samples, 50 * LATENCY, "each page names the next")
    easel, loop = samples[EASEL], samples[LOOP]
    targets.ratio("bookmark list: time / loop", easel.wall, loop.wall, 1.03)
    targets.ratio("bookmark list: CPU / loop", easel.cpu, loop.cpu, 1.15)


def burst(canvas: StandIn, targets: Targets, calls: int, rounds: int) -> None:
    """Make calls of cost 5 and 20 ms through a bucket that leaks 1,000 units a second."""
    print(f"\nDraining a bucket: {calls:,} calls of cost 5, leak 1,000 a second, 20 ms a call")
    print(f"  {'':36}{'time':>8}  {'of the limit':>12}  {'refused':>8}  {'surfaced':>8}")
    limits = {"outflow": 1000, "status": 403}
    token = canvas.tokens["dozen"]

    def reset(hwm: float) -> None:
        canvas.control(
            reset=True,
            latency=0.02,
            costs={"default": 5.0},
            throttle={**limits, "hwm": hwm, "maximum": hwm + 200},
        )

    def told(name: str, hwm: float, seconds: float, surfaced: int, of: int) -> tuple[float, float]:
        least = max((calls * 5 - hwm / 2) / 1000, 0.02)
        share, refused = 100 * least / seconds, 100 * canvas.throttled() / of
        print(f"  {name:36}{seconds:6.2f} s  {share:10.1f} %  {refused:6.2f} %  {surfaced:8}")
        return share, refused

    def measure(name: str, hwm: float, *, stranger: bool = False) -> tuple[float, float, int]:
        reset(hwm if hwm == 600 else 600)
        with CanvasClient(canvas.url, token) as client, Stranger(canvas, token, stranger) as other:
            if hwm != 600:  # let the client learn a ceiling, then change it
                client.get(SELF)
                limits_now = {**limits, "hwm": hwm, "maximum": hwm + 200}
                canvas.control(throttle=limits_now)

            def call(_: int) -> bool:
                try:
                    client.get(SELF)
                except CanvasError:
                    return False
                return True

            seconds, surfaced = in_threads(call, calls)
        mine = max(0, canvas.throttled() - other.refused)
        share, _ = told(name, hwm, seconds, surfaced, calls)
        return share, 100 * mine / calls, surfaced

    def careless(name: str, call: Callable[[Any, int], bool], make: Callable[[], Any]) -> None:
        reset(600)
        asked = make()
        seconds, surfaced = in_threads(lambda n: call(asked, n), calls)
        told(name, 600, seconds, surfaced, calls)

    alone = [measure("Easel, alone", 600) for _ in range(rounds)]
    shared = measure("Easel, a stranger in the bucket", 600, stranger=True)
    halved = measure("Easel, ceiling half of the learnt", 300)
    reset(600)
    few = calls // 20
    wall, _ = once(lambda: plain_calls(canvas.url, token, [SELF] * few))
    told(f"requests loop ({few} calls, times 20)", 600, 20 * wall, 0, calls)
    reset(600)
    wall, _ = once(lambda: canvasapi_calls(canvas.url, token, [SELF] * few))
    told(f"canvasapi ({few} calls, times 20)", 600, 20 * wall, 0, calls)
    with plain_session(token) as session:
        careless(
            "ten careless threads",
            lambda asked, _: bool(asked.get(canvas.url + SELF, timeout=30).ok),
            lambda: session,
        )
    shares = [share for share, _, _ in alone]
    targets.at_least(
        "drain, alone: % of the throughput the limit allows",
        statistics.median(shares),
        95,
        f"{min(shares):.1f} - {max(shares):.1f}",
    )
    targets.at_most("drain, alone: % refused", max(refused for _, refused, _ in alone), 0)
    targets.at_most("drain, with a stranger: % refused", shared[1], 1)
    targets.at_most("drain, ceiling half of the learnt: % refused", halved[1], 1)
    lost = sum(lost for _, _, lost in (*alone, shared, halved))
    targets.at_most("drain: refusals that surfaced", lost, 0)


class Stranger:
    """Another client that calls with the same token, one call after another."""

    def __init__(self, canvas: StandIn, token: str, present: bool) -> None:
        self.refused = 0
        self._canvas = canvas
        self._token = token
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._call) if present else None

    def _call(self) -> None:
        with plain_session(self._token) as session:
            while not self._ends.is_set():
                answer = session.get(self._canvas.url + SELF, timeout=30)
                self.refused += not answer.ok

    def __enter__(self) -> "Stranger":
        if self._thread:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        if self._thread:
            self._thread.join()


def in_threads(call: Callable[[int], bool], calls: int) -> tuple[float, int]:
    """Make ``calls`` calls from ten threads; return the seconds taken and how many calls failed."""
    with ThreadPoolExecutor(10) as pool:
        started = time.perf_counter()
        failed = sum(not good for good in pool.map(call, range(calls)))
        return time.perf_counter() - started, failed


class Recording(Transport):
    """A transport that records the targets it is asked for."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.targets: list[str] = []

    def send(self, method: str, target: str, **facts: Any) -> Answer:
        self.targets.append(target)
        return super().send(method, target, **facts)


def dashboards(canvas: StandIn, targets: Targets, rounds: int) -> None:
    """Measure a dashboard; the other clients make the same calls one after another."""
    canvas.control(reset=True, latency=LATENCY)
    url, token = canvas.url, canvas.tokens["many"]
    pool = ThreadPoolExecutor(40)
    transport = Recording(url)
    with CanvasClient(url, token, transport=transport) as client:
        me = client.get(SELF)["id"]

    def gather(cache: MemoryCache) -> None:
        throttle = Throttle(MemoryBuckets(), transport.origin)
        with CanvasClient(url, token, transport=transport, throttle=throttle) as client:
            sources = Sources(
                CanvasAPI(client), cache, pool, deadline=time.monotonic() + 8, owner=("bench", me)
            )
            page = dashboard(sources)
        if not page.complete:
            raise RuntimeError("the dashboard is not complete")

    warm = MemoryCache(64 * 2**20)
    gather(warm)
    transport.targets.clear()
    gather(MemoryCache(64 * 2**20))
    asked = list(transport.targets)
    samples = side_by_side(
        rounds,
        canvas.forget_costs,
        {
            f"{EASEL}, cold": lambda: gather(MemoryCache(64 * 2**20)),
            f"{EASEL}, warm": lambda: gather(warm),
            LOOP: lambda: plain_calls(url, token, asked),
            CANVASAPI: lambda: canvasapi_calls(url, token, asked),
        },
        seldom=(LOOP, CANVASAPI),
    )
    least = LATENCY * (1 + -(-(len(asked) - 4) // AT_ONCE))
    table(
        f"Dashboard of a student of 137 courses ({len(asked)} calls, {1000 * LATENCY:.0f} ms each)",
        samples,
        least,
        f"4 while the bucket is unknown, then {len(asked) - 4} by {AT_ONCE} at once",
    )
    transport.close()
    pool.shutdown()
    targets.at_most("dashboard, cold: throttled answers", canvas.throttled(), 0)


def matrices(canvas: StandIn, targets: Targets, rounds: int) -> None:
    """The gradebook of 640 students and 40 assignments; canvasapi reads the same numbers."""
    canvas.control(reset=True, latency=LATENCY)
    url, token = canvas.url, canvas.tokens["bigteacher"]
    pool, transport = ThreadPoolExecutor(40), Recording(url)
    warm = MemoryCache(64 * 2**20)
    matrix(transport, token, pool, warm)
    asked = len(transport.targets)
    samples = side_by_side(
        rounds,
        canvas.forget_costs,
        {
            f"{EASEL}, cold": expect(
                MATRIX_CELLS, lambda: matrix(transport, token, pool, MemoryCache(64 * 2**20))
            ),
            f"{EASEL}, warm": expect(
                MATRIX_CELLS, lambda: matrix(transport, token, pool, warm, seconds=3600)
            ),
            CANVASAPI: expect(MATRIX_CELLS, lambda: canvasapi_matrix(url, token, MATRIX_COURSE)),
        },
        seldom=(CANVASAPI,),
    )
    pages = MATRIX_CELLS // 100
    least = LATENCY * -(-pages // AT_ONCE)
    table(
        f"Gradebook of 640 students and 40 assignments ({asked} calls, {1000 * LATENCY:.0f} ms a "
        "call)",
        samples,
        least,
        f"{pages} pages of 100 submissions by {AT_ONCE} at once",
    )
    transport.close()
    pool.shutdown()
    cold = samples[f"{EASEL}, cold"].wall
    targets.ratio("gradebook, cold: time / limit", cold, [least] * len(cold), 1.3)
    targets.at_most("gradebook, cold: throttled answers", canvas.throttled(), 0)
    targets.at_most("gradebook, warm: ms", 1000 * samples[f"{EASEL}, warm"].median, 300)


def matrix(
    transport: Transport,
    token: str,
    pool: ThreadPoolExecutor,
    cache: MemoryCache,
    seconds: float = 60,
) -> int:
    """Make the gradebook's page; return how many cells it has. Answers are fresh for a while."""
    throttle = Throttle(MemoryBuckets(), transport.origin)
    with CanvasClient(transport.origin, token, transport=transport, throttle=throttle) as client:
        sources = Sources(
            CanvasAPI(client),
            cache,
            pool,
            deadline=time.monotonic() + 60,
            owner=("bench", 1),
            cache_seconds=seconds,
        )
        page = gradebook(sources, str(MATRIX_COURSE), GradebookFilter(period="all"))
    if not page.complete:
        raise RuntimeError("the gradebook is not complete")
    return sum(len(row.cells) for row in page.rows)


def cpu(canvas: StandIn, targets: Targets, rounds: int) -> None:
    canvas.control(reset=True, latency=0, costs={"default": 0.0})
    url, token = canvas.url, canvas.tokens["dozen"]
    calls = 300
    client, asked = CanvasClient(url, token), requester(url, token)
    with plain_session(token) as session, client:

        def ours() -> None:
            for _ in range(calls):
                client.get(SELF)

        def loop() -> None:
            for _ in range(calls):
                json.loads(session.get(url + SELF, timeout=30).content)

        def theirs() -> None:
            for _ in range(calls):
                asked.request("GET", "users/self").json()

        works = {EASEL: ours, LOOP: loop, CANVASAPI: theirs}
        samples = side_by_side(rounds, lambda: None, works)
    each = {name: sample.times(1000 / calls) for name, sample in samples.items()}
    print(f"\nCPU per call, of {calls} small calls one after another")
    for name, sample in each.items():
        median = statistics.median(sample.cpu)
        print(f"  {name:24}{median:7.3f} ms   {min(sample.cpu):7.3f} -{max(sample.cpu):6.3f} ms")
    targets.ratio(
        "CPU per call / Session.get and json.loads", each[EASEL].cpu, each[LOOP].cpu, 1.15
    )


def memory(canvas: StandIn, targets: Targets, rows: int) -> None:
    print(f"\nMemory while {rows:,} rows are streamed")
    canvas.control(
        reset=True,
        campus={"bulk_rows": rows},
        throttle={"enabled": False},
        costs={"default": 0.0},
    )
    grown = {}
    for who, name, many in (
        ("easel", EASEL, rows),
        ("plain", LOOP, rows // 10),
        ("canvasapi", CANVASAPI, rows // 100),
    ):
        started = time.perf_counter()
        run = subprocess.run(
            [
                sys.executable,
                "-m",
                "bench.memory",
                who,
                canvas.url,
                canvas.tokens["admin"],
                str(many),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if run.returncode:
            raise RuntimeError(run.stderr.strip().splitlines()[-1])
        read, more = (int(word) for word in run.stdout.split())
        if read != many:
            raise RuntimeError(f"{read} rows instead of {many}")
        grown[who] = more / 2**20
        seconds = time.perf_counter() - started
        print(f"  {name:24}{grown[who]:7.1f} MiB above the start, {read:,} rows in {seconds:.0f} s")
    targets.at_most("memory: MiB above the start", grown["easel"], 40)


def two_people(canvas: StandIn, targets: Targets) -> None:
    """Measure one person's calls alone, then while another person's bucket is full.

    Ten calls of the other person wait for that bucket. The target is a delay of at most 10 ms.
    """
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
    throttle = Throttle(buckets, transport.origin)
    throttle.admit(canvas.tokens["dozen"]).settle(throttled=True, remaining=30.0, cost=None)
    until = time.monotonic() + 2

    def wait() -> None:
        try:
            while time.monotonic() < until:
                throttle.admit(canvas.tokens["dozen"], until).forget()
        except CanvasError:
            return

    waiting = [threading.Thread(target=wait) for _ in range(10)]
    alone, beside = Sample(), Sample()
    for _ in range(30):
        alone.wall.append(once(lambda: free.get(SELF))[0])
    for thread in waiting:
        thread.start()
    for _ in range(30):
        beside.wall.append(once(lambda: free.get(SELF))[0])
    for thread in waiting:
        thread.join()
    transport.close()
    print("\nTwo people in one process, 20 ms a call: one's bucket is full, the other calls")
    print(f"  {'alone':24}{1000 * alone.median:7.1f} ms")
    print(f"  {'beside a full bucket':24}{1000 * beside.median:7.1f} ms")
    delay = 1000 * (beside.median - alone.median)
    targets.at_most("two people: ms of delay", delay, 10)


def machine() -> str:
    """Return processor, cores and Python of this machine, but nothing that identifies its owner."""
    try:
        found = Path("/proc/cpuinfo").read_text().split("model name")[1].splitlines()[0]
    except (OSError, IndexError):
        found = platform.machine()
    model = found.strip(" \t:")
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    )


def main() -> None:
    quick = "--quick" in sys.argv
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the stand-in is stopped
    logging.getLogger("canvas_app").setLevel(logging.WARNING)
    started = time.perf_counter()
    print(machine())
    print("The clients and the stand-in Canvas share this machine: read the ratios.")
    targets = Targets()
    with stand_in() as canvas:
        numbered(canvas, targets, 2 if quick else 7)
        bookmarked(canvas, targets, 1 if quick else 3)
        burst(canvas, targets, 400 if quick else 2000, 1 if quick else 2)
        dashboards(canvas, targets, 2 if quick else 5)
        matrices(canvas, targets, 1 if quick else 3)
        cpu(canvas, targets, 3 if quick else 7)
        two_people(canvas, targets)
        memory(canvas, targets, 100_000 if quick else 1_000_000)
    targets.summary()
    print(f"\nIn all {time.perf_counter() - started:.0f} s.")


if __name__ == "__main__":
    main()
