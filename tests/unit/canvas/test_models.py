"""Models accept what Canvas sends: numbers as ids, nulls, absent keys."""

from collections.abc import Iterator
from datetime import datetime
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

from canvas_app.canvas import models
from canvas_app.canvas.models import (
    Assignment,
    Course,
    Model,
    PlannerItem,
    PlannerSubmission,
    Submission,
    Term,
)

EVERY = [each for each in vars(models).values() if isinstance(each, type) and each is not Model]


def parts(hint: Any) -> Iterator[Any]:
    """Return the types a field consists of; an annotated type counts as one, an id as text."""
    arguments = get_args(hint)
    if get_origin(hint) in (Union, UnionType) and {str, int} <= set(arguments):
        arguments = tuple(each for each in arguments if each is not int)
    if not arguments or get_origin(hint) is Annotated:
        yield hint
    for each in arguments if get_origin(hint) is not Annotated else ():
        yield from parts(each)


@pytest.mark.parametrize(
    "model", [each for each in EVERY if issubclass(each, Model)], ids=lambda model: model.__name__
)
def test_every_value_has_bounds(model: type[Model]) -> None:
    """A bare number may be too large to keep or show; a bare date has no zone."""
    for name, hint in get_type_hints(model, include_extras=True).items():
        assert not {Any, object, int, float, datetime, dict, list} & {*parts(hint)}, name


def test_ids_become_text():
    course = msgspec.json.decode(b'{"id": 9070000000000417, "term": {"id": 3}}', type=Course)

    assert course.id == "9070000000000417"
    assert isinstance(course.term, Term)
    assert course.term.id == "3"


def test_restricted_stub_is_a_course():
    course = msgspec.json.decode(b'{"id": "7", "access_restricted_by_date": true}', type=Course)

    assert course.access_restricted_by_date
    assert course.name is None


def test_absent_score_differs_from_null():
    body = b'{"id": 1, "enrollments": [{"type": "student"}, {"computed_current_score": null}]}'
    hidden, none = msgspec.json.decode(body, type=Course).enrollments

    assert hidden.computed_current_score is msgspec.UNSET
    assert none.computed_current_score is None


def test_planner_submissions_may_be_false():
    head = b'{"plannable_id": 5, "plannable_type": "quiz", "submissions": '

    event = msgspec.json.decode(head + b"false}", type=PlannerItem)
    quiz = msgspec.json.decode(head + b'{"submitted": null}}', type=PlannerItem)

    assert event.submissions is False
    assert isinstance(quiz.submissions, PlannerSubmission)


def test_observers_list_is_not_own_submission():
    theirs = msgspec.json.decode(b'{"id": 1, "submission": [{"user_id": 2}]}', type=Assignment)
    own = msgspec.json.decode(b'{"id": 1, "submission": {"user_id": 2}}', type=Assignment)

    assert theirs.own_submission is None
    assert isinstance(own.own_submission, Submission)
    assert own.own_submission.user_id == "2"


def test_kept_answers_read_the_same():
    course = Course(id="1", name="Biology", enrollments=[])

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(course), type=Course) == course
