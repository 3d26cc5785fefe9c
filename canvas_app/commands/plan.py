"""``easel plan``: how long a job at Canvas takes, from what its calls cost."""

import json
import math
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TextIO

import click

RESERVED = 50.0  # units that Canvas reserves for each call it is answering
#: A line of the client's log: ``GET /api/v1/courses → 200, 81.2 ms, cost 0.3, remaining 599.7``.
LINE = re.compile(
    r"\b(?P<method>[A-Z]+) (?P<path>/\S+) → (?P<status>\d+), (?P<milliseconds>[\d.]+) ms, "
    r"cost (?P<cost>[\d.]+)"
)


@dataclass(frozen=True)
class Seen:
    """One logged call: its route, its cost in units, and how many seconds it took."""

    route: str
    cost: float
    seconds: float


@dataclass(frozen=True)
class Plan:
    """How to make ``calls`` calls with this many tokens.

    ``parallel`` is how many run at once. ``seconds`` is how long all take. ``bound_by`` is what
    limits them, a key of ``WHY``.
    """

    calls: int
    tokens: int
    parallel: int
    seconds: float
    bound_by: str

    @property
    def per_minute(self) -> float:
        return 60 * self.calls / self.seconds if self.seconds else math.inf


def fits(ceiling: float) -> int:
    """Return how many calls an empty bucket takes at once.

    Their reservations must stay below its ceiling (canvas-lms, ``request_throttle.rb``).
    """
    return max(1, math.ceil(ceiling / RESERVED) - 1)


def plan_for(
    calls: int, cost: float, seconds: float, ceiling: float, outflow: float, tokens: int = 1
) -> Plan:
    """Find the number of calls at once that finishes soonest without a refusal.

    With ``p`` at once, ``n`` calls take ``n·seconds/p``, or longer if the bucket limits them. It
    has room for ``ceiling - p·50`` units beside the ``p`` reservations; after that it takes only
    the ``outflow``, in units a second.
    """
    each = math.ceil(calls / tokens)
    best: tuple[float, int, str] | None = None
    for parallel in range(1, fits(ceiling) + 1):
        by_time = each * seconds / parallel
        spare = max(0.0, ceiling - RESERVED * parallel)
        by_leak = (each * cost - spare) / outflow
        ends, why = max((by_time, "time"), (by_leak, "leak"))
        if best is None or ends < best[0]:
            best = (ends, parallel, why)
    ends, parallel, why = best or (0.0, 1, "time")
    if why == "time" and parallel == fits(ceiling):
        why = "reservations"
    return Plan(calls, tokens, parallel * tokens, ends, why)


WHY = {
    "time": "Canvas's own time for each call",
    "reservations": "the calls at once that the bucket takes",
    "leak": "the bucket's leak: what the calls cost",
}


def read_calls(lines: Iterable[str]) -> list[Seen]:
    """Read the calls in a log, as text or JSON lines; skip other lines."""
    found = []
    for line in lines:
        if line.startswith("{"):
            try:
                row = json.loads(line)
            except ValueError:
                continue
            values = [row.get(name) for name in ("cost", "milliseconds")]
            if all(isinstance(each, int | float) for each in values):
                route = f"{row.get('method')} {row.get('path')}"
                found.append(Seen(route, float(values[0]), float(values[1]) / 1000))
        elif hit := LINE.search(line):
            route = f"{hit['method']} {hit['path']}"
            found.append(Seen(route, float(hit["cost"]), float(hit["milliseconds"]) / 1000))
    return found


