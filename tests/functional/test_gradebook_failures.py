"""The gradebook when Canvas fails half-way says what is missing, and a reload repairs it."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import StandIn

from .classes import BIOLOGY, send
from .conftest import RunningEasel, StartEasel, last_view, sign_in
from .test_gradebook import oracle, path, told
from .test_gradebook_changes import of, pick

pytestmark = pytest.mark.anyday

WORK = "*/students/submissions"


def fault(kind: str, **more: Any) -> dict[str, Any]:
    return {"path": WORK, "kind": kind, "times": None} | more


def lacking_of(body: Any) -> set[str]:
    return {row["user_id"] for row in body["data"] if row["lacking"]}


def check_said(body: Any, page: str, table: str, said: str) -> None:
    """Assert that twin, page and table name what is missing, and have all rows that came."""
    assert body["complete"] is False
    [source] = [each for each in body["sources"] if each["status"] not in ("fresh", "stale")]
    assert source["name"].startswith("class work")
    assert said in source["detail"]
    assert len(body["data"]) == 64
    assert "Not everything is here" in page
    assert said in page
    assert "<tfoot>" not in last_view(page)
    assert table.splitlines()[-1].startswith("# INCOMPLETE")


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (fault("reset", after=3), "Canvas did not answer in time."),
        (fault("status", status=502, after=3), "Canvas is having problems at the moment."),
        (fault("status", status=429, after=3), "Canvas accepts no more requests for you"),
        (fault("truncate", after=3), "Canvas"),
    ],
    ids=["killed", "trouble", "throttled", "cut"],
)
def test_canvas_fails_in_the_middle(
    start_easel: StartEasel, canvas: StandIn, trouble: dict[str, Any], said: str
) -> None:
    """The next page asks only for what is missing, and is complete."""
    easel = start_easel(page_deadline=4.0)
    browser = sign_in(easel, "teacher")
    canvas.control(faults=[trouble])

    body = browser.get(f"{easel.url}{path()}", timeout=60).json()
    page = browser.get(f"{easel.url}{path(ending='')}?period=all", timeout=60).text
    table = browser.get(f"{easel.url}{path(ending='.csv')}", timeout=60).text

    check_said(body, page, table, said)
    came = {row["user_id"] for row in body["data"]} - lacking_of(body)
    true = oracle_without_faults(canvas)
    assert 0 < len(came) < 64
    assert {id_: row for id_, row in told(body).items() if id_ in came} == {
        id_: row for id_, row in true.items() if id_ in came
    }
    again = eventually(lambda: browser.get(f"{easel.url}{path()}", timeout=60).json())
    assert again["complete"] is True, again["sources"]
    assert told(again) == true


def eventually(load: Callable[[], Any]) -> Any:
    """Return a complete page. After cut connections Easel does not call Canvas for some seconds."""
    until = time.monotonic() + 60
    while not (body := load())["complete"] and time.monotonic() < until:
        time.sleep(0.5)
    return body


def oracle_without_faults(canvas: StandIn) -> dict[str, dict[str, Any]]:
    canvas.control(faults=[])
    return oracle(canvas, BIOLOGY)


def test_throttled_calls_are_repeated(easel: RunningEasel, canvas: StandIn) -> None:
    """Canvas refuses with its own 403 and text, because its bucket is smaller than usual."""
    browser = sign_in(easel, "teacher")
    canvas.control(
        throttle={"status": 403, "hwm": 160, "maximum": 360, "outflow": 400},
        latency=0.1,
    )

    body = browser.get(f"{easel.url}{path()}", timeout=60).json()

    assert canvas.stats()["throttled"] > 0
    assert body["complete"] is True, body["sources"]
    assert told(body) == oracle(canvas, BIOLOGY)


def test_one_section_is_refused(easel: RunningEasel, canvas: StandIn) -> None:
    """Canvas refuses a whole call for one student in it (submissions_api_controller.rb)."""
    browser = sign_in(easel, "teacher")
    canvas.control(faults=[fault("status", status=403, query={"student_ids[]": 1040})])

    body = browser.get(f"{easel.url}{path()}", timeout=60).json()
    page = browser.get(f"{easel.url}{path(ending='')}?period=all&page=2", timeout=60).text
    table = browser.get(f"{easel.url}{path(ending='.csv')}", timeout=60).text

    check_said(body, page, table, "Canvas does not share this with you.")
    assert "1040" in lacking_of(body)
    assert len(lacking_of(body)) <= 11  # of one call
    true = oracle_without_faults(canvas)
    came = {id_: row for id_, row in told(body).items() if id_ not in lacking_of(body)}
    assert came == {id_: true[id_] for id_ in came}


def test_token_expires_half_way(easel: RunningEasel, canvas: StandIn) -> None:
    browser = sign_in(easel, "teacher")
    canvas.control(faults=[fault("status", status=401, after=2, times=1)])

    body = browser.get(f"{easel.url}{path()}", timeout=60).json()

    assert canvas.stats()["refreshes"] >= 1
    assert body["complete"] is True, body["sources"]
    assert told(body) == oracle(canvas, BIOLOGY)


def test_access_ends_half_way(easel: RunningEasel, canvas: StandIn) -> None:
    """Canvas revokes the token: the rows of the twin stop, and it says so."""
    browser = sign_in(easel, "teacher")
    canvas.control(faults=[fault("status", status=401, after=2)])

    answer = browser.get(f"{easel.url}{path()}", timeout=60)

    body = answer.json()
    assert answer.status_code == 401 or body["complete"] is False
    assert body["error"]
    canvas.control(faults=[])


def test_changes_that_do_not_come(start_easel: StartEasel, canvas: StandIn) -> None:
    """Kept work is shown with a note that changes are missing; the next page has them."""
    easel = start_easel(cache_seconds=0.01)
    browser = sign_in(easel, "teacher")
    before = browser.get(f"{easel.url}{path()}", timeout=60).json()
    row = pick(canvas, lambda row: row["workflow_state"] == "submitted")
    send(canvas, "PUT", of(row), "teacher", **{"submission[posted_grade]": "7"})
    canvas.control(faults=[fault("status", status=503)])

    body = browser.get(f"{easel.url}{path()}", timeout=60).json()
    page = browser.get(f"{easel.url}{path(ending='')}?period=all", timeout=60).text
    table = browser.get(f"{easel.url}{path(ending='.csv')}", timeout=60).text

    lacks = [each["name"] for each in body["sources"] if each["status"] == "failed"]
    assert any(name.startswith("changed class work") for name in lacks)
    assert body["complete"] is False
    kept = {each["user_id"]: each["cells"] for each in before["data"]}
    shown = {each["user_id"]: each["cells"] for each in body["data"] if not each["lacking"]}
    assert shown
    assert shown == {id_: kept[id_] for id_ in shown}
    assert "Not everything is here" in page
    assert table.splitlines()[-1].startswith("# INCOMPLETE")
    true = oracle_without_faults(canvas)
    assert told(browser.get(f"{easel.url}{path()}", timeout=60).json()) == true
