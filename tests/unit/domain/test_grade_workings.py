"""How a grades page explains totals: groups with sums, rows with parts, tried scores."""

from datetime import UTC, datetime

import pytest

from canvas_app.canvas.models import Assignment, AssignmentGroup, Course, DropRules, Submission
from canvas_app.domain.grade_book import book_of
from canvas_app.domain.grade_workings import Workings, plain_groups, work_out
from canvas_app.domain.planner_items import ItemBuilder
from canvas_app.domain.what_if import WhatIf

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
COURSE = Course(id="4", name="Biology", grading_scheme=[["A", 0.9], ["B", 0.8], ["F", 0.0]])


def work(id_: str, score: float | None, **more: object) -> Assignment:
    own = Submission(id=f"9{id_}", score=score, posted_at=NOW if score is not None else None)
    return Assignment(id=id_, name=f"Work {id_}", points_possible=10.0, submission=own, **more)


def worked_out(
    *groups: AssignmentGroup, wanted: WhatIf | None = None, letters: bool = False
) -> Workings:
    look = ItemBuilder("https://canvas.example.edu", {"4": COURSE}, {}, NOW)
    shown = [(group, group.assignments or []) for group in groups]
    book = book_of(COURSE, groups, [])
    return work_out(book, None, shown, COURSE, look, wanted or WhatIf(), letters=letters)


def group(*assignments: Assignment, **more: object) -> AssignmentGroup:
    return AssignmentGroup(id="5", name="Essays", assignments=list(assignments), **more)


def test_own_totals_now_and_at_the_end() -> None:
    """Ungraded work is left out now, and counts as nothing at the end."""
    found = worked_out(group(work("1", 9.0), work("2", None)))

    assert (found.own.current, found.own.final) == (90.0, 45.0)
    assert found.what_if is None
    assert (found.problems, found.periods) == ((), {})


def test_a_tried_score_changes_the_other_totals_alone() -> None:
    wanted = WhatIf(scores={"2": "5"})

    found = worked_out(group(work("1", 9.0), work("2", None)), wanted=wanted)

    assert found.own.current == 90.0
    assert found.what_if is not None
    assert (found.what_if.current, found.what_if.final) == (70.0, 70.0)
    (shown,) = found.groups
    graded, tried = shown.rows
    assert (graded.what_if, tried.what_if) == (None, 5.0)
    assert (graded.part, tried.part) == ("counted", "counted")


def test_what_cannot_be_tried_is_a_problem() -> None:
    found = worked_out(group(work("1", 9.0)), wanted=WhatIf(scores={"1": "lots"}))

    assert found.what_if is None
    assert len(found.problems) == 1


def test_dropped_work_is_named_in_its_group() -> None:
    rules = DropRules(drop_lowest=1)

    found = worked_out(group(work("1", 9.0), work("2", 2.0), rules=rules))

    (shown,) = found.groups
    assert [row.part for row in shown.rows] == ["counted", "dropped"]
    assert found.own.current == 90.0


def test_shares_are_those_of_the_whole_grade() -> None:
    found = worked_out(group(work("1", 9.0), work("2", None), work("3", 1.0)))

    (shown,) = found.groups
    assert sum(row.share or 0 for row in shown.rows) == pytest.approx(100)


@pytest.mark.parametrize(("letters", "letter"), [(True, "A"), (False, None)])
def test_letters_of_the_scheme_when_they_are_shown(letters: bool, letter: str | None) -> None:
    found = worked_out(group(work("1", 9.0)), letters=letters)

    assert found.own.current_grade == letter


def test_plain_groups_have_rows_and_nothing_worked_out() -> None:
    look = ItemBuilder("https://canvas.example.edu", {"4": COURSE}, {}, NOW)
    one = group(work("1", 9.0), group_weight=40.0)

    (shown,) = plain_groups([(one, one.assignments or [])], COURSE, look)

    assert [row.submission.title for row in shown.rows] == ["Work 1"]
    assert {(row.share, row.what_if, row.can_try) for row in shown.rows} == {(None, None, False)}


def test_a_goal_is_worked_out_with_the_scores_tried() -> None:
    """9 of 10 so far, 5 tried: the third must bring all its points to make 24 of 30."""
    wanted = WhatIf(scores={"2": "5"}, goal="80")

    found = worked_out(group(work("1", 9.0), work("2", None), work("3", None)), wanted=wanted)

    assert found.aim is not None
    assert (found.aim.wanted, found.aim.needed, found.aim.open_work) == (80.0, 100.0, 1)