@click.command
@click.option("--log", type=click.File(encoding="utf-8"), help="Easel's log; - reads stdin.")
@click.option("--cost", type=click.FloatRange(0), help="Units a call costs, instead of a log.")
@click.option(
    "--seconds", type=click.FloatRange(0.001), help="Seconds a call takes, instead of a log."
)
@click.option("--courses", default=1, type=click.IntRange(1), show_default=True)
@click.option(
    "--calls", default=1.0, type=click.FloatRange(0.01), show_default=True, help="For each course."
)
@click.option("--bucket", default=600.0, type=click.FloatRange(51), show_default=True)
@click.option("--outflow", default=10.0, type=click.FloatRange(0.1), show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def plan_command(
    log: TextIO | None,
    cost: float | None,
    seconds: float | None,
    courses: int,
    calls: float,
    bucket: float,
    outflow: float,
    as_json: bool,
) -> None:
    """Calculate how many calls a minute Canvas accepts, and how long a job takes.

    Costs and times come from Easel's log (LOG_LEVEL=INFO), or are given. The bucket is 600 in
    open-source Canvas and 700 at Instructure; it leaks 10 a second. Nothing is sent.

    \b
    Exit status: 0; 2 wrong usage, or a log without calls.

    \b
    Examples:
      easel plan --log easel.log --courses 400 --calls 3
      easel plan --cost 0.4 --seconds 0.25 --courses 2000 --bucket 700
    """
    seen = read_calls(log) if log else []
    if log and not seen:
        raise click.UsageError("The log has no calls with their cost; LOG_LEVEL must be INFO.")
    if not seen and (cost is None or seconds is None):
        raise click.UsageError("Give --log, or both --cost and --seconds.")
    mean_cost = cost if cost is not None else fmean(each.cost for each in seen)
    mean_seconds = seconds if seconds is not None else fmean(each.seconds for each in seen)
    total = math.ceil(courses * calls)
    plans = [plan_for(total, mean_cost, mean_seconds, bucket, outflow, n) for n in (1, 2, 4)]
    if as_json:
        click.echo(json.dumps(as_data(plans, mean_cost, mean_seconds, seen)))
    else:
        tell_plan(plans, mean_cost, mean_seconds, seen, courses)
    sys.exit(0)


def tokens_help(plans: Sequence[Plan]) -> bool:
    """Return whether a second token, with its own bucket, saves at least a tenth of the time."""
    return plans[1].seconds < 0.9 * plans[0].seconds


def as_data(
    plans: Sequence[Plan], cost: float, seconds: float, seen: Sequence[Seen]
) -> dict[str, object]:
    one = plans[0]
    return {
        "calls": one.calls,
        "cost": round(cost, 4),
        "seconds_per_call": round(seconds, 4),
        "parallel": one.parallel,
        "calls_per_minute": round(one.per_minute, 1),
        "seconds": round(one.seconds, 1),
        "bound_by": one.bound_by,
        "more_tokens_help": tokens_help(plans),
        "with_tokens": {str(each.tokens): round(each.seconds, 1) for each in plans},
        "routes": [
            {"route": route, "calls": count, "cost": round(mean, 4)}
            for route, count, mean in by_route(seen)
        ],
    }


def by_route(seen: Sequence[Seen]) -> list[tuple[str, int, float]]:
    """Return route, calls and mean cost, the most expensive first."""
    costs: defaultdict[str, list[float]] = defaultdict(list)
    for each in seen:
        costs[each.route].append(each.cost)
    rows = [(route, len(found), fmean(found)) for route, found in costs.items()]
    return sorted(rows, key=lambda row: -row[1] * row[2])


def tell_plan(
    plans: Sequence[Plan], cost: float, seconds: float, seen: Sequence[Seen], courses: int
) -> None:
    one = plans[0]
    for route, count, mean in by_route(seen)[:10]:
        click.echo(f"{count:8} × {mean:8.3f}  {route}")
    click.echo(f"A call costs {cost:.3f} and takes {1000 * seconds:.0f} ms on average.")
    click.echo(f"Best with {one.parallel} at once: {one.per_minute:.0f} calls a minute.")
    click.echo(f"{one.calls} calls for {courses} courses take {duration(one.seconds)}.")
    click.echo(f"What limits it: {WHY[one.bound_by]}.")
    verdict = "would help" if tokens_help(plans) else "would not help"
    times = ", ".join(f"{each.tokens} tokens {duration(each.seconds)}" for each in plans[1:])
    click.echo(f"Several tokens {verdict} ({times}); each has a bucket of its own.")


def duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
