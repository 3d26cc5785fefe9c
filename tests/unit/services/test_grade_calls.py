"""Which calls a grades page makes, and whether totals can be calculated from the answers."""

import pytest

from canvas_app.canvas.errors import AuthorizationError, NotFound
from canvas_app.services.grade_calls import (
    ask,
    can_be_worked_out,
    listed_course,
    read_period_totals,
)
from canvas_app.sources.answer import Source

BIOLOGY = "4101"


def test_a_course_comes_with_its_work_and_periods(sources_of):
    asked = ask(sources_of("dozen"), BIOLOGY, "")

    assert asked.course.id == BIOLOGY
    assert any(group.assignments for group in asked.groups)
    assert asked.whole
    assert {"profile", "colors", "course", "assignments"} <= {s.name for s in asked.sources}


def test_errors_of_the_course_itself_are_raised(sources_of):
    """403 and 404 are the page's own, not a gap in it."""
    with pytest.raises((AuthorizationError, NotFound)):
        ask(sources_of("newcomer"), BIOLOGY, "")
    with pytest.raises(NotFound):
        ask(sources_of("dozen"), "999999999", "")


def test_a_strangers_course_is_refused_like_canvas_does(sources_of):
    with pytest.raises(AuthorizationError):
        listed_course(sources_of("dozen"), "999999999")


def test_a_listed_course_is_the_one_of_the_list(sources_of):
    assert listed_course(sources_of("dozen"), BIOLOGY).name == "Biology 101"


@pytest.mark.parametrize(
    ("states", "whole"),
    [
        ([Source("assignments", "fresh"), Source("colors", "failed")], True),
        ([Source("assignments", "stale"), Source("grading periods", "fresh")], True),
        ([Source("assignments", "partial")], False),
        ([Source("assignments", "fresh"), Source("grading periods", "denied")], False),
        ([], True),
    ],
)
def test_totals_need_all_work_and_periods(states, whole):
    """A missing colour does not affect a total."""
    assert can_be_worked_out(states) is whole


def test_behind_a_key_without_includes_the_page_is_the_same(sources_of, request):
    def scores(asked):
        work = [a for group in asked.groups for a in group.assignments or ()]
        return {a.id: a.own_submission and a.own_submission.score for a in work}

    whole = scores(ask(sources_of("dozen"), BIOLOGY, ""))
    request.getfixturevalue("dropping")

    asked = ask(sources_of("dozen", owner=("behind", "another", "key")), BIOLOGY, "")

    assert any(whole.values())
    assert scores(asked) == whole


def test_a_period_without_totals_has_none(sources_of):
    assert read_period_totals(sources_of("dozen"), BIOLOGY, "0", "999999") is None
