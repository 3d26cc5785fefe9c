"""What is due next and what can still be handed in: Home, Upcoming and the ledger agree."""

from datetime import UTC, datetime, timedelta

import pytest

from .conftest import sign_in

ASKING = {
    *("assignment", "quiz", "discussion_topic", "sub_assignment"),
    *("assessment_request", "planner_note"),
}
IDLE = {"locked", "excused", "nothing_to_hand_in"}


def twins(easel, who, *names):
    browser = sign_in(easel, who)
    return [browser.get(f"{easel.url}/{name}.json", timeout=60).json() for name in names]


@pytest.mark.parametrize(
    "who", ["dozen", "many", "newcomer", "hostile", "teacher", "ta", "observer"]
)
def test_next_is_the_first_row_of_upcoming_that_asks_something(easel, who):
    """It is the soonest within 14 days, by title if dates are equal; nothing if nothing is due."""
    upcoming, home = twins(easel, who, "upcoming", "dashboard")
    now = datetime.now(UTC)
    rows = [
        row
        for row in upcoming["data"]
        if row["type"] in ASKING
        and not row["done"]
        and row["status"] not in IDLE
        and row["due_at"]
        and now < datetime.fromisoformat(row["due_at"]) <= now + timedelta(days=14)
    ]
    rows.sort(key=lambda row: (datetime.fromisoformat(row["due_at"]), row["title"]))

    found = home["next"]

    assert bool(found) == bool(rows)
    if found:
        assert (found["type"], found["id"]) == (rows[0]["type"], rows[0]["id"])
        assert {name for name, value in found.items() if value != rows[0][name]} <= {"weight"}


def test_rows_tell_until_when_work_is_accepted(easel):
    upcoming, ledger, home = twins(easel, "dozen", "upcoming", "submissions", "dashboard")
    by_title = {row["title"]: row for row in upcoming["data"]}
    handed_in = {row["title"]: row for row in ledger["data"]}

    for row in (*upcoming["data"], *ledger["data"], *home["missing"]):
        assert row["can_submit"] in (True, False, None)
        assert row["accepts_until"] is None or datetime.fromisoformat(row["accepts_until"])
    closed, open_ended = "Reading response 4", "Heredity problem set"
    for rows in (by_title, handed_in):
        assert datetime.fromisoformat(rows[closed]["accepts_until"]) < datetime.now(UTC)
        assert (rows[closed]["status"], rows[closed]["can_submit"]) == ("missing", False)
        assert (rows[open_ended]["accepts_until"], rows[open_ended]["can_submit"]) == (None, True)
        assert rows["Dissection notebook"]["can_submit"] is False  # on paper
        assert rows["Enzyme kinetics problem set"]["can_submit"] is True  # sent back
    early = by_title["Evolution laboratory"]
    assert (early["status"], early["can_submit"]) == ("not_yet_open", False)
    assert handed_in["Essay: why we age"]["can_submit"] is True  # one of three attempts
    assert handed_in["Herbarium sheet"]["can_submit"] is False  # excused


def test_the_start_page_knows_what_is_closed(easel):
    """For missing work, Canvas's own list tells it."""
    upcoming, home = twins(easel, "dozen", "upcoming", "dashboard")
    known = {row["id"]: row["can_submit"] for row in upcoming["data"] if row["status"] == "missing"}

    assert {row["id"]: row["can_submit"] for row in home["missing"]} == known
    assert set(known.values()) == {True, False}
