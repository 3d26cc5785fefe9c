"""How long a job at Canvas takes, by the rules of its bucket (request_throttle.rb)."""

import json

import pytest
from click.testing import CliRunner, Result

from canvas_app.cli import easel
from canvas_app.commands.plan import fits, plan_for, read_calls

TEXT = (
    "2026-11-02 10:00:00,000 INFO canvas_app.canvas [x] GET /api/v1/courses/:id/assignments → 200, "
    "81.2 ms, cost 0.3, remaining 599.7, request a-b"
)
JSON = json.dumps(
    {"method": "GET", "path": "/api/v1/courses", "status": 200, "milliseconds": 200, "cost": 0.5}
)


def run(*arguments: str, input: str | None = None) -> Result:
    return CliRunner().invoke(easel, ["plan", *arguments], input=input)


@pytest.mark.parametrize(("ceiling", "calls"), [(600, 11), (700, 13), (51, 1), (100, 1), (101, 2)])
def test_calls_at_once_that_fit(ceiling: float, calls: int) -> None:
    """The 12th at once is refused by an empty bucket of 600 (canvas-facts 2.3)."""
    assert fits(ceiling) == calls


def test_cheap_calls_are_bound_by_reservations() -> None:
    plan = plan_for(6600, cost=0.01, seconds=0.1, ceiling=600, outflow=10)

    assert (plan.parallel, plan.bound_by) == (11, "reservations")
    assert plan.seconds == pytest.approx(60)
    assert plan.per_minute == pytest.approx(6600)


def test_dear_calls_are_bound_by_the_leak() -> None:
    plan = plan_for(10_000, cost=2, seconds=0.5, ceiling=600, outflow=10)

    assert plan.bound_by == "leak"
    assert 1900 < plan.seconds <= 2000
    assert plan.parallel < 11


def test_more_tokens_are_more_buckets() -> None:
    one = plan_for(10_000, cost=2, seconds=0.5, ceiling=600, outflow=10)
    two = plan_for(10_000, cost=2, seconds=0.5, ceiling=600, outflow=10, tokens=2)

    assert two.seconds < 0.55 * one.seconds


def test_log_as_text_or_json() -> None:
    seen = read_calls([TEXT, JSON, "another line", "{no json", '{"cost": null}'])

    assert [(each.cost, round(each.seconds, 4)) for each in seen] == [(0.3, 0.0812), (0.5, 0.2)]
    assert seen[0].route == "GET /api/v1/courses/:id/assignments"


def test_plan_from_a_log() -> None:
    done = run(
        "--log", "-", "--courses", "400", "--calls", "3", "--json", input=f"{TEXT}\n{JSON}\n"
    )

    told = json.loads(done.stdout)
    assert done.exit_code == 0
    assert told["calls"] == 1200
    assert told["cost"] == 0.4
    assert told["routes"][0]["route"] == "GET /api/v1/courses"
    assert set(told["with_tokens"]) == {"1", "2", "4"}


def test_plan_is_told_in_words() -> None:
    done = run("--cost", "2", "--seconds", "0.5", "--courses", "10000")

    assert "10000 calls for 10000 courses take 33 min" in done.output
    assert "Several tokens would help" in done.output


def test_few_calls_need_no_second_token() -> None:
    done = run("--cost", "0.1", "--seconds", "0.2")

    assert "Several tokens would not help" in done.output


@pytest.mark.parametrize(
    "arguments", [(), ("--cost", "1"), ("--seconds", "1"), ("--log", "-"), ("--bucket", "50")]
)
def test_nothing_to_reckon_with(arguments: tuple[str, ...]) -> None:
    assert run(*arguments, input="no call here\n").exit_code == 2
